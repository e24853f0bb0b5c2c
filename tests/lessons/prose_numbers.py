"""The rule for numbers in a lesson's prose, as `docs/lessons.md` states it, in code."""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

NUMERAL = re.compile(r"(?<![\w.])\d[\d,_]*(?:\.\d+)?(?:[eE][-+−]?\d+)?(?!\w)")
RESULT = re.compile(r"\d\s*(?:\\?%|(?:times as|seconds?|ms|µs)\b)")
ADDRESS = re.compile(r"https?://\S+")
PLACE = re.compile(
    r"\b(?:lesson|algorithm|section|equation|figure|table|exercise)s?\s+\d+(?:\.\d+)*", re.IGNORECASE
)
LIST_HEAD = re.compile(r"^\s*(?:#+\s*)?\d+\.\s", re.MULTILINE)
CITED = re.compile(r"\b(?:(?:19|20)\d\d|\d{4}\.\d{4,5})\b")
ALWAYS = {0.0, 1.0, 2.0}


def value(numeral: str) -> float:
    """The number a numeral stands for: '1,797' is 1797."""
    return float(numeral.replace(",", "").replace("_", "").replace("−", "-"))


def trees(notebook: NotebookNode) -> list[ast.Module]:
    """The parsed code cells; IPython's own syntax is not used in lessons."""
    return [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def literals(notebook: NotebookNode) -> set[float]:
    """Every number that stands in the notebook's code."""
    constants = (
        node.value for tree in trees(notebook) for node in ast.walk(tree) if isinstance(node, ast.Constant)
    )
    return {float(c) for c in constants if isinstance(c, int | float) and not isinstance(c, bool)}


def _texts(node: ast.AST) -> Iterator[str]:
    """The constant strings of an expression, without what stands in an f-string's braces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif not isinstance(node, ast.FormattedValue):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def said(notebook: NotebookNode) -> Iterator[str]:
    """The fixed text of what cells say: all of `say` and of `fold`, and the header of `table`."""
    for tree in trees(notebook):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("say", "fold", "table")
            ):
                told = node.args if node.func.id == "fold" else node.args[:1]
                yield "\0".join(text for part in told for text in _texts(part))


def references(notebook: NotebookNode) -> str:
    """What stands under `## References`."""
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return markdown.partition("## References")[2]


def prose(notebook: NotebookNode) -> Iterator[str]:
    """All text the rule applies to."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell.source.partition("## References")[0]
    yield from said(notebook)


def unexplained(notebook: NotebookNode) -> list[str]:
    """The numerals in prose that nobody can point at the source of, each with the words around it."""
    known, cited = literals(notebook) | ALWAYS, set(CITED.findall(references(notebook)))
    found = []
    for text in prose(notebook):
        plain = LIST_HEAD.sub(" ", PLACE.sub(" ", ADDRESS.sub(" ", text)))
        found += [plain[max(0, m.start() - 30) : m.end() + 10] for m in RESULT.finditer(plain)]
        for m in NUMERAL.finditer(plain):
            if m.group() not in cited and value(m.group()) not in known:
                found.append(plain[max(0, m.start() - 30) : m.end() + 10])
    return found
