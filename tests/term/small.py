"""A course folder with one assignment, a roster and a due date: all that `collect` needs."""

from collections.abc import Iterable
from pathlib import Path

from click.testing import CliRunner, Result

from course.__main__ import main
from course.autograder.term.people import Student
from course.autograder.term.roster import write_roster

PS1 = "ps1_batchnorm"


def course_of(folder: Path, root: Path, roster: Iterable[Student], policy: str = "") -> Path:
    """Make the folder.

    Args:
        folder: it, not there yet.
        root: the project.
        roster: who is in the class.
        policy: further lines on top of course.toml.
    """
    (folder / "course" / "assignments").mkdir(parents=True)
    (folder / "course" / "assignments" / PS1).symlink_to(root / "course" / "assignments" / PS1)
    write_roster(folder / "roster.csv", list(roster))
    (folder / "course.toml").write_text(f"{policy}[assignments.{PS1}]\ndue = 2026-10-15T22:00:00Z\n")
    return folder


def collect(course: Path, *words: object) -> Result:
    """Run `collect` on this course's assignment."""
    return CliRunner().invoke(main, ["--root", str(course), "collect", PS1, *map(str, words)])
