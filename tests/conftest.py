"""What several tests share."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("COURSE_SECRET", "for tests")

ROOT = Path(__file__).parent.parent


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
