"""Submissions as rows of nbgrader's tables, several at once by a handful of statements.

nbgrader's own objects would ask some twenty times for each. What stands in the tables afterwards is the same: the rows that
its `add_submission` makes, with the values that its autograding would give them.
"""

import datetime as dt
import secrets
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import bindparam, insert, select, text, update

from course.autograder.gradebook.students import NO_NAME


@dataclass(frozen=True)
class Book:
    """A released notebook: its id, and the ids of the cells that have grades and of those that have comments."""

    id: str
    graded: tuple[str, ...]
    commented: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """What the gradebook has of a released assignment.

    Attributes:
        assignment_id: nbgrader's.
        due: the assignment's due date in UTC; None for none.
        book: the notebook that marks are of.
        others: further notebooks of the assignment.
        names: grade_ids of the notebook's cells, by id.
    """

    assignment_id: str
    due: dt.datetime | None
    book: Book
    others: tuple[Book, ...]
    names: Mapping[str, str]


def sheet_of(gradebook: Gradebook, assignment: str) -> Sheet:
    """Read it. Raises nbgrader's MissingEntry where the gradebook has no such assignment or notebook."""
    found = gradebook.find_assignment(assignment)
    book = gradebook.find_notebook(assignment, assignment)
    cells = gradebook.db.execute(select(BaseCell.id, BaseCell.name).where(BaseCell.notebook_id == book.id))
    others = tuple(_book(one) for one in found.notebooks if one.id != book.id)
    return Sheet(found.id, found.duedate, _book(book), others, dict(cells.tuples().all()))


def _book(notebook: Any) -> Book:
    tasks = [cell.id for cell in notebook.task_cells]
    graded = (*(cell.id for cell in notebook.grade_cells), *tasks)
    return Book(notebook.id, graded, (*(cell.id for cell in notebook.solution_cells), *tasks))


@dataclass
class GradeRow:
    """A row of `grade`, by its columns."""

    id: str
    name: str
    cell_id: str
    auto_score: float | None = None
    manual_score: float | None = None
    extra_credit: float | None = None
    needs_manual_grade: bool = True

    @property
    def score(self) -> float:
        """Points, as nbgrader counts them."""
        given = self.auto_score if self.manual_score is None else self.manual_score
        return 0.0 if given is None else given + (self.extra_credit or 0.0)


@dataclass
class CommentRow:
    """A row of `comment`."""

    id: str
    name: str
    cell_id: str
    auto_comment: str | None = None


@dataclass
class Entry:
    """A student's submission.

    Attributes:
        new: whether its rows are still to be made.
        id: in `submitted_assignment`.
        book_id: in `submitted_notebook`, of the notebook that marks are of.
        timestamp: when it was handed in, in UTC; None where nobody knows.
        extension: that the student has.
        penalty: points off for lateness; None for none.
        before: values of what was read, by the row's id: rows that have others are written.
    """

    student: str
    new: bool
    id: str
    book_id: str
    timestamp: dt.datetime | None = None
    extension: dt.timedelta | None = None
    penalty: float | None = None
    grades: list[GradeRow] = field(default_factory=list)
    comments: list[CommentRow] = field(default_factory=list)
    before: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Points of the notebook, before lateness costs any."""
        return sum(row.score for row in self.grades)

    def seconds_late(self, due: dt.datetime | None) -> float:
        """As nbgrader counts them."""
        if self.timestamp is None or due is None:
            return 0.0
        return max(0.0, (self.timestamp - due - (self.extension or dt.timedelta(0))).total_seconds())


def read_entries(db: Any, sheet: Sheet, students: Collection[str]) -> dict[str, Entry]:
    """Each student's submission as it stands; a new one, with nothing written yet, for who has none."""
    wanted = (
        select(
            SubmittedAssignment.student_id, SubmittedAssignment.id, SubmittedNotebook.id,
            SubmittedAssignment.timestamp, SubmittedAssignment.extension, SubmittedNotebook.late_submission_penalty,
        )
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment_id == sheet.assignment_id)
        .where(SubmittedNotebook.notebook_id == sheet.book.id)
        .where(SubmittedAssignment.student_id.in_(students))
    )  # fmt: skip
    entries = {student: Entry(student, False, *rest) for student, *rest in db.execute(wanted)}
    by_book = {entry.book_id: entry for entry in entries.values()}
    if by_book:
        _read_cells(db, sheet, by_book)
    for entry in entries.values():
        entry.before = dict(_values(entry))
    for student in students:
        if student not in entries:
            entries[student] = _new(student, sheet)
    return entries


def _read_cells(db: Any, sheet: Sheet, by_book: Mapping[str, Entry]) -> None:
    asked = select(
        Grade.notebook_id, Grade.id, Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit,
        Grade.needs_manual_grade,
    ).where(Grade.notebook_id.in_(by_book))  # fmt: skip
    for book, key, cell, *values in db.execute(asked):
        by_book[book].grades.append(GradeRow(key, sheet.names[cell], cell, *values))
    asked = select(Comment.notebook_id, Comment.id, Comment.cell_id, Comment.auto_comment)
    for book, key, cell, said in db.execute(asked.where(Comment.notebook_id.in_(by_book))):
        by_book[book].comments.append(CommentRow(key, sheet.names[cell], cell, said))


