"""A notebook that was handed in as a script or as Markdown, as Jupyter, Colab, VS Code, Spyder and jupytext write them."""

import re

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell, whole

MOST = 5_000  # cells
MARK = re.compile(
    r"^#\s?(?:%%(?P<percent>.*)|In\s?\[[\s\d*]*\]:?\s*|COMMAND -+.*|\s?<(?P<kind>codecell|markdowncell)>.*|\+(?:\s*\{.*\})?)\s*$",
    re.MULTILINE,
)
FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*\{?\.?(?:code-cell\}?[ \t]*)?(\w*)[^\n]*$")
BREAK = re.compile(r"\+\+\+(?:[ \t].*)?")  # between two cells of text, in MyST
OPTION = re.compile(r":[\w-]+:.*")  # of a cell of code, in MyST
PYTHON = {"python", "python3", "py", "ipython", "ipython3", ""}


def is_script(text: str) -> bool:
    """Whether a text looks like a script or an exported notebook and not like prose or data."""
    return bool(MARK.search(text)) or bool(re.search(r"^(?:def|import|from|class)\s+\w", text, re.MULTILINE))


def from_script(text: str) -> NotebookNode:
    """The notebook that a Python script is, cut where its marks say; one cell where there are none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
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
    code = "\n\n".join(blocks).strip("\n")
    return [*([new_cell("code", _magic_again(code))] if code else []), *found]


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
