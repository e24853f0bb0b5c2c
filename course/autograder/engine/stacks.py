"""Where a student's process is, asked from outside: which of its functions it is in, and at which line.

The process writes its stack itself, by `faulthandler`, when it gets a signal: that works in an endless loop, in a
sleep and in code written in C. It is hostile, so what it writes serves messages and its own time alone.
"""

import faulthandler
import os
import re
import signal
import time
from dataclasses import dataclass

ASK = signal.SIGUSR1
SAMPLES = 5
PAUSE, PATIENCE = 0.004, 50  # seconds, and how many of them a stack is waited for
MOST = 64 * 1024  # bytes of one stack
_FRAME = re.compile(
    rb'^  File "<ipython-input-(\d{1,6})-[0-9a-f]+>", line (\d{1,7}) in ([!-~]{1,80})$', re.MULTILINE
)


@dataclass(frozen=True)
class Frame:
    """A line of the student's own code.

    Attributes:
        cell: the count of the cell that it stands in, as the notebook shows it.
        line: its number there.
        function: the function's name.
    """

    cell: int
    line: int
    function: str


def answer_to_signals(descriptor: int) -> None:
    """In the student's process: write the stack to this file at each signal, whatever the process is doing."""
    faulthandler.register(ASK, descriptor, all_threads=False)


def frames(text: bytes) -> tuple[Frame, ...]:
    """The frames of the student's own code in one stack, the innermost first."""
    found = (match.groups() for match in _FRAME.finditer(text[:MOST]))
    return tuple(Frame(int(cell), int(line), name.decode("ascii", "replace")) for cell, line, name in found)


def stack_of(pid: int, file: int) -> tuple[Frame, ...]:
    """The student's own frames of a process at this moment, the innermost first; empty when it does not answer.

    Args:
        pid: of the process.
        file: descriptor of the file that it writes to.
    """
    start = size = os.fstat(file).st_size
    try:
        os.kill(pid, ASK)
    except OSError:  # it is gone, and its end is told elsewhere
        return ()
    for _ in range(PATIENCE):
        time.sleep(PAUSE)
        before, size = size, os.fstat(file).st_size
        if size == before > start:
            break
    return frames(os.pread(file, MOST, start))


def stuck_in(stacks: list[tuple[Frame, ...]]) -> Frame | None:
    """The innermost frame whose function is in every stack: the one that does not come back."""
    answered = [stack for stack in stacks if stack]
    if not answered:
        return None
    everywhere = set.intersection(*({frame.function for frame in stack} for stack in answered))
    return next((frame for frame in answered[-1] if frame.function in everywhere), None)
