"""Notebooks as they lie in git: no outputs, stable ids, one kernelspec, one way of writing the JSON."""

import contextlib
import functools
import json
import re
from pathlib import Path
from typing import Any

import nbformat

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
EXTRA = (
    "extra_credit"  # a cell's metadata of ours: points of an optional question, which has none for nbgrader
)
OURS = "course"  # the notebook's metadata of ours: {"practice": true} where its points are not part of the term's sum
MINUTES = "minutes"  # the tag of a text in which students write how long each section took, those who want to
KEPT_CELL_METADATA = ("deletable", "editable", EXTRA, "nbgrader", "slideshow", "tags")


def read_as_it_lies(path: Path) -> nbformat.NotebookNode:
    """A notebook that was written here and is only looked at: read once while its file stays, and not held to the schema.

    To do that compiles the schema first, which takes longer than all the reading of a run. It is shared: change nothing in it.

    Raises:
        OSError, or whatever nbformat raises: where it cannot be read.
    """
    about = path.stat()
    return _read_once(path, about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=32)
def _read_once(path: Path, stamp: int, size: int) -> nbformat.NotebookNode:
    text = path.read_text("utf-8")
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict) and found.get("nbformat") == nbformat.v4.nbformat:
            return nbformat.v4.to_notebook(found)
    return nbformat.reads(text, as_version=4)


def _slug(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", text).strip("-")[:64] or "cell"


def cell_ids(cells: list[Any]) -> list[str]:
    """A stable id for each cell: its grade_id where there is one, else the id it has; made unique by a number."""
    taken: set[str] = set()
    ids = []
    for number, cell in enumerate(cells):
        wanted = (
            cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") or cell.get("id") or f"cell-{number}"
        )
        base = name = _slug(wanted)
        count = 2
        while name in taken:
            name, count = f"{base}-{count}", count + 1
        taken.add(name)
        ids.append(name)
    return ids


def canonical(notebook: nbformat.NotebookNode) -> str:
    """The one text of a notebook: what `make tidy` writes and a test demands."""
    cells = []
    for cell, name in zip(notebook.cells, cell_ids(notebook.cells), strict=True):
        kept = {k: cell.metadata[k] for k in KEPT_CELL_METADATA if k in cell.metadata}
        lines = cell.source.rstrip("\n").splitlines(keepends=True)
        plain = {"cell_type": cell.cell_type, "id": name, "metadata": kept, "source": lines}
        if cell.cell_type == "code":
            plain |= {"execution_count": None, "outputs": []}
        cells.append(plain)
    metadata = METADATA | ({OURS: dict(notebook.metadata[OURS])} if OURS in notebook.metadata else {})
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def notebooks(root: Path) -> list[Path]:
    """Every notebook source of the course."""
    return sorted([*root.glob("course/lessons/**/*.ipynb"), *root.glob("course/assignments/*/*.ipynb")])


def tidy(path: Path) -> bool:
    """Write one notebook in its canonical form; whether that changed it."""
    before = path.read_text(encoding="utf-8")
    after = canonical(nbformat.reads(before, as_version=4))
    if after != before:
        path.write_text(after, encoding="utf-8", newline="\n")
    return after != before


def is_practice(path: Path) -> bool:
    """Whether the points of this assignment are for practice, and no part of the term's sum."""
    return bool(nbformat.read(path, as_version=4).metadata.get(OURS, {}).get("practice"))


def solution_lines(path: Path) -> list[str]:
    """The lines between the solution marks of an assignment, stripped, that stand nowhere outside of them."""
    inside: list[str] = []
    outside: set[str] = set()
    for cell in nbformat.read(path, as_version=4).cells:
        solving = False
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line:
                solving = True
            elif "END SOLUTION" in line:
                solving = False
            elif solving:
                inside.append(line.strip())
            else:
                outside.add(line.strip())
    return [line for line in dict.fromkeys(inside) if line and line not in outside]
