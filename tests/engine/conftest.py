"""Engines that tests of a grading run share: the zygote of each takes a processor second to warm up.

Those who share one are marked as the group "engine", so that one worker runs them all and no other starts it again.
"""

from collections.abc import Iterator

import pytest

from course.autograder.engine.engine import Engine, Limits
from course.autograder.sandbox import confinement


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine with time enough for what ends by itself."""
    if lacks := confinement.missing():
        pytest.skip("; ".join(lacks))
    with Engine(Limits(cell_seconds=5, total_seconds=60)) as started:
        yield started


@pytest.fixture(scope="session")
def grader() -> Iterator[Engine]:
    """An engine with little time and memory."""
    with Engine(Limits(cell_seconds=2.0, total_seconds=20.0, memory=2**28)) as started:
        yield started
