"""A notebook that was handed in as marimo keeps it: a program in which each cell is a function of the app's."""

import ast
import textwrap
from collections.abc import Iterator

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell, whole
from course.autograder.intake.code import parsed

MARK = "marimo.App("


def from_marimo(text: str) -> NotebookNode | None:
    """The notebook that a marimo program is; None for a text that is none, or that Python cannot read."""
    tree = parsed(text) if MARK in text else None
    if tree is None:
        return None
    lines = text.split("\n")
    cells = [made for statement in tree.body for made in _cells(statement, lines)]
    return whole(cells) if cells else None


def _cells(statement: ast.stmt, lines: list[str]) -> Iterator[NotebookNode]:
    if isinstance(statement, ast.With) and _is_of_app(statement.items[0].context_expr, "setup"):
        yield new_cell("code", _text(statement.body, lines))
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        made = [name for name in ("cell", "function", "class_definition") if _decorated(statement, name)]
        if made == ["cell"]:
            yield from _of_body(statement.body, lines)
        elif made:
            yield new_cell("code", _text([statement], lines))


def _of_body(body: list[ast.stmt], lines: list[str]) -> Iterator[NotebookNode]:
    """A cell's text, without the `return` that marimo puts at its end."""
    kept = body[:-1] if isinstance(body[-1], ast.Return) else body
    if not kept:
        return
    said = _markdown(kept[0]) if len(kept) == 1 else None
    yield new_cell("code", _text(kept, lines)) if said is None else new_cell("markdown", said)


def _markdown(statement: ast.stmt) -> str | None:
    """What `mo.md("...")` shows, where the statement is that and its text stands there as it is."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "md"):
        return None
    first = call.args[0] if call.args else None
    text = first.value if isinstance(first, ast.Constant) else None
    return textwrap.dedent(text).strip() if isinstance(text, str) else None


def _text(body: list[ast.stmt], lines: list[str]) -> str:
    """The lines of some statements, as they stand; comments between them, too."""
    last = body[-1].end_lineno or body[-1].lineno
    return textwrap.dedent("\n".join(lines[body[0].lineno - 1 : last]))


def _decorated(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str) -> bool:
    return any(
        _is_of_app(mark.func if isinstance(mark, ast.Call) else mark, name)
        for mark in statement.decorator_list
    )


def _is_of_app(expression: ast.expr, name: str) -> bool:
    """Whether this is `app.NAME`."""
    if not isinstance(expression, ast.Attribute) or expression.attr != name:
        return False
    return isinstance(expression.value, ast.Name) and expression.value.id == "app"
