"""Late days and extensions in nbgrader's gradebook: due dates from course.toml, extensions from extensions.csv.

nbgrader counts a submission's lateness from its assignment's due date and its own extension, and asks a plugin what it
costs. All three are set here, so the formgrader and `nbgrader autograde` show what our commands show.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from sqlalchemy import bindparam, select, text, update

from course.autograder.gradebook.late import HandIn, Lateness, settle
from course.autograder.gradebook.states import prepare
from course.autograder.settings import Settings, SettingsError, read
from course.common.tables import TableError, read_table

FILE = "extensions.csv"
TOGETHER = 500  # students that are settled at once
ALL = text("SELECT student, told FROM course_lateness WHERE assignment = :a")
SOME = text(f"{ALL.text} AND student IN :students").bindparams(bindparam("students", expanding=True))
Extensions = Mapping[tuple[str, str], dt.datetime]


@dataclass(frozen=True)
class Term:
    """What lateness depends on: the settings, and extensions by (assignment, student)."""

    settings: Settings = Settings()  # noqa: RUF009 - frozen
    extensions: Extensions = field(default_factory=dict)

    @property
    def says_anything(self) -> bool:
        """Whether there is a due date or an extension; without, nbgrader's own settings are left alone."""
        return bool(self.extensions or any(one.due for one in self.settings.assignments.values()))


def read_term(root: Path, assignments: list[str] | None = None) -> Term:
    """The term of a course folder. Raises SettingsError: the first mistake in either file, in one sentence."""
    settings = read(root, assignments)
    return Term(settings, read_extensions(root, settings))


def read_extensions(root: Path, settings: Settings) -> Extensions:
    """extensions.csv: student, assignment, until, reason. Nothing where there is no such file. Raises SettingsError."""
    path = root / FILE
    if not path.exists():
        return {}
    try:
        table = read_table(path)
    except TableError as error:
        raise SettingsError(str(error)) from None
    places = {name: table.column(name) for name in ("student", "assignment", "until")}
    lacking = [name for name, place in places.items() if place is None]
    if lacking:
        raise SettingsError(
            f"{FILE} has no column {lacking[0]}; its first row is to be student,assignment,until,reason"
        )
    found: dict[tuple[str, str], dt.datetime] = {}
    for number, row in enumerate(table.rows, start=2):
        student, assignment, until = (row[place].strip() for place in places.values() if place is not None)
        at = f"{FILE}, row {number}"
        if not student or not assignment:
            raise SettingsError(f"{at}: the {'student' if not student else 'assignment'} is missing")
        key = (assignment, student)
        if key in found:
            raise SettingsError(f"{at}: {student} has an extension for {assignment} twice; keep one of them")
        found[key] = as_moment(until, settings, at, "until")
    return found


def as_moment(said: str, settings: Settings, at: str, what: str = "at") -> dt.datetime:
    """A point in time from what somebody typed, in the course's time zone where it names none.

    Args:
        said: a date with a time.
        settings: of the course.
        at: where it stands, for the sentence.
        what: the column's name.

    Raises:
        SettingsError: when it is none.
    """
    try:
        moment = dt.datetime.fromisoformat(said)
    except ValueError:
        raise SettingsError(
            f"{at}: {what} is '{said[:40]}'; wanted: a date with a time, as 2026-10-20 23:59"
        ) from None
    if len(said) < 12:
        raise SettingsError(f"{at}: {what} is '{said}', without a time; write it as {said} 23:59")
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.time_zone, fold=1)


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    """As nbgrader keeps times: UTC, without saying so."""
    return None if moment is None else moment.astimezone(dt.UTC).replace(tzinfo=None)


def set_due_dates(gradebook: Gradebook, term: Term) -> None:
    """Give each assignment that course.toml dates its due date; others keep what the formgrader gave them."""
    for name, settings in term.settings.assignments.items():
        if settings.due is None:
            continue
        try:
            assignment = gradebook.find_assignment(name)
        except MissingEntry:
            continue
        if assignment.duedate != _utc(settings.due):
            assignment.duedate = _utc(settings.due)


def _hand_in(name: str, at: dt.datetime | None, due: dt.datetime | None, term: Term, student: str) -> HandIn:
    return HandIn(
        name,
        None if at is None else at.replace(tzinfo=dt.UTC),
        None if due is None else due.replace(tzinfo=dt.UTC),
        term.extensions.get((name, student)),
    )


def lateness_of(gradebook: Gradebook, term: Term, student: str) -> dict[str, Lateness]:
    """Lateness of all that a student has in the gradebook, by assignment."""
    submissions = gradebook.db.query(SubmittedAssignment).filter(SubmittedAssignment.student_id == student)
    return _settled(
        term,
        [
            _hand_in(one.assignment.name, one.timestamp, one.assignment.duedate, term, student)
            for one in submissions
        ],
    )


def _settled(term: Term, hand_ins: list[HandIn]) -> dict[str, Lateness]:
    settings = term.settings
    policies = {one.assignment: settings.late_policy(one.assignment) for one in hand_ins}
    return settle(hand_ins, policies, settings.late, settings.time_zone)


