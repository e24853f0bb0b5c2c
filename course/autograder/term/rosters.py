"""Lists of people as learning platforms give them: which kind a file is, and who is in it.

Formats: Canvas's gradebook export (`lib/gradebook_exporter.rb`), Moodle's grading worksheet and list of participants,
Gradescope's roster, GitHub user names (a list, or a classroom's CSV), and a plain CSV with a column `id`.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from course.autograder.term.people import COLUMNS, NUMBERED, Student, folder_name, plain_name
from course.autograder.term.worksheet import EMAIL, LOGIN, NAME, NUMBER
from course.common.tables import Table, TableError, read_table

TEST_STUDENT = "test student"  # of Canvas, in every export
USER = re.compile(r"(?:@|(?:https?://)?(?:www\.)?github\.com/)?([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/?")
Reader = Callable[[Table], list[Student]]


def _pick(table: Table, **wanted: tuple[str, ...]) -> list[dict[str, str]]:
    places = {field: table.column(*names) for field, names in wanted.items()}
    rows = []
    for row in table.rows:
        rows.append({f: row[place].strip() for f, place in places.items() if place is not None})
    return rows


def _whole_name(found: dict[str, str]) -> str:
    given, family = found.pop("first", ""), found.pop("last", "")
    return found.pop("name", "") or f"{given} {family}".strip()


def _canvas(table: Table) -> list[Student]:
    rows = _pick(
        table,
        name=("Student", table.header[0]), last=("LastName",), first=("FirstName",), canvas_id=("ID",), sis_id=("SIS User ID",),
        login=("SIS Login ID",), section=("Section",),
    )  # fmt: skip
    students = []
    for found in rows:
        name = _whole_name(found)
        # `Points Possible` and `Manual Posting` are rows without an ID.
        if not found.get("canvas_id", "").isdigit() or plain_name(name) == TEST_STUDENT:
            continue
        login = found.get("login", "")
        id = folder_name(login.partition("@")[0] or found.get("sis_id", "")) or found["canvas_id"]
        students.append(Student(id=id, name=name, email=login if "@" in login else "", **found))
    return students


def _moodle_worksheet(table: Table) -> list[Student]:
    students = []
    rows = _pick(table, name=NAME, email=EMAIL, sis_id=NUMBER, login=LOGIN)
    for row, found in zip(table.rows, rows, strict=True):
        participant = re.search(r"(\d+)\s*$", row[0])
        if not participant:
            continue
        email = found.get("email", "")
        id = folder_name(found.get("sis_id", "") or found.get("login", "") or email.partition("@")[0])
        students.append(Student(id=id or f"{NUMBERED}{participant[1]}", moodle_id=participant[1], **found))
    return students


def _people(table: Table) -> list[Student]:
    """Moodle's participants, Gradescope's roster, GitHub's: a row a person, told apart by the names of columns."""
    rows = _pick(
        table,
        id=("id", "student_id", "SID", "Student ID", "ID number", "roster_identifier", "identifier"),
        name=("name", "full name", "student name", "Full Name"),
        first=("First name", "first_name", "Vorname", "名"),
        last=("Last name", "last_name", "Surname", "Nachname", "姓"),
        email=("Email address", "email", "E-mail", "Email Address"),
        section=("section", "sections", "group", "groups", "Sections"),
        login=("username", "login"),
        github=("github", "github_username", "github user", "github username"),
    )  # fmt: skip
    students = []
    for found in rows:
        name = _whole_name(found)
        given = found.pop("id", "")
        email = found.get("email", "")
        id = folder_name(
            given or found.get("login", "") or email.partition("@")[0] or found.get("github", "")
        )
        if id:
            students.append(Student(id=id, name=name, sis_id=given, **found))
    return students


def _kept(table: Table) -> list[Student]:
    """The roster as this course keeps it."""
    known = [(place, name) for place, name in enumerate(table.header) if name in COLUMNS]
    found = [{name: row[place].strip().removeprefix("'") for place, name in known} for row in table.rows]
    return [Student(**row) for row in found if row["id"]]


def kind_of(table: Table) -> str:
    """Which of the formats a table has; '' for none of them."""
    header = [name.casefold() for name in table.header]
    first = header[0] if header else ""
    if set(COLUMNS) <= set(header):
        return "roster"
    if len(header) > 3 and (
        ("student" in first and "id" in header[1]) or header[:3] == ["lastname", "firstname", "id"]
    ):
        return "canvas"
    if len(header) > 3 and "id" in header[1] and any(_points_possible(row) for row in table.rows[:3]):
        return "canvas"  # whatever the language of the person who took it out
    numbered = [row[0] for row in table.rows if re.fullmatch(r"\D+\s\d+", row[0].strip())]
    if table.rows and len(numbered) == len(table.rows) and len(header) > 3:
        return "moodle worksheet"
    if table.column("github_username", "github", "github username", "github user") is not None:
        return "github"
    if (
        table.column("email address") is not None
        and table.column("first name", "full name", "last name") is not None
    ):
        return "moodle participants"
    if (
        table.column("email") is not None
        and table.column("sid", "student id", "section", "sections") is not None
    ):
        return "gradescope"
    if table.column("id", "student_id", "email") is not None:
        return "plain"
    if len(header) == 1 and all(USER.fullmatch(line) for line in _lines(table)):
        return "list of users"
    return ""


def _points_possible(row: Sequence[str]) -> bool:
    """Whether this is the row of the points that Canvas puts below its header: four blanks, words, and no ID."""
    return row[0].startswith("    ") and bool(row[0].strip()) and not any(cell.strip() for cell in row[1:4])


def _lines(table: Table) -> list[str]:
    """The lines of a list, without those that are a remark."""
    lines = (row[0].strip() for row in (table.header, *table.rows))
    return [line for line in lines if line and not line.startswith("#")]


def _users(table: Table) -> list[Student]:
    found = (USER.fullmatch(line) for line in _lines(table))
    names = [match[1] for match in found if match]
    return [Student(id=folder_name(name), github=name) for name in names if name.lower() != "github"]


READERS: dict[str, Reader] = {
    "roster": _kept,
    "canvas": _canvas,
    "moodle worksheet": _moodle_worksheet,
    "moodle participants": _people,
    "gradescope": _people,
    "github": _people,
    "plain": _people,
    "list of users": _users,
}


def _called(student: Student) -> str:
    """By what a reader finds a student in the file: a list of ids has no names."""
    return student.name or student.email or student.github or student.sis_id or student.id


def students_in(path: Path) -> tuple[str, list[Student]]:
    """The format of a file and the students in it.

    Raises:
        TableError: when it is none of the formats, has nobody in it, or names one id twice.
    """
    table = read_table(path)
    kind = kind_of(table)
    if not kind:
        raise TableError(
            f"{path.name} is no roster that is known here: its columns are {', '.join(table.header[:8])}; wanted: "
            "Canvas's gradebook CSV, Moodle's grading worksheet or participants, Gradescope's roster, GitHub users, "
            "or a CSV with a column id"
        )
    students = READERS[kind](table)
    if not students:
        raise TableError(f"{path.name} looks like {kind}, but there is nobody in it")
    seen: dict[str, Student] = {}
    for student in students:
        other = seen.setdefault(student.id.casefold(), student)
        if other is not student:
            raise TableError(
                f"{path.name} names two students that would both be '{student.id}' here ({_called(other)}, "
                f"{_called(student)}); give them different ids"
            )
    return kind, students
