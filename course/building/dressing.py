"""What a reader of a page sees of a lesson's code.

A lesson says its numbers by code (`course/teaching/prose.py`), so a page would say every such sentence twice: once in
the code, once below it. Here the code steps back: a cell that only speaks is folded away, and in any other the
words inside `say(...)` are left out. `docs/lessons.md` has the rule for authors.
"""

import ast
import re

import nbformat

SPEAKING = ("say", "table")
FOLDED = "hide-input"
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
    """A cell's code with `say(...)` in place of each sentence: the sentence stands below, in the output."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    lines = [line.encode() for line in source.splitlines(keepends=True)]  # ast counts columns in bytes
    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    text = b"".join(lines)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_call(node, ("say",))]
    for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset), reverse=True):
        begin = starts[call.lineno - 1] + call.col_offset
        end = starts[(call.end_lineno or call.lineno) - 1] + (call.end_col_offset or 0)
        text = text[:begin] + b"say(...)" + text[end:]
    return text.decode()


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
            cell.source = formulas_apart(cell.source)
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
            image = {"width": f"{width}px", "alt": f"Figure on: {heading}"}
            cell.metadata["mystnb"] = {"image": image}
    return notebook


def figure_width(cell: nbformat.NotebookNode) -> int:
    """How wide a cell's figures are meant to be, in pixels; 0 when it shows none."""
    sizes = [output.get("metadata", {}).get("image/png", {}).get("width", 0) for output in cell.outputs]
    return max(sizes, default=0)
