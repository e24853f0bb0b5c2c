"""Given cells: the released text is put back, and what a student added to it runs before or after it, as they had it.

Of a cell that grading leaves out, the released text alone is left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from course.autograder.intake.code import Statement, statements
from course.autograder.intake.released import Kind, Part, text_of

ALIKE = 0.6  # the share of its words that a statement must have from a released one to count as that, changed


@dataclass(frozen=True)
class Added:
    """What a student made of a given cell.

    Attributes:
        before, after: what they added above the released text and below it; '' for nothing.
        changed: whether some of the released text was gone or other than released.
    """

    before: str = ""
    after: str = ""
    changed: bool = False

    @property
    def something(self) -> bool:
        """Whether anything was added."""
        return bool(self.before or self.after)


def added_to(source: str, part: Part) -> Added:
    """Tell a student's text in a given cell apart from the released text.

    Args:
        source: of the cell, as it was handed in.
        part: the released cell: given, a check, or one that is left out.
    """
    ours, theirs = text_of(part.cell.source), text_of(source)
    if ours == theirs:
        return Added()
    above, found, below = theirs.partition(ours)
    if found and above[-1:] in ("", "\n") and below[:1] in ("", "\n"):
        return _added(statements(above), statements(below), part, False)
    released = statements(ours)
    said = statements(theirs)
    if not all(one.parsed for one in said):
        return Added(changed=True)  # damaged: none of it ran for the student either
    keys = {one.key for one in released}
    changed = not keys <= {one.key for one in said}
    if not changed and len(said) == len(released):
        return Added()  # only laid out otherwise
    places = [place for place, one in enumerate(said) if one.key in keys]
    first = places[0] if places else 0
    return _added(
        [one for one in said[:first] if one.key not in keys],
        [one for one in said[first:] if one.key not in keys],
        part,
        changed,
    )


def _added(above: Sequence[Statement], below: Sequence[Statement], part: Part, changed: bool) -> Added:
    skipped = _only_there(part) if part.kind is Kind.TAGGED else frozenset()
    kept: list[str] = []
    for some in (above, below):
        texts = []
        for one in some:
            if not _runs(one, part, skipped):
                continue
            texts.append(one.text)
            skipped -= one.binds
        kept.append("\n".join(texts).strip("\n"))
    return Added(kept[0], kept[1], changed)


def _only_there(part: Part) -> frozenset[str]:
    return frozenset(name for one in statements(part.cell.source) for name in one.binds)


def _runs(statement: Statement, part: Part, skipped: frozenset[str]) -> bool:
    """Whether an added statement is to run: not what calls a check, is damaged, or needs what is left out."""
    if statement.checks or not statement.text.strip() or statement.key.startswith("Expr(value=Constant("):
        return False
    if not statement.parsed and not statement.binds:
        return False
    if statement.text.lstrip().startswith("%%") or not _says_something(statement.text):
        return False
    if part.kind is not Kind.TAGGED:
        return True
    if statement.uses & skipped:
        return False
    return statement.defining or not _alike(statement, part)


def _says_something(text: str) -> bool:
    return any(line.strip() and not line.strip().startswith("#") for line in text.split("\n"))


def _alike(statement: Statement, part: Part) -> bool:
    """Whether a statement is a changed one of the release's: more seeds in a figure, say."""
    ours = set(re.findall(r"\w+", statement.text))
    for one in statements(part.cell.source):
        theirs = set(re.findall(r"\w+", one.text))
        if len(ours & theirs) >= ALIKE * len(ours | theirs):
            return True
    return False
