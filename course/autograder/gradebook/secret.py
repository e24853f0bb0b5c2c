"""The secret that cases are drawn from: without it nobody can draw a student's graded cases in advance."""

import os
import secrets
from pathlib import Path

from course.autograder.gradebook.errors import GradingError

FILE = ".course-secret"


def course_secret(root: Path, *, anew: bool = False) -> str:
    """The course's secret: from the environment variable COURSE_SECRET, or the file `.course-secret` under root.

    The file is made on first use, readable by its owner alone. Keep it: a regrade with another secret asks about
    other cases.

    Args:
        root: the course folder.
        anew: whether a new one may be made although somebody was graded under another.

    Raises:
        GradingError: when the file is there and empty, as a full disk leaves it; or when it is gone, and somebody was graded.
    """
    given = os.environ.get("COURSE_SECRET")
    if given:
        return given
    path = root / FILE
    if not path.exists():
        if not anew and (graded := _graded(root)):
            raise GradingError(
                f"{path} is gone, and hand-ins are graded on cases that were drawn from it ({graded} of them); put a copy of it back, or "
                "set COURSE_SECRET; if it is lost, grade the class with --force: then a new one is made, and everyone is graded anew on "
                "other cases"
            )
        _make(path)
    found = path.read_text("utf-8", "replace").strip()
    if not found:
        raise GradingError(
            f"{path} is empty, and everybody could draw the cases of an empty secret; put a copy of it back, or delete it and grade "
            "the class with --force: then a new one is made, and everyone is graded anew with other cases"
        )
    return found


def _graded(root: Path) -> int:
    """How many hand-ins were graded here, by the notebooks that grading left."""
    return sum(1 for _ in (root / "autograded").glob("*/*/*.ipynb"))


def _make(path: Path) -> None:
    """Write a new secret, whole, unless another process has done so by then."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        try:
            os.link(beside, path)
        except FileExistsError:
            return
        except OSError:  # a disk without links
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
