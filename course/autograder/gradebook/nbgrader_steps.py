"""nbgrader's autograde, with our steps in it: repair before anything, the engine in place of a kernel, and a score
only from a verdict. Named in nbgrader_config.py; `nbgrader autograde` and the formgrader's button go through them."""

import functools
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import nbgrader.api
from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool, Float, Unicode

from course.autograder.gradebook.lateness import read_term, settle_class
from course.autograder.gradebook.marks import names_in
from course.autograder.gradebook.scores import flagged
from course.autograder.gradebook.secret import course_secret
from course.autograder.gradebook.states import DONE, Findings, prepare, write_findings, write_state
from course.autograder.gradebook.students import entered
from course.autograder.intake.notes import needs_person_of, notes_of, write_notes
from course.autograder.intake.repair import repair
from course.autograder.intake.sound import sound
from course.autograder.judging import seed_for
from course.autograder.sandbox.limits import Limits, with_caps
from course.autograder.settings import read

Resources = Any


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


class PointsOfChecks(NbGraderPreprocessor):
    """First step of a release: refuses a notebook whose points are not those that its checks give."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Look, and change nothing. Raises ValueError with what to do."""
        from course.autograder.gradebook.points import points_that_differ  # takes Paddle's import

        if wrong := points_that_differ(nb):
            raise ValueError(wrong[0])
        return nb, resources


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
        done = repair(sound(nb.cells).notebook, released)
        write_notes(done.notebook, done.notes, done.needs_person)
        return done.notebook, resources


class RunLockedIn(NbGraderPreprocessor):
    """Runs the notebook in the engine's sandbox; the verdicts go to SaveScores by way of the resources."""

    isolated = Bool(
        True, help="lock submissions in; without it a result is only as honest as the submission"
    ).tag(config=True)
    cell_seconds = Float(30.0, help="processor seconds for one cell").tag(config=True)
    total_seconds = Float(300.0, help="processor seconds for one notebook").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Run and judge; the engine stays warm in this process."""
        from course.autograder.engine.engine import run

        named = resources["nbgrader"]
        seed = seed_for(course_secret(Path.cwd()), named["student"], named["assignment"])
        grader = read(Path.cwd()).grader
        own = Limits(cell_seconds=self.cell_seconds, total_seconds=self.total_seconds)
        limits = with_caps(own, grader.cell_seconds, grader.total_seconds, grader.memory_mb)
        result = run(
            nb, assignment=named["assignment"], student_seed=seed, limits=limits, isolated=self.isolated
        )
        about = {
            "notes": [*notes_of(nb), *result.incidents],
            "needs_person": [*needs_person_of(nb), *result.needs_person],
        }
        result.notebook.metadata["course"] = about
        resources["course_ledger"] = {name: verdict.as_dict() for name, verdict in result.ledger.items()}
        return result.notebook, resources


class SaveScores(SaveAutoGrades):
    """Scores a test cell by the ledger alone: no verdict is no points, whatever stands in the notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Save the scores, and beside them what was found."""
        nb, resources = super().preprocess(nb, resources)
        about, named = resources["nbgrader"], names_in(resources["course_ledger"])
        found = Findings(notes_of(nb), needs_person_of(nb), named)
        with Gradebook(about["db_url"]) as gradebook:
            prepare(gradebook.db)
            entered(gradebook, about["student"])
            write_findings(gradebook.db, about["assignment"], {about["student"]: found})
            # Graded, but not by the driver: without a digest it will not take this for its own work.
            write_state(gradebook.db, about["assignment"], about["student"], DONE, "")
            if found.needs_person and (name := _flag(nb)):
                key = (name, about["notebook"], about["assignment"], about["student"])
                gradebook.find_grade(*key).needs_manual_grade = True
            settle_class(gradebook, read_term(Path(self.config.CourseDirectory.root)))
            gradebook.db.commit()
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        if utils.is_solution(cell):
            super()._add_score(cell, resources)
            return
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = resources["course_ledger"].get(name, {}).get("points", 0.0)
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


def _flag(nb: NotebookNode) -> str:
    marked = [cell for cell in nb.cells if utils.is_grade(cell)]
    by_hand = {cell.metadata["nbgrader"]["grade_id"] for cell in marked if utils.is_solution(cell)}
    return flagged([cell.metadata["nbgrader"]["grade_id"] for cell in marked], by_hand)


@functools.cache
def schema_version() -> str:
    """The revision of nbgrader's tables in a new gradebook, read from the folder of its migrations."""
    from alembic.script import ScriptDirectory  # a tenth of a second, for new gradebooks alone

    return str(ScriptDirectory(str(Path(nbgrader.api.__file__).parent / "alembic")).get_current_head())


def quiet_environment() -> None:
    """Let kernels be found whatever the PATH, and let new gradebooks be stamped here: nbgrader calls by name.

    For the stamp it would start alembic's command, which takes four seconds of processor time for one word.
    """
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ.get("PATH", "")
    nbgrader.api.get_alembic_version = schema_version
