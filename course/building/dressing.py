"""What a reader of a page sees of a lesson's code.

A lesson says its numbers by code (`course/teaching/prose.py`), so a page would say every such sentence twice: once in
the code, once below it. Here the code steps back: a cell that only speaks is folded away, and in any other the
lines that only speak are left out. `docs/lessons.md` has the rule for authors.
"""

import ast
import re
from collections.abc import Iterator

import nbformat

from course.languages.saying import filled

SPEAKING = ("say", "fold", "table")
SENTENCES = ("say", "fold")
FOLDED = "hide-input"
CITATION = re.compile(
    r"(?<![\w/\[])(?:(arXiv):(\d{4}\.\d{4,5})|(doi):(10\.\d{4,}/[^\s,;)]*[^\s,;).]))", re.IGNORECASE
)
ADDRESS = re.compile(r"(?<![\w(<\[\"])https://[^\s<>()\[\]`]*[^\s<>()\[\]`.,;]")
HOSTS = {"arxiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
DISPLAYED = re.compile(r"\n*^(\$\$(?:(?!\$\$).)+\$\$)[ \t]*$\n*", re.MULTILINE | re.DOTALL)


def only_speaks(source: str) -> bool:
    """Whether a cell does nothing but say sentences and tables, in loops or not."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a line magic
        return False
    return bool(body) and all(map(_speaks, body))


def _speaks(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.For):
        return all(map(_speaks, statement.body + statement.orelse))
    return isinstance(statement, ast.Expr) and _is_call(statement.value, SPEAKING)


def _is_call(node: ast.AST, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def without_words(source: str) -> str:
    """A cell's code without the lines that say a sentence: it stands below, in the output.

    A `say` that cannot be left out (it is all that a loop does, or a part of something else) stays as `say(...)`.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    lines = [line.encode() for line in source.splitlines(keepends=True)]  # ast counts columns in bytes
    starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
    text = b"".join(lines)
    gone = {id(node) for body in _bodies(tree) for node in _spoken(body, lines)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_call(node, SENTENCES)]
    for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset), reverse=True):
        last = call.end_lineno or call.lineno
        if id(call) in gone:
            text = text[: starts[call.lineno - 1]] + text[starts[last] :]
        else:
            begin, end = (
                starts[call.lineno - 1] + call.col_offset,
                starts[last - 1] + (call.end_col_offset or 0),
            )
            text = text[:begin] + ast.unparse(call.func).encode() + b"(...)" + text[end:]
    return text.decode()


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(body := getattr(node, field, None), list) and body:
                yield body


def _spoken(body: list[ast.stmt], lines: list[bytes]) -> list[ast.expr]:
    """The calls of `say` and `fold` in a block that can go, each with whole lines of its own; none where nothing would be left."""
    found = [node.value for node in body if isinstance(node, ast.Expr) and _is_call(node.value, SENTENCES)]
    alone = [call for call in found if _has_whole_lines(call, lines)]
    return alone if len(alone) < len(body) else []


def _has_whole_lines(call: ast.expr, lines: list[bytes]) -> bool:
    before = lines[call.lineno - 1][: call.col_offset]
    after = lines[(call.end_lineno or call.lineno) - 1][call.end_col_offset or 0 :]
    return not before.strip() and not after.strip()


def linked(text: str) -> str:
    """Markdown in which arXiv numbers, DOIs and bare addresses are links; what is a link already stays."""
    text = ADDRESS.sub(lambda found: f"<{found[0]}>", text)
    return CITATION.sub(
        lambda found: f"[{found[0]}]({HOSTS[(found[1] or found[3]).lower()]}{found[2] or found[4]})", text
    )


def formulas_apart(text: str) -> str:
    """Markdown with blank lines around each `$$` formula that has lines of its own, as the page builder wants it.

    Jupyter takes such a formula in the middle of a paragraph, too.
    """
    return DISPLAYED.sub(r"\n\n\1\n\n", text)


def dress(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """An executed lesson made ready for its page, in place: code that steps back, figures with size and name."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(formulas_apart(cell.source))
            heading = (re.findall(r"(?m)^#+ (.+)$", cell.source) or [heading])[-1]
            continue
        if only_speaks(cell.source):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), FOLDED]
        else:
            cell.source = without_words(cell.source)
        for output in cell.outputs:
            if text := output.get("data", {}).get("text/markdown"):
                output.data["text/markdown"] = formulas_apart(text)
        if width := figure_width(cell):
            image = {"width": f"{width}px", "alt": filled("Figure on: {heading}", heading=heading)}
            cell.metadata["mystnb"] = {"image": image}
    return notebook


def figure_width(cell: nbformat.NotebookNode) -> int:
    """How wide a cell's figures are meant to be, in pixels; 0 when it shows none."""
    sizes = [output.get("metadata", {}).get("image/png", {}).get("width", 0) for output in cell.outputs]
    return max(sizes, default=0)
