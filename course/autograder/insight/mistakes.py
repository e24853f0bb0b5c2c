"""The mistakes of a class, ranked by how many students made them, with a few anonymous examples of each."""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course.autograder.feedback.given import Release
from course.autograder.feedback.notebook import read_cells
from course.autograder.gradebook.lessons import Section, section_for
from course.autograder.insight.results import Results

EXAMPLES = 3
LONGEST = 20_000  # characters of an example: what is longer is no function that one reads in passing


@dataclass(frozen=True)
class Mistake:
    """One named mistake.

    Attributes:
        name: as the judge says it.
        checks: graded cells it was found in, the most frequent first.
        students: places of the students in `Results.students`.
        lost: points that the questions it was found in lost these students, on average; other mistakes in the same question
            may have a share in it.
        section: of a lesson, that teaches it.
        examples: answers with it, without names.
    """

    name: str
    checks: tuple[str, ...]
    students: Sequence[int]
    lost: float
    section: Section | None
    examples: tuple[str, ...] = ()


def ranked(results: Results, source_of: Callable[[int, str], str]) -> list[Mistake]:
    """All mistakes, the most frequent first, then the dearest.

    Args:
        results: the class's.
        source_of: from a student's place and a graded cell to the answer that the cell asks about; '' where it cannot be read.
    """
    found: dict[str, _Found] = {}
    column = {name: i for i, name in enumerate(results.questions)}
    for student, named in enumerate(results.named):
        cells: dict[str, list[str]] = {}
        for cell, names in named.items():
            for name in names:
                cells.setdefault(name, []).append(cell)
        for name, those in cells.items():
            lost = sum(
                results.most[column[cell]] - results.points[student, column[cell]]
                for cell in those
                if cell in column
            )
            one = found.setdefault(name, _Found())
            one.students.append(student)
            one.cells.update(those)
            one.lost.append(lost)
            if len(one.examples) < EXAMPLES:
                one.show(source_of(student, those[0]), results.students[student])
    made = []
    for name, one in found.items():
        cells_of = one.cells
        checks = tuple(sorted(cells_of, key=lambda cell: (-cells_of[cell], column.get(cell, 0), cell)))
        section = section_for(results.assignment, checks[0], name)
        mean = float(np.mean(one.lost))
        made.append(Mistake(name, checks, one.students, mean, section, tuple(one.examples)))
    return sorted(made, key=lambda mistake: (-len(mistake.students), -mistake.lost, mistake.name))


@dataclass
class _Found:
    """One mistake as a class is gone through: who made it, how often in which cell, what it cost each, a few examples."""

    students: "array[int]" = field(default_factory=lambda: array("q"))
    cells: Counter[str] = field(default_factory=Counter)
    lost: "array[float]" = field(default_factory=lambda: array("d"))
    examples: list[str] = field(default_factory=list)

    def show(self, source: str, author: str) -> None:
        """Take an answer as an example unless there is one like it; without its author's id."""
        text = source.strip()
        text = re.sub(rf"(?<!\w){re.escape(author)}(?!\w)", "…", text, flags=re.IGNORECASE)
        if text and text not in self.examples and len(text) <= LONGEST:
            self.examples.append(text)


def sources(
    students: Sequence[str], notebook_of: Callable[[str], Path], release: Release
) -> Callable[[int, str], str]:
    """Reads the answer that a graded cell asks about out of a student's graded notebook; one notebook at a time."""
    answers = {test: answer for answer, tests in release.tests.items() for test in tests}
    kept: tuple[int, dict[str, str]] = (-1, {})

    def source_of(student: int, cell: str) -> str:
        nonlocal kept
        if kept[0] != student:
            try:
                cells = read_cells(notebook_of(students[student])).cells
            except (OSError, ValueError):
                cells = ()
            kept = (student, {one.name: one.source for one in cells if one.name})
        return kept[1].get(answers.get(cell, ""), "")

    return source_of
