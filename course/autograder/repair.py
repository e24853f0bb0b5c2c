"""Intake and repair: whatever a student hands in becomes a notebook that can be graded, and nothing is lost.

Locked cells come from the release, whatever the submission has in their place; copies lose their claim to a
grade but still run; a test stands after the code it tests; tags and other metadata of the student's count for
nothing. What was repaired is said, in sentences that the student will read.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.notebooks import METADATA

MAX_NOTEBOOK_BYTES = 20 * 2**20
NOT_GRADED = "not-graded"  # the tag of cells that grading leaves out: figures, training


@dataclass(frozen=True)
class Intake:
    """A submitted notebook, repaired, and what had to be done to it.

    Attributes:
        notebook: ready to be run.
        notes: one sentence for each thing that was wrong.
        readable: False when nothing of the submission could be used.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]
    readable: bool = True


class Unreadable(ValueError):
    """The file is no notebook; the message says why, in one clause."""


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook of any nbformat version that says what it is.

    Raises:
        Unreadable: when it cannot be used.
    """
    try:
        size = path.stat().st_size
        if size > MAX_NOTEBOOK_BYTES:
            raise Unreadable(
                f"it is {size / 2**20:.0f} MB large; the limit is {MAX_NOTEBOOK_BYTES // 2**20} MB"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None
    if not text.strip():
        raise Unreadable("it is empty")
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unreadable(f"it is not JSON ({getattr(error, 'msg', 'nested too deep')})") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells", raw.get("worksheets")), list):
        raise Unreadable("it is JSON, but no notebook: it has no list of cells")
    try:
        # Of the current format only the cells are of use, and one broken cell must not cost the others.
        modern = isinstance(raw.get("cells"), list)
        notebook = nbformat.from_dict(raw) if modern else nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises whatever its upgrade code stumbles over
        raise Unreadable(f"nbformat cannot read it ({type(error).__name__})") from None
    return _with_sound_cells(notebook)


def _with_sound_cells(notebook: NotebookNode) -> NotebookNode:
    """The same with only cells that are cells, in nbformat 4.5, without outputs."""
    cells = []
    for cell in notebook.get("cells", []):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        source = cell.get("source", "") if isinstance(cell, dict) else None
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if kind not in ("code", "markdown", "raw") or not isinstance(source, str):
            continue
        metadata = cell.get("metadata")
        made = _new_cell(kind, source)
        made.metadata = nbformat.from_dict(metadata) if isinstance(metadata, dict) else NotebookNode()
        made["id"] = cell.get("id") if isinstance(cell.get("id"), str) else made["id"]
        cells.append(made)
    return _whole(cells)


def _whole(cells: list[NotebookNode]) -> NotebookNode:
    whole = nbformat.v4.new_notebook(metadata=nbformat.from_dict(METADATA))
    whole.cells = cells
    return whole


def _new_cell(kind: str, source: str) -> NotebookNode:
    make: Callable[..., NotebookNode] = getattr(nbformat.v4, f"new_{kind}_cell")
    return make(source)


def grade_id(cell: NotebookNode) -> str | None:
    """The cell's grade_id, where its metadata has one that is a string."""
    marked = cell.metadata.get("nbgrader")
    name = marked.get("grade_id") if isinstance(marked, dict) else None
    return name if isinstance(name, str) else None


def _is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata["nbgrader"].get("solution"))


def _plain(cell: NotebookNode, tags: list[str]) -> NotebookNode:
    made = _new_cell(cell.cell_type, cell.source)
    if tags:
        made.metadata["tags"] = list(tags)
    return made


def _from_release(cell: NotebookNode, source: str | None = None) -> NotebookNode:
    """A graded or locked cell with the release's metadata and type, and the student's text where it is theirs."""
    made = _new_cell(cell.cell_type, cell.source if source is None else source)
    made.metadata = nbformat.from_dict(
        {k: cell.metadata[k] for k in ("nbgrader", "tags") if k in cell.metadata}
    )
    return made


