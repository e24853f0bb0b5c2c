"""What a submission's points were before they changed: each later grading that gave others, and who started it."""

import datetime as dt
import getpass
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from course.autograder.gradebook.states import prepare


@dataclass(frozen=True)
class Change:
    """One change of the machine's points; those that a person gave are never touched.

    Attributes:
        assignment: its name.
        at: when, in UTC, to the second.
        fingerprint: of what the new points depend on beside the hand-in: release, checks, judge, course's secret.
        same_hand_in: whether the hand-in was the same as before.
        started_by: the account that started the grading.
        before, after: points by grade_id, of the cells that changed.
    """

    assignment: str
    at: str
    fingerprint: str
    same_hand_in: bool
    started_by: str
    before: Mapping[str, float]
    after: Mapping[str, float]

    @property
    def gained(self) -> float:
        """Points gained, negative for lost."""
        return round(sum(self.after.values()) - sum(self.before.values()), 4)


def automatic(grades: Iterable[Any], optional: Collection[str] = ()) -> dict[str, float]:
    """The machine's points by grade_id, of nbgrader's grades; what nobody has graded is left out.

    Args:
        grades: of one notebook.
        optional: questions whose points are entered as extra credit.
    """
    return {
        grade.name: float(grade.auto_score) + (grade.extra_credit or 0.0 if grade.name in optional else 0.0)
        for grade in grades
        if grade.auto_score is not None
    }


def remember(
    db: Any,
    assignment: str,
    student: str,
    digest: str,
    was: str,
    before: Mapping[str, float],
    after: Mapping[str, float],
) -> None:
    """Keep what changed, where anything did; the caller commits.

    Args:
        db: the gradebook's session.
        assignment, student: whose.
        digest, was: of everything the marks depend on, now and before.
        before, after: `automatic` of both.
    """
    changed = [name for name in after if name in before and abs(after[name] - before[name]) > 1e-9]
    if not changed:
        return
    change = {
        "before": {name: before[name] for name in changed},
        "after": {name: after[name] for name in changed},
        "same_hand_in": digest.partition(".")[0] == was.partition(".")[0],
    }
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(" ", "seconds")
    values = {
        "assignment": assignment, "student": student, "at": now, "digest": digest, "started_by": _account(),
        "change": json.dumps(change),
    }  # fmt: skip
    db.execute(
        text(
            "INSERT INTO course_history (assignment, student, at, digest, started_by, change) "
            "VALUES (:assignment, :student, :at, :digest, :started_by, :change)"
        ),
        values,
    )


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return "unknown"


def history_of(db: Any, student: str) -> list[Change]:
    """All changes of a student's points, the oldest first."""
    prepare(db)
    rows = db.execute(
        text(
            "SELECT assignment, at, digest, started_by, change FROM course_history WHERE student = :student "
            "ORDER BY at, assignment"
        ),
        {"student": student},
    )
    made = []
    for assignment, at, digest, started_by, change in rows:
        read = json.loads(change)
        made.append(
            Change(
                assignment, at, digest.partition(".")[2], bool(read["same_hand_in"]), started_by, read["before"], read["after"]
            )
        )  # fmt: skip
    return made
