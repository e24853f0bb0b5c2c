"""Slips as whole functions, in several styles: loops, einsum, strides, matrix products, as public courses have them.

They were written to measure how many wrong answers get a name (docs/grading.md), each with its slip in words before it
was judged. They stand in `whole/`, by assignment: right functions, each in a style of its own, and what each slip
changes in one of them; with the names that it gets now, read and found true. Where there is none, it is rejected.
"""

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from course.autograder.checks import find_check
from course.autograder.judging.answers import functions_of
from tests.judging.slips import Slips

SLIPS = Slips()


def written(assignment: str, source: str, edits: list[list[str]]) -> dict[str, Any]:
    """What a student's source defines beside the solutions, after (text, other text) each; the text stands there once."""
    for text, other in edits:
        assert source.count(text) == 1, f"{source.count(text)} times {text!r}: put the slip right"
        source = source.replace(text, other)
    space = {"np": np, "math": math, **functions_of(assignment)}
    exec(compile(source, "<slip>", "exec"), space)  # ours, not a student's
    return space


for path in sorted((Path(__file__).parent / "whole").glob("*.toml")):
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    styles = {style["name"]: style["source"] for style in told["style"]}
    for slip in told["slip"]:
        space = written(path.stem, styles[slip["style"]], slip.get("edits", []))
        asked = (space[name] for name in find_check(slip["check"]).functions)
        SLIPS.add(slip["about"], slip["check"], *asked, named=tuple(slip["named"]))
