"""Rubrics beside written answers in the formgrader: read from the instructor's notebook, where they stand as the solution.

`nbgrader_config.py` gives the formgrader's page a filter `rubric` and a template that shows what it returns, with a button
for each number of points; `release/` and feedback pages never have it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat

from course.autograder.feedback.pages import markdown

MARK = re.compile(r"^### (BEGIN|END) SOLUTION$", re.MULTILINE)
ITEM = re.compile(r"^- \((?P<letter>\w+)\) (?P<points>\d+(?:\.\d+)?) points?: (?P<text>.*)$")
FINE = 3.0  # up to so many points are given by halves


@dataclass(frozen=True)
class Item:
    """One line of a rubric.

    Attributes:
        letter: of the part of the question.
        points: the most it earns.
        text: as it was written, for a comment that quotes it.
        html: the same, to be shown.
    """

    letter: str
    points: float
    text: str
    html: str

    @property
    def steps(self) -> list[float]:
        """The points that can be given: by halves, or by ones where there are many."""
        step = 0.5 if self.points <= FINE else 1.0
        return [*(n * step for n in range(int(self.points / step))), self.points]


@dataclass(frozen=True)
class Rubric:
    """What a written answer earns.

    Attributes:
        items: its lines that say for what part how many points there are; none where it is written in another way.
        html: all of it that is no such line.
    """

    items: tuple[Item, ...]
    html: str


def parsed(text: str) -> Rubric:
    """A rubric from the Markdown of a solution cell.

    >>> [item.steps for item in parsed("- (a) 2 points: *why*").items]
    [[0.0, 0.5, 1.0, 1.5, 2.0]]
    """
    items, rest = [], []
    for line in MARK.sub("", text).strip().splitlines():
        if found := ITEM.match(line):
            item = Item(found["letter"], float(found["points"]), found["text"], markdown(found["text"]))
            items.append(item)
        else:
            rest.append(line)
    return Rubric(tuple(items), markdown("\n".join(rest)))


@lru_cache(maxsize=32)
def _rubrics(path: Path, changed: int) -> dict[str, Rubric]:
    """By grade_id; `changed` is the file's time, so that an edited rubric is read again."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and about.get("grade") and about.get("solution"):
            found[str(about["grade_id"])] = parsed(cell.source)
    return found


def rubric(sources: Path, grade_id: str, assignment: str, notebook: str) -> Rubric | None:
    """The rubric of a written answer; None where there is none, or the instructor's notebook cannot be read.

    Args:
        sources: the folder of the instructor's notebooks, with one for each assignment in it.
        grade_id: the cell's.
        assignment: its name.
        notebook: its name, without `.ipynb`.
    """
    path = sources / assignment / f"{notebook}.ipynb"
    try:
        return _rubrics(path, path.stat().st_mtime_ns).get(grade_id)
    except (OSError, ValueError, KeyError):
        return None
