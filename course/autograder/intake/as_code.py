"""Cells of text that were meant to be code: the cell's type was changed, or the answer was pasted as Markdown."""

from collections.abc import Sequence

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell
from course.autograder.intake.code import binds, parses
from course.autograder.intake.notes import listed
from course.autograder.intake.released import Kind, Release
from course.autograder.intake.scripts import from_markdown


def as_code(
    cells: Sequence[NotebookNode], release: Release, found: dict[str, list[str]]
) -> list[NotebookNode]:
    """Cells of text that hold a function which is defined nowhere else, as cells of code."""
    written = {name for cell in cells if cell.cell_type == "code" for name in binds(cell.source)}
    wanted = {name for part in release.of(Kind.ANSWER) for name in part.functions} - written
    made = []
    for cell in cells:
        named = cell.cell_type != "code" and any(name in cell.source for name in wanted)
        source = _unfenced(cell.source) if named else ""
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


def _unfenced(text: str) -> str:
    """The code between fences, where a text has any; else the text."""
    fenced = from_markdown(text).cells if "```" in text else []
    return "\n\n".join(cell.source for cell in fenced if cell.cell_type == "code") or text
