"""What several tests share."""

import os
from pathlib import Path

import pytest

from tests.processor_time import ProcessorTime

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("COURSE_SECRET", "for tests")

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--costliest", type=int, default=0, help="print so many tests that took the most processor time"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ProcessorTime(config))


@pytest.fixture(scope="session")
def root() -> Path:
    """The project."""
    return ROOT


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course folder of its own with everything released in it, made once."""
    from course.autograder.gradebook.course import fresh_course
    from course.autograder.gradebook.release import build_release

    course = fresh_course(tmp_path_factory.mktemp("course") / "root")
    build_release(course, course.assignments())
    return course
