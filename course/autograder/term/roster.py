"""Who is in the course: one plain CSV in the course folder, and what an import of another list changes in it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from course.autograder.term.people import COLUMNS, NUMBERED, Student
from course.autograder.term.rosters import students_in
from course.common.tables import Table, to_bytes, write_whole
from course.common.text import for_spreadsheet


@dataclass(frozen=True)
class Change:
    """What an import would do to one student: 'new', 'changed' (with the fields), or 'gone' from the file."""

    student: Student
    what: str
    fields: tuple[str, ...] = ()


def read_roster(path: Path) -> list[Student]:
    """The roster that is kept; empty where there is none. Raises TableError."""
    return students_in(path)[1] if path.exists() else []


def write_roster(path: Path, students: Iterable[Student]) -> None:
    """Keep a roster, sorted by id, whole or not at all."""
    rows = [
        tuple(for_spreadsheet(getattr(student, column)) for column in COLUMNS)
        for student in sorted(students, key=lambda s: s.id)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, to_bytes(Table(COLUMNS, tuple(rows))))


def _same(one: Student, other: Student) -> bool:
    """Whether two records are of one person: an id that both have is the same, or else the e-mail address."""
    for key in ("canvas_id", "sis_id", "github"):
        if getattr(one, key) and getattr(one, key) == getattr(other, key):
            return True
    return one.id == other.id or bool(one.email and one.email.casefold() == other.email.casefold())


def _free(id: str, students: list[Student]) -> str:
    """An id that nobody has: Moodle's numbers are of one assignment alone, and may be somebody else's in the next."""
    taken, tried, count = {student.id for student in students}, id, 2
    while tried in taken:
        tried, count = f"{id}-{count}", count + 1
    return tried


def merged(kept: list[Student], incoming: list[Student]) -> tuple[list[Student], list[Change]]:
    """The roster after an import, and what that changes. Nobody is removed; who is not in the file is told as 'gone'.

    A person who is known keeps their id, since folders and grades are named by it.
    """
    after = list(kept)
    changes: list[Change] = []
    met: set[str] = set()
    for one in incoming:
        student = one
        if student.id.startswith(NUMBERED):
            named = [known.id for known in after if known.name and known.name == student.name]
            id = (
                named[0]
                if len(named) == 1
                else student.id
                if student.id in named
                else _free(student.id, after)
            )
            student = replace(student, id=id)
        place = next((n for n, known in enumerate(after) if _same(known, student)), None)
        if place is None:
            after.append(student)
            met.add(student.id)
            changes.append(Change(student, "new"))
            continue
        known = after[place]
        met.add(known.id)
        given = {f.name: getattr(student, f.name) for f in fields(Student) if getattr(student, f.name)}
        given["id"] = known.id
        updated = replace(known, **given)
        if updated != known:
            changed = tuple(
                f.name for f in fields(Student) if getattr(known, f.name) != getattr(updated, f.name)
            )
            after[place] = updated
            changes.append(Change(updated, "changed", changed))
    changes += [Change(student, "gone") for student in kept if student.id not in met]
    return after, changes
