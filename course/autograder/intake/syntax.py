"""Code in a Python newer than the one that grades: it is an error here, and the student could not know."""

import re
import sys
from collections.abc import Sequence

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.code import parses
from course.autograder.intake.released import grade_id

NAME = r"[^\W\d]\w*+"
NEWER = (  # (version, what it is called, how it looks)
    ((3, 12), "type parameters", rf"^[ \t]*+(?:async[ \t]++)?(?:def|class)[ \t]++{NAME}[ \t]*+\["),
    ((3, 12), "a type statement", rf"^[ \t]*+type[ \t]++{NAME}[ \t]*+(?:\[[^\]\n]*+\][ \t]*+)?="),
    (
        (3, 12),
        "the same quotes inside of an f-string",
        r"""\b[rR]?[fF][rR]?(["'])(?:(?!\1|\{)[^\n]|\{\{|\{(?:(?!\1)[^}\n])*\})*+\{(?:(?!\1)[^}\n])*\1(?:(?!\1)[^}\n])*\1""",
    ),
    ((3, 14), "a template string", r"""(?<![\w"'])[rR]?[tT][rR]?["']"""),
    ((3, 14), "except without brackets", rf"^[ \t]*+except\*?[ \t]++{NAME}(?:\.{NAME})*+[ \t]*+,"),
)


def newer_syntax(source: str) -> tuple[tuple[int, int], str] | None:
    """The Python that a cell seems to be written for, and what shows it; None for one that this Python can read."""
    if parses(source):
        return None
    for version, name, looks in NEWER:
        if version > sys.version_info[:2] and re.search(looks, source, re.MULTILINE):
            return version, name
    return None


def too_new(cells: Sequence[NotebookNode]) -> tuple[list[str], list[str]]:
    """Sentences, for the student and for a person, on cells that are too new for the Python that grades."""
    notes, person = [], []
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for number, cell in enumerate(cells, 1):
        found = newer_syntax(cell.source) if cell.cell_type == "code" else None
        if found is not None:
            (major, minor), what = found
            name = grade_id(cell) or str(number)
            notes.append(
                f"Cell {name} seems to be written for Python {major}.{minor} ({what}); grading runs Python {here}, "
                "which cannot read it, so a person will look at it."
            )
            person.append(
                f"Cell {name} seems to need Python {major}.{minor} ({what}), and this is Python {here}; "
                "grade it where that Python is, or by hand."
            )
    return notes, person
