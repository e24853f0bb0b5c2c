"""Says what is running where a check takes long: an endless loop is silent by itself."""

import linecache
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from course.autograder.checks.language.own_code import is_own
from course.languages.saying import joined

SECONDS = 8.0
HOW = "If it should be done by now, stop it: the square button above the notebook (■), or Kernel, Interrupt."


class Running:
    """What a check is doing at this moment."""

    def __init__(self) -> None:
        """Nothing is running yet."""
        self.functions = ""
        self.case = ""
        self.since = time.monotonic()

    def at(self, functions: tuple[str, ...], case: str) -> None:
        """These functions are asked on a case from now on."""
        self.functions, self.case, self.since = " and ".join(functions), case, time.monotonic()

    def told(self, verb: str) -> str:
        """In words: 'conv_forward_naive ran for 12 s on the case “two strides”'."""
        if not self.functions:
            return "the check was getting ready"
        seconds = time.monotonic() - self.since
        return f"{self.functions} {verb} for {seconds:.0f} s on the case “{self.case}”"


@contextmanager
def patient(running: Running, seconds: float = SECONDS) -> Iterator[None]:
    """Say once, after so many seconds, what is running in this thread."""
    thread = threading.get_ident()
    timer = threading.Timer(seconds, _say, (running, thread))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say(running: Running, thread: int) -> None:
    told = f"{running.told('has been running')}{_line(sys._current_frames().get(thread))}."
    print(joined((told, HOW)), flush=True)


def _line(frame: FrameType | None) -> str:
    """The line of the student's own code that is running."""
    while frame is not None and not is_own(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return ""
    source = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return f" (in {frame.f_code.co_name}, line {frame.f_lineno}{': ' + source[:200] if source else ''})"
