"""A class's results on one assignment, from the gradebook, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from sqlalchemy import select

from course.autograder.gradebook.course import Course
from course.autograder.gradebook.scores import CellScore, Score, scores_of
from course.autograder.gradebook.states import read_states


@dataclass(frozen=True)
class OptionalQuestion:
    """An optional question: its points, and (students,) what each has earned there."""

    name: str
    most: float
    points: np.ndarray


@dataclass(frozen=True)
class Results:
    """One assignment.

    Attributes:
        assignment: its name.
        students: ids of those with a graded hand-in, in order of id.
        questions: graded cells that everyone's points are known of, in the notebook's order.
        most: (questions,), points to be had.
        points: (students, questions), points earned.
        by_hand: those of the questions that a person grades.
        waiting: names of written answers that somebody's still wait for a person; they are in no statistic.
        totals: (students,), points so far without extra credit, less what lateness costs.
        max_points: of the assignment, extra credit apart.
        max_extra: points that its optional questions add at most.
        extra: its optional questions; they are in no other statistic.
        named: per student the mistakes, by question.
        before_due: per student the hours between handing in and the due date, negative for late; NaN where unknown.
        seconds: per student, that grading took; NaN where unknown.
        restarts: per student, how often the student's process had to be started again.
    """

    assignment: str
    students: tuple[str, ...]
    questions: tuple[str, ...]
    most: np.ndarray
    points: np.ndarray
    by_hand: frozenset[str]
    waiting: tuple[str, ...]
    totals: np.ndarray
    max_points: float
    named: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    before_due: np.ndarray = field(default_factory=lambda: np.empty(0))
    seconds: np.ndarray = field(default_factory=lambda: np.empty(0))
    restarts: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    max_extra: float = 0.0
    extra: tuple[OptionalQuestion, ...] = ()

    @property
    def size(self) -> int:
        """How many students."""
        return len(self.students)


def read_results(course: Course, assignment: str) -> Results:
    """Everyone's, whose hand-in is graded."""
    with course.gradebook() as gradebook:
        scores = scores_of(gradebook, assignment, course.cell_order(assignment))
        states = read_states(gradebook.db, assignment)
        before = _before_due(gradebook, assignment)
    students = tuple(sorted(scores))
    names, most, waiting = _questions([scores[student] for student in students])
    found = [states[s].findings if s in states else None for s in students]
    return Results(
        assignment=assignment,
        students=students,
        questions=names,
        most=most,
        points=np.array([_points(scores[student], names) for student in students]).reshape(
            len(students), len(names)
        ),
        by_hand=frozenset(c.name for score in scores.values() for c in score.cells if c.by_hand and c.name in names),
        waiting=waiting,
        totals=np.array([scores[student].core for student in students], float),
        max_points=next((scores[student].max_points for student in students), 0.0),
        named=tuple(scores[student].named for student in students),
        before_due=np.array([before.get(student, np.nan) for student in students], float),
        seconds=np.array(
            [np.nan if f is None or f.seconds is None else f.seconds for f in found], float
        ),
        restarts=np.array([f.restarts if f else 0 for f in found], int),
        max_extra=next((scores[student].max_extra for student in students), 0.0),
        extra=_optional([scores[student] for student in students]),
    )  # fmt: skip


def _questions(scores: Sequence[Score]) -> tuple[tuple[str, ...], np.ndarray, tuple[str, ...]]:
    """Names and points of the questions that nobody's answer to waits, and the names of the others."""
    cells: dict[str, list[CellScore]] = {}
    for score in scores:
        for cell in score.cells:
            cells.setdefault(cell.name, []).append(cell)
    waits = {
        name
        for name, found in cells.items()
        if any(cell.blank or (cell.by_hand and cell.waits) for cell in found)
    }
    # What is out of the sum, or optional, has no points that everyone could be said to have missed.
    names = tuple(name for name, found in cells.items() if name not in waits and found[0].max_points)
    return names, np.array([cells[name][0].max_points for name in names], float), tuple(sorted(waits))


def _optional(scores: Sequence[Score]) -> tuple[OptionalQuestion, ...]:
    """The optional questions, in the notebook's order."""
    names = {cell.name: cell.extra for score in scores for cell in score.cells if cell.extra}
    table = np.array([_points(score, tuple(names)) for score in scores]).reshape(len(scores), len(names))
    return tuple(OptionalQuestion(name, most, table[:, i]) for i, (name, most) in enumerate(names.items()))


def _points(score: Score, names: Sequence[str]) -> list[float]:
    given = {cell.name: cell.points for cell in score.cells}
    return [given.get(name, 0.0) for name in names]


def _before_due(gradebook: Gradebook, assignment: str) -> dict[str, float]:
    """Hours, by student; nobody's where there is no due date."""
    rows = gradebook.db.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, Assignment.duedate)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
    )
    return {
        student: (due - at).total_seconds() / 3600
        for student, at, due in rows
        if at is not None and due is not None
    }
