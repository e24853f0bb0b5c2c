"""Progress that reads well in a running notebook and on the page made of it: one line, written over."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from IPython.display import Markdown, display

T = TypeVar("T")


def shown(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items; a line says how many are done.

    rich's bar leaves an empty widget behind on a static page, so that lessons use this one.
    """
    line = display(Markdown(""), display_id=True)
    for done, item in enumerate(items):
        line.update(Markdown(f"*{what}: {done} of {len(items)} done*"))
        yield item
    line.update(Markdown(f"*{what}: {len(items)} done*"))
