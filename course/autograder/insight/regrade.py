"""Who would gain or lose how much, and why, if everyone were graded with what is in the folder now. Nothing is entered."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.autograder.gradebook.course import Course
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.scores import Score, scores_of
from course.autograder.grading.driver import Plan, handed_in, task_of, wanted_of
from course.autograder.grading.pool import all_marked
from course.autograder.grading.ready import require_all
from course.autograder.insight.writing import FOLDER, as_csv, written
from course.autograder.judging.rules import Counting


@dataclass(frozen=True)
class Cell:
    """A graded cell whose points would change, with the mistakes named before and now, and what gave it others."""

    name: str
    before: float
    after: float
    named_before: tuple[str, ...] = ()
    named_after: tuple[str, ...] = ()
    said: str = ""

    @property
    def why(self) -> str:
        """In a few words."""
        return self.told(self.said, ", ".join(self.named_before), ", ".join(self.named_after), "no name")

    def told(self, said: str, was: str, now: str, nothing: str) -> str:
        """What changes, and why: what is said of it, or the names before and now, in anybody's words."""
        if not said and was != now:
            said = f"{was or nothing} → {now or nothing}"
        why = said or was
        return f"{self.name} {self.before:g} → {self.after:g}" + (f" ({why})" if why else "")


@dataclass(frozen=True)
class Outcome:
    """What grading one hand-in again would do.

    Attributes:
        student: the id.
        cells: whose points would change; empty for none.
        said: why nothing can be said: not graded before, or it failed now.
    """

    student: str
    cells: tuple[Cell, ...] = ()
    said: str = ""

    @property
    def gained(self) -> float:
        """Points gained, negative for lost; before anything that lateness costs."""
        return round(sum(cell.after - cell.before for cell in self.cells), 4)


def preview(
    root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    plan: Plan | None = None,
    *,
    on_start: Callable[[int], None] = lambda to_do: None,
) -> Iterator[Outcome]:
    """Grade each hand-in and compare with the gradebook, which is left as it is.

    Args:
        root: the course folder.
        assignment: its name.
        students: whom; everyone with something under `submitted/` when None.
        plan: how.
        on_start: told how many there are to do.

    Raises:
        GradingError: as `driver.grade` does.
    """
    plan = plan or Plan()
    course = Course(root)
    course.require(assignment)
    wanted = wanted_of(course, assignment, handed_in(course, assignment), students)
    released, secret = require_all(course, assignment, plan.jobs, plan.isolated, len(wanted))
    with course.gradebook() as gradebook:
        scores = scores_of(gradebook, assignment, course.cell_order(assignment))
    counting = course.counting(assignment)
    on_start(len(wanted))
    tasks = [task_of(course, assignment, student, one, released, secret) for student, one in wanted.items()]
    for marked in all_marked(tasks, plan.jobs, plan.limits or course.limits(), plan.isolated):
        yield compared(scores.get(marked.student), marked, counting)


def compared(score: Score | None, marked: Marked, counting: Sequence[Counting] = ()) -> Outcome:
    """One hand-in's marks beside what the gradebook says; points that a person gave stay.

    Args:
        score: what the gradebook says.
        marked: the marks.
        counting: questions that count otherwise than students were told.
    """
    said = {name: "follow-up marks" for name, verdict in marked.verdicts.items() if verdict.get("follow_up")}
    said |= {one.name: one.said.removeprefix(f"{one.name} ") for one in counting}
    if marked.failure:
        return Outcome(marked.student, said=marked.failure)
    if score is None:
        return Outcome(marked.student, said="not graded before")
    cells = [
        Cell(
            cell.name,
            cell.by_machine,
            now,
            cell.named,
            marked.named.get(cell.name, ()),
            said.get(cell.name, ""),
        )
        for cell in score.cells
        if not cell.by_hand
        and cell.by_machine is not None
        and abs((now := marked.points.get(cell.name, 0.0)) - cell.by_machine) > 1e-9
    ]
    return Outcome(marked.student, tuple(cells))


def write_outcomes(root: Path, assignment: str, outcomes: Sequence[Outcome]) -> Path:
    """All of it as `reports/ASSIGNMENT-regrade.csv`."""
    rows = [["student", "gained", "why"]]
    for one in outcomes:
        why = one.said or "; ".join(cell.why for cell in one.cells)
        rows.append([one.student, "" if one.said else f"{one.gained:g}", why])
    (path,) = written(root / FOLDER, {f"{assignment}-regrade.csv": as_csv(rows)})
    return path
