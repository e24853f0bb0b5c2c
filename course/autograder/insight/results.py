"""A class's results on one assignment, from the gradebook, as arrays."""

import math
from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from sqlalchemy import select

from course.autograder.gradebook.course import Course
from course.autograder.gradebook.grades import TOGETHER
from course.autograder.gradebook.scores import Score, asked_in, graded_students, scores_of
from course.autograder.gradebook.states import Findings, read_states


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
    """Everyone's, whose hand-in is graded. Of each student some numbers are kept, and nothing else for long."""
    columns = _Columns()
    with course.gradebook() as gradebook:
        order, asked = course.cell_order(assignment), asked_in(gradebook, assignment)
        graded = graded_students(gradebook, assignment)
        for start in range(0, len(graded), TOGETHER):
            some = graded[start : start + TOGETHER]
            scores = scores_of(gradebook, assignment, order, asked=asked, students=some)
            states = read_states(gradebook.db, assignment, some)
            before = _before_due(gradebook, assignment, some)
            for student, score in scores.items():
                found = states[student].findings if student in states else None
                columns.add(score, found, before.get(student, math.nan))
    return columns.results(assignment)


@dataclass
class _Question:
    """One graded cell: what it is worth, everyone's points, whether a person grades it and still has to, what it adds."""

    most: float
    points: "array[float]"
    by_hand: bool = False
    waits: bool = False
    extra: float = 0.0


class _Columns:
    """A class's results as they are read, student by student: the numbers as such, and no objects around them."""

    def __init__(self) -> None:
        self.students: list[str] = []
        self.questions: dict[str, _Question] = {}
        self.named: list[Mapping[str, tuple[str, ...]]] = []
        self.patterns: dict[tuple[tuple[str, tuple[str, ...]], ...], Mapping[str, tuple[str, ...]]] = {}
        self.max_points: float | None = None
        self.max_extra = 0.0
        self.totals, self.before_due, self.seconds = array("d"), array("d"), array("d")
        self.restarts = array("q")

    def add(self, score: Score, found: Findings | None, before_due: float) -> None:
        """Take in the next student."""
        for cell in score.cells:
            if cell.name not in self.questions:  # those before had no such cell, and no points for it
                before = array("d", [0.0] * len(self.students))
                self.questions[cell.name] = _Question(cell.max_points, before, extra=cell.extra)
        given = {cell.name: cell for cell in score.cells}
        for name, question in self.questions.items():
            one = given.get(name)
            question.points.append(one.points if one else 0.0)
            if one is not None:
                question.by_hand |= one.by_hand
                question.waits |= one.blank or (one.by_hand and one.waits)
        self.students.append(score.student)
        named = score.named
        self.named.append(self.patterns.setdefault(tuple(named.items()), named))
        self.max_points = score.max_points if self.max_points is None else self.max_points
        self.max_extra = max(self.max_extra, score.max_extra)
        self.totals.append(score.core)
        self.before_due.append(before_due)
        self.seconds.append(math.nan if found is None or found.seconds is None else found.seconds)
        self.restarts.append(found.restarts if found else 0)

    def results(self, assignment: str) -> Results:
        """The whole class's. A question that somebody's answer to waits is only named, for it is in no statistic."""
        # What is out of the sum, or optional, has no points that everyone could be said to have missed.
        known = {name: one for name, one in self.questions.items() if one.most and not one.waits}
        points = np.empty((len(self.students), len(known)))
        for place, question in enumerate(known.values()):
            points[:, place] = question.points
        return Results(
            assignment=assignment,
            students=tuple(self.students),
            questions=tuple(known),
            most=np.array([one.most for one in known.values()], float),
            points=points,
            by_hand=frozenset(name for name, one in known.items() if one.by_hand),
            waiting=tuple(sorted(name for name, one in self.questions.items() if one.waits)),
            totals=np.array(self.totals),
            max_points=self.max_points or 0.0,
            named=tuple(self.named),
            before_due=np.array(self.before_due),
            seconds=np.array(self.seconds),
            restarts=np.array(self.restarts, int),
            max_extra=self.max_extra,
            extra=tuple(
                OptionalQuestion(name, one.extra, np.array(one.points))
                for name, one in self.questions.items()
                if one.extra
            ),
        )


def _before_due(gradebook: Gradebook, assignment: str, students: Collection[str]) -> dict[str, float]:
    """Hours, by student of these; nobody's where there is no due date."""
    rows = gradebook.db.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, Assignment.duedate)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment, SubmittedAssignment.student_id.in_(students))
    )
    return {
        student: (due - at).total_seconds() / 3600
        for student, at, due in rows
        if at is not None and due is not None
    }
