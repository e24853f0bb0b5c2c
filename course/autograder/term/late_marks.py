"""Hand-ins that a platform calls late without saying when they came: Canvas's zip says `LATE`, and no more.

`late_marks.csv` lists each once, with a blank `at` for the instructor to fill in (a date with a time, or `in time`). Until then
no penalty can be worked out, so marks of that assignment are not exported without a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from course.autograder.gradebook.lateness import as_moment
from course.autograder.settings import Settings, SettingsError
from course.autograder.term.collect import Arrival
from course.common.tables import Table, TableError, read_table, to_bytes, write_whole
from course.common.text import for_spreadsheet

FILE = "late_marks.csv"
COLUMNS = ("assignment", "student", "at")
IN_TIME = "in time"
Marks = dict[tuple[str, str], str]


def read_marks(root: Path) -> Marks:
    """What is in the file, by assignment and student; nothing where there is none. Raises TableError."""
    path = root / FILE
    if not path.exists():
        return {}
    table = read_table(path)
    places = [table.column(name) for name in COLUMNS]
    if None in places:
        raise TableError(f"{FILE} is to have the columns {', '.join(COLUMNS)}; put its first row back")
    rows = [
        [row[place].strip().removeprefix("'") for place in places if place is not None] for row in table.rows
    ]
    return {(assignment, student): at for assignment, student, at in rows}


def open_marks(root: Path, assignment: str) -> list[str]:
    """Students of whom nobody has said yet when they handed in. Raises TableError."""
    return sorted(student for (of, student), at in read_marks(root).items() if of == assignment and not at)


def dated(arrivals: Sequence[Arrival], root: Path, assignment: str, term: Settings) -> list[Arrival]:
    """The arrivals with the times that the file says. Raises TableError, or SettingsError for a time that is none."""
    marks = read_marks(root)
    return [_dated(one, marks.get((assignment, one.student), ""), term) for one in arrivals]


def _dated(one: Arrival, said: str, term: Settings) -> Arrival:
    if not said or one.at is not None or not one.late:
        return one
    if said.casefold() == IN_TIME:
        return replace(one, late=False)
    try:
        return replace(one, at=as_moment(said, term, f"{FILE}, {one.student}"))
    except SettingsError as error:
        raise TableError(f"{error}, or write '{IN_TIME}'") from None


def note_marks(root: Path, assignment: str, arrivals: Sequence[Arrival]) -> list[str]:
    """Enter hand-ins that are late, nobody knows by how much; returns whose a time is still wanted of.

    Who has handed in anew and is not late any more leaves the list.
    """
    marks = read_marks(root)
    before = dict(marks)
    for one in arrivals:
        key = (assignment, one.student)
        if one.late and one.at is None:
            marks.setdefault(key, "")
        elif not one.late and not marks.get(key, IN_TIME):
            del marks[key]
    if marks != before:
        _write(root, marks)
    return [one.student for one in arrivals if marks.get((assignment, one.student)) == ""]


def _write(root: Path, marks: Mapping[tuple[str, str], str]) -> None:
    rows = [(assignment, for_spreadsheet(student), at) for (assignment, student), at in sorted(marks.items())]
    write_whole(root / FILE, to_bytes(Table(COLUMNS, tuple(rows))))
