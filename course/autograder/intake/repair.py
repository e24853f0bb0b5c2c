"""Intake and repair: whatever a student hands in becomes a notebook that can be graded, and nothing is lost.

Locked cells come from the release, whatever the submission has in their place; copies lose their claim to a
grade but still run; a test stands after the code it tests; tags and other metadata of the student's count for
nothing. What was repaired is said, in sentences that the student will read.
"""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat.corpus.words import generate_corpus_id as random_cell_id
from nbformat.notebooknode import NotebookNode

from course.common.notebooks import METADATA

MAX_NOTEBOOK_BYTES = 20 * 2**20
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # as nbformat 4.5 has it
NOT_GRADED = "not-graded"  # the tag of cells that grading leaves out: figures, training


@dataclass(frozen=True)
class Intake:
    """A submitted notebook, repaired, and what had to be done to it.

    Attributes:
        notebook: ready to be run.
        notes: one sentence for each thing that was wrong.
        readable: False when nothing of the submission could be used.
        needs_person: why a person must look at it and what to do, a whole sentence each; empty when nobody must.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]
    readable: bool = True
    needs_person: tuple[str, ...] = ()

    def noting(self, note: str) -> "Intake":
        """The same with one more note."""
        return replace(self, notes=(*self.notes, note))


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
        if "\\ud" in text.lower():  # half a character, perhaps, which can be in JSON but in no file
            raw = json.loads(json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        why = getattr(
            error, "msg", "nested too deep" if isinstance(error, RecursionError) else "a number too long"
        )
        raise Unreadable(f"it is not JSON ({why})") from None
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
        name = cell.get("id")
        made["id"] = name if isinstance(name, str) and CELL_ID.fullmatch(name) else made["id"]
        cells.append(made)
    return _whole(cells)


def _whole(cells: list[NotebookNode]) -> NotebookNode:
    whole = nbformat.v4.new_notebook(metadata=nbformat.from_dict(METADATA))
    whole.cells = cells
    return whole


def _new_cell(kind: str, source: str) -> NotebookNode:
    # nbformat's own makers validate each cell against the schema, as the whole notebook is when it is written.
    cell = {"cell_type": kind, "id": random_cell_id(), "metadata": {}, "source": source}
    return nbformat.from_dict(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))


def grade_id(cell: NotebookNode) -> str | None:
    """The cell's grade_id, where its metadata has one that is a string."""
    marked = cell.metadata.get("nbgrader")
    name = marked.get("grade_id") if isinstance(marked, dict) else None
    return name if isinstance(name, str) else None


def _is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata["nbgrader"].get("solution"))


def _is_test(cell: NotebookNode) -> bool:
    return bool(cell.metadata["nbgrader"].get("grade")) and not _is_solution(cell)


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


SAID = {  # what was found of cells -> what is said: of one, of several
    "copied": ("{} was there more than once; copies run, but count as cells of your own",) * 2,
    "gone": (
        "{} is missing; an empty one stands in its place",
        "{} are missing; empty ones stand in their place",
    ),
    "lost": ("{} is missing; restored from the release", "{} are missing; restored from the release"),
    "changed": ("{} was changed; restored from the release", "{} were changed; restored from the release"),
    "repeated": (
        "{} was there more than once; it counts once",
        "{} were there more than once; each counts once",
    ),
}


def _sentences(found: dict[str, list[str]]) -> list[str]:
    """One sentence for each kind of thing found, naming at most three cells."""
    sentences = []
    for kind, names in found.items():
        names = list(dict.fromkeys(names))
        one, several = SAID[kind]
        if len(names) == 1:
            sentences.append(one.format(f"cell {names[0]}"))
        elif len(names) <= 3:
            sentences.append(several.format("cells " + ", ".join(names[:-1]) + " and " + names[-1]))
        else:
            sentences.append(several.format("cells " + ", ".join(names[:3]) + f" and {len(names) - 3} more"))
    return sentences


