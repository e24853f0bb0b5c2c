"""What the gradebook says of a class: a score for each submission, cell by cell, in the notebook's order."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import selectinload, undefer

from course.autograder.gradebook.lateness import lateness_told
from course.autograder.gradebook.states import STALE, Findings, State, read_extra, read_states
from course.autograder.judging.rules import NO_EXTRA, ExtraCredit, extra_share


@dataclass(frozen=True)
class CellScore:
    """One graded cell.

    Attributes:
        name: its grade_id.
        points: so far; 0 while a written answer waits.
        max_points: the most it can earn, extra credit apart; 0 for an optional question.
        by_hand: a person grades it.
        named: names of the mistakes found in it.
        waits: a person still has to look at it.
        blank: nobody has graded it, neither machine nor person.
        by_machine: what the machine gave; None where it gave nothing, or a person's points stand in its place.
        extra: the most that an optional question adds; 0 for every other.
    """

    name: str
    points: float
    max_points: float
    by_hand: bool
    named: tuple[str, ...] = ()
    waits: bool = False
    blank: bool = False
    by_machine: float | None = None
    extra: float = 0.0


@dataclass(frozen=True)
class Score:
    """One student's result on one assignment.

    Attributes:
        cells: in the notebook's order.
        notes: sentences for the student.
        needs_person: why a person must look at it; empty once one has.
        penalty: points off for lateness.
        max_extra: the most that optional questions add together.
    """

    student: str
    assignment: str
    cells: tuple[CellScore, ...]
    notes: tuple[str, ...] = ()
    needs_person: tuple[str, ...] = ()
    penalty: float = 0.0
    max_extra: float = 0.0

    @property
    def points(self) -> float:
        """Points so far, extra credit and all: written answers once they are graded, less what lateness costs."""
        return round(max(0.0, sum(cell.points for cell in self.cells) - self.penalty), 2)

    @property
    def max_points(self) -> float:
        """Points of the whole assignment, extra credit apart."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def extra(self) -> float:
        """What optional questions add to the points, less their share of what lateness costs."""
        return extra_share([(cell.points, bool(cell.extra)) for cell in self.cells], self.penalty)

    @property
    def core(self) -> float:
        """The points without extra credit."""
        return round(self.points - self.extra, 2)

    @property
    def automatic(self) -> float:
        """Points of the cells that the machine grades, extra credit apart."""
        return round(sum(cell.points for cell in self.cells if not cell.by_hand and not cell.extra), 2)

    @property
    def max_automatic(self) -> float:
        """The most that the machine can give, extra credit apart."""
        return sum(cell.max_points for cell in self.cells if not cell.by_hand)

    @property
    def waiting(self) -> float:
        """Points of the written answers that wait for a person."""
        return sum(cell.max_points for cell in self.cells if cell.by_hand and cell.waits)

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Mistakes by check."""
        return {cell.name: cell.named for cell in self.cells if cell.named}


def grades_of(gradebook: Gradebook, book: SubmittedNotebook) -> list[Grade]:
    """The grades of a submitted notebook, by two queries; `book.grades` would ask twice more for each of them."""
    wanted = gradebook.db.query(Grade).options(undefer(Grade.max_score), selectinload(Grade.cell))
    return list(wanted.filter(Grade.notebook_id == book.id))


def flagged(order: Sequence[str], by_hand: Set[str]) -> str:
    """The cell whose grade stands for the whole hand-in in the formgrader's list: the first that a machine grades."""
    return next((name for name in order if name not in by_hand), order[0] if order else "")


@dataclass(frozen=True)
class Asked:
    """What the gradebook says of a released notebook.

    Attributes:
        assignment_id: nbgrader's.
        most: points by grade_id; 0 for an optional question.
        by_hand: what people grade.
        extra: optional questions, as they count.
    """

    assignment_id: str
    most: Mapping[str, float]
    by_hand: frozenset[str]
    extra: ExtraCredit = NO_EXTRA

    @functools.cached_property
    def optional(self) -> Mapping[str, float]:
        """The most that each optional question adds, by grade_id."""
        return dict(self.extra.questions)


def asked_in(gradebook: Gradebook, assignment: str) -> Asked | None:
    """The released notebook's cells; None where the gradebook has none of that name."""
    try:
        source = gradebook.find_notebook(assignment, assignment)
    except MissingEntry:
        return None
    by_hand = frozenset(cell.name for cell in (*source.solution_cells, *source.task_cells))
    most = {cell.name: float(cell.max_score) for cell in (*source.grade_cells, *source.task_cells)}
    return Asked(source.assignment.id, most, by_hand, read_extra(gradebook.db, assignment))


