"""Answers in code that no check can call, though they were written: as a method, under another name, in comments, in a string."""

import re
from collections.abc import Mapping, Sequence

from course.autograder.intake.code import statements
from course.autograder.intake.recognise import Seen
from course.autograder.intake.released import Kind, Part, Release, text_of

DEFINED = re.compile(r"^[ \t#>]*+(?:async[ \t]++)?(?:def|class)[ \t]++(\w+)", re.MULTILINE)


def written_otherwise(
    seen: Sequence[Seen], release: Release, written_at: Mapping[str, set[int]]
) -> dict[str, str]:
    """Functions that are asked for, are defined nowhere, and may have been written all the same; with the cell they belong in.

    Args:
        seen: the cells that were handed in.
        release: the notebook as students got it.
        written_at: in which cells a name is defined.
    """
    ours = {text_of(part.cell.source) for part in release.parts}
    texts = [one.cell.source for one in seen if text_of(one.cell.source) not in ours]
    hidden = {name for text in texts for name in _hidden_in(text)}
    found: dict[str, str] = {}
    for part in release.of(Kind.ANSWER):
        missing = [name for name in part.functions if not written_at.get(name)]
        said = any(_says_else(one.cell.source, part) for one in seen if one.part is part)
        found |= {name: part.name for name in missing if name in hidden or said}
    return found


def _hidden_in(text: str) -> set[str]:
    """Names that a text defines, but for functions that it leaves unwritten."""
    unwritten = set[str]().union(*(one.stubs for one in statements(text)))
    return set(DEFINED.findall(text)) - unwritten


def _says_else(source: str, part: Part) -> bool:
    """Whether an answer's cell has code, and none of its functions is in it, not even unwritten."""
    said = statements(source)
    if any(set(part.functions) & (one.stubs | one.binds) for one in said):
        return False
    return any(not _is_empty(one.text) for one in said)


def _is_empty(text: str) -> bool:
    lines = (line.strip() for line in text.split("\n"))
    return all(not line or line.startswith("#") or line in ("pass", "...") for line in lines)
