"""The engine's hold on the zygote process and on the one submission that it has forked."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course.autograder.engine import prefork
from course.autograder.engine.channel import Channel, Closed, OutOfTime
from course.autograder.engine.launch import ROOT, STATUS, start_python
from course.autograder.engine.prefork import ForeignProcess
from course.autograder.engine.wire import WireError
from course.autograder.sandbox import confinement
from course.autograder.sandbox.limits import Limits

TICK = 0.05
START_SECONDS = 120.0
_START = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); from course.autograder.engine.zygote import serve; "
    "from course.autograder.sandbox.limits import Limits; "
    "serve(int(sys.argv[2]), sys.argv[3], sys.argv[4] == 'isolated', Limits(**json.loads(sys.argv[5])))"
)


class NoIsolation(RuntimeError):
    """This machine cannot lock a submission in."""


class ZygoteGone(RuntimeError):
    """The zygote process died; a new one is needed."""


class Lost(Exception):
    """The submission's process was stopped, or is gone; the message is a plain reason."""


def empty(folder: Path) -> None:
    """Remove all that is in a folder, however deep and whatever its modes, following no link.

    What lies deeper is moved to the top before its folder goes, so that no path ever grows too long.
    """
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)  # noqa: PTH108 (the name may be no text)
                continue
            os.chmod(entry.path, 0o700)  # noqa: PTH101
            for child in list(os.scandir(entry.path)):
                if child.is_dir(follow_symlinks=False):
                    os.chmod(child.path, 0o700)  # noqa: PTH101
                os.rename(child.path, folder / f"moved-{secrets.token_hex(8)}")  # noqa: PTH104
            os.rmdir(entry.path)  # noqa: PTH106


def too_much(folder: Path, limits: Limits) -> str:
    """Why the files in a folder are more than a submission may write; '' when they are not."""
    count = size = 0
    folders = [folder]
    try:
        while folders:
            for entry in os.scandir(folders.pop()):
                count += 1
                size += entry.stat(follow_symlinks=False).st_size
                if count > limits.scratch_files:
                    return f"more than {limits.scratch_files} files were written"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
    except FileNotFoundError:
        return ""  # it changed while we looked; the next look will tell
    except OSError:
        return "its files cannot be counted"
    return f"more than {limits.scratch_bytes // 2**20} MB were written" if size > limits.scratch_bytes else ""


def ending(status: int) -> str:
    """A process's end in words."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"the process ended itself (exit code {code})"
    try:
        return f"the process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the process was ended by signal {-code}"


class Zygote:
    """A running zygote process; forks one submission at a time."""

    def __init__(self, limits: Limits, isolated: bool) -> None:
        """Have it started; `await_start` says when it is. Raises NoIsolation where that cannot be had."""
        if isolated and (lacks := confinement.missing()):
            raise NoIsolation("submissions cannot be locked in on this machine: " + "; ".join(lacks))
        self.limits, self.isolated = limits, isolated
        self.private = tempfile.mkdtemp(prefix="course-grading-")
        self.scratch = Path(self.private) / "scratch"
        self.scratch.mkdir()
        (Path(self.private) / "outside").write_text("not for submissions")
        self.control, far = socket.socketpair()
        self.process: Any = None
        if prefork.shared is None or not prefork.shared.order(far, self.private, isolated, limits):
            how = [self.private, "isolated" if isolated else "open", json.dumps(asdict(limits))]
            self.process = start_python(_START, [str(ROOT), str(far.fileno()), *how], self.private, far)
        far.close()

    def await_start(self) -> None:
        """Wait until it is warm. Raises NoIsolation when its lock does not hold."""
        try:
            self._hear()
        except BaseException:
            self.close()
            raise

    def _hear(self) -> None:
        try:
            told = Channel(self.control).receive(time.monotonic() + START_SECONDS)
        except (WireError, OutOfTime) as error:
            raise RuntimeError("the zygote process did not start") from error
        if self.process is None:
            self.process = ForeignProcess(told["pid"])
        if told["open"]:
            raise NoIsolation(
                "the sandbox does not hold on this machine: a locked process " + "; ".join(told["open"])
            )

    def fork(self) -> "Submission":
        """A fresh process for a submission, with an empty scratch folder."""
        empty(self.scratch)
        near, far = socket.socketpair()
        output = tempfile.TemporaryFile(dir=self.private)  # noqa: SIM115 (the submission closes it)
        try:
            socket.send_fds(self.control, [b"F"], [far.fileno(), output.fileno()])
            self._status()
        except OSError as error:
            raise ZygoteGone(str(error)) from error
        finally:
            far.close()
        return Submission(self, Channel(near), output)

    def end(self) -> int:
        """Kill the submission there is; its wait status."""
        try:
            self.control.sendall(b"K")
        except OSError as error:
            raise ZygoteGone(str(error)) from error
        return self._status()

    def _status(self) -> int:
        try:
            received = self.control.recv(STATUS.size, socket.MSG_WAITALL)
        except OSError:
            received = b""
        if len(received) < STATUS.size:
            raise ZygoteGone("the zygote process is gone")
        return STATUS.unpack(received)[0]

    def close(self) -> None:
        """End the zygote and all it has forked; remove its folder."""
        self.control.close()
        try:
            if self.process is not None:
                self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(OSError):
            empty(Path(self.private))
            Path(self.private).rmdir()


class Submission:
    """One forked process: talk to it under a deadline; every way it can go wrong is a `Lost`."""

    def __init__(self, zygote: Zygote, channel: Channel, output: Any) -> None:
        """Hold on to a fork that was just made."""
        self.zygote, self.channel, self.output = zygote, channel, output
        self.read = 0
        self.ended = False

    def send(self, value: Any, deadline: float) -> None:
        """Send one message."""
        try:
            self.channel.send(value, deadline)
        except OutOfTime:
            raise self._lost("it ran out of time") from None
        except Closed:
            raise self._lost() from None

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next message, a dict. Watches the scratch folder while it waits."""
        while True:
            now = time.monotonic()
            if self.channel.ready(min(deadline, now + TICK)):
                break
            if now >= deadline:
                raise self._lost("it ran out of time")
            if reason := too_much(self.zygote.scratch, self.zygote.limits):
                raise self._lost(reason)
        try:
            message = self.channel.receive(deadline)
        except OutOfTime:
            raise self._lost("it ran out of time") from None
        except Closed:
            raise self._lost() from None
        except WireError as error:
            raise self._lost(f"what it sent is no message: {error}") from None
        if not isinstance(message, dict):
            raise self._lost("what it sent is no message")
        return message

    def written(self, most: int) -> str:
        """What was written past Python to the process's stdout and stderr since the last call."""
        data = os.pread(self.output.fileno(), most, self.read)
        self.read = max(self.read + len(data), os.fstat(self.output.fileno()).st_size)
        return data.decode("utf-8", "replace")

    def _lost(self, reason: str = "") -> Lost:
        return Lost(reason or ending(self.end()))

    def end(self) -> int:
        """Kill the process and all it started; its wait status."""
        if self.ended:
            return 0
        self.ended = True
        self.channel.close()
        return self.zygote.end()

    def close(self) -> None:
        """End the process and forget what it wrote."""
        self.end()
        self.output.close()
        empty(self.zygote.scratch)
