"""The mistakes of a class, ranked by how many students made them, with a few anonymous examples of each."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    students: tuple[int, ...]
    lost: float
    section: Section | None
    examples: tuple[str, ...] = ()


def ranked(results: Results, source_of: Callable[[int, str], str]) -> list[Mistake]:
    """All mistakes, the most frequent first, then the dearest.

    Args:
        results: the class's.
        source_of: from a student's place and a graded cell to the answer that the cell asks about; '' where it cannot be read.
    """
    places: dict[str, dict[int, list[str]]] = {}
    for student, named in enumerate(results.named):
        for cell, names in named.items():
            for name in names:
                places.setdefault(name, {}).setdefault(student, []).append(cell)
    column = {name: i for i, name in enumerate(results.questions)}
    made = []
    for name, found in places.items():
        cells = [cell for those in found.values() for cell in those]
        checks = tuple(sorted(set(cells), key=lambda cell: (-cells.count(cell), column.get(cell, 0), cell)))
        lost = [
            sum(
                results.most[column[cell]] - results.points[student, column[cell]]
                for cell in those
                if cell in column
            )
            for student, those in found.items()
        ]
        section = section_for(results.assignment, checks[0], name)
        made.append(
            Mistake(
                name,
                checks,
                tuple(found),
                float(np.mean(lost)),
                section,
                _examples(found, results.students, source_of),
            )
        )
    return sorted(made, key=lambda mistake: (-len(mistake.students), -mistake.lost, mistake.name))


def _examples(
    found: dict[int, list[str]], students: Sequence[str], source_of: Callable[[int, str], str]
) -> tuple[str, ...]:
    """The first few different answers, without their authors' ids."""
    examples: list[str] = []
    for student, cells in found.items():
        text = source_of(student, cells[0]).strip()
        text = re.sub(rf"(?<!\w){re.escape(students[student])}(?!\w)", "…", text, flags=re.IGNORECASE)
        if text and text not in examples and len(text) <= LONGEST:
            examples.append(text)
        if len(examples) == EXAMPLES:
            break
    return tuple(examples)


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
