"""A class's grades on one assignment: a row for everyone, from the gradebook, as a CSV file that is whole or not there.

`grades/ASSIGNMENT.csv` is written anew after every command that changes marks, and by `python -m course grades`. Every
row comes from the gradebook, so that grading one student, or by hand in the formgrader, leaves nobody out.
"""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Student, SubmittedAssignment

from course.autograder.gradebook.course import Course
from course.autograder.gradebook.lateness import settle_class
from course.autograder.gradebook.record import write_whole
from course.autograder.gradebook.scores import Score, asked_in, scores_of
from course.autograder.gradebook.states import DONE, STALE, State, read_states, students_with_state
from course.common.text import for_spreadsheet

FOLDER = "grades"
TOGETHER = 200  # students that the gradebook is asked for at once
REMOVED = (
    "this student was removed from the gradebook (`nbgrader db student remove`), and a hand-in still lies under "
    "submitted/; remove that too, or name the student to `grade` to take them in again"
)
NOT_HANDED_IN = "nothing was handed in"


@dataclass(frozen=True)
class Row:
    """One student.

    Attributes:
        student: the id.
        state: 'graded'; 'waits' for a person to grade written answers; 'needs a person' for another reason; 'failed';
            'not graded'; 'removed'; 'nothing handed in'.
        score: what the gradebook says; None when it says nothing.
        why: why a person must look at it, a sentence each.
    """

    student: str
    state: str
    score: Score | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What is in a class's file: how many students, graded ones and ones that wait, and the rows a person must look at."""

    students: int
    graded: int
    waiting: int
    needy: tuple[Row, ...]


def each_row(course: Course, assignment: str, handed_in: Collection[str]) -> Iterator[Row]:
    """Everyone the course knows of, by name, one after the other: of a large class only some are ever in memory.

    Args:
        course: the course folder.
        assignment: its name.
        handed_in: ids of those with something under `submitted/`.
    """
    with course.gradebook() as gradebook:
        settle_class(gradebook, course.term())
        order, asked = course.cell_order(assignment), asked_in(gradebook, assignment)
        known = {row[0] for row in gradebook.db.query(Student.id)}
        submitted = {row[0] for row in gradebook.db.query(SubmittedAssignment.student_id).distinct()}
        everyone = sorted({*known, *submitted, *students_with_state(gradebook.db, assignment), *handed_in})
        for start in range(0, len(everyone), TOGETHER):
            some = everyone[start : start + TOGETHER]
            states = read_states(gradebook.db, assignment, some)
            scores = scores_of(gradebook, assignment, order, asked=asked, students=some)
            for one in some:
                row = _row(one, states.get(one, State()), scores.get(one), one in known, one in handed_in)
                if row is not None:
                    yield row


def _row(student: str, state: State, score: Score | None, known: bool, handed_in: bool) -> Row | None:
    """One row; None for someone who is in no list but an old one of ours."""
    if score is not None and state.state in (DONE, STALE):  # else a run was ended before its points were in
        told = "needs a person" if score.needs_person else "waits" if score.waiting else "graded"
        return Row(student, told, score, score.needs_person)
    if state.state in (DONE, STALE) and handed_in and not known:
        return Row(student, "removed", None, (REMOVED,))
    if state.state and state.state not in (DONE, STALE):
        return Row(student, "failed", None, (state.detail,))
    if handed_in:
        return Row(student, "not graded")
    return Row(student, NOT_HANDED_IN) if known else None


def _number(value: float) -> str:
    return f"{round(value, 4):g}"


def _names_in(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(cell.name for row in rows if row.score for cell in row.score.cells))


def _heading(names: Sequence[str]) -> list[str]:
    head = ["student", "state", "points", "max_points", "to_grade_by_hand", "late_penalty"]
    return [*head, *names, "mistakes", "notes", "needs_person"]


def _line(row: Row, names: Sequence[str]) -> list[str]:
    """A row as text, fit for a spreadsheet; cells of the notebook in its order, blank where nobody has graded."""
    score, points = row.score, [""] * (4 + len(names))
    mistakes, notes = "", ""
    if score is not None:
        cells = {cell.name: "" if cell.blank else _number(cell.points) for cell in score.cells}
        sums = (score.points, score.max_points, score.waiting, score.penalty)
        points = [*map(_number, sums), *(cells.get(name, "") for name in names)]
        mistakes = "; ".join(f"{name}: {', '.join(named)}" for name, named in score.named.items())
        notes = "; ".join(score.notes)
    said = [for_spreadsheet(text) for text in (mistakes, notes, "; ".join(row.why))]
    return [for_spreadsheet(row.student), row.state, *points, *said]


def path_of(course: Course, assignment: str) -> Path:
    """Where an assignment's grades are."""
    return course.root / FOLDER / f"{assignment}.csv"


def write_grades(course: Course, assignment: str, handed_in: Collection[str]) -> tuple[Path, Written]:
    """Write the whole class's file anew; returns where it is, and what is in it."""
    names = list(course.cell_order(assignment)) or _names_in(each_row(course, assignment, handed_in))
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(_heading(names))
    students = graded = waiting = 0
    needy = []
    for row in each_row(course, assignment, handed_in):
        lines.writerow(_line(row, names))
        students += 1
        graded += row.score is not None
        waiting += bool(row.score and row.score.waiting)
        if row.why:
            needy.append(row)
    path = path_of(course, assignment)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, text.getvalue())
    return path, Written(students, graded, waiting, tuple(needy))
