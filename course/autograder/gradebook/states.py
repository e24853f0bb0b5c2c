"""Our tables beside nbgrader's: how far each submission has come, and what was found on it.

A submission is graded when its line in `course_grading` says so; that line is committed together with its points.
`course_findings` keeps what nbgrader has no place for, so that a class's grades can be written without opening a notebook;
`course_extra_credit` what optional questions add, which are of 0 points for nbgrader.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import bindparam, inspect, text

from course.autograder.judging.rules import NO_EXTRA, ExtraCredit

TABLES = (
    """CREATE TABLE IF NOT EXISTS course_grading (
    assignment VARCHAR(128) NOT NULL, student VARCHAR(128) NOT NULL,
    state VARCHAR(16) NOT NULL, digest VARCHAR(64) NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (assignment, student))""",
    """CREATE TABLE IF NOT EXISTS course_findings (
    assignment VARCHAR(128) NOT NULL, student VARCHAR(128) NOT NULL, findings TEXT NOT NULL,
    PRIMARY KEY (assignment, student))""",
    """CREATE TABLE IF NOT EXISTS course_history (
    assignment VARCHAR(128) NOT NULL, student VARCHAR(128) NOT NULL, at VARCHAR(32) NOT NULL,
    digest VARCHAR(64) NOT NULL, started_by VARCHAR(128) NOT NULL, change TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS course_lateness (
    assignment VARCHAR(128) NOT NULL, student VARCHAR(128) NOT NULL, told TEXT NOT NULL,
    PRIMARY KEY (assignment, student))""",
    """CREATE TABLE IF NOT EXISTS course_extra_credit (
    assignment VARCHAR(128) NOT NULL, extra TEXT NOT NULL, PRIMARY KEY (assignment))""",
)
# nbgrader's tables have none for what is asked of every submission, and each answer would be looked for in all of them.
INDEXES = {
    "course_grade_of_notebook": ("grade", "notebook_id"),
    "course_comment_of_notebook": ("comment", "notebook_id"),
    "course_notebook_of_submission": ("submitted_notebook", "assignment_id"),
    "course_submission_of_student": ("submitted_assignment", "student_id"),
}
ALL = text(
    "SELECT g.student, g.state, g.digest, g.detail, f.findings FROM course_grading g "
    "LEFT JOIN course_findings f ON f.assignment = g.assignment AND f.student = g.student "
    "WHERE g.assignment = :assignment"
)
SOME = text(f"{ALL.text} AND g.student IN :students").bindparams(bindparam("students", expanding=True))
THERE = "course tables are there"
DONE, FAILED, STALE = "done", "failed", "stale"
Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Findings:
    """What grading found on a submission beside its points.

    Attributes:
        notes: sentences for the student.
        needs_person: sentences that say why a person must look at it.
        named: names of mistakes, by grade_id.
        seconds: that grading took, by the clock on the wall; None when that was not kept.
        restarts: how often the student's process had to be started again.
        extra: what the machine has entered as extra credit, by grade_id; not where a person's number stands.
    """

    notes: tuple[str, ...] = ()
    needs_person: tuple[str, ...] = ()
    named: Names = field(default_factory=dict)
    seconds: float | None = None
    restarts: int = 0
    extra: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> str:
        """For the table."""
        named = {name: list(names) for name, names in self.named.items()}
        whole: dict[str, Any] = {"notes": list(self.notes), "needs_person": list(self.needs_person)}
        whole |= {"named": named, "seconds": self.seconds, "restarts": self.restarts}
        whole |= {"extra": dict(self.extra)} if self.extra else {}
        return json.dumps(whole, ensure_ascii=False)

    @classmethod
    def from_json(cls, content: str) -> "Findings":
        """From the table."""
        read = json.loads(content)
        named = {name: tuple(names) for name, names in read["named"].items()}
        return cls(
            tuple(read["notes"]),
            tuple(read["needs_person"]),
            named,
            read.get("seconds"),
            read.get("restarts", 0),
            read.get("extra", {}),
        )


@dataclass(frozen=True)
class State:
    """How far a submission has come.

    Attributes:
        state: DONE, FAILED (never graded), STALE (graded before, failed since), or '' when nothing is known.
        digest: of everything that the marks depend on; the part before the dot is of what was handed in alone.
        detail: why it failed.
        findings: what was found; None when that was not kept.
    """

    state: str = ""
    digest: str = ""
    detail: str = ""
    findings: Findings | None = None

    @property
    def handed_in(self) -> str:
        """The fingerprint of what was handed in."""
        return self.digest.partition(".")[0]


def prepare(db: Any) -> None:
    """Make the tables where they are not there yet."""
    if not db.info.get(THERE):
        for table in TABLES:
            db.execute(text(table))


def keep_prepared(db: Any) -> None:
    """Make the tables and indexes, and commit: in this session nobody needs to look for them again."""
    prepare(db)
    there = inspect(db.connection())
    for name, (table, column) in INDEXES.items():
        if not there.has_index(table, name):  # to ask for it again would wait for whoever writes just now
            db.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"))
    db.commit()
    db.info[THERE] = True


def read_states(db: Any, assignment: str, students: Collection[str] | None = None) -> dict[str, State]:
    """By student, everyone of whom something is known; or of these alone."""
    prepare(db)
    asked = ALL if students is None else SOME
    given = {"assignment": assignment} | ({} if students is None else {"students": list(students)})
    rows = db.execute(asked, given)
    return {
        owner: State(state, digest, detail, Findings.from_json(found) if found else None)
        for owner, state, digest, detail, found in rows
    }


def students_with_state(db: Any, assignment: str) -> set[str]:
    """Everyone of whom something is known."""
    prepare(db)
    asked = text("SELECT student FROM course_grading WHERE assignment = :assignment")
    return {row[0] for row in db.execute(asked, {"assignment": assignment})}


def write_state(db: Any, assignment: str, student: str, state: str, digest: str, detail: str = "") -> None:
    """Say how far a submission has come; the caller commits."""
    write_states(db, assignment, {student: State(state, digest, detail)})


def write_states(db: Any, assignment: str, states: Mapping[str, State]) -> None:
    """Say how far each of several has come, by student, but for its findings; the caller commits."""
    values = {
        s: {"state": one.state, "digest": one.digest, "detail": one.detail} for s, one in states.items()
    }
    _replace(db, "course_grading", assignment, values)


def write_findings(db: Any, assignment: str, findings: Mapping[str, Findings]) -> None:
    """Keep what was found on submissions, by student; the caller commits."""
    values = {student: {"findings": one.as_json()} for student, one in findings.items()}
    _replace(db, "course_findings", assignment, values)


def forget(db: Any, assignment: str, students: Sequence[str]) -> None:
    """Make these submissions ones of which nothing is known; the caller commits."""
    for table in ("course_grading", "course_findings"):
        _delete(db, table, assignment, students)


def _delete(db: Any, table: str, assignment: str, students: Iterable[str]) -> None:
    if where := [{"assignment": assignment, "student": student} for student in sorted(students)]:
        db.execute(text(f"DELETE FROM {table} WHERE assignment = :assignment AND student = :student"), where)


def _replace(db: Any, table: str, assignment: str, values: Mapping[str, Mapping[str, str]]) -> None:
    """Delete and insert: no database's own words for the two in one are another's."""
    _delete(db, table, assignment, values)
    rows = [{"assignment": assignment, "student": student, **values[student]} for student in sorted(values)]
    if rows:
        places = ", ".join(f":{column}" for column in rows[0])
        db.execute(text(f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({places})"), rows)


def write_extra(db: Any, assignment: str, extra: ExtraCredit) -> None:
    """Keep what an assignment's optional questions add; the caller commits."""
    if extra == read_extra(db, assignment):
        return
    named = {"assignment": assignment}
    db.execute(text("DELETE FROM course_extra_credit WHERE assignment = :assignment"), named)
    db.execute(
        text("INSERT INTO course_extra_credit (assignment, extra) VALUES (:assignment, :extra)"),
        {**named, "extra": json.dumps(asdict(extra))},
    )


def read_extra(db: Any, assignment: str) -> ExtraCredit:
    """What they add; nothing where none is known."""
    prepare(db)
    asked = text("SELECT extra FROM course_extra_credit WHERE assignment = :assignment")
    found = db.execute(asked, {"assignment": assignment}).scalar()
    return ExtraCredit.of_data(json.loads(found)) if found else NO_EXTRA
