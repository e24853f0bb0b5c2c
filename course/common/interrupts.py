"""Ctrl-C at a moment of our choosing."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def finishing_first() -> Iterator[None]:
    """Answer Ctrl-C at the end of this block, so that what is begun in it is done, and said, once and whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # someone else answers it, or nobody is to
        yield
        return
    asked: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
