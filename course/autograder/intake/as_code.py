"""Cells as the code that they were meant to be: of text, whose type was changed or into which an answer was pasted, and of code
that Python cannot read for what other programs made of it."""

import textwrap
from collections.abc import Sequence

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell
from course.autograder.intake.code import binds, parses
from course.autograder.intake.legible import legible
from course.autograder.intake.notes import listed
from course.autograder.intake.released import Kind, Release, grade_id
from course.autograder.intake.scripts import FENCED, from_markdown


def as_code(
    cells: Sequence[NotebookNode], release: Release, found: dict[str, list[str]]
) -> list[NotebookNode]:
    """Cells of code as Python can read them, and cells of text that hold a function which is defined nowhere else as code."""
    cells = [_legible(cell, found) if cell.cell_type == "code" else cell for cell in cells]
    written = {name for cell in cells if cell.cell_type == "code" for name in binds(cell.source)}
    wanted = {name for part in release.of(Kind.ANSWER) for name in part.functions} - written
    made = []
    for cell in cells:
        named = cell.cell_type != "code" and any(name in cell.source for name in wanted)
        source = legible(_code_of(cell.source))[0] if named else ""
        if not (defined := wanted & binds(source)) or not parses(source):
            made.append(cell)
            continue
        found["text"].append(f"with {listed(sorted(defined))}")
        new = new_cell("code", source)
        new.metadata, new["id"] = cell.metadata, cell["id"]
        if source != cell.source:  # what is said around the code stays
            made.append(new_cell(cell.cell_type, cell.source, cell.get("attachments")))
        made.append(new)
    return made


def _legible(cell: NotebookNode, found: dict[str, list[str]]) -> NotebookNode:
    source, done = legible(cell.source)
    if source == cell.source:
        return cell
    if done:
        defined = binds(source)
        found[done].append(grade_id(cell) or f"with {listed(sorted(defined))}")
    mended = new_cell("code", source)
    mended.metadata, mended["id"] = cell.metadata, cell["id"]
    return mended


def _code_of(text: str) -> str:
    """The code between fences, where a text has any; else the text, which Markdown shows as code where it is indented."""
    fenced = from_markdown(text).cells if FENCED.search(text) else []
    return "\n\n".join(cell.source for cell in fenced if cell.cell_type == "code") or textwrap.dedent(text)
