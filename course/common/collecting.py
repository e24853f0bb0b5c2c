"""Python's search for objects that are no longer needed, kept off what a program imports once and keeps to its end."""

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def made_to_stay(*, unless: str = "") -> Iterator[None]:
    """Import meanwhile: nothing is searched for while the block runs, and what it made is never looked through again.

    A search through all that a framework brings takes longer than marking a submission. And it writes into every page
    that it looks at: processes that are forked afterwards would each get a copy of it.

    Args:
        unless: a module by whose presence one knows that all of it has been imported before; then nothing is done.
    """
    if unless in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