def scores_of(
    gradebook: Gradebook,
    assignment: str,
    order: Sequence[str],
    student: str | None = None,
    asked: Asked | None = None,
    *,
    students: Collection[str] | None = None,
) -> dict[str, Score]:
    """Scores by student: of everyone with a submission in the gradebook, or of one student, or of some.

    Args:
        gradebook: open.
        assignment: its name.
        order: grade_ids as the released notebook has them.
        student: whose alone; a handful of queries either way.
        students: whose alone, where it is several's.
        asked: `asked_in`, where it is known already: nothing changes it while a class is graded.
    """
    asked = asked or asked_in(gradebook, assignment)
    if asked is None:
        return {}
    only = students if student is None else [student]
    states = read_states(gradebook.db, assignment, only)
    cells: dict[str, list[CellScore]] = {}
    penalties: dict[str, float] = {}
    for owner, penalty, name, *grade in _grades(gradebook, asked.assignment_id, only):
        cells.setdefault(owner, []).append(cell_score(name, grade, asked, _findings(states.get(owner))))
        penalties[owner] = penalty or 0.0
    late = lateness_told(gradebook.db, assignment, only)
    return {
        owner: put_together(
            owner,
            assignment,
            found,
            order,
            asked,
            states.get(owner, State()),
            penalties[owner],
            late.get(owner, ""),
        )
        for owner, found in sorted(cells.items())
    }


def graded_students(gradebook: Gradebook, assignment: str) -> list[str]:
    """Those of whom `scores_of` has a score, by name; their points are not read."""
    wanted = (
        gradebook.db.query(SubmittedAssignment.student_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(Assignment.name == assignment)
        .filter(gradebook.db.query(Grade.id).filter(Grade.notebook_id == SubmittedNotebook.id).exists())
    )
    return sorted({student for (student,) in wanted})


def _grades(gradebook: Gradebook, assignment_id: str, students: Collection[str] | None) -> Any:
    wanted = (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            SubmittedNotebook.late_submission_penalty,
            BaseCell.name,
            Grade.auto_score,
            Grade.manual_score,
            Grade.extra_credit,
            Grade.needs_manual_grade,
        )
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .filter(SubmittedAssignment.assignment_id == assignment_id)
    )
    return wanted if students is None else wanted.filter(SubmittedAssignment.student_id.in_(students))


def _findings(state: State | None) -> Findings:
    return (state.findings if state else None) or Findings()


def cell_score(name: str, grade: Sequence[Any], asked: Asked, found: Findings) -> CellScore:
    """A cell's, of what a row of `grade` has: automatic, manual and extra points, and whether a person must look."""
    auto, manual, extra, needs = grade
    most, by_hand, named = asked.most[name], name in asked.by_hand, found.named.get(name, ())
    given = manual if manual is not None else auto
    points = 0.0 if given is None else float(given) + float(extra or 0.0)  # as nbgrader counts
    by_machine = float(auto) if manual is None and auto is not None else None
    if name in asked.optional and by_machine is not None:
        by_machine = None if by_person(extra, found.extra.get(name)) else points
    adds = asked.optional.get(name, 0.0)
    return CellScore(name, points, most, by_hand, named, bool(needs), given is None, by_machine, adds)


def by_person(extra: float | None, by_machine: float | None) -> bool:
    """Whether an optional question's extra credit is a person's; none at all is nobody's.

    Args:
        extra: as it stands in the gradebook.
        by_machine: as the machine entered it last; None where it did not.
    """
    return extra is not None and (by_machine is None or abs(extra - by_machine) > 1e-9)


def put_together(
    student: str,
    assignment: str,
    cells: Iterable[CellScore],
    order: Sequence[str],
    asked: Asked,
    state: State,
    penalty: float,
    late: str,
) -> Score:
    """One student's score; a person who has settled the flagged cell has seen what there was to see.

    Args:
        student, assignment: whose, and of what.
        cells: in any order.
        order: grade_ids as the released notebook has them.
        asked: what the gradebook says of the released notebook.
        state: how far grading has come.
        penalty: points off for lateness.
        late: how they came about, in a sentence; '' for not late.
    """
    place = {name: i for i, name in enumerate(order)}
    cells = sorted(cells, key=lambda cell: place.get(cell.name, len(place)))
    flag = flagged(order, asked.by_hand)
    found = _findings(state)
    open_still = any(cell.waits for cell in cells if cell.name == flag)
    stale = (f"these points are from an earlier grading; the last one failed: {state.detail}",)
    return Score(
        student,
        assignment,
        tuple(cells),
        (*(stale if state.state == STALE else ()), *((late,) if late else ()), *found.notes),
        (*(stale if state.state == STALE else ()), *(found.needs_person if open_still else ())),
        penalty,
        asked.extra.most,
    )
