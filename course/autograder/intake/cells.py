"""Cells as plain data. nbformat's own makers validate each against the schema; a notebook is validated once, when written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbformat.corpus.words import generate_corpus_id as random_cell_id
from nbformat.notebooknode import NotebookNode

from course.common.notebooks import METADATA

CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # as nbformat 4.5 has it
Attachments = Mapping[str, Mapping[str, str]]  # file's name -> MIME type -> base64


def new_cell(
    kind: str, source: str, attachments: Attachments | None = None, tags: Sequence[str] = ()
) -> NotebookNode:
    """A cell with an id of its own.

    Args:
        kind: 'code', 'markdown' or 'raw'.
        source: its text.
        attachments: pictures of a cell of text.
        tags: in its metadata.
    """
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": random_cell_id(),
        "metadata": NotebookNode({"tags": list(tags)} if tags else {}),
        "source": source,
    }
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    elif attachments:
        made["attachments"] = nbformat.from_dict({name: dict(data) for name, data in attachments.items()})
    return NotebookNode(made)  # node by node, for `from_dict` looks into each text for dicts


def as_released(
    cell: NotebookNode, source: str | None = None, attachments: Attachments | None = None
) -> NotebookNode:
    """A released cell's type and metadata, around the student's text where that is theirs."""
    made = new_cell(cell.cell_type, cell.source if source is None else source, attachments)
    kept = {key: cell.metadata[key] for key in ("nbgrader", "tags") if key in cell.metadata}
    made.metadata = nbformat.from_dict(kept)
    return made


def whole(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook of these cells, each with an id that no other has."""
    notebook = nbformat.v4.new_notebook(metadata=nbformat.from_dict(METADATA))
    seen: set[str] = set()
    for cell in cells:
        while cell["id"] in seen:
            cell["id"] = random_cell_id()
        seen.add(cell["id"])
    notebook.cells = cells
    return notebook
