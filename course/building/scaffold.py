"""A new assignment's notebook with all its cells in place: what is left to do is to write in them."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.common.notebooks import OURS, canonical

IMPORT = "from course.autograder import check"  # in each check's cell, so that none rests on the first cell
SETUP = f"import numpy as np\n\n{IMPORT}"
BLANK = '''def {name}(x):
    """What it returns.

    Args:
        x: array [N, D].

    Returns:
        out: array [N, D].
    """
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION'''


class ScaffoldError(ValueError):
    """A name or a question that cannot be used; one sentence."""


def question(text: str) -> tuple[str, float]:
    """'relu:5' as ('relu', 5). Raises ScaffoldError."""
    found = re.fullmatch(r"([a-z_][a-z0-9_]*):(\d+(?:\.\d+)?)", text)
    if not found:
        raise ScaffoldError(f"'{text}' is no question; write a function's name and its points, as relu:5")
    return found[1], float(found[2])


def _mark(name: str, *, locked: bool, solution: bool = False, points: float | None = None) -> dict[str, Any]:
    mark: dict[str, Any] = {
        "grade": points is not None, "grade_id": name, "locked": locked, "schema_version": 3,
        "solution": solution, "task": False,
    }  # fmt: skip
    if points is not None:
        mark["points"] = int(points) if points == int(points) else points
    return {"nbgrader": mark}


def _cells(name: str, questions: list[tuple[str, float]]) -> list[NotebookNode]:
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        text(f"# {name.partition('_')[0]}: a title", id="title"),
        code(SETUP, id="setup", metadata=_mark("setup", locked=True)),
    ]
    for number, (function, points) in enumerate(questions, start=1):
        cells += [
            text(f"## {number} {function}", id=f"part-{number}"),
            code(
                BLANK.format(name=function),
                id=f"code-{function}",
                metadata=_mark(f"code-{function}", locked=False, solution=True),
            ),
            code(
                f'{IMPORT}\n\ncheck("{function}", {function})',
                id=function,
                metadata=_mark(function, locked=True, points=points),
            ),
        ]
    return [*cells, text("Where and how to hand in.", id="end")]


def write_notebook(
    root: Path, name: str, questions: list[tuple[str, float]], *, practice: bool = False
) -> Path:
    """Write `course/assignments/NAME/NAME.ipynb`: a title, the setup, and three cells for each function.

    Args:
        root: the project.
        name: of the assignment, as 'ps0_warmup'.
        questions: functions with their points; each is asked by the check of its name.
        practice: its points are no part of the term's sum.

    Returns:
        The notebook's path.

    Raises:
        ScaffoldError: when the name will not do, or the assignment is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name):
        raise ScaffoldError(f"'{name}' will not do as a name; write small letters and digits, as ps0_warmup")
    path = root / "course" / "assignments" / name / f"{name}.ipynb"
    if path.exists():
        raise ScaffoldError(f"{path} is there already, and is left as it is; choose another name")
    notebook = nbformat.v4.new_notebook(cells=_cells(name, questions))
    if practice:
        notebook.metadata[OURS] = {"practice": True}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(canonical(notebook), encoding="utf-8", newline="\n")
    return path