def repair(submitted: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Put the release's cells back into a submission.

    Returns:
        The repaired notebook, and a sentence for each repair that a student should know of.
    """
    known = {name: cell for cell in released.cells if (name := grade_id(cell)) is not None}
    tags = {c.get("id"): c.metadata.get("tags", []) for c in released.cells if not grade_id(c)}
    notes: list[str] = []
    kept: list[NotebookNode] = []
    place: dict[str, int] = {}  # grade_id of a solution cell -> where it stands in `kept`
    locked_seen: dict[str, list[str]] = {}
    for cell in submitted.cells:
        name = grade_id(cell)
        if name is not None and name in known and not _is_solution(known[name]):
            locked_seen.setdefault(name, []).append(cell.source)
        elif name is not None and name in known and name not in place:
            place[name] = len(kept)
            kept.append(_from_release(known[name], cell.source))
        else:
            if name in known:
                notes.append(f"cell {name} was there twice; the copy runs, but counts as a cell of your own")
            kept.append(_plain(cell, tags.get(cell.get("id"), [])))
    order = list(known)
    solutions = [name for name in order if _is_solution(known[name])]
    missing = [name for name in solutions if name not in place]
    slots: dict[int, list[NotebookNode]] = {}
    anchor = 0
    for name in order:
        if name in place:
            anchor = max(anchor, place[name] + 1)
        elif name in missing:
            notes.append(f"cell {name} is missing; an empty one stands in its place")
            anchor = len(kept)  # its function may be defined anywhere: what tests it comes last
            written = known[name].cell_type == "markdown"
            slots.setdefault(anchor, []).append(_from_release(known[name], None if written else ""))
        else:
            slots.setdefault(anchor, []).append(_from_release(known[name]))
            notes.extend(_about_locked(name, known[name], locked_seen.get(name, [])))
    cells: list[NotebookNode] = []
    for position in range(len(kept) + 1):
        cells.extend(slots.get(position, []))
        cells.extend(kept[position : position + 1])
    return _whole(cells), notes


def _about_locked(name: str, released: NotebookNode, seen: list[str]) -> list[str]:
    if not seen:
        return [f"cell {name} is missing; restored from the release"]
    notes = []
    if any(source.strip() != released.source.strip() for source in seen):
        notes.append(f"cell {name} was changed; restored from the release")
    if len(seen) > 1:
        notes.append(f"cell {name} was there {len(seen)} times; it counts once")
    return notes


def take_in(path: Path, released: NotebookNode) -> Intake:
    """Read and repair one submission; one that cannot be read becomes a blank notebook that says why."""
    try:
        submitted = read_notebook(path)
    except Unreadable as reason:
        return _blank(released, f"{path.name} cannot be read: {reason}; graded as blank")
    notebook, notes = repair(submitted, released)
    ours = {grade_id(cell) for cell in released.cells if grade_id(cell)}
    if not any(grade_id(cell) in ours for cell in submitted.cells):
        notes = [f"{path.name} has none of this assignment's cells: is it the right notebook?"]
    return _with_notes(Intake(notebook, tuple(notes)))


def absent(released: NotebookNode, reason: str) -> Intake:
    """A blank notebook in place of a submission that is not there."""
    return _blank(released, reason)


def _blank(released: NotebookNode, note: str) -> Intake:
    notebook, _ = repair(released, released)
    return _with_notes(Intake(notebook, (note,), readable=False))


def _with_notes(intake: Intake) -> Intake:
    """The notes as the first cell of the notebook, where feedback shows them, and in its metadata."""
    notebook = intake.notebook
    notebook.metadata["course"] = {"notes": list(intake.notes)}
    if intake.notes:
        listed = "\n".join(f"- {_quoted(note)}" for note in intake.notes)
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"**Notes from grading**\n\n{listed}"))
    return intake


def _quoted(note: str) -> str:
    """A note as text: a student's file name must not become markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#!|" else c for c in note)


def notes_of(notebook: NotebookNode) -> tuple[str, ...]:
    """What intake noted on a repaired notebook."""
    about: Any = notebook.metadata.get("course", {})
    return tuple(about.get("notes", ())) if isinstance(about, dict) else ()
