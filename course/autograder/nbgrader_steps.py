"""nbgrader's autograde, with our steps in it: repair before anything, cells that kill lose only their own points,
and a score only from a verdict. Named in nbgrader_config.py; `nbgrader autograde` and the formgrader use the same."""

import os
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades
from traitlets import Unicode

from course.autograder.judging import seed_for
from course.autograder.repair import NOT_GRADED, repair
from course.autograder.secret import course_secret

Resources = Any
PROJECT = Path(__file__).parent.parent.parent
SKIPPED = "This cell is not needed for grading and was not run."


def released_notebook(
    root: Path, assignment: str, notebook: str, release_directory: str = "release"
) -> NotebookNode:
    """The notebook as students got it.

    Raises:
        FileNotFoundError: with a sentence on what to do.
    """
    path = root / release_directory / assignment / f"{notebook}.ipynb"
    if not path.exists():
        raise FileNotFoundError(
            f"{assignment} has not been released here: {path} is missing; run `make release` first"
        )
    return nbformat.read(path, as_version=4)


class RepairCells(NbGraderPreprocessor):
    """First of the sanitising steps: restores locked cells, demotes copies, orders tests after code, drops tags."""

    release_directory = Unicode(
        "release", help="where the released notebooks lie, under the course root"
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Repair; nbgrader has the course root as the working directory meanwhile."""
        about = resources["nbgrader"]
        released = released_notebook(
            Path.cwd(), about["assignment"], about["notebook"], self.release_directory
        )
        kept = nb.metadata.get("course")
        repaired, _ = repair(nb, released)
        if kept:
            repaired.metadata["course"] = kept
        return repaired, resources


class ExecuteCells(Execute):
    """Runs the notebook in a kernel; a cell that kills the kernel is marked and the rest is run again without it."""

    skip_cells_with_tag = Unicode(NOT_GRADED, help="cells with this tag are not run").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Resources]:
        """Execute, at most once more for each cell that kills the kernel."""
        about = (resources or {}).get("nbgrader", {})
        seed = seed_for(course_secret(Path.cwd()), about.get("student", ""), about.get("assignment", ""))
        for cell in nb.cells:
            if NOT_GRADED in cell.metadata.get("tags", []) and cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=SKIPPED + "\n")]
        with utils.setenv(COURSE_SEED=str(seed), PYTHONPATH=str(PROJECT)):
            for _ in range(len(nb.cells)):
                try:
                    return super().preprocess(nb, resources, km)
                except DeadKernelError:
                    self._mark(nb.cells[self._running])
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, index: int
    ) -> tuple[NotebookNode, Resources]:
        """Remember which cell is running, so that a dead kernel can be laid at its door."""
        self._running = index
        return super().preprocess_cell(cell, resources, index)

    @staticmethod
    def _mark(cell: NotebookNode) -> None:
        cell.metadata["tags"] = [NOT_GRADED]
        told = "This cell ended the Python process; the others were run without it."
        cell.outputs = [nbformat.v4.new_output("error", ename="ProcessDied", evalue=told, traceback=[told])]


class SaveScores(SaveAutoGrades):
    """Scores a test cell by its verdict alone: no verdict, an error or anything that is not a number is 0."""

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        super()._add_score(cell, resources)
        if utils.is_solution(cell):
            return
        about = cell.metadata["nbgrader"]
        grade = self.gradebook.find_grade(
            about["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score = score_of(cell, float(about["points"]))
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


def score_of(cell: NotebookNode, max_points: float) -> float:
    """The points that a test cell's result states; 0 where it states none. Standard error costs nothing."""
    found = 0.0
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return 0.0
        if output.output_type == "execute_result":
            try:
                found = float(output.data.get("text/plain", ""))
            except (TypeError, ValueError):
                return 0.0
    return found if 0.0 <= found <= max_points else 0.0


def quiet_environment() -> None:
    """Let alembic and the kernels be found whatever the PATH: nbgrader calls them by name."""
    import sys

    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ.get("PATH", "")
