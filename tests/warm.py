"""Processes that start warm: forks of one that has imported what each would, where that takes longer than what they do.

Run as a program it imports modules, and then forks for each message that comes by its socket: the fork does what
`python -m MODULE ARGUMENTS` does in a folder, with an environment and with what is sent along for its first descriptors.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MOST = 2**20  # bytes of a message: a process's environment


class Warm:
    """The program below, used like the module `subprocess`: as far as those that use it need."""

    PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL

    def __init__(self, *modules: str, env: Mapping[str, str] = os.environ) -> None:
        """Start it with these modules; it imports them before it answers for the first time."""
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno()), *modules],
                cwd=ROOT,
                env={**env, "PYTHONPATH": str(ROOT)},
                pass_fds=[theirs.fileno()],
            )

    def Popen(
        self,
        command: Sequence[str],
        *,
        cwd: str | Path,
        env: Mapping[str, str],
        stdin: Any = subprocess.DEVNULL,
        stdout: Any,
        stderr: Any,
        text: bool = True,
        encoding: str = "utf-8",
    ) -> "Forked":
        """Fork a process that does what this command would."""
        assert list(command[:2]) == [sys.executable, "-m"] and text
        asked = json.dumps({"words": command[2:], "cwd": str(cwd), "env": dict(env)}).encode()
        with contextlib.ExitStack() as end:
            ours, theirs = zip(
                *(_stream(one, number, end) for number, one in enumerate((stdin, stdout, stderr))),
                strict=True,
            )
            with self._lock:
                socket.send_fds(self._line, [asked], theirs)
                pid, (handle,), _, _ = socket.recv_fds(self._line, MOST, 1)
        opened = [
            None if one is None else os.fdopen(one, "rw"[not number], encoding=encoding)
            for number, one in enumerate(ours)
        ]
        return Forked(int(pid), handle, *opened[:2])

    def close(self) -> None:
        """End it; what it has forked goes on."""
        self._line.close()
        self._process.wait()


def _stream(how: Any, number: int, end: contextlib.ExitStack) -> tuple[int | None, int]:
    """Our end of one of a process's first descriptors, where it has one, and its own, which is closed at the end."""
    if how == subprocess.PIPE:
        ends = os.pipe()
        ours, theirs = ends[::-1] if number == 0 else ends
    elif how == subprocess.DEVNULL:
        ours, theirs = None, os.open(os.devnull, os.O_RDWR)
    else:
        return None, how.fileno()
    end.callback(os.close, theirs)
    return ours, theirs


class Forked:
    """A process that is our child's child; a descriptor tells us when it has ended, and is of no other process."""

    def __init__(self, pid: int, handle: int, stdin: Any, stdout: Any) -> None:
        self.pid, self._handle, self.stdin, self.stdout = pid, handle, stdin, stdout

    def __del__(self) -> None:
        os.close(self._handle)

    def poll(self) -> int | None:
        """0 when it has ended, however it did."""
        return 0 if select.select([self._handle], [], [], 0)[0] else None

    def wait(self) -> int:
        select.select([self._handle], [], [])
        return 0

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)


def _reap(*_: object) -> None:
    """Wait for those that have ended, so that their processor time counts as ours."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(streams: Sequence[int], words: Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
    """Be the process, which ends as this one would have, where this returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for number, one in enumerate(streams):
        os.dup2(one, number)
        os.close(one)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0] = cwd
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def serve(line: socket.socket, modules: Sequence[str]) -> None:
    """Fork for each message."""
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        content, streams, _, _ = socket.recv_fds(line, MOST, 3)
        if not content:
            return
        signal.pthread_sigmask(
            signal.SIG_BLOCK, {signal.SIGCHLD}
        )  # its number is its own until it was waited for
        if (pid := os.fork()) == 0:
            line.close()
            return _become(streams, **json.loads(content))
        handle = os.pidfd_open(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        socket.send_fds(line, [str(pid).encode()], [handle])
        for one in (*streams, handle):
            os.close(one)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
