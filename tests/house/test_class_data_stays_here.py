"""What a term leaves in a checkout, one `git add .` must not publish: nothing of a class is in git's sight."""

import shutil
import subprocess

import pytest

from course.autograder.gradebook.course import PROJECT, Course
from course.autograder.gradebook.grades import write_grades
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading.driver import alone
from tests.marked_class import NAME, hand_in, marked, record

BY_HAND = (  # what an instructor, an LMS or nbgrader puts there by these names
    "roster.csv",
    "extensions.csv",
    "grades.csv",
    "grades-ps1_batchnorm.csv",
    "gradebook-before-20261126.db",
    "gradebook.db-wal",
    "exports/canvas.csv",
    "exchange/paddle_course/inbound/s1+ps1_batchnorm+2026-11-26/x.ipynb",
    "downloaded/ps1_batchnorm/archive/submissions.zip",
    "feedback/s1/ps1_batchnorm/ps1_batchnorm.html",
    ".nbgrader.log",
    "logs/grading.jsonl",
    "course.dump",
    "backup/gradebook.db",
    "results.json",
    "2026-11-26T0900_Grades-DL.csv",
    "Grades-DL-ps1-31.csv",
    "submissions.zip",
    "late_marks.csv",
    "attempts/s1/ps1_batchnorm/2026-10-15T200000/x.ipynb",
    "assignment_9_export/submission_1/x.ipynb",
    "ps1-submissions/ps1-jana-m/x.ipynb",
)


@pytest.fixture
def checkout(ps1, tmp_path):
    """A repository of its own with this project's `.gitignore` and an assignment, all committed."""
    root = tmp_path / "checkout"
    shutil.copytree(ps1.root / "course", root / "course")
    shutil.copy(PROJECT / ".gitignore", root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "-c", "user.name=x", "-c", "user.email=x@localhost", "commit", "--quiet", "-m", "The course")
    return root


def git(root, *words):
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_class_that_was_placed_and_graded_leaves_git_status_clean(checkout):
    course = Course(checkout)
    course.release(NAME)
    course_secret(checkout)
    with alone(checkout):
        for student in ("s1", "s2"):
            hand_in(course, student)
            record(course, marked(course, student))
    write_grades(course, NAME, ["s1", "s2"])
    assert (checkout / ".grading.lock").exists() and (checkout / "gradebook.db").exists()
    for name in BY_HAND:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("somebody's\n")
    assert git(checkout, "status", "--porcelain") == ""


def test_the_check_above_can_fail(checkout):
    (checkout / "course" / "somebodys.txt").write_text("x")
    assert "somebodys.txt" in git(checkout, "status", "--porcelain")
