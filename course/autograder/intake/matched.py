"""What was found under `submitted/`: hand-ins, each matched to a student, and what is nobody's for sure."""

from dataclasses import dataclass, field
from pathlib import Path


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
