"""The answer bank: an assignment's right answers in unlike styles, and wrong ones with their mistakes.

The bank is what the autograder is held to, and what the sample class is made from. It lies in
`data/sample_class/<assignment>/`: `right/*.py` and `wrong.toml`. Code of the repository alone is run here.
"""

import ast
import copy
import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

PROJECT = Path(__file__).parents[3]
BANK = PROJECT / "data" / "sample_class"
MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


class BankError(ValueError):
    """Something in a bank that does not fit its assignment; the message says which file, what and where."""


@dataclass(frozen=True)
class Answer:
    """A right answer.

    Attributes:
        name: of its file, without the ending.
        about: what is odd about it, in one sentence.
        sources: by grade_id, the solution cells that differ from the instructor's.
    """

    name: str
    about: str
    sources: Mapping[str, str]


@dataclass(frozen=True)
class Wrong:
    """A wrong answer: the instructor's, with one mistake.

    Attributes:
        id: of the mistake, in a few words with hyphens.
        function: the function it is made in.
        replaced, by: the instructor's text, and what the student wrote there.
        named: by check, the misconceptions that must be named there; none of these checks may pass.
    """

    id: str
    function: str
    replaced: str
    by: str
    named: Mapping[str, tuple[str, ...]]

    @property
    def grade_id(self) -> str:
        """The cell it changes."""
        return cell_of(self.function)


def cell_of(function: str) -> str:
    """The grade_id of the cell in which a function is asked for."""
    return f"code-{function}"


def assignments_with_a_bank() -> list[str]:
    """Names of the assignments that have right and wrong answers."""
    return sorted(path.parent.name for path in BANK.glob("*/wrong.toml"))


