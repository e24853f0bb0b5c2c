"""Who handed something in for an assignment, and where it lies: also what was put a little beside its place.

The place is `submitted/STUDENT/ASSIGNMENT/`. Names are compared by their letters and digits alone, so `PS1_BatchNorm`, a
blank at the end, or a file in place of the folder are still that place. What lies loose, right under the student's
folder or under `submitted/` itself, is taken where only one reading is possible; all else is listed for a person.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from course.autograder.intake.names import IGNORED

MOST = 10_000  # entries of `submitted/` and of a student's folder that are looked at


@dataclass(frozen=True)
class HandIn:
    """Where one student's hand-in of an assignment lies.

    Attributes:
        student: the id.
        places: folders and files, under `submitted/`, which are looked through for the notebook together.
        notes: sentences for the student, on what did not lie where it belongs.
    """

    student: str
    places: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmatched:
    """Something under `submitted/` that is nobody's for sure.

    Attributes:
        path: what.
        why: why it was not taken, and what to do, in a whole sentence for the instructor.
    """

    path: Path
    why: str


@dataclass(frozen=True)
class HandIns:
    """Everything under `submitted/` that may belong to an assignment.

    Attributes:
        by_student: what is matched to a student, by id, in order.
        unmatched: what needs a person.
    """

    by_student: dict[str, HandIn] = field(default_factory=dict)
    unmatched: tuple[Unmatched, ...] = ()


def find_hand_ins(
    submitted: Path, assignment: str, assignments: Collection[str], students: Collection[str] = ()
) -> HandIns:
    """List every hand-in of an assignment.

    Args:
        submitted: the folder.
        assignment: whose hand-ins are wanted.
        assignments: the names of all assignments of the course.
        students: ids that are known from elsewhere, the gradebook say; folders under `submitted/` are known anyway.

    Returns:
        Who handed in and where, and what lies there that is nobody's for sure. No notebook is opened for it, except
        where a name alone does not tell.
    """
    by_student: dict[str, HandIn] = {}
    for folder in _entries(submitted):
        if not folder.is_dir() or folder.is_symlink():
            continue
        exact = folder / assignment
        if exact.is_dir():
            by_student[folder.name] = HandIn(folder.name, (exact,))
    return HandIns(dict(sorted(by_student.items())))


def _entries(folder: Path) -> list[Path]:
    """What a folder holds, in order, without what tools leave behind; nothing when it cannot be read."""
    try:
        found = [entry for _, entry in zip(range(MOST), folder.iterdir(), strict=False)]
    except OSError:
        return []
    return sorted(entry for entry in found if not IGNORED.fullmatch(entry.name))
