"""A small assignment for tests of what is handed in, and what a repaired notebook of it is worth.

`play` runs a notebook's cells in order, as the engine does, in this process: the notebooks are the tests' own. A check asks its
function once, so that a point is lost where code is lost, or runs before what it needs.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.intake.released import grade_id
from course.autograder.intake.take_in import Intake, take_in

NAME = "ps9_small"
EXACT = f"{NAME}.ipynb"
FUNCTIONS = ("double", "half", "mix")
ASKED: dict[str, Callable[[Any], bool]] = {
    "double": lambda double: double(3) == 6,
    "half": lambda half: half(3) == 1.5,
    "mix": lambda mix: mix(3) == 7.5,
}
ANSWERS = {
    "code-double": "def double(x):\n    return add(x, x)",
    "code-half": "def half(x):\n    return x / 2",
    "code-mix": "def mix(x):\n    return add(double(x), half(x))",
    "why": "Because addition commutes.",
    "when": "Whenever the numbers are small.",
}
FIGURE = (
    'numbers = [double(value) for value in range(20) if value % 3 != 1 and value != 17]\n'
    'print("the doubles of the numbers up to twenty, those of the form 3 n + 1 apart:", numbers, sum(numbers))\n'
    "assert max(numbers) == 38"
)  # fmt: skip


def marked(kind: str, source: str, name: str = "", **marks: Any) -> NotebookNode:
    """A cell with nbgrader's metadata, where it has a name."""
    cell = getattr(nbformat.v4, f"new_{kind}_cell")(source)
    if name:
        about = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        cell.metadata["nbgrader"] = {"grade_id": name, **about, **marks}
    cell["id"] = name.replace("_", "-") or f"cell-{abs(hash(source)) % 10**9}"
    return cell


def made_release() -> NotebookNode:
    """The notebook as students get it."""
    cells = [
        marked("markdown", "# PS9: small numbers\n\nOnly the standard library."),
        marked("code", "import math\nfrom operator import add", "setup", locked=True),
    ]
    for number, function in enumerate(FUNCTIONS, 1):
        stub = f'def {function}(x):\n    """What `{function}` says."""\n    raise NotImplementedError()'
        cells += [
            marked("markdown", f"### 1.{number} The function `{function}`\n\nWrite it for any number."),
            marked("code", stub, f"code-{function}", solution=True),
            marked("code", f'check("{function}", {function})', function, grade=True, locked=True, points=2),
        ]
    figure = marked("code", FIGURE)
    figure.metadata["tags"] = ["not-graded"]
    figure["id"] = "figure"
    cells += [
        marked("markdown", "### A picture\n\nLook at the doubles."),
        figure,
        marked("markdown", "## 2 In words\n\n**2.1** *(3 points)* Why may the two numbers be swapped?"),
        marked("markdown", "*Your answer here.*", "why", grade=True, solution=True, points=3),
        marked("markdown", "**2.2** *(3 points)* When is half of a number exact?"),
        marked("markdown", "*Your answer here.*", "when", grade=True, solution=True, points=3),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def solved_of(release: NotebookNode, leaving: tuple[str, ...] = ()) -> NotebookNode:
    """The release with everything answered but what is to be left."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in ANSWERS and name not in leaving:
            cell.source = ANSWERS[name]
    return notebook


def code(source: str) -> NotebookNode:
    """A cell as an editor makes it: no mark of the release's."""
    return nbformat.v4.new_code_cell(source)


def at(notebook: NotebookNode, name: str) -> int:
    """The place of a cell of the release."""
    return next(k for k, one in enumerate(notebook.cells) if grade_id(one) == name)


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """A cell of the release, or the figure's."""
    return (
        next(c for c in notebook.cells if c["id"] == "figure")
        if name == "figure"
        else notebook.cells[at(notebook, name)]
    )


def unmarked(made: NotebookNode) -> NotebookNode:
    """The same cell without metadata and id."""
    bare = copy.deepcopy(made)
    bare.metadata = nbformat.from_dict({})
    bare["id"] = code("")["id"]
    return bare


def changed(made: NotebookNode, change: Callable[[NotebookNode], object], metadata: str) -> NotebookNode:
    """A hand-in after a tool's or a student's change; its cells without metadata and ids where that is "stripped"."""
    change(made)
    if metadata == "stripped":
        made.cells = [unmarked(one) for one in made.cells]
    return made


def play(notebook: NotebookNode) -> set[str]:
    """The checks that are passed when the notebook is run from top to bottom."""
    passed: set[str] = set()
    space: dict[str, Any] = {"get_ipython": None}
    for cell in notebook.cells:
        if cell.cell_type != "code" or "not-graded" in cell.metadata.get("tags", ()):
            continue
        here = grade_id(cell)

        def check(name: str, function: Any, here: str | None = here) -> None:
            if name == here and ASKED[name](function):
                passed.add(name)

        space["check"] = check
        source = "\n".join("" if line.startswith("%") else line for line in cell.source.split("\n"))
        try:
            exec(compile(source, "cell", "exec"), space)
        except Exception:  # as in a notebook, the next cell runs
            continue
    return passed


def written_in(notebook: NotebookNode) -> dict[str, str]:
    """What stands where answers in prose are marked."""
    return {str(grade_id(c)): c.source for c in notebook.cells if grade_id(c) in ("why", "when")}


def names(notebook: NotebookNode) -> list[str]:
    """The cells in order: by grade_id, else by the text."""
    return [grade_id(cell) or cell.source for cell in notebook.cells]


def handed(place: Path, release: NotebookNode, **files: str | bytes) -> Intake:
    """Take in what these files, by their names, are in a student's folder."""
    for name, content in files.items():
        put(place / name, content)
    return take_in(place, release, NAME)


def put(path: Path, content: str | bytes | NotebookNode, at: float | None = None) -> None:
    """Write a file; `at` is when it was changed last."""
    import os

    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, NotebookNode):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if at is not None:
        os.utime(path, (at, at))


def all_right(intake: Intake) -> bool:
    """Whether every check is passed and every written answer stands in its place, with nothing for a person to look at."""
    said = written_in(intake.notebook)
    there = all(ANSWERS[name] in said.get(name, "") for name in ("why", "when"))
    return play(intake.notebook) == set(FUNCTIONS) and there and not intake.needs_person
