"""What differs between an assignment as students were given it and its source now, and a gradebook brought in step.

nbgrader refuses to add or remove a cell once there are submissions, after it has emptied the release; it takes other
points without a word. Here both are said before anything is touched, and both can be had on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from nbgrader.api import Comment, Grade, GradeCell, MissingEntry, SolutionCell, SourceCell, TaskCell

from course.common.notebooks import EXTRA


@dataclass(frozen=True)
class Cells:
    """The cells of an assignment that nbgrader knows: by kind, and in order.

    Attributes:
        graded: points by grade_id.
        tasks: likewise, of nbgrader's task cells.
        solutions: where students answer.
        sources: all that has a grade_id and is graded, locked, a task or a solution.
        extra: points of optional questions by grade_id, which are 0 in `graded`; None where nobody knows them.
    """

    graded: dict[str, float]
    tasks: dict[str, float]
    solutions: tuple[str, ...]
    sources: tuple[str, ...]
    extra: Mapping[str, float] | None = None

    @property
    def points(self) -> dict[str, float]:
        """Points by grade_id, extra credit apart."""
        return self.graded | self.tasks


def cells_of(notebook: NotebookNode) -> Cells:
    """The cells of a source or released notebook, by nbgrader's own rules."""
    graded: dict[str, float] = {}
    extra: dict[str, float] = {}
    tasks: dict[str, float] = {}
    solutions, sources = [], []
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        kinds = (utils.is_grade(cell), utils.is_solution(cell), utils.is_locked(cell), utils.is_task(cell))
        if not name or not any(kinds):
            continue
        sources.append(name)
        points = float(cell.metadata["nbgrader"].get("points", 0) or 0)
        graded |= {name: points} if kinds[0] else {}
        extra |= {name: float(cell.metadata[EXTRA])} if kinds[0] and EXTRA in cell.metadata else {}
        solutions += [name] if kinds[1] else []
        tasks |= {name: points} if kinds[3] else {}
    return Cells(graded, tasks, tuple(solutions), tuple(sources), extra)


def cells_in(gradebook: Any, assignment: str) -> Cells | None:
    """The cells that the gradebook has; None when the assignment is not in it."""
    try:
        book = gradebook.find_notebook(assignment, assignment)
    except MissingEntry:
        return None
    return Cells(
        {cell.name: float(cell.max_score) for cell in book.grade_cells},
        {cell.name: float(cell.max_score) for cell in book.task_cells},
        tuple(cell.name for cell in book.solution_cells),
        tuple(cell.name for cell in book.source_cells),
    )


def differences(given: Cells, now: Cells) -> list[str]:
    """What students would find to be other than what they were given, a clause each."""
    before, after = dict.fromkeys(given.sources), dict.fromkeys(now.sources)
    told = [f"cell {name} is new" for name in after if name not in before]
    told += [f"cell {name} is gone" for name in before if name not in after]
    for name in (name for name in after if name in before):
        if (had := given.points.get(name)) != (has := now.points.get(name)):
            told.append(f"{name} has {_points(has)} and had {_points(had)}")
        elif (other := _extra_differs(name, given, now)) is not None:
            told.append(other)
        elif (name in given.solutions) != (name in now.solutions):
            told.append(f"{name} is {'' if name in now.solutions else 'no longer '}a cell to answer in")
    return told


def _extra_differs(name: str, given: Cells, now: Cells) -> str | None:
    """A clause where a question gives other extra credit; None where it gives the same, or nobody knows."""
    if given.extra is None or now.extra is None:
        return None
    had, has = given.extra.get(name), now.extra.get(name)
    return None if had == has else f"{name} has {_points(has)} of extra credit and had {_points(had)}"


def _points(points: float | None) -> str:
    return "no points" if points is None else f"{points:g} points"


def points_by_hand(gradebook: Any, assignment: str, names: set[str]) -> int:
    """How many scores a person has given to these cells."""
    return sum(
        grade.cell.name in names and (grade.manual_score is not None or grade.extra_credit is not None)
        for submission in gradebook.assignment_submissions(assignment)
        for book in submission.notebooks
        for grade in book.grades
    )


def in_step(gradebook: Any, assignment: str, now: Cells) -> None:
    """Give the gradebook these cells, submissions included: new ones wait to be graded, the rest keeps what it has.

    nbgrader then finds nothing that it would refuse, and fills in the rest when it makes the release.
    """
    book = gradebook.find_notebook(assignment, assignment)
    kinds = (
        (book.grade_cells, GradeCell, now.graded, Grade),
        (book.task_cells, TaskCell, now.tasks, Grade),
        (book.solution_cells, SolutionCell, dict.fromkeys(now.solutions), Comment),
        (book.source_cells, SourceCell, dict.fromkeys(now.sources), None),
    )
    for had, kind, wanted, hangs_on_it in kinds:
        for cell in [cell for cell in had if cell.name not in wanted]:
            if hangs_on_it is not None:
                gradebook.db.query(hangs_on_it).filter(hangs_on_it.cell_id == cell.id).delete()
            gradebook.db.delete(cell)
        for name in [name for name in wanted if name not in {cell.name for cell in had}]:
            cell = kind(name=name, notebook_id=book.id, **_beginning(kind, wanted[name]))
            gradebook.db.add(cell)
            gradebook.db.flush()
            if hangs_on_it is not None:
                for submitted in book.submissions:
                    gradebook.db.add(hangs_on_it(cell_id=cell.id, notebook_id=submitted.id))
    gradebook.db.commit()


def _beginning(kind: type, points: float | None) -> dict[str, Any]:
    """What a cell's row needs at first; nbgrader writes the rest of it."""
    if kind in (GradeCell, TaskCell):
        return {"max_score": points, "cell_type": "code"}
    return {"cell_type": "code", "locked": True, "source": ""} if kind is SourceCell else {}