@dataclass(frozen=True)
class Settled:
    """What lateness has come to, of several students: points off by (assignment, student), and the sentences."""

    penalties: Mapping[tuple[str, str], float | None]
    told: Mapping[tuple[str, str], str]


def settle_students(gradebook: Gradebook, term: Term, students: Collection[str]) -> Settled:
    """Set extensions and penalties of all that these students have handed in, and keep how each came about.

    A budget of late days spans assignments, so all of a student's are settled at once. Commits nothing.
    """
    db = gradebook.db
    prepare(db)
    db.flush()
    rows = [_Row(*row) for row in db.execute(_submissions_of(students))]
    by_student: dict[str, dict[str, HandIn]] = {}
    for row in rows:
        hand_in = _hand_in(row.assignment, row.at, row.due, term, row.student)
        by_student.setdefault(row.student, {})[row.assignment] = hand_in
    found = {s: _settled(term, list(hand_ins.values())) for s, hand_ins in by_student.items()}
    penalties: dict[tuple[str, str], float | None] = {}
    extensions, lost = [], []
    for row in rows:
        late = found[row.student][row.assignment]
        extension = _extension(row, term)
        if extension != row.extension:
            extensions.append({"key": row.id, "extension": extension})
        if row.book is not None:
            penalty = late.lost * row.score if late.seconds > 0 else None
            penalties[row.assignment, row.student] = penalty
            if penalty != row.penalty:
                lost.append({"key": row.book, "late_submission_penalty": penalty})
    _change(db, SubmittedAssignment, extensions)
    _change(db, SubmittedNotebook, lost)
    told = {(name, s): late.told for s, of in found.items() for name, late in of.items()}
    _keep(db, told)
    return Settled(penalties, told)


@dataclass(frozen=True)
class _Row:
    student: str
    assignment: str
    due: dt.datetime | None
    id: str
    at: dt.datetime | None
    extension: dt.timedelta | None
    book: str | None
    penalty: float | None
    score: float


def _submissions_of(students: Collection[str]) -> Any:
    return (
        select(
            SubmittedAssignment.student_id, Assignment.name, Assignment.duedate, SubmittedAssignment.id,
            SubmittedAssignment.timestamp, SubmittedAssignment.extension, SubmittedNotebook.id,
            SubmittedNotebook.late_submission_penalty, SubmittedNotebook.score,
        )
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.student_id.in_(students))
        .order_by(SubmittedAssignment.id, SubmittedNotebook.id)
    )  # fmt: skip


def _extension(row: _Row, term: Term) -> dt.timedelta | None:
    """What nbgrader adds to the due date; none where there is no due date, for it would fail on that."""
    if row.due is None:
        return None
    until = _utc(term.extensions.get((row.assignment, row.student)))
    return row.extension if until is None else max(dt.timedelta(0), until - row.due)


def _change(db: Any, kind: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        table = kind.__table__
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "key"}
        db.connection().execute(update(table).where(table.c.id == bindparam("key")).values(values), rows)


def _keep(db: Any, told: Mapping[tuple[str, str], str]) -> None:
    keys = [{"a": assignment, "s": student} for assignment, student in sorted(told)]
    if keys:
        db.execute(text("DELETE FROM course_lateness WHERE assignment = :a AND student = :s"), keys)
    said = [
        {"a": assignment, "s": student, "told": line} for (assignment, student), line in told.items() if line
    ]
    if said:
        db.execute(text("INSERT INTO course_lateness VALUES (:a, :s, :told)"), said)


def settle_class(gradebook: Gradebook, term: Term) -> None:
    """Set due dates, extensions and penalties of everyone, and commit; nothing where the term says nothing of them."""
    if not term.says_anything:
        return
    set_due_dates(gradebook, term)
    gradebook.db.flush()
    students = sorted(row[0] for row in gradebook.db.query(SubmittedAssignment.student_id).distinct())
    for start in range(0, len(students), TOGETHER):
        settle_students(gradebook, term, students[start : start + TOGETHER])
        gradebook.db.commit()


def lateness_told(db: Any, assignment: str, students: Collection[str] | None = None) -> dict[str, str]:
    """How late each student was, or some of them, and what that cost, a sentence by id; only those who were."""
    prepare(db)
    given = {"a": assignment} | ({} if students is None else {"students": list(students)})
    return {row[0]: row[1] for row in db.execute(ALL if students is None else SOME, given)}


class TermLatePolicy(LateSubmissionPlugin):
    """nbgrader's late plugin: what course.toml says, else nbgrader's own. Its `parent` knows the assignment."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Points off, of `score`; None for none."""
        term = read_term(Path(self.config.CourseDirectory.root))
        if not term.says_anything:
            penalty: float | None = super().late_submission_penalty(student_id, score, total_seconds_late)
            return penalty
        found = lateness_of(self.parent.gradebook, term, student_id)
        return found.get(self.parent.assignment_id, Lateness()).lost * score
