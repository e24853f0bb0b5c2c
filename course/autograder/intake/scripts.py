"""A notebook that was handed in as a script or as Markdown, as Jupyter, Colab, VS Code, Spyder, jupytext and marimo write them."""

import ast
import re

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell, whole
from course.autograder.intake.code import parsed
from course.autograder.intake.marimo import from_marimo

MOST = 5_000  # cells
MARK = re.compile(
    r"^#\s?(?:%%(?P<percent>.*)|In\s?\[[\s\d*]*\]:?\s*|COMMAND -+.*|\s?<(?P<kind>codecell|markdowncell)>.*|\+(?:\s*\{.*\})?)\s*$",
    re.MULTILINE,
)
FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*\{?\.?(?:code-cell\}?[ \t]*)?(\w*)[^\n]*$")
FENCED = re.compile(r"^(?:`{3}|~{3})", re.MULTILINE)  # a text with code between fences
ALONE = re.compile(r'^r?"""(?:[^"\\]|\\.|"(?!""))*+"""[ \t]*$', re.MULTILINE | re.DOTALL)
BREAK = re.compile(r"\+\+\+(?:[ \t].*)?")  # between two cells of text, in MyST
OPTION = re.compile(r":[\w-]+:.*")  # of a cell of code, in MyST
PYTHON = {"python", "python3", "py", "ipython", "ipython3", ""}


def is_script(text: str) -> bool:
    """Whether a text looks like a script or an exported notebook and not like prose or data."""
    return bool(MARK.search(text)) or bool(re.search(r"^(?:def|import|from|class)\s+\w", text, re.MULTILINE))


def from_script(text: str) -> NotebookNode:
    """The notebook that a Python script is, cut where its marks say; one cell where there are none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (kept := from_marimo(text)) is not None:
        return kept
    cells = []
    marks = list(MARK.finditer(text))[:MOST]
    starts = [(0, False, ""), *((found.end(), _is_text(found), found[0]) for found in marks)]
    ends = [*(found.start() for found in marks), len(text)]
    for (start, prose, mark), end in zip(starts, ends, strict=True):
        made = _cells(text[start:end], prose)
        name = re.search(r'"grade_id": ?"([\w-]{1,200})"', mark)  # as jupytext keeps it
        if name and made:
            made[0].metadata["nbgrader"] = {"grade_id": name[1]}
        cells += made
    return whole(cells)


def _is_text(mark: re.Match[str]) -> bool:
    return "[markdown]" in (mark["percent"] or "").lower() or mark["kind"] == "markdowncell"


def _cells(text: str, prose: bool) -> list[NotebookNode]:
    """A cell; with a block of comments at its end, which is how text comes between cells of code, as text."""
    text = re.sub(r"\A#!.*\n|^# -\*-.*\n|^# coding:.*\n", "", text).strip("\n")
    if not text.strip():
        return []
    if text.startswith("# MAGIC %md"):
        return [
            new_cell("markdown", re.sub(r"^# MAGIC ?(?:%md[^\n]*\n?)?", "", text, flags=re.MULTILINE).strip())
        ]
    if prose:
        return [new_cell("markdown", _uncommented(text))]
    found: list[NotebookNode] = []
    blocks = re.split(r"\n\n+", text)
    while blocks and all(line.startswith("#") for line in blocks[-1].split("\n")):
        found.insert(0, new_cell("markdown", _uncommented(blocks.pop())))
    return [*_around_texts("\n\n".join(blocks).strip("\n")), *found]


def _around_texts(code: str) -> list[NotebookNode]:
    """Code as cells, and strings that stand alone between statements as cells of text: so Colab writes these."""
    made = []
    begun = 0
    for start, end in _strings_alone(code):
        made += [("code", code[begun:start]), ("markdown", code[start:end])]
        begun = end
    made.append(("code", code[begun:]))
    cells = [
        new_cell(kind, _magic_again(text) if kind == "code" else _uncommented(text))
        for kind, text in ((kind, text.strip("\n")) for kind, text in made)
        if text.strip()
    ]
    return [cell for cell in cells if cell.source.strip()]


def _strings_alone(code: str) -> list[tuple[int, int]]:
    """Where strings in three quotes stand that are statements of their own, from the first character to behind the last."""
    tree = parsed(code)
    if tree is None:  # with a slip somewhere, by what stands at the margin
        return [found.span() for found in ALONE.finditer(code)]
    starts = [0, *(found.end() for found in re.finditer("\n", code))]
    found = []
    for node in tree.body:
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            start, end = starts[node.lineno - 1], starts[(node.end_lineno or node.lineno) - 1]
            last = (code[end:].encode()[: node.end_col_offset]).decode("utf-8", "replace")
            text = code[start : end + len(last)]
            if text.startswith(('"""', "'''", 'r"""')):
                found.append((start, end + len(last)))
    return found


def _uncommented(text: str) -> str:
    if (quoted := re.fullmatch(r'\s*(?:r?"""|r?\'\'\')(.*?)(?:"""|\'\'\')\s*', text, re.DOTALL)) is not None:
        return quoted[1].strip()
    return "\n".join(re.sub(r"^# ?", "", line) for line in text.split("\n"))


def _magic_again(code: str) -> str:
    """Magics, which exports turn into calls or comments, as they were."""
    code = re.sub(
        r"^get_ipython\(\)\.run_line_magic\('(\w+)', '(.*)'\)$", r"%\1 \2", code, flags=re.MULTILINE
    )
    return re.sub(r"^# (%\w[^\n]*)$", r"\1", code, flags=re.MULTILINE)


def from_markdown(text: str) -> NotebookNode:
    """The notebook that a Markdown file is: code between fences, and text."""
    cells: list[NotebookNode] = []
    lines: list[str] = []
    fence = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        found = FENCE.match(line)
        if not fence and found and found[2].lower() in PYTHON and len(cells) < MOST:
            _finish(cells, lines, "markdown")
            fence = found[1]
        elif not fence and BREAK.fullmatch(line):
            _finish(cells, lines, "markdown")
        elif fence and not any(lines) and OPTION.fullmatch(line):
            continue
        elif fence and line.strip() == fence:
            _finish(cells, lines, "code")
            fence = ""
        else:
            lines.append(line)
    _finish(cells, lines, "code" if fence else "markdown")
    return whole(cells)


def _finish(cells: list[NotebookNode], lines: list[str], kind: str) -> None:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        cells.append(new_cell(kind, text))
    lines.clear()
