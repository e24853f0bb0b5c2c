"""From parsed JSON, of whatever version of the format or program, to cells that are sound; none of the student's text is lost."""

import re
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import CELL_ID, new_cell, whole
from course.autograder.intake.code import parses, stubs
from course.autograder.intake.merges import sides
from course.autograder.intake.pictures import attached, displayed

MOST_CELLS = 5_000
MOST_CODE = 2_000_000  # characters of code, a thousand times an assignment's
KINDS = {
    "code": "code",
    "markdown": "markdown",
    "raw": "raw",
    "heading": "markdown",
    "html": "markdown",
    "text": "markdown",
}
TEXTS = (
    "source",
    "input",
    "code",
    "text",
    "value",
)  # where a cell's text is: in nbformat 4, 3, 1, and in exports
MERGED = "the marks of a merge that was not resolved stand in a cell, and the side that can be run was taken"
COMMANDS = (
    ("commands", "command"),
    ("paragraphs", "text"),
)  # of Databricks and of Zeppelin: the list, and a cell's text
LANGUAGE = re.compile(
    r"\s*%([a-z]\w*(?:\.\w+)?)(?:\([^()\n]*\))?(?=\s|\Z)[ \t]*\n?", re.IGNORECASE
)  # of a cell there
NOT_PYTHON = ("angular", "fs", "html", "jdbc", "r", "run", "scala", "sh", "spark", "spark.sql", "sql")
PYTHON = ("python", "python3", "pyspark", "ipython", "ipyspark", "spark.pyspark", "spark.ipyspark")
WRAPPED = ("content", "notebook", "ipynb", "data")  # a notebook inside of what a server said of it


@dataclass(frozen=True)
class Sound:
    """A notebook of sound cells.

    Attributes:
        notebook: in nbformat 4.5, without outputs; pictures that a code cell had displayed stand in its metadata as
            `saved_pictures`, pairs of a MIME type and base64.
        notes: clauses on what was odd.
        lost: clauses on what could not be kept.
    """

    notebook: NotebookNode
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def cells_of(raw: Any, depth: int = 0) -> list[Any] | None:
    """The list of cells in parsed JSON, of any version; None when it is no notebook."""
    if isinstance(raw, list):  # a list of cells, or of one notebook
        listed = [one for one in raw[:MOST_CELLS] if isinstance(one, dict)]
        if any("cell_type" in one for one in listed):
            return list(raw)
        return cells_of(listed[0], depth + 1) if len(listed) == 1 and depth < 3 else None
    if not isinstance(raw, dict):
        return None
    if isinstance(raw.get("cells"), list):
        return list(raw["cells"])
    if isinstance(raw.get("worksheets"), list):
        sheets = [sheet for sheet in raw["worksheets"] if isinstance(sheet, dict)]
        return [c for sheet in sheets for c in sheet.get("cells", ()) if isinstance(sheet.get("cells"), list)]
    for key, text in COMMANDS:
        those = raw.get(key)
        if isinstance(those, list) and any(isinstance(one, dict) and text in one for one in those):
            return _commands([one for one in those if isinstance(one, dict)], text)
    for key in WRAPPED if depth < 3 else ():
        if (found := cells_of(raw.get(key), depth + 1)) is not None:
            return found
    return None


def _commands(listed: list[dict[str, Any]], key: str) -> list[Any]:
    """Cells of a notebook of another kind, whose first line says what is not Python."""
    if all(isinstance(one.get("position"), (int, float)) for one in listed):
        listed = sorted(listed, key=lambda one: one["position"])
    cells = []
    for one in listed:
        said = one.get(key)
        if not isinstance(said, str):
            continue
        spoken = LANGUAGE.match(said)
        language = spoken[1].lower() if spoken else "python"
        rest = said[spoken.end() :] if spoken and language in ("md", *PYTHON) else said
        kind = "markdown" if language == "md" else "raw" if language in NOT_PYTHON else "code"
        cells.append({"cell_type": kind, "source": rest})
    return cells


def sound(found: list[Any]) -> Sound:
    """The cells that are cells."""
    cells, broken, others, code = [], 0, list[str](), 0
    lost: list[str] = []
    for raw in found[:MOST_CELLS]:
        text = _text(raw)
        if text is None:
            broken += 1
            continue
        if _kind(raw) == "code" and (code := code + len(text)) > MOST_CODE:
            lost.append(f"it has more than {MOST_CODE:,} characters of code, of which the first were read")
            break
        text, merged = _one_side(text) if _kind(raw) == "code" else (text, False)
        if merged and MERGED not in lost:
            lost.append(MERGED)
        pictures, more = attached(raw.get("attachments"))
        others += more
        cells.append(_cell(raw, _kind(raw), text, pictures))
    if broken:
        lost.append(
            f"{'one entry' if broken == 1 else f'{broken} entries'} among its cells could not be read"
        )
    if len(found) > MOST_CELLS:
        lost.append(f"it has {len(found)} cells, of which the first {MOST_CELLS} were read")
    if others:
        lost.append(f"what is attached as {others[0]} is no picture, and is not shown")
    return Sound(whole(cells), (), tuple(lost))


def _cell(raw: dict[str, Any], kind: str, text: str, pictures: Any) -> NotebookNode:
    made = new_cell(kind, text, pictures)
    metadata = raw.get("metadata")
    kept = (
        {k: metadata[k] for k in ("nbgrader", "tags") if k in metadata} if isinstance(metadata, dict) else {}
    )
    saved = displayed(raw.get("outputs")) if kind == "code" else []
    made.metadata = nbformat.from_dict(kept | ({"saved_pictures": saved} if saved else {}))
    name = raw.get("id")
    made["id"] = name if isinstance(name, str) and CELL_ID.fullmatch(name) else made["id"]
    return made


def _one_side(source: str) -> tuple[str, bool]:
    """Code with the marks of a merge in it as one side had it, the one that can be run and is no stub; and whether it had any."""
    if "<<<<<<<" not in source:
        return source, False
    found = [side.decode() for side in sides(source.encode())]
    return max(found, key=lambda side: (parses(side), not stubs(side), len(side))), len(found) > 1


def _kind(raw: dict[str, Any]) -> str:
    said = raw.get("cell_type")
    if isinstance(said, str):
        return KINDS.get(said.lower(), "raw")
    return "code" if {"outputs", "execution_count", "input"} & raw.keys() else "markdown"


def _text(raw: Any) -> str | None:
    """A cell's text with plain line ends; None when it is no cell."""
    if not isinstance(raw, dict):
        return None
    found = next((raw[key] for key in TEXTS if key in raw), None)
    if isinstance(found, list) and {*map(type, found)} <= {str}:
        # Some programs leave out the line ends of the lines that they list.
        bare = len(found) > 1 and not any(line.endswith(("\n", "\r")) for line in found[:-1])
        found = ("\n" if bare else "").join(found)
    if not isinstance(found, str):
        return "" if found is None and isinstance(raw.get("cell_type"), str) and len(raw) > 1 else None
    if raw.get("cell_type") == "heading" and isinstance(raw.get("level"), int):
        found = "#" * max(1, min(6, raw["level"])) + " " + found
    text = (
        found.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    )  # a byte order mark is no text
    return text.encode("utf-8", "replace").decode()  # half a character can be in JSON, but in no file
