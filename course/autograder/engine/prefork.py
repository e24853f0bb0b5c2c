"""Zygotes by a fork of one that is warm already: workers that start together pay for its imports once.

The process that workers are forked from starts it, and goes on to import Paddle while it warms up. It holds what
a zygote holds: nothing worth stealing. It ends when the last process that could ask it has ended.
"""

import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from dataclasses import asdict

from course.autograder.engine.launch import ROOT, environment, start_python
from course.autograder.sandbox.limits import Limits

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from course.autograder.engine.zygote import serve_zygotes; "
    "serve_zygotes(int(sys.argv[2]), sys.argv[3])"
)


class ForeignProcess:
    """A process that is not our child, with what is needed of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        """Take hold of it; it must be alive."""
        self.pid = pid
        self._hold = os.pidfd_open(pid)

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        ended = select.poll()
        ended.register(self._hold, select.POLLIN)
        if not ended.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)

    def kill(self) -> None:
        """End it."""
        signal.pidfd_send_signal(self._hold, signal.SIGKILL)

    def __del__(self) -> None:
        """Let go."""
        os.close(self._hold)


class Prefork:
    """The running process; workers that are forked while it is there share it."""

    def __init__(self) -> None:
        """Have it started; the first order waits until it is warm."""
        private = tempfile.mkdtemp(prefix="course-grading-")
        self._control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = start_python(_START, [str(ROOT), str(far.fileno()), private], private, far)
        far.close()

    def order(self, control: socket.socket, private: str, isolated: bool, limits: Limits) -> bool:
        """Ask for a zygote that serves an engine through `control`; False when that process is gone."""
        asked = {
            "private": private, "isolated": isolated, "limits": asdict(limits), "environment": environment(private),
        }  # fmt: skip
        try:
            socket.send_fds(self._control, [json.dumps(asked).encode()], [control.fileno()])
        except OSError:
            return False
        return True


shared: Prefork | None = None


def open_one() -> None:
    """Let this process and all that will be forked from it share a prefork, where the system has what it needs."""
    global shared
    if shared is None and hasattr(os, "pidfd_open"):
        shared = Prefork()
