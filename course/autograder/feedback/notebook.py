"""A notebook as plain data. It was validated when it was written; each field is looked at for what it is."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.autograder.feedback.shown import as_text, from_judge
from course.autograder.judging.verdict import VERDICT

HALF = re.compile(r"\\u[dD][89a-fA-F]")  # perhaps half a character: it can be in JSON, but in no file


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        kind: 'code', 'markdown' or 'raw'.
        source: its text.
        name: its grade_id; '' for none.
        graded, solution, task: nbgrader's marks.
        tags: that it carries.
        outputs, attachments: as the notebook has them.
        verdict: the judge's, as plain data; empty where there is none.
        message: the judge's, as HTML.
    """

    kind: str
    source: str
    name: str = ""
    graded: bool = False
    solution: bool = False
    tags: tuple[str, ...] = ()
    outputs: Any = None
    attachments: Any = None
    verdict: dict[str, Any] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Notebook:
    """Its cells, and the notes of intake on it."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()


def read_cells(path: Path) -> Notebook:
    """Read a notebook of nbformat 4.

    Raises:
        OSError, ValueError: when it cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    raw = json.loads(text)
    if HALF.search(text):
        raw = json.loads(json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"))
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise ValueError(f"{path.name} is no notebook of nbformat 4")
    about = _dict(_dict(raw.get("metadata")).get("course"))
    notes = about.get("notes")
    kept = tuple(note for note in notes if isinstance(note, str)) if isinstance(notes, list | tuple) else ()
    return Notebook(tuple(_cell(cell) for cell in raw["cells"] if isinstance(cell, dict)), kept)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _cell(cell: dict[str, Any]) -> Cell:
    about = _dict(cell.get("metadata"))
    mark, tags = _dict(about.get("nbgrader")), about.get("tags")
    outputs = cell.get("outputs")
    told = (
        [_dict(one.get("data")) for one in outputs if isinstance(one, dict) and from_judge(one)]
        if outputs
        else []
    )
    data = next((one for one in told if VERDICT in one), {})
    name = mark.get("grade_id")
    task = bool(mark.get("task"))
    return Cell(
        kind=str(cell.get("cell_type")),
        source=as_text(cell.get("source")),
        name=name if isinstance(name, str) else "",
        graded=bool(mark.get("grade")) or task,
        solution=bool(mark.get("solution")) or task,
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        outputs=outputs,
        attachments=cell.get("attachments"),
        verdict=_verdict(data.get(VERDICT)),
        message=as_text(data.get("text/html")),
    )


def _verdict(value: Any) -> dict[str, Any]:
    """nbgrader's own writers keep JSON in an output as text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return _dict(value)
