"""What grading needs, looked at before a minute is spent on it: each lack is one sentence with what to do."""

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import text

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.grades import FOLDER
from course.autograder.gradebook.secret import course_secret
from course.autograder.gradebook.states import prepare, write_state
from course.autograder.sandbox import confinement
from course.common.notebooks import read_as_it_lies

MB = 2**20
ALWAYS_FREE = 50 * MB
EACH = MB // 2  # a graded notebook and its page


def require_writable(folder: Path) -> None:
    """Raise GradingError unless files can be made in a folder, which is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        raise GradingError(f"nothing can be written into {folder}: {error.strerror}") from None


def require_room(folder: Path, submissions: int) -> None:
    """Raise GradingError where the disk cannot take what grading writes."""
    free, wanted = shutil.disk_usage(folder).free, ALWAYS_FREE + submissions * EACH
    if free < wanted:
        raise GradingError(
            f"the disk that {folder} is on has {free // MB} MB free, and grading {submissions} submissions may take "
            f"{wanted // MB} MB; make room, and run the same command again"
        )


def require_gradebook(course: Course) -> None:
    """Raise GradingError unless the gradebook is whole and can be written to. It is left as it was."""
    with course.gradebook() as gradebook:
        prepare(gradebook.db)
        if course.db_url.startswith("sqlite"):
            faults = [row[0] for row in gradebook.db.execute(text("PRAGMA quick_check(1)"))]
            if faults != ["ok"]:
                raise GradingError(
                    f"the gradebook {course.db_url.removeprefix('sqlite:///').split('?')[0]} is damaged ({faults[0]}); "
                    "put a backup in its place, or move it away to grade anew"
                )
        write_state(gradebook.db, "", "", "", "")
        gradebook.db.rollback()


def require_release(course: Course, assignment: str) -> Path:
    """The released notebook's path; made first where nothing was released. GradingError where it is of no use."""
    path = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not path.exists():
        course.release(assignment)
    try:
        read_as_it_lies(path)
    except Exception as error:
        raise GradingError(
            f"the released notebook {path} cannot be read ({type(error).__name__}); run `make release`"
        ) from None
    return path


def require_isolation(isolated: bool) -> None:
    """Raise GradingError where submissions are to be locked in and cannot be."""
    if isolated and (lacks := confinement.missing()):
        raise GradingError(
            f"submissions cannot be locked in on this machine: {'; '.join(lacks)}. "
            "Grade elsewhere, or trust every submission and say --no-sandbox"
        )


def require_all(
    course: Course, assignment: str, jobs: int, isolated: bool, submissions: int, anew: bool = False
) -> tuple[Path, str]:
    """Everything above; returns the released notebook's path and the course's secret.

    Args:
        course: which.
        assignment: its name.
        jobs: how many workers are asked for.
        isolated: whether submissions are locked in.
        submissions: how many there are.
        anew: whether everyone is graded again, whatever they have.
    """
    if jobs < 0:
        raise GradingError(
            f"{jobs} workers cannot grade; say how many with --jobs, or 0 for one on each core"
        )
    require_isolation(isolated)
    for folder in (course.root, course.folder("autograded"), course.root / FOLDER):
        require_writable(folder)
    require_room(course.root, submissions)
    require_gradebook(course)
    released = require_release(course, assignment)
    try:
        return released, course_secret(course.root, anew=anew)
    except OSError as error:
        raise GradingError(f"the course's secret cannot be read: {error}") from None