def repair(submitted: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Put the release's cells back into a submission.

    Returns:
        The repaired notebook, and a sentence for each kind of repair that a student should know of.
    """
    known = {name: cell for cell in released.cells if (name := grade_id(cell)) is not None}
    found: dict[str, list[str]] = {kind: [] for kind in SAID}
    sorted_out = _sort_out(
        submitted, known, {c.get("id"): c.metadata.get("tags", []) for c in released.cells}, found
    )
    slots = _places(known, sorted_out, found)
    cells: list[NotebookNode] = []
    for position in range(len(sorted_out.kept) + 1):
        cells.extend(slots.get(position, []))
        cells.extend(sorted_out.kept[position : position + 1])
    return _whole(cells), _sentences({kind: names for kind, names in found.items() if names})


@dataclass
class _SortedOut:
    """A submission's cells by what they are.

    Attributes:
        kept: everything the student may write: solution cells and cells of their own, in their order.
        place: grade_id of a solution cell -> where it stands in `kept`.
        stood: grade_id of a locked cell -> how much of `kept` stood before it.
    """

    kept: list[NotebookNode] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)
    stood: dict[str, int] = field(default_factory=dict)


def _sort_out(
    submitted: NotebookNode,
    known: dict[str, NotebookNode],
    tags: dict[str, list[str]],
    found: dict[str, list[str]],
) -> _SortedOut:
    """Go through what was handed in; note what was changed, repeated or copied."""
    out = _SortedOut()
    for cell in submitted.cells:
        name = grade_id(cell)
        if name is not None and name in known and not _is_solution(known[name]):
            if name in out.stood:
                found["repeated"].append(name)
            if cell.source.strip() != known[name].source.strip():
                found["changed"].append(name)
            out.stood.setdefault(name, len(out.kept))
        elif name is not None and name in known and name not in out.place:
            out.place[name] = len(out.kept)
            out.kept.append(_from_release(known[name], cell.source))
        else:
            if name is not None and name in known:
                found["copied"].append(name)
            out.kept.append(_plain(cell, tags.get(cell.get("id"), [])))
    return out


def _places(
    known: dict[str, NotebookNode], out: _SortedOut, found: dict[str, list[str]]
) -> dict[int, list[NotebookNode]]:
    """Where each cell of the release goes among what was kept: by position in `kept`."""
    slots: dict[int, list[NotebookNode]] = {}
    anchor = 0
    for name, cell in known.items():
        if name in out.place:
            anchor = max(anchor, out.place[name] + 1)
        elif _is_solution(cell):
            found["gone"].append(name)
            anchor = len(out.kept)  # its function may be defined anywhere: what tests it comes last
            written = cell.cell_type == "markdown"
            slots.setdefault(anchor, []).append(_from_release(cell, None if written else ""))
        else:
            if name not in out.stood:
                found["lost"].append(name)
            # A test follows all that stood before it: helpers and copies between a function and its test count.
            stood = out.stood.get(name, 0)
            in_prose = all(one.cell_type != "code" for one in out.kept[anchor:stood])
            at = max(anchor, stood) if _is_test(cell) or in_prose else anchor
            slots.setdefault(at, []).append(_from_release(cell))
    return slots


def take_in(path: Path, released: NotebookNode, noted: tuple[str, ...] = ()) -> Intake:
    """Read and repair one submission; one that cannot be read becomes a blank notebook that says why.

    Args:
        path: the file.
        released: the notebook as students got it.
        noted: what is to be said of it beforehand.
    """
    try:
        submitted = read_notebook(path)
    except Unreadable as reason:
        return _blank(released, f"{path.name} cannot be read: {reason}; graded as blank")
    notebook, notes = repair(submitted, released)
    ours = {grade_id(cell) for cell in released.cells if grade_id(cell)}
    if not any(grade_id(cell) in ours for cell in submitted.cells):
        notes = [
            f"{path.name} has none of this assignment's cells (is it the right notebook?); graded by the functions it defines"
        ]
    return _with_notes(Intake(notebook, (*noted, *notes)))


def absent(released: NotebookNode, reason: str) -> Intake:
    """A blank notebook in place of a submission that is not there."""
    return _blank(released, reason)


def _blank(released: NotebookNode, note: str) -> Intake:
    notebook, _ = repair(released, released)
    return _with_notes(Intake(notebook, (note,), readable=False))


def _with_notes(intake: Intake) -> Intake:
    """The notes as the first cell of the notebook, where feedback shows them, and in its metadata."""
    notebook = intake.notebook
    notebook.metadata["course"] = {"notes": list(intake.notes), "needs_person": list(intake.needs_person)}
    if intake.notes:
        listed = "\n".join(f"- {_quoted(note)}" for note in intake.notes)
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"**Notes from grading**\n\n{listed}"))
    return intake


def _quoted(note: str) -> str:
    """A note as text: a student's file name must not become markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#!|" else c for c in note)


def needs_person_of(notebook: NotebookNode) -> tuple[str, ...]:
    """Why a person must look at a hand-in, as intake wrote it into the graded notebook's metadata."""
    about: Any = notebook.metadata.get("course", {})
    return tuple(about.get("needs_person", ())) if isinstance(about, dict) else ()


def notes_of(notebook: NotebookNode) -> tuple[str, ...]:
    """What intake noted on a repaired notebook."""
    about: Any = notebook.metadata.get("course", {})
    return tuple(about.get("notes", ())) if isinstance(about, dict) else ()
