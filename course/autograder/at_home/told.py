"""What can be told of a notebook without running it: what grading will not have, and what was changed."""

import ast
import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.autograder.at_home.grader import Grader, digest
from course.autograder.at_home.helpers import wrong_file
from course.common.headings import HEADING

MAGIC = re.compile(r"^([ \t]*)(?:[%!?]|[\w.]+\?{1,2}[ \t]*$|[\w.][\w., ]*=[ \t]*[%!](?!=)).*$", re.M)
WINDOWS = re.compile(r"^\s*%matplotlib\s+(widget|notebook|qt\w*|tk|ipympl)", re.M)
READERS = {"open", "load", "loadtxt", "genfromtxt", "fromfile", "imread", "read_csv", "read_text", "Path"}


class NotebookError(ValueError):
    """A file that is no notebook; the message is one sentence."""


@dataclass(frozen=True)
class Cell:
    """A cell of code.

    Attributes:
        number: its place among all cells, counted from 1.
        grade_id: '' without.
        source: its text.
        graded: whether it is a test.
        skipped: whether grading leaves it out.
        under: the heading that it stands under; '' above the first.
    """

    number: int
    grade_id: str
    source: str
    graded: bool
    skipped: bool
    under: str = ""

    @property
    def name(self) -> str:
        """As a reader finds it."""
        first = next((line.strip() for line in self.source.splitlines() if line.strip()), "")
        label = self.grade_id or first[:40]
        if self.under:
            return f"cell {self.number} ({label}, under “{self.under}”)"
        return f"cell {self.number} ({label})"

    def defines(self, name: str) -> bool:
        """Whether it has a function, a class or a value of this name at its top."""
        tree = _parsed(self.python)
        for statement in tree.body if tree else ():
            if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name == name:
                return True
            if isinstance(statement, ast.Assign) and _stores(statement, name):
                return True
        return False

    def makes(self, name: str) -> bool:
        """Whether the name is imported, defined or given a value in it, at its top or deeper."""
        tree = _parsed(self.python)
        return tree is not None and (
            self.defines(name)
            or _stores(tree, name)
            or any(
                isinstance(node, ast.alias) and (node.asname or node.name).partition(".")[0] in (name, "*")
                for node in ast.walk(tree)
            )
        )

    @property
    def python(self) -> str:
        """The source without magics and shell commands; what Python can read has none."""
        if self.source.lstrip().startswith("%%"):
            return ""
        return self.source if _parsed(self.source) else MAGIC.sub(r"\1pass", self.source)


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook as plain data. Raises NotebookError where it is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise NotebookError(f"{path} is no notebook: it is not JSON, or was not saved whole.") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotebookError(f"{path} is no notebook: it has no cells.")
    return notebook


def code_cells(notebook: dict[str, Any]) -> list[Cell]:
    """The cells of code, in order."""
    found = []
    under = ""
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell.get("cell_type") == "markdown":
            under = (HEADING.findall("".join(cell.get("source", ""))) or [under])[-1]
        if cell.get("cell_type") == "code":
            metadata = cell.get("metadata", {})
            about = metadata.get("nbgrader", {})
            found.append(
                Cell(
                    number,
                    about.get("grade_id", ""),
                    "".join(cell.get("source", "")),
                    bool(about.get("grade")),
                    "not-graded" in metadata.get("tags", []),
                    under,
                )
            )
    return found


def unanswered(notebook: dict[str, Any]) -> Iterator[str]:
    """A sentence on each written answer that is as it was handed out."""
    under = ""
    for cell in notebook["cells"]:
        if cell.get("cell_type") != "markdown":
            continue
        source, about = "".join(cell.get("source", "")), cell.get("metadata", {}).get("nbgrader", {})
        under = (HEADING.findall(source) or [under])[-1]
        points = about.get("points")
        if about.get("solution") and isinstance(points, int | float) and _as_given(source, about):
            label = under or about.get("grade_id", "")
            yield f"“{label}” is not answered yet ({points:g} points, given by a person)."


def _as_given(source: str, about: dict[str, Any]) -> bool:
    """Whether a written answer's checksum is the one that nbgrader gave it at the release."""
    parts = (
        source, "markdown", str(about.get("grade", False)), str(about.get("solution", False)), "False",
        str(about.get("grade_id")), str(float(about["points"])),
    )  # fmt: skip
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest() == about.get("checksum")


def remarks(
    cells: list[Cell], grader: Grader, given: dict[str, str], folder: Path, submit: Sequence[str] = ()
) -> Iterator[str]:
    """What would be lost in grading, a sentence each.

    Args:
        cells: of the notebook.
        grader: what grading has.
        given: digests of the cells that should be there as they were handed out.
        folder: in which the notebook lies, for files beside it.
        submit: files that may be handed in along.
    """
    yield from _changed(cells, given)
    along = [name for name in submit if os.path.lexists(folder / name)]
    for name in along:
        if why := wrong_file(folder / name):
            yield f"{name} may be handed in along, and does not come along as it is: {why}."
    for cell in cells:
        if cell.skipped:
            continue
        if found := WINDOWS.search(cell.source):
            yield f"{cell.name}: %matplotlib {found[1]} is not there while grading; figures are drawn inline then."
        if (tree := _parsed(cell.python)) is None:
            continue  # the run says so
        if _parsed(cell.python, grader.python) is None:
            version = ".".join(map(str, grader.python))
            yield f"{cell.name}: this is Python newer than {version}, with which your work is graded."
        yield from _imports(cell, tree, grader, folder, along)
        yield from _calls(cell, tree, folder, along)


def _changed(cells: list[Cell], given: dict[str, str]) -> Iterator[str]:
    sources = {cell.grade_id: cell.source for cell in cells if cell.grade_id}
    for grade_id, wanted in given.items():
        if grade_id not in sources:
            yield f"The given cell {grade_id} is gone: grading puts it back where it stood."
        elif digest(sources[grade_id]) != wanted:
            yield f"The given cell {grade_id} was changed: grading puts back what was handed out."


def _parsed(source: str, version: tuple[int, int] | None = None) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, feature_version=version)
    except (SyntaxError, ValueError):
        return None


def _stores(tree: ast.AST, name: str) -> bool:
    """Whether a value gets this name."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    )


def _imports(
    cell: Cell, tree: ast.Module, grader: Grader, folder: Path, along: Sequence[str]
) -> Iterator[str]:
    modules: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= dict.fromkeys(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules[node.module.partition(".")[0]] = None
    for module in modules:
        if grader.has(module) or f"{module}.py" in along:
            continue
        if (folder / f"{module}.py").exists() or (folder / module).is_dir():
            yield (
                f"{cell.name}: {module} lies beside the notebook: hand it in together with the notebook, or copy what you need "
                "from it into a cell."
            )
        else:
            yield f"{cell.name}: {module} is not there while grading: write it with numpy."


def _calls(cell: Cell, tree: ast.Module, folder: Path, along: Sequence[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "input" and isinstance(node.func, ast.Name):
            yield f"{cell.name}: input() waits for somebody, and nobody is there while grading: it gives ''."
        if name in READERS and node.args and isinstance(node.args[0], ast.Constant):
            file = node.args[0].value
            if (
                isinstance(file, str)
                and 0 < len(file) < 200
                and file not in along
                and (folder / file).is_file()
            ):
                if Path(file).is_absolute() or ".." in Path(file).parts:
                    yield f"{cell.name}: {file} is on this machine alone, and is not there while grading."
                else:
                    yield (
                        f"{cell.name}: {file} lies beside the notebook: hand it in together with the notebook, or do without it."
                    )