@functools.cache
def _source_cells(assignment: str) -> dict[str, NotebookNode]:
    """The instructor's code cells that have a grade_id and are no tests, in order."""
    path = PROJECT / "course" / "assignments" / assignment / f"{assignment}.ipynb"
    cells = {}
    for cell in nbformat.read(path, as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and about.get("grade_id") and not about.get("grade"):
            cells[about["grade_id"]] = cell
    return cells


def _without_marks(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if line.strip() not in MARKS)


def solutions(assignment: str) -> dict[str, str]:
    """The instructor's solution cells by grade_id, in the notebook's order, without the marks around them."""
    return dict(_solutions(assignment))


@functools.cache
def _solutions(assignment: str) -> Mapping[str, str]:
    cells = _source_cells(assignment).items()
    return {
        name: _without_marks(cell.source) for name, cell in cells if cell.metadata["nbgrader"].get("solution")
    }


def defined_in(source: str) -> list[str]:
    """Names that a source defines at top level, in order: functions, classes, plain assignments."""
    names: list[str] = []
    for node in ast.parse(source).body:
        names.extend(_names_of(node))
    return names


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _cells_of(source: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Cut a module into solution cells: whatever stands before a wanted function goes into its cell."""
    lines = source.splitlines()
    docstring, *body = ast.parse(source).body
    cells: dict[str, str] = {}
    last = ""
    begun = docstring.end_lineno or 0
    for node in body:
        asked = [cell_of(name) for name in _names_of(node) if cell_of(name) in wanted]
        if asked:
            last = asked[-1]
            cells[last] = "\n".join(lines[begun : node.end_lineno]).strip("\n")
            begun = node.end_lineno or 0
    rest = "\n".join(lines[begun:]).strip("\n")
    if last and rest:
        cells[last] += f"\n\n\n{rest}"
    return cells


def right_answers(assignment: str) -> list[Answer]:
    """Every right answer of the bank; functions that a file lacks are the instructor's.

    Raises:
        BankError: for a file without a docstring, or with none of the assignment's functions.
    """
    wanted = solutions(assignment)
    found = []
    for path in sorted((BANK / assignment / "right").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        about = ast.get_docstring(ast.parse(source))
        if not about:
            raise BankError(f"{path.name}: a docstring must say what is odd about this answer")
        cells = _cells_of(source, wanted)
        if not cells:
            raise BankError(f"{path.name}: it defines no function of {assignment}")
        found.append(Answer(path.stem, " ".join(about.split()), cells))
    return found


def wrong_answers(assignment: str) -> list[Wrong]:
    """Every wrong answer of the bank.

    Raises:
        BankError: where the text to replace does not stand exactly once in its cell, or an id comes twice.
    """
    return list(_wrong_answers(assignment, (BANK / assignment / "wrong.toml").read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=8)  # a sample class asks for each of its students
def _wrong_answers(assignment: str, bank: str) -> tuple[Wrong, ...]:
    given = solutions(assignment)
    found: dict[str, Wrong] = {}
    for entry in tomllib.loads(bank)["wrong"]:
        named = {check: tuple(names) for check, names in entry["named"].items()}
        wrong = Wrong(
            entry["id"], entry["function"], entry["replace"].strip("\n"), entry["by"].strip("\n"), named
        )
        if wrong.id in found:
            raise BankError(f"wrong.toml: two entries are called '{wrong.id}'")
        times = given.get(wrong.grade_id, "").count(wrong.replaced)
        if times != 1:
            raise BankError(
                f"wrong.toml: '{wrong.id}': its text stands {times} times in cell {wrong.grade_id}"
            )
        found[wrong.id] = wrong
    return tuple(found.values())


def sources_with(assignment: str, wrongs: list[Wrong]) -> dict[str, str]:
    """The solution cells that some mistakes change, with all of them in.

    Raises:
        BankError: where two mistakes want to change the same text.
    """
    given = solutions(assignment)
    changed: dict[str, str] = {}
    for wrong in wrongs:
        source = changed.get(wrong.grade_id, given[wrong.grade_id])
        if source.count(wrong.replaced) != 1:
            raise BankError(f"'{wrong.id}' cannot be made after the other mistakes in {wrong.grade_id}")
        changed[wrong.grade_id] = source.replace(wrong.replaced, wrong.by)
    return changed


def blanks(assignment: str) -> dict[str, str]:
    """Solution cells in which every function is there and none is written."""
    stub = "    raise NotImplementedError()"
    return {name: _blank(source, stub) for name, source in solutions(assignment).items()}


def _blank(source: str, stub: str) -> str:
    lines = source.splitlines()
    kept = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            kept += [*lines[node.lineno - 1 : node.body[0].lineno - 1], stub]
    return "\n".join(kept)


@functools.cache
def _compiled(source: str, filename: str) -> CodeType:
    return compile(source, filename, "exec")


def functions_of(assignment: str, sources: Mapping[str, str] | None = None) -> dict[str, Callable[..., Any]]:
    """Everything callable that a notebook's cells define, tests and cells without a grade_id left out.

    Args:
        assignment: its name; locked cells (imports, given helpers) are its own.
        sources: by grade_id, in place of the instructor's solution cells.
    """
    changed = {**solutions(assignment), **(sources or {})}
    namespace: dict[str, Any] = {"__name__": "answer"}
    for name, cell in _source_cells(assignment).items():
        exec(_compiled(changed.get(name, cell.source), f"<{name}>"), namespace)
    return {name: value for name, value in namespace.items() if callable(value)}


@functools.cache
def _called_by(assignment: str) -> Mapping[str, set[str]]:
    """By each function or class of the instructor's, the names that stand in it."""
    calls: dict[str, set[str]] = {}
    for source in solutions(assignment).values():
        for node in ast.parse(source).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                calls[node.name] = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return calls


def users_of(assignment: str, function: str) -> set[str]:
    """The function, and every function of the instructor's that calls it, be it through others."""
    calls, users = _called_by(assignment), {function}
    while more := {name for name, called in calls.items() if called & users} - users:
        users |= more
    return users


def notebook_with(released: NotebookNode, sources: Mapping[str, str]) -> NotebookNode:
    """A copy of a released notebook in which a student has filled in some cells, by grade_id.

    Raises:
        BankError: for a cell that the release does not have.
    """
    notebook = copy.deepcopy(released)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for name, source in sources.items():
        if name not in cells:
            raise BankError(f"the release has no cell {name}")
        cells[name].source = source
    return notebook
