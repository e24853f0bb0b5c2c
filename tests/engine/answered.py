"""Notebooks for tests of a grading run: cells of code, and the test cells of some checks."""

from nbformat import NotebookNode, v4

from course.autograder.checks import find_check
from tests.attacks.suite import SETUP


def asked(name: str) -> NotebookNode:
    """The test cell of a check."""
    grade_id = find_check(name).grade_id
    about = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "points": 1}
    made = v4.new_code_cell(f'check("{name}", {", ".join(find_check(name).functions)})', id=grade_id)
    made.metadata["nbgrader"] = {"grade_id": grade_id, "task": False, **about}
    return made


def answered(*cells: str | NotebookNode) -> NotebookNode:
    """A notebook of these cells, behind the one that imports what all need."""
    made = [v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in (SETUP, *cells)]
    return v4.new_notebook(cells=made)
