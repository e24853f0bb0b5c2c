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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MOST = 2**20  # bytes of a message: a process's environment
# Of all tests: what is waited for there counts as the tests' processor time.
AT_THE_END = contextlib.ExitStack()


class Warm:
    """The program below, used like the module `subprocess`: as far as those that use it need."""

    PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT

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
        cwd: str | Path = ROOT,
        env: Mapping[str, str] = os.environ,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any,
        stderr: Any,
        start_new_session: bool = False,
        text: bool = True,
        encoding: str = "utf-8",
    ) -> "Forked":
        """Fork a process that does what this command would."""
        assert list(command[:2]) == [sys.executable, "-m"] and text
        how = {"words": command[2:], "cwd": str(cwd), "env": dict(env), "alone": start_new_session}
        asked = json.dumps(how).encode()
        with contextlib.ExitStack() as end:
            ours_to_write, reads = _stream(stdin, "w", encoding, end)
            ours_to_read, writes = _stream(stdout, "r", encoding, end)
            errors = writes if stderr == self.STDOUT else _stream(stderr, "r", encoding, end)[1]
            with self._lock:
                socket.send_fds(self._line, [asked], [reads, writes, errors])
                pid, (handle,), _, _ = socket.recv_fds(self._line, MOST, 1)
        return Forked(int(pid), handle, self._status, ours_to_write, ours_to_read)

    def _status(self, pid: int) -> int:
        """How one that has ended did."""
        with self._lock:
            self._line.send(json.dumps({"ended": pid}).encode())
            return os.waitstatus_to_exitcode(int(self._line.recv(MOST)))

    @property
    def pid(self) -> int:
        """The number of the process that all others are forked from."""
        return self._process.pid

    def close(self) -> None:
        """End it; what it has forked goes on."""
        self._line.close()
        self._process.wait()


def _stream(how: Any, mode: str, encoding: str, end: contextlib.ExitStack) -> tuple[Any, int]:
    """What we open of one of a process's first descriptors, if anything, and its own, which is closed at the end."""
    if how == subprocess.PIPE:
        reads, writes = os.pipe()
        ours, theirs = (writes, reads) if mode == "w" else (reads, writes)
        end.callback(os.close, theirs)
        return os.fdopen(ours, mode, encoding=encoding), theirs
    if how == subprocess.DEVNULL:
        theirs = os.open(os.devnull, os.O_RDWR)
        end.callback(os.close, theirs)
        return None, theirs
    return None, how.fileno()


class Forked:
    """A process that is our child's child; a descriptor tells us when it has ended, and is of no other process."""

    returncode: int | None = None
    stderr = None

    def __init__(self, pid: int, handle: int, status: Callable[[int], int], stdin: Any, stdout: Any) -> None:
        self.pid, self._handle, self._status = pid, handle, status
        self.stdin, self.stdout = stdin, stdout

    def __del__(self) -> None:
        os.close(self._handle)

    def poll(self) -> int | None:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Its exit code, or a signal's number below zero; None while it runs."""
        if self.returncode is None and select.select([self._handle], [], [], timeout)[0]:
            self.returncode = self._status(self.pid)
        return self.returncode

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)


def _become(
    settled: Mapping[str, str],
    streams: Sequence[int],
    words: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    alone: bool,
) -> None:
    """Be the process, which ends as this one would have, where this returns.

    What imports have set in the environment is settled: they are done, and MKL reads there later how it is to multiply.
    """
    if alone:
        os.setsid()
    for number, one in enumerate(streams):
        os.dup2(one, number)
        os.close(one)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update({**settled, **env})
    sys.path[0] = cwd
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def serve(line: socket.socket, modules: Sequence[str]) -> None:
    """Fork for each message with streams; wait for one that has ended for each other message."""
    before = dict(os.environ)
    for name in modules:
        importlib.import_module(name)
    settled = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.collect()
    gc.freeze()
    while True:
        content, streams, _, _ = socket.recv_fds(line, MOST, 3)
        if not content:
            return
        asked = json.loads(content)
        if "ended" in asked:  # until then its number is its own
            line.send(str(os.waitpid(asked["ended"], 0)[1]).encode())
            continue
        if (pid := os.fork()) == 0:
            line.close()
            return _become(settled, streams, **asked)
        handle = os.pidfd_open(pid)
        socket.send_fds(line, [str(pid).encode()], [handle])
        for one in (*streams, handle):
            os.close(one)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