def _new(student: str, sheet: Sheet) -> Entry:
    entry = Entry(student, True, new_uuid(), new_uuid())
    entry.grades += [GradeRow(_later_id(), sheet.names[cell], cell) for cell in sheet.book.graded]
    entry.comments += [CommentRow(_later_id(), sheet.names[cell], cell) for cell in sheet.book.commented]
    return entry


def _later_id() -> str:
    """An id that sorts after those drawn before, so that an index grows at its end alone.

    Not for submissions: the formgrader lists them by their ids, so that who grades does not know who is next.
    """
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def _values(entry: Entry) -> Iterable[tuple[str, tuple[Any, ...]]]:
    yield entry.id, (entry.timestamp,)
    yield entry.book_id, (entry.penalty,)
    for row in entry.grades:
        yield row.id, (row.auto_score, row.extra_credit, row.needs_manual_grade)
    for one in entry.comments:
        yield one.id, (one.auto_comment,)


# --- writing -------------------------------------------------------------------------------------------------


def write_students(db: Any, students: Iterable[str]) -> None:
    """Make the rows of those who have none, and give an id for a name to who has none. The caller commits.

    Two that grade at once may both meet a new student: the second finds the row.
    """
    rows = [{"id": student, "first": NO_NAME, "last": student} for student in sorted(students)]
    db.execute(
        text(
            "INSERT INTO student (id, first_name, last_name) VALUES (:id, :first, :last) ON CONFLICT (id) DO NOTHING"
        ),
        rows,
    )
    db.execute(
        text(
            "UPDATE student SET first_name = :first, last_name = :last "
            "WHERE id = :id AND first_name IS NULL AND last_name IS NULL"
        ),
        rows,
    )


def write_entries(db: Any, sheet: Sheet, entries: Sequence[Entry]) -> None:
    """Make the rows of new submissions, and change those of others that have other values. The caller commits."""
    new = [entry for entry in entries if entry.new]
    if new:
        _make(db, sheet, new)
    changed = [
        (kind, {"key": key, **dict(zip(columns, values, strict=True))})
        for entry in entries
        if not entry.new
        for kind, columns, key, values in _columns(entry)
        if entry.before[key] != values
    ]
    for kind in (SubmittedAssignment, SubmittedNotebook, Grade, Comment):
        if rows := [row for of, row in changed if of is kind]:
            table: Any = kind.__table__
            there: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "key"}
            db.connection().execute(update(table).where(table.c.id == bindparam("key")).values(there), rows)


def _columns(entry: Entry) -> Iterable[tuple[Any, tuple[str, ...], str, tuple[Any, ...]]]:
    grades, comments = {row.id for row in entry.grades}, {row.id for row in entry.comments}
    for key, values in _values(entry):
        if key in grades:
            yield Grade, ("auto_score", "extra_credit", "needs_manual_grade"), key, values
        elif key in comments:
            yield Comment, ("auto_comment",), key, values
        elif key == entry.book_id:
            yield SubmittedNotebook, ("late_submission_penalty",), key, values
        else:
            yield SubmittedAssignment, ("timestamp",), key, values


def _make(db: Any, sheet: Sheet, entries: Sequence[Entry]) -> None:
    submissions, books, grades, comments = [], [], [], []
    for entry in entries:
        submissions.append(
            {"id": entry.id, "assignment_id": sheet.assignment_id, "student_id": entry.student,
             "timestamp": entry.timestamp}
        )  # fmt: skip
        books.append(_book_row(entry.book_id, entry.id, sheet.book.id, entry.penalty))
        for row in entry.grades:
            grades.append(
                {"id": row.id, "notebook_id": entry.book_id, "cell_id": row.cell_id, "auto_score": row.auto_score,
                 "extra_credit": row.extra_credit, "needs_manual_grade": row.needs_manual_grade}
            )  # fmt: skip
        for one in entry.comments:
            comments.append(
                {"id": one.id, "notebook_id": entry.book_id, "cell_id": one.cell_id, "auto_comment": one.auto_comment}
            )  # fmt: skip
        for other in sheet.others:
            key = new_uuid()
            books.append(_book_row(key, entry.id, other.id, None))
            at = {"notebook_id": key, "auto_score": None, "extra_credit": None, "needs_manual_grade": True}
            grades += [{"id": _later_id(), "cell_id": cell, **at} for cell in other.graded]
            said = {"notebook_id": key, "auto_comment": None}
            comments += [{"id": _later_id(), "cell_id": cell, **said} for cell in other.commented]
    made = (
        (SubmittedAssignment, submissions),
        (SubmittedNotebook, books),
        (Grade, grades),
        (Comment, comments),
    )
    for kind, rows in made:
        if rows:
            db.connection().execute(insert(kind.__table__), rows)


def _book_row(key: str, submission: str, notebook: str, penalty: float | None) -> dict[str, Any]:
    return {
        "id": key, "assignment_id": submission, "notebook_id": notebook, "flagged": False,
        "late_submission_penalty": penalty,
    }  # fmt: skip


def look_again(db: Any, assignment_id: str, students: Collection[str]) -> None:
    """Have a person look at every grade of these submissions, where there are any. The caller commits."""
    books = (
        select(SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment_id == assignment_id)
        .where(SubmittedAssignment.student_id.in_(students))
    )
    grades: Any = Grade.__table__
    db.execute(update(grades).where(grades.c.notebook_id.in_(books)).values(needs_manual_grade=True))
