"""Slips that are the instructor's solution with a few words changed, in the function asked for or in one that it calls.

They were written to measure how many wrong answers get a name (docs/grading.md), before a look at the lists of
mistakes; each stands in `edited/`, by its assignment, with the names that it gets now, read and found true. Where
there is no name, `said` is what the verdict says in its place.
"""

import tomllib
from pathlib import Path
from typing import Any

from course.autograder.checks import find_check
from course.autograder.judging.answers import cell_of, functions_of, solutions
from tests.judging.slips import Slips

SLIPS = Slips()


def edited(assignment: str, edits: list[list[str]]) -> dict[str, Any]:
    """The assignment's functions after (function, text, other text) each; the text must stand there once."""
    given, changed = solutions(assignment), {}
    for function, text, other in edits:
        source = changed.get(cell_of(function), given[cell_of(function)])
        assert source.count(text) == 1, (
            f"{function} has {source.count(text)} times {text!r}: put the slip right"
        )
        changed[cell_of(function)] = source.replace(text, other)
    return functions_of(assignment, changed)


for path in sorted((Path(__file__).parent / "edited").glob("*.toml")):
    for slip in tomllib.loads(path.read_text(encoding="utf-8"))["slip"]:
        functions = edited(path.stem, slip["edits"])
        asked = (functions[name] for name in find_check(slip["check"]).functions)
        SLIPS.add(slip["about"], slip["check"], *asked, named=tuple(slip["named"]), said=slip.get("said", ""))
