"""What several tests share."""

import os
import shutil
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


@pytest.fixture(scope="session")
def ps1(tmp_path_factory):
    """A course folder with one assignment in it, released: what tests of the gradebook copy and mark in."""
    from course.autograder.gradebook.course import PROJECT, Course

    root = tmp_path_factory.mktemp("ps1") / "root"
    for name in ("ps1_batchnorm",):
        source = root / "course" / "assignments" / name
        source.mkdir(parents=True)
        shutil.copy(PROJECT / "course" / "assignments" / name / f"{name}.ipynb", source)
    course = Course(root)
    course.release("ps1_batchnorm")
    return course
