"""nbgrader's flow on one course folder: release, autograde, feedback, and what the gradebook says."""

import contextlib
import json
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader, NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from course.autograder.nbgrader_steps import quiet_environment
from course.autograder.repair import notes_of
from course.autograder.student import VERDICT

PROJECT = Path(__file__).parent.parent.parent
INTAKE = "build/intake"  # under the course root: repaired notebooks, on their way to nbgrader


class GradingError(RuntimeError):
    """Something that stops grading, in one sentence for the instructor."""


@dataclass(frozen=True)
class CellScore:
    """One graded cell: its points, and the names of the mistakes found in it."""

    name: str
    points: float
    max_points: float
    by_hand: bool
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """One student's result on one assignment."""

    student: str
    assignment: str
    cells: tuple[CellScore, ...]
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """Points so far, written answers included once they are graded."""
        return round(sum(cell.points for cell in self.cells), 2)

    @property
    def max_points(self) -> float:
        """Points of the whole assignment."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def automatic(self) -> float:
        """Points of the cells that the machine grades."""
        return round(sum(cell.points for cell in self.cells if not cell.by_hand), 2)

    @property
    def max_automatic(self) -> float:
        """The most that the machine can give."""
        return sum(cell.max_points for cell in self.cells if not cell.by_hand)

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Mistakes by check."""
        return {cell.name: cell.named for cell in self.cells if cell.named}


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Course:
    """A course folder: `course/assignments` in it, and what grading makes beside it.

    Args:
        root: the folder; configured by the project's nbgrader_config.py, or one of its own where it has one.
    """

    def __init__(self, root: Path) -> None:
        """Read the configuration."""
        quiet_environment()
        warnings.filterwarnings(
            "ignore", category=SAWarning
        )  # nbgrader's own, on every submission it creates
        self.root = root.resolve()
        own = self.root / "nbgrader_config.py"
        with _environment(COURSE_ROOT=str(self.root)):
            app = NbGrader(config_file=str(own if own.exists() else PROJECT / "nbgrader_config.py"))
            app.log.setLevel(logging.CRITICAL)
            app.load_config_file()
        self.config = app.config
        self.config.CourseDirectory.root = str(self.root)
        self.log = logging.getLogger("course.nbgrader")
        self.log.propagate = False
        self.log.addHandler(logging.NullHandler())

    def _api(self, submitted: str | None = None) -> NbGraderAPI:
        config = self.config.copy()
        if submitted:
            config.CourseDirectory.submitted_directory = submitted
        return NbGraderAPI(CourseDirectory(config=config), config=config, log=self.log)

    @property
    def db_url(self) -> str:
        """Where the gradebook is."""
        return str(CourseDirectory(config=self.config).db_url)

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The open gradebook."""
        with Gradebook(self.db_url, self.config.CourseDirectory.course_id) as gradebook:
            yield gradebook

    def folder(self, step: str) -> Path:
        """A folder of nbgrader's: 'release', 'submitted', 'autograded', 'feedback', 'source'."""
        return self.root / str(getattr(CourseDirectory(config=self.config), f"{step}_directory"))

    def assignments(self) -> list[str]:
        """Names of the assignments whose source is here."""
        return sorted(path.parent.name for path in self.folder("source").glob("*/*.ipynb"))

    def require(self, assignment: str) -> None:
        """Raise GradingError unless the assignment is here."""
        if assignment not in self.assignments():
            have = ", ".join(self.assignments()) or "none"
            raise GradingError(f"there is no assignment '{assignment}' here; the assignments are: {have}")

    @staticmethod
    def _done(result: dict[str, Any], what: str) -> None:
        if not result["success"]:
            told = str(result.get("error") or result.get("log") or "").strip().splitlines()
            errors = [line for line in str(result.get("log", "")).splitlines() if "ERROR" in line]
            raise GradingError(f"{what} failed: {(errors or told or ['no reason given'])[-1][:300]}")

    def release(self, assignment: str) -> Path:
        """Make the students' version with nbgrader, and enter the assignment into the gradebook."""
        self.require(assignment)
        self._done(self._api().generate_assignment(assignment), f"releasing {assignment}")
        return self.folder("release") / assignment

    def autograde(self, assignment: str, student: str) -> None:
        """Run nbgrader's autograde on what intake has put ready."""
        self._done(self._api(INTAKE).autograde(assignment, student), f"grading {student}/{assignment}")

    def feedback(self, assignment: str, student: str) -> None:
        """Write the feedback page."""
        self._done(self._api().generate_feedback(assignment, student), f"feedback for {student}/{assignment}")

    def score(self, assignment: str, student: str) -> Score:
        """What the gradebook and the graded notebook say of one submission."""
        path = self.folder("autograded") / student / assignment / f"{assignment}.ipynb"
        notebook = nbformat.read(path, as_version=4) if path.exists() else nbformat.v4.new_notebook()
        named = _named(notebook)
        with self.gradebook() as gradebook:
            try:
                grades = gradebook.find_submission(assignment, student).notebooks[0].grades
            except (MissingEntry, IndexError):
                raise GradingError(f"{student} has no grades for {assignment} in the gradebook") from None
            order = {
                cell.name: i
                for i, cell in enumerate(gradebook.find_notebook(assignment, assignment).source_cells)
            }
            cells = [
                CellScore(
                    grade.name,
                    float(grade.score or 0.0),
                    float(grade.max_score),
                    _by_hand(gradebook, assignment, grade.name),
                    named.get(grade.name, ()),
                )
                for grade in grades
            ]
        cells.sort(key=lambda cell: order.get(cell.name, 0))
        return Score(student, assignment, tuple(cells), notes_of(notebook))


def _by_hand(gradebook: Gradebook, assignment: str, name: str) -> bool:
    return name in {cell.name for cell in gradebook.find_notebook(assignment, assignment).solution_cells}


def _named(notebook: nbformat.NotebookNode) -> dict[str, tuple[str, ...]]:
    """Misconceptions by grade_id, from the verdicts beside the cells."""
    found: dict[str, tuple[str, ...]] = {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        for output in cell.get("outputs", []) if name else []:
            verdict = output.get("data", {}).get(VERDICT)
            if isinstance(verdict, str):
                with contextlib.suppress(json.JSONDecodeError):
                    verdict = json.loads(verdict)
            if isinstance(verdict, dict):
                names = [f.get("misconception") for f in verdict.get("findings", []) if isinstance(f, dict)]
                found[name] = tuple(dict.fromkeys(str(n) for n in names if n))
    return found
