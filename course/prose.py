"""How a lesson says a number: a code cell computes it and writes the sentence around it.

The rule that keeps prose honest, and its test, stand in `docs/lessons.md`.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from IPython.display import Markdown, display


def say(text: str) -> None:
    """Show a sentence as Markdown; write it as an f-string, so that its numbers are the cell's own."""
    display(Markdown(text))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show rows as a Markdown table. Floats get four significant digits."""

    def cell(value: object) -> str:
        text = f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
        return text.replace("|", "\\|")

    lines = [" | ".join(header), " | ".join("---" for _ in header)]
    lines += [" | ".join(cell(v) for v in row) for row in rows]
    say("\n".join(f"| {line} |" for line in lines))
