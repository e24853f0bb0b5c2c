"""The passages of a cell that a reader reads: where they stand in its source, and what is put in their place.

Everything else of a cell is left as it is, character by character: code, formulas that stand alone, diagrams, marks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from course.languages.matching import FIELD

CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
FORMULA = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$(?!\s)[^$]+?(?<!\s)\$", re.DOTALL)
__all__ = ["CODE_SPAN", "FIELD", "FORMULA", "JINJA", "Passage", "has_words", "of_markdown", "without_marks"]
LEAD = re.compile(r"\s*(?:(?:[-*+]|\d+[.)]|#{1,6})\s+)?")  # an indent, a list's mark or a heading's
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
FRAME = re.compile(
    r":{3,}.*|:[\w-]+:.*|(?:\{%[^%]*%\})+(?::[\w-]+:.*)?"
)  # of a block or a template: it has no text
BEGINS = re.compile(r"\s*(?:[-*+]|\d+[.)]|#{1,6})\s")  # a new block without an empty line before it


@dataclass(frozen=True)
class Passage:
    """One passage.

    Attributes:
        start: where it begins in the cell's source, in characters.
        end: the character after its last one.
        text: the passage as a translator sees it.
        kind: what it is, for the translator: "paragraph", "list item", "comment" and so on.
        written: makes what stands in the source of a text; for a Markdown passage, the text itself.
    """

    start: int
    end: int
    text: str
    kind: str
    written: Callable[[str], str] = str


def without_marks(text: str) -> str:
    """The text without its formulas and code spans."""
    return FORMULA.sub(" ", CODE_SPAN.sub(" ", text))


def has_words(text: str) -> bool:
    """Whether a reader of another language misses something: a word outside of formulas and code spans."""
    return bool(re.search(r"[^\W\d_]{2}", without_marks(text)))


def of_markdown(source: str) -> list[Passage]:
    """The passages of a Markdown cell, in their order.

    A passage is a paragraph, a heading, an item of a list, a table or, of a long one, a row. Fences are none, and
    formulas that stand alone.
    """
    found: list[Passage] = []
    start, place, closing = -1, 0, ""
    rows = _rows_of_long_tables(source)

    def end_at(end: int) -> None:
        nonlocal start
        if start >= 0 and (passage := _block(source, start, end)):
            found.append(passage)
        start = -1

    for line in source.splitlines(keepends=True):
        bare = line.strip()
        if closing:
            if bare.endswith(closing):
                closing = ""
        elif bare.startswith(("```", "~~~")):
            end_at(place)
            closing = bare[:3]
        elif bare.startswith("$$") and (bare == "$$" or not bare.endswith("$$")):
            end_at(place)
            closing = "$$"
        elif not bare or FRAME.fullmatch(bare):
            end_at(place)
        else:
            if BEGINS.match(line) or (bare.startswith("|") and place in rows):
                end_at(place)
            if start < 0:
                start = place
        place += len(line)
    end_at(place)
    return found


def _rows_of_long_tables(source: str) -> set[int]:
    """Where rows begin that are passages of their own: a change of one must not make a whole glossary stale."""
    found: set[int] = set()
    for table in re.finditer(r"(?m)(?:^\|.*\n?){12,}", source):
        found.update(table.start() + line.start() for line in re.finditer(r"(?m)^\|", table[0]))
    return found


def _block(source: str, start: int, end: int) -> Passage | None:
    lead = LEAD.match(source, start, end)
    begin = lead.end() if lead else start
    text = source[begin:end].rstrip()
    if not has_words(text):
        return None
    mark = source[start:begin].strip()
    if text.startswith("|"):
        kind = "table" if "\n" in text else "table row"
    elif mark.startswith("#"):
        kind = "heading"
    else:
        kind = "list item" if mark else "paragraph"
    return Passage(begin, begin + len(text), text, kind)
