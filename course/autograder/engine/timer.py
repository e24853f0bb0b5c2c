"""The time that a student's process takes, and when it is too much.

What counts is time on processors, of all its threads, as the kernel counts it: beside other work a right answer
takes as much of it as on a machine of its own. Who sleeps or waits takes none, so there is a limit by the clock
too, several times as long. Both are read from outside the process.
"""

import contextlib
import time
from dataclasses import dataclass

from course.autograder.engine.ends import TookTooLong
from course.autograder.sandbox.limits import Limits


@dataclass(frozen=True)
class Taken:
    """Seconds that were taken.

    Attributes:
        processor: on processors, summed over threads.
        clock: by the clock, while it was the process's turn.
    """

    processor: float = 0.0
    clock: float = 0.0

    def __add__(self, other: "Taken") -> "Taken":
        """Both together."""
        return Taken(self.processor + other.processor, self.clock + other.clock)

    def __sub__(self, other: "Taken") -> "Taken":
        """What came after the other."""
        return Taken(self.processor - other.processor, self.clock - other.clock)


class Timer:
    """Counts for one process, from its start, and is the guard of all waiting for it."""

    def __init__(self, pid: int, limits: Limits, before: Taken | None = None) -> None:
        """Begin to count.

        Args:
            pid: of the process, which nobody may have waited for before the timer's last use.
            limits: of which the times count here.
            before: what earlier processes of the same notebook took.
        """
        self.limits = limits
        self._kernels_clock = _clock_of(pid)
        self._before = before or Taken()
        self._processor = 0.0
        self._clock = 0.0
        self._since: float | None = None
        self._cell = self._turn = Taken()
        self._seconds = limits.cell_seconds

    def open_cell(self, seconds: float) -> None:
        """Another cell begins, which may take so many seconds of processor time."""
        self._cell = self.taken()
        self._seconds = seconds

    def turn(self, *, of_process: bool) -> None:
        """It is the process's turn from now on, or the judge's, whose time is not counted."""
        now = time.monotonic()
        if self._since is not None:
            self._clock += now - self._since
        self._since = now if of_process else None
        if of_process:
            self._turn = self.taken()

    def alone_for(self, seconds: float) -> bool:
        """Whether the process has been at it for so long since it was last heard, by either count."""
        taken = self.taken() - self._turn
        return taken.processor >= seconds or taken.clock >= seconds * self.limits.clock_factor

    def taken(self) -> Taken:
        """By the process up to now."""
        clock = self._clock + (0.0 if self._since is None else time.monotonic() - self._since)
        if self._kernels_clock is None:
            return Taken(clock, clock)
        with contextlib.suppress(OSError):  # once it is gone, the last count stands
            self._processor = time.clock_gettime(self._kernels_clock)
        return Taken(self._processor, clock)

    def in_all(self) -> Taken:
        """By all processes of the notebook up to now."""
        return self._before + self.taken()

    def __call__(self, in_vain: bool = False) -> float:
        """Seconds that it may be waited for before the next look. Raises TookTooLong."""
        taken = self.taken()
        limits = self.limits
        cell = _left(taken - self._cell, self._seconds, limits.clock_factor, "cell")
        return min(cell, _left(self._before + taken, limits.total_seconds, limits.clock_factor, "notebook"))


def _clock_of(pid: int) -> int | None:
    """The kernel's count of a process's time on processors, for `time.clock_gettime`; None where it keeps none."""
    clock = (~pid << 3) | 2  # as clock_getcpuclockid(3) makes it; 2 is for the scheduler's own count
    try:
        time.clock_gettime(clock)
    except OSError:
        return None
    return clock


def _left(taken: Taken, seconds: float, factor: float, what: str) -> float:
    if taken.processor >= seconds:
        raise TookTooLong(
            f"it used up its processor time: it took {taken.processor:.1f} s, and a {what} may take {seconds:.3g} s"
        )
    if taken.clock >= seconds * factor:
        raise TookTooLong(
            f"it used up its time by the clock: it was not done after {taken.clock:.1f} s, {taken.processor:.1f} s of "
            f"them at work, and a {what} may take {seconds * factor:.4g} s"
        )
    return max(0.001, min(seconds - taken.processor, seconds * factor - taken.clock))
