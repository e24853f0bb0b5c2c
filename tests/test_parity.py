"""In the student's own kernel under plain nbgrader, and locked in with the judge outside: the same points, cell for cell."""

import os

import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade, is_grade, is_solution

from course.autograder.answers import BANK
from course.autograder.engine import Engine
from course.autograder.marking import Task, intake_of
from course.autograder.sample_class import expected, make_class

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("parity")]
# Of each class, by what was handed in: right, right but noisy, wrong in one or two ways, half done.
KINDS = ("right: as", "noisy", "wrong", "half done")
ASSIGNMENTS = sorted(path.parent.name for path in BANK.glob("*/class.toml"))


def chosen(assignment):
    """Up to four students: the first of each kind, and the first whose mistakes are named."""
    rows = expected(assignment)
    found = [next((row.student for row in rows if kind in row.what), None) for kind in KINDS]
    named = next((row.student for row in rows if len(row.named) >= 2), None)
    return sorted({student for student in [*found, named] if student})


@pytest.fixture(scope="module")
def engine():
    with Engine() as engine:
        yield engine


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_same_points_in_process_and_graded(assignment, released, engine, root, monkeypatch):
    make_class(released.root, assignment)
    path = released.folder("release") / assignment / f"{assignment}.ipynb"
    for student in chosen(assignment):
        task = Task(student, assignment, released.folder("submitted") / student / assignment, path, "secret")
        notebook = intake_of(task).notebook
        ledger = engine.run(notebook, assignment=assignment, student_seed=12345).ledger
        monkeypatch.setenv("COURSE_SEED", "12345")
        monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))
        for cell in notebook.cells:
            if "not-graded" in cell.metadata.get("tags", []):
                cell.source = ""
        NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
        here = {
            cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
            for cell in notebook.cells
            if is_grade(cell) and not is_solution(cell)
        }
        graded = {name: ledger[name].points if name in ledger else 0.0 for name in here}
        assert here == graded, student
