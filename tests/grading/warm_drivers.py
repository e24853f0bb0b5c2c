"""Drivers to kill: forks of one process that has everything imported, so that a kill lands in the grading itself.

Run as a program it forks a driver for each line it reads, the arguments of `python -m course` in JSON, in a session
of its own; it answers with the process id at once, and with the wait status when the driver has ended. The drivers
share the fork server and the prefork server that workers come from, as drivers that follow each other in one process do.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

from tests.waiting import LONG_STOP

ROOT = Path(__file__).parents[2]


class WarmDrivers:
    """The program below, seen from a test."""

    def __init__(self) -> None:
        """Start it; it warms up in its first run."""
        command = [sys.executable, "-m", "tests.grading.warm_drivers"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def run(self, *arguments: str, kill_after: float = LONG_STOP) -> int | None:
        """Run one command; its wait status, or None when it was killed after so many seconds."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(arguments).encode() + b"\n")
        pid = int(self.process.stdout.readline())
        ended, _, _ = select.select([self.process.stdout], [], [], kill_after)
        if not ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        return status if ended else None

    def seconds_of(self, *arguments: str) -> float:
        """How long a run takes here and now that nobody kills."""
        begun = time.monotonic()
        assert self.run(*arguments) == 0
        return time.monotonic() - begun

    def close(self) -> None:
        """End it, and with it the servers that it has started."""
        self.process.communicate(timeout=LONG_STOP)


def drive(arguments: list[str]) -> None:
    """Be the driver; does not return."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    # The fork server is our parent's child, whom alone the system would tell that it runs.
    forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None
    from course.__main__ import main

    main(arguments)


def serve() -> None:
    """Fork a driver for each line."""
    from course.autograder.cli import commands  # noqa: F401
    from course.autograder.grading import driver, workers  # noqa: F401

    workers.start_ahead()
    for line in sys.stdin.buffer:
        if (pid := os.fork()) == 0:
            drive(json.loads(line))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    serve()
