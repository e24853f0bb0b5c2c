"""Waiting for what must come about, with a stop so far off that only a fault reaches it: a busy machine does not."""

import time
from collections.abc import Callable

LONG_STOP = 900  # seconds


def comes_true(fact: Callable[[], bool], stop: float = LONG_STOP) -> bool:
    """Wait until something is so; False when the long stop, or another one in seconds, came first."""
    until = time.monotonic() + stop
    while not (so := fact()) and time.monotonic() < until:
        time.sleep(0.05)
    return so
