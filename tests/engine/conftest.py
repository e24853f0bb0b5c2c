"""An engine that tests of a grading run share: its zygote takes a second to warm up."""

from collections.abc import Iterator

import pytest

from course.autograder.engine.engine import Engine, Limits


@pytest.fixture(scope="session")
def grader() -> Iterator[Engine]:
    """An engine with little time and memory."""
    with Engine(Limits(cell_seconds=2.0, total_seconds=20.0, memory=2**28)) as started:
        yield started
