"""nbgrader's flow on one course folder: release, autograde, feedback, and what the gradebook says."""

import contextlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.apps import NbGrader, NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import text
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import selectinload, undefer

from course.autograder.gradebook.nbgrader_steps import quiet_environment
from course.autograder.intake.notes import notes_of
from course.autograder.student import VERDICT

PROJECT = Path(__file__).parents[3]


# Our table beside nbgrader's: a submission is graded when its line here says so.
TABLE = """
CREATE TABLE IF NOT EXISTS course_grading (
    assignment VARCHAR(128) NOT NULL, student VARCHAR(128) NOT NULL,
    state VARCHAR(16) NOT NULL, digest VARCHAR(64) NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (assignment, student)
)
"""
# nbgrader's page gives tables no air and long lines no wrap.
FEEDBACK_STYLE = """<style>
.text_cell_render table, .rendered_html table, .panel-body table { margin: .6em 0; border-collapse: collapse }
.panel-body td, .panel-body th { padding: .15em .9em .15em 0; border-bottom: 1px solid #ddd; text-align: left }
.anchor-link { display: none }
pre { white-space: pre-wrap }
</style>"""
DONE, FAILED, STALE = "done", "failed", "stale"


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

    def _api(self) -> NbGraderAPI:
        return NbGraderAPI(CourseDirectory(config=self.config), config=self.config, log=self.log)

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

    def feedback(self, assignment: str, student: str) -> None:
        """Write the feedback page."""
        self._done(self._api().generate_feedback(assignment, student), f"feedback for {student}/{assignment}")
        for page in (self.folder("feedback") / student / assignment).glob("*.html"):
            page.write_text(
                page.read_text(encoding="utf-8").replace("</head>", f"{FEEDBACK_STYLE}</head>", 1),
                encoding="utf-8",
            )

    def score(self, assignment: str, student: str) -> Score:
        """What the gradebook and the graded notebook say of one submission."""
        path = self.folder("autograded") / student / assignment / f"{assignment}.ipynb"
        notebook = nbformat.read(path, as_version=4) if path.exists() else nbformat.v4.new_notebook()
        with self.gradebook() as gradebook:
            named, order = _named(notebook), self.cell_order(assignment)
            return score_in(gradebook, assignment, student, order, named, notes_of(notebook))

    def cell_order(self, assignment: str) -> list[str]:
        """The grade_ids of the graded cells, in the order of the released notebook."""
        path = self.folder("release") / assignment / f"{assignment}.ipynb"
        cells = nbformat.read(path, as_version=4).cells if path.exists() else []
        marks = [cell.metadata.get("nbgrader", {}) for cell in cells]
        return [mark["grade_id"] for mark in marks if mark.get("grade")]


def grades_of(gradebook: Gradebook, book: SubmittedNotebook) -> list[Grade]:
    """The grades of a submitted notebook, by two queries; `book.grades` would ask twice more for each of them."""
    wanted = gradebook.db.query(Grade).options(undefer(Grade.max_score), selectinload(Grade.cell))
    return list(wanted.filter(Grade.notebook_id == book.id))


def comments_of(gradebook: Gradebook, book: SubmittedNotebook) -> list[Comment]:
    """The comments on a submitted notebook, by two queries."""
    wanted = gradebook.db.query(Comment).options(selectinload(Comment.cell))
    return list(wanted.filter(Comment.notebook_id == book.id))


def score_in(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    order: list[str],
    named: dict[str, tuple[str, ...]],
    notes: tuple[str, ...],
) -> Score:
    """A Score from an open gradebook; the order of cells, names of mistakes and notes come from elsewhere."""
    try:
        grades = grades_of(gradebook, gradebook.find_submission(assignment, student).notebooks[0])
    except (MissingEntry, IndexError):
        raise GradingError(f"{student} has no grades for {assignment} in the gradebook") from None
    source = gradebook.find_notebook(assignment, assignment)
    by_hand = {cell.name for cell in source.solution_cells}
    cells = [
        CellScore(g.name, float(g.score or 0.0), float(g.max_score), g.name in by_hand, named.get(g.name, ()))
        for g in grades
    ]
    state, detail = state_in(gradebook, assignment, student)
    stale = (
        (f"these points are from an earlier grading; the last one failed: {detail}",)
        if state == STALE
        else ()
    )
    place = {name: i for i, name in enumerate(order)}
    cells.sort(key=lambda cell: place.get(cell.name, len(place)))
    return Score(student, assignment, tuple(cells), (*stale, *notes))


def state_in(gradebook: Gradebook, assignment: str, student: str) -> tuple[str, str]:
    """State and detail of one submission: ('done', ''), ('stale', why), ('', '') when nothing is known."""
    gradebook.db.execute(text(TABLE))
    row = gradebook.db.execute(
        text("SELECT state, detail FROM course_grading WHERE assignment = :a AND student = :s"),
        {"a": assignment, "s": student},
    ).first()
    return (row[0], row[1]) if row else ("", "")


def fresh_course(folder: Path) -> Course:
    """A course folder of its own with the project's assignments in it; what was there is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "course").mkdir(parents=True)
    shutil.copytree(PROJECT / "course" / "assignments", folder / "course" / "assignments")
    return Course(folder)


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
