"""A copy of the gradebook, before something is done to it that cannot be taken back."""

import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from course.autograder.gradebook.course import Course


def gradebook_copied(course: Course) -> Path | None:
    """A copy of the gradebook beside it; None where it is no file of SQLite's and has to be saved by its own means."""
    path = database_file(course)
    if path is None or not path.exists():
        return None
    copy = path.with_name(f"{path.stem}-before-{datetime.now():%Y%m%d-%H%M%S}{path.suffix}")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


def gradebook_restored(course: Course, copy: Path | None) -> None:
    """Put the copy back in the gradebook's place, after something has gone wrong."""
    path = database_file(course)
    if copy is not None and path is not None:
        shutil.copyfile(copy, path)
        copy.unlink()


def database_file(course: Course) -> Path | None:
    """The gradebook's file, where it is one."""
    if not course.db_url.startswith("sqlite:///"):
        return None
    return Path(course.db_url.removeprefix("sqlite:///").split("?")[0])
