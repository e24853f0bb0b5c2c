"""How long the parts of an assignment may take: an estimate by one rule, the same for all, for want of measured times.

Nobody was timed. A word of the text is read at 120 a minute; a line of the instructor's solution stands for two minutes
of finding, writing and mending it; a written answer for ten. `python -m course.building.times` prints what comes out.

Once a class has written its minutes into the last text of an assignment, `python -m course report ASSIGNMENT` has their medians.
They go into `TOLD`, to five minutes, and into the table and the words at the assignment's head: docs/teaching.md, *True times*.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.building.shapes import OURS
from course.common.notebooks import EXTRA, MINUTES

PROJECT = Path(__file__).parents[2]
WORDS, LINE, WRITTEN = 120, 2.0, 10.0  # words a minute; minutes
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n[ \t]*### END SOLUTION", re.DOTALL)
SECTION = re.compile(r"^## (\d+) ", re.MULTILINE)
# By assignment and section what a class told, in minutes: for what everyone does, and for extra credit. None has been asked yet.
TOLD: dict[str, dict[str, tuple[int, int]]] = {}


@dataclass(frozen=True)
class Part:
    """A text, or a question, of a section.

    Attributes:
        section: its number; '0' for what stands above the first.
        minutes: that it takes.
        question: whether something is to be answered here; a text belongs to the question below it.
        extra: whether that is optional.
    """

    section: str
    minutes: float
    question: bool = False
    extra: bool = False


def minutes(notebook: nbformat.NotebookNode) -> dict[str, tuple[int, int]]:
    """Minutes for each section, to five, by its number: for what everyone does, and for what is extra credit."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    parts = list(_parts(notebook))
    for place, part in enumerate(parts):
        questions = [one for one in parts if one.question and one.section == part.section]
        below = next((one for one in parts[place:] if one in questions), None)
        extra = below.extra if below else bool(questions) and all(one.extra for one in questions)
        found[part.section][extra] += part.minutes
    return {number: (_to_five(core), _to_five(extra)) for number, (core, extra) in found.items()}


def promised(name: str, notebook: nbformat.NotebookNode) -> dict[str, tuple[int, int]]:
    """The minutes that an assignment's head has, by section: those that a class told, the rule's for the others."""
    return minutes(notebook) | TOLD.get(name, {})


def _to_five(some: float) -> int:
    return max(5, 5 * round(some / 5)) if some else 0


def _parts(notebook: nbformat.NotebookNode) -> Iterator[Part]:
    section = "0"
    for place, cell in enumerate(notebook.cells):
        written = cell.metadata.get("nbgrader", {}).get("solution", False)
        if MINUTES in cell.metadata.get("tags", ()):
            continue
        if cell.cell_type == "markdown" and not written:
            above, *parts = SECTION.split(OURS.sub("", cell.source))
            yield Part(section, len(above.split()) / WORDS)
            for number, text in zip(parts[::2], parts[1::2], strict=True):
                section = number
                yield Part(section, len(text.split()) / WORDS)
        elif written and cell.cell_type == "code":
            lines = [
                line for part in SOLUTION.findall(cell.source) for line in part.split("\n") if line.strip()
            ]
            yield Part(section, LINE * len(lines), True, _is_extra(notebook.cells[place + 1 :]))
        elif written:
            yield Part(section, WRITTEN, True)


def _is_extra(below: list[nbformat.NotebookNode]) -> bool:
    """Whether the next graded cell gives extra credit."""
    return next(
        (EXTRA in cell.metadata for cell in below if cell.metadata.get("nbgrader", {}).get("grade")), False
    )


def main() -> None:
    """Print all."""
    for path in sorted(PROJECT.glob("course/assignments/*/*.ipynb")):
        found = promised(path.stem, nbformat.read(path, as_version=4))
        core, extra = (sum(both[kind] for both in found.values()) for kind in (0, 1))
        print(path.stem, found, f"core {core} min, extra {extra} min")


if __name__ == "__main__":
    main()
