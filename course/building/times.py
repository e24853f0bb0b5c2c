"""How long the parts of an assignment may take: an estimate by one rule, the same for all, for want of measured times.

Nobody was timed. A word of the text is read at 120 a minute; a line of the instructor's solution stands for two minutes
of finding, writing and mending it; a written answer for ten. `python -m course.building.times` prints what comes out.
"""

import re
from collections import defaultdict
from pathlib import Path

import nbformat

from course.building.shapes import OURS

PROJECT = Path(__file__).parents[2]
WORDS, LINE, WRITTEN = 120, 2.0, 10.0  # words a minute; minutes
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n[ \t]*### END SOLUTION", re.DOTALL)
SECTION = re.compile(r"^## (\d+) ", re.MULTILINE)


def minutes(notebook: nbformat.NotebookNode) -> dict[str, int]:
    """Minutes for each section, to five, by its number; '0' is what stands above the first."""
    found: dict[str, float] = defaultdict(float)
    section = "0"
    for cell in notebook.cells:
        written = cell.metadata.get("nbgrader", {}).get("solution", False)
        if cell.cell_type == "markdown" and not written:
            above, *parts = SECTION.split(OURS.sub("", cell.source))
            found[section] += len(above.split()) / WORDS
            for number, text in zip(parts[::2], parts[1::2], strict=True):
                section = number
                found[section] += len(text.split()) / WORDS
        elif written and cell.cell_type == "code":
            lines = [
                line for part in SOLUTION.findall(cell.source) for line in part.split("\n") if line.strip()
            ]
            found[section] += LINE * len(lines)
        elif written:
            found[section] += WRITTEN
    return {number: max(5, 5 * round(sum_ / 5)) for number, sum_ in found.items()}


def main() -> None:
    """Print all."""
    for path in sorted(PROJECT.glob("course/assignments/*/*.ipynb")):
        print(path.stem, minutes(nbformat.read(path, as_version=4)))


if __name__ == "__main__":
    main()
