"""How a lesson says a number: a code cell computes it and writes the sentence around it.

The rule that keeps prose honest, and its test, stand in `docs/lessons.md`.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from IPython.display import Markdown, display

from course.languages.saying import filled, said
from course.languages.saying import listed as listed  # lessons take it from here

Thing = TypeVar("Thing")


def say(text: str) -> None:
    """Show a sentence as Markdown; write it as an f-string, so that its numbers are the cell's own."""
    display(Markdown(text))


def fold(summary: str, text: str) -> None:
    """Show a sentence that stays closed until the reader opens it: an answer to something that was asked before.

    Args:
        summary: what stands there while it is closed, such as 'The answer'.
        text: Markdown; an f-string, as for `say`.
    """
    say(f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show rows as a Markdown table. Floats get four significant digits."""

    def cell(value: object) -> str:
        text = short(value, 4) if isinstance(value, float | np.floating) else said(str(value))
        # A value and its spread stay on one line.
        return text.replace("|", "\\|").replace(" ± ", "\u00a0±\u00a0")

    lines = [" | ".join(map(said, header)), " | ".join("---" for _ in header)]
    lines += [" | ".join(cell(v) for v in row) for row in rows]
    say("\n".join(f"| {line} |" for line in lines))


def short(value: float | np.floating, digits: int = 3) -> str:
    """A number with so many significant digits, and no power of ten below a million: '2,840', not '2.84e+03'."""
    return f"{float(f'{value:.{digits}g}'):,g}"


def range_of(values: np.ndarray, form: str = ".2f") -> str:
    """'smallest to largest', or one number where the two read alike."""
    low, high = f"{values.min():{form}}", f"{values.max():{form}}"
    return low if low == high else filled("{low} to {high}", low=low, high=high)


def verdict(a: np.ndarray, b: np.ndarray) -> str:
    """How the runs of a stand to those of b: what a sentence may claim of a difference.

    Args:
        a, b: one number for each seed, or for each round of a measurement.

    Returns:
        'above' or 'below' where every run of a lies past every run of b, 'overlap' where the ranges meet: then so
        few runs do not tell the two apart.
    """
    if a.min() > b.max():
        return "above"
    return "below" if a.max() < b.min() else "overlap"


def progress(things: Sequence[Thing], what: str) -> Iterator[Thing]:
    """Go through things and keep one line up to date: how many are done, and in the end how long it took."""
    start, line = time.perf_counter(), display(Markdown(f"*{what}*"), display_id=True)
    for done, thing in enumerate(things, 1):
        yield thing
        told = {"done": done, "all": len(things), "seconds": f"{time.perf_counter() - start:.1f}"}
        line.update(Markdown(filled("*{what}: {done} of {all}, {seconds} s*", what=what, **told)))


def word(text: str) -> str:
    """Words that a value holds, to stand in a sentence: in the reader's language, as `table` shows its cells."""
    return said(text)


def code(text: object) -> str:
    """Words that a program said, to stand in a sentence: Markdown must not read `__init__` as bold."""
    words = str(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{pad}{words}{pad}{fence}"
