"""Late days and extensions in nbgrader's gradebook: due dates from course.toml, extensions from extensions.csv.

nbgrader counts a submission's lateness from its assignment's due date and its own extension, and asks a plugin what it
costs. All three are set here, so the formgrader and `nbgrader autograde` show what our commands show.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import LateSubmissionPlugin
from sqlalchemy import text

from course.autograder.gradebook.late import HandIn, Lateness, settle
from course.autograder.gradebook.states import prepare
from course.autograder.settings import Settings, SettingsError, read
from course.common.tables import TableError, read_table

FILE = "extensions.csv"
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


def _hand_in(submission: SubmittedAssignment, term: Term, student: str) -> HandIn:
    name, due = submission.assignment.name, submission.assignment.duedate
    at = submission.timestamp
    return HandIn(
        name,
        None if at is None else at.replace(tzinfo=dt.UTC),
        None if due is None else due.replace(tzinfo=dt.UTC),
        term.extensions.get((name, student)),
    )


def lateness_of(gradebook: Gradebook, term: Term, student: str) -> dict[str, Lateness]:
    """Lateness of all that a student has in the gradebook, by assignment."""
    submissions = gradebook.db.query(SubmittedAssignment).filter(SubmittedAssignment.student_id == student)
    hand_ins = [_hand_in(submission, term, student) for submission in submissions]
    settings = term.settings
    policies = {one.assignment: settings.late_policy(one.assignment) for one in hand_ins}
    return settle(hand_ins, policies, settings.late, settings.time_zone)


def settle_student(gradebook: Gradebook, term: Term, student: str) -> None:
    """Set extensions and penalties of all of a student's submissions, and keep how each came about. Commits nothing."""
    prepare(gradebook.db)
    found = lateness_of(gradebook, term, student)
    submissions = gradebook.db.query(SubmittedAssignment).filter(SubmittedAssignment.student_id == student)
    for submission in submissions:
        name = submission.assignment.name
        until, due = term.extensions.get((name, student)), submission.assignment.duedate
        if due is None:
            submission.extension = None  # nbgrader adds it to a due date, and fails where there is none
        elif until is not None:
            submission.extension = max(dt.timedelta(0), (_utc(until) or due) - due)
        for book in submission.notebooks:
            lost = found[name].lost * book.score
            book.late_submission_penalty = lost if found[name].seconds > 0 else None
        _keep(gradebook.db, name, student, found[name].told)


def _keep(db: Any, assignment: str, student: str, told: str) -> None:
    key = {"a": assignment, "s": student}
    db.execute(text("DELETE FROM course_lateness WHERE assignment = :a AND student = :s"), key)
    if told:
        db.execute(text("INSERT INTO course_lateness VALUES (:a, :s, :told)"), {**key, "told": told})


def settle_class(gradebook: Gradebook, term: Term) -> None:
    """Set due dates, extensions and penalties of everyone, and commit; nothing where the term says nothing of them."""
    if not term.says_anything:
        return
    set_due_dates(gradebook, term)
    gradebook.db.flush()
    students = [row[0] for row in gradebook.db.query(SubmittedAssignment.student_id).distinct()]
    for student in sorted(students):
        settle_student(gradebook, term, student)
    gradebook.db.commit()


def lateness_told(db: Any, assignment: str, student: str | None = None) -> dict[str, str]:
    """How late each student was, or one of them, and what that cost, a sentence by id; only those who were."""
    prepare(db)
    asked, alone = {"a": assignment}, ""
    if student is not None:
        asked, alone = {"a": assignment, "s": student}, " AND student = :s"
    rows = db.execute(text(f"SELECT student, told FROM course_lateness WHERE assignment = :a{alone}"), asked)
    return {row[0]: row[1] for row in rows}


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
