"""Rehearsals of notebooks: forks of one process that has imported what a rehearsal does, which takes longer than most cells.

Run as a program it forks a rehearsal for each message that comes by the socket that it is given, with the two ends of
pipes that the rehearsal reads from and writes to; it ends and reaps those that it is told to.
"""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

REHEARSAL = "course.autograder.at_home.rehearsal"
ROOT = Path(__file__).parents[2]
MOST = 2**20  # bytes of a message: a process's environment


class WarmRehearsals:
    """The program below, and of the module `subprocess` what preflight uses: its rehearsals are forks."""

    PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL

    def __init__(self) -> None:
        """Start it; it warms up before it answers for the first time."""
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.at_home.warm_rehearsals", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "MPLBACKEND": "agg"},
                pass_fds=[theirs.fileno()],
            )

    def Popen(self, command: list[str], **how: Any) -> "Rehearsal":
        """A rehearsal, of which preflight asks what it asks of one that Python has started."""
        assert command == [sys.executable, "-m", REHEARSAL]
        assert how.pop("stdin") == how.pop("stdout") == self.PIPE and how.pop("stderr") == self.DEVNULL
        assert how.pop("text") and how.pop("encoding") == "utf-8"
        return Rehearsal(self.line, **how)

    def close(self) -> None:
        """End it."""
        self.line.close()
        self.process.wait()


class Rehearsal:
    """A forked rehearsal."""

    def __init__(self, line: socket.socket, *, cwd: str, env: dict[str, str]) -> None:
        self._line = line
        reads, ours_to_write = os.pipe()
        ours_to_read, writes = os.pipe()
        self.stdin = os.fdopen(ours_to_write, "w", encoding="utf-8")
        self.stdout = os.fdopen(ours_to_read, encoding="utf-8")
        socket.send_fds(line, [json.dumps({"cwd": cwd, "env": env}).encode()], [reads, writes])
        os.close(reads)
        os.close(writes)
        self._pid = int(line.recv(MOST))

    def kill(self) -> None:
        """End it, whether it has ended or not, and have it reaped."""
        self._line.send(json.dumps({"end": self._pid}).encode())
        assert int(self._line.recv(MOST)) == self._pid

    def wait(self) -> None:
        """It was waited for."""


def be_a_rehearsal(ends: list[int], cwd: str, env: dict[str, str]) -> None:
    """Do what `python -m course.autograder.at_home.rehearsal` does; does not return."""
    failed = 1
    try:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        sys.path[0] = cwd
        for number, end in enumerate([*ends, os.open(os.devnull, os.O_WRONLY)]):
            os.dup2(end, number)
        for end in ends:  # what it writes to ends where it does
            os.close(end)
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        importlib.import_module(REHEARSAL).main()
        failed = 0
    finally:
        os._exit(failed)


def serve(line: socket.socket) -> None:
    """Fork a rehearsal for each message with pipes; end one for each other message."""
    for name in (
        REHEARSAL,
        "course.autograder.at_home.checking",
        "course.autograder.at_home.lone_shell",
        "course.autograder.judging.verdict",
        "matplotlib.pyplot",
        "matplotlib_inline.backend_inline",
    ):
        importlib.import_module(name)
    importlib.import_module("course.autograder.checks").list_checks()

    while True:
        content, ends, _, _ = socket.recv_fds(line, MOST, 2)
        if not content:
            return
        asked = json.loads(content)
        if "end" in asked:
            os.kill(asked["end"], signal.SIGKILL)  # it is not reaped yet, so nobody else has its number
            os.waitpid(asked["end"], 0)
            line.send(str(asked["end"]).encode())
            continue
        if (pid := os.fork()) == 0:
            line.close()
            be_a_rehearsal(ends, **asked)
        for end in ends:
            os.close(end)
        line.send(str(pid).encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
