"""How a lesson says a number: a code cell computes it and writes the sentence around it.

The rule that keeps prose honest, and its test, stand in `docs/lessons.md`.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from IPython.display import Markdown, display

Thing = TypeVar("Thing")


def say(text: str) -> None:
    """Show a sentence as Markdown; write it as an f-string, so that its numbers are the cell's own."""
    display(Markdown(text))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show rows as a Markdown table. Floats get four significant digits."""

    def cell(value: object) -> str:
        text = f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
        # A value and its spread stay on one line.
        return text.replace("|", "\\|").replace(" ± ", "\u00a0±\u00a0")

    lines = [" | ".join(header), " | ".join("---" for _ in header)]
    lines += [" | ".join(cell(v) for v in row) for row in rows]
    say("\n".join(f"| {line} |" for line in lines))


def progress(things: Sequence[Thing], what: str) -> Iterator[Thing]:
    """Go through things and keep one line up to date: how many are done, and in the end how long it took."""
    start, line = time.perf_counter(), display(Markdown(f"*{what}*"), display_id=True)
    for done, thing in enumerate(things, 1):
        yield thing
        line.update(Markdown(f"*{what}: {done} of {len(things)}, {time.perf_counter() - start:.1f} s*"))
