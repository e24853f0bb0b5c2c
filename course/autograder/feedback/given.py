"""What is the same on everyone's page: the released cells, rendered once, and how questions and answers belong together."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from course.autograder.feedback.highlighting import python_html
from course.autograder.feedback.notebook import Cell, read_cells
from course.autograder.feedback.text import html_of
from course.common.headings import HEADING

MARKUP = re.compile(r"[`*$]")


@dataclass(frozen=True)
class Given:
    """A released cell as it is shown, folded: what stands on the fold, and what is in it."""

    summary: str
    html: str


@dataclass
class Release:
    """A released notebook.

    Attributes:
        title: its first heading; '' where it has none.
        cells: what was given out and is not to be changed, by kind of cell and source.
        sections: for each graded cell the heading it stands under.
        tests: for each cell of an answer the graded cells that follow it, up to the next answer.
        order: graded cells in the notebook's order.
    """

    title: str = ""
    cells: dict[tuple[str, str], Given] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def given(self, cell: Cell) -> Given | None:
        """The cell as it was given out, where it is that to the letter."""
        return None if cell.solution or cell.graded else self.cells.get((cell.kind, cell.source.strip()))


def release_at(path: Path) -> Release:
    """The notebook as students got it; nothing is given where there is none."""
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return Release()


@lru_cache(8)
def _read(path: Path, stamp: int) -> Release:
    release = Release()
    section = answer = ""
    for cell in read_cells(path).cells:
        headings = (
            [_plain(found) for found in HEADING.findall(cell.source)] if cell.kind == "markdown" else []
        )
        if headings and not release.title:
            release.title = headings[0]
        section = headings[-1] if headings and not cell.solution else section
        if cell.graded:
            release.order.append(cell.name)
            release.sections[cell.name] = section
        if cell.solution:
            answer = cell.name
            release.tests[answer] = [answer] if cell.graded else []
        elif cell.graded and answer:
            release.tests[answer].append(cell.name)
        if not cell.solution and not cell.graded:
            release.cells[cell.kind, cell.source.strip()] = _given(cell, headings)
    return release


def _plain(heading: str) -> str:
    return MARKUP.sub("", heading).strip()


def _given(cell: Cell, headings: list[str]) -> Given:
    if cell.kind == "code":
        name = f"Given code: {cell.name}" if cell.name else "Given code"
        return Given(name, f"<pre><code>{python_html(cell.source)}</code></pre>")
    begins = " ".join(_plain(cell.source).split()[:12])
    return Given(" · ".join(headings) or f"{begins} …", f'<div class="text">{html_of(cell.source)}</div>')
