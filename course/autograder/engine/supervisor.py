"""The supervisor: the engine's hold on the zygote, and on the one student's process that the zygote has forked."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course.autograder.engine import memory, prefork, stacks
from course.autograder.engine.channel import Channel, Closed, Guard, OutOfTime, until
from course.autograder.engine.ends import Lost, ZygoteGone, lost
from course.autograder.engine.launch import ROOT, STATUS, start_python
from course.autograder.engine.prefork import ForeignProcess
from course.autograder.engine.scratch import empty, too_much
from course.autograder.engine.stacks import Frame
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


class Zygote:
    """A running zygote; it forks one student's process at a time."""

    def __init__(self, limits: Limits, isolated: bool) -> None:
        """Have it started; `await_start` says when it is. Raises NoIsolation where that cannot be had."""
        if isolated and (lacks := confinement.missing()):
            raise NoIsolation(f"submissions cannot be locked in on this machine: {'; '.join(lacks)}")
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
        """Wait until it is warm. Raises NoIsolation when its lock does not hold, and ZygoteGone when it died before."""
        try:
            self._hear()
        except BaseException:
            self.close()
            raise

    def _hear(self) -> None:
        try:
            told = Channel(self.control).receive(until(time.monotonic() + START_SECONDS))
        except OutOfTime as error:
            raise RuntimeError(f"the zygote process did not start in {START_SECONDS:g} s") from error
        except WireError as error:
            raise ZygoteGone("the zygote process ended before it was warm") from error
        if self.process is None:
            self.process = ForeignProcess(told["pid"])
        if told["open"]:
            raise NoIsolation(
                f"the sandbox does not hold on this machine: a locked process {'; '.join(told['open'])}"
            )

    def fork(self) -> "StudentProcess":
        """A fresh student's process, with an empty scratch folder."""
        try:
            empty(self.scratch)
            files = Files(self.private)
        except FileNotFoundError as error:  # a zygote that ends takes its folder with it
            raise ZygoteGone(str(error)) from error
        near, far = socket.socketpair()
        try:
            socket.send_fds(
                self.control, [b"F"], [far.fileno(), files.output.fileno(), files.stacks.fileno()]
            )
            pid = self._status()
        except OSError as error:
            raise ZygoteGone(str(error)) from error
        finally:
            far.close()
        return StudentProcess(self, pid, Channel(near), files)

    def end(self) -> int:
        """Kill the student's process there is; its wait status."""
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


class Files:
    """What a student's process writes besides its answers: past Python, and its stack when it is asked for it."""

    def __init__(self, folder: str) -> None:
        """Open both, without names."""
        self.output = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (the student's process closes it)
        self.stacks = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def close(self) -> None:
        """Close both."""
        self.output.close()
        self.stacks.close()


class StudentProcess:
    """One forked process: talk to it while its guard lets it run; every way it can go wrong is a `Lost`."""

    def __init__(self, zygote: Zygote, pid: int, channel: Channel, files: Files) -> None:
        """Hold on to a fork that was just made."""
        self.zygote, self.pid, self.channel, self.files = zygote, pid, channel, files
        self.read = self.peak = 0
        self.ended = False
        self.status: int | None = None  # how it ended, where its zygote could tell

    def send(self, value: Any, guard: Guard) -> None:
        """Send one message. Raises Lost, which the guard may have raised."""
        try:
            self.channel.send(value, self._watching(guard))
        except Closed:
            raise self._lost() from None

    def send_frames(self, frames: bytes, guard: Guard) -> None:
        """Send messages that are encoded already. Raises as `send` does."""
        try:
            self.channel.send_frames(frames, self._watching(guard))
        except Closed:
            raise self._lost() from None

    def receive(self, guard: Guard) -> dict[str, Any]:
        """The next message, a dict. Watches the scratch folder while it waits. Raises Lost."""
        try:
            message = self.channel.receive(self._watching(guard))
        except Closed:
            raise self._lost() from None
        except WireError as error:
            raise Lost(f"what it sent is no message: {error}") from None
        if not isinstance(message, dict):
            raise Lost("what it sent is no message")
        return message

    def _watching(self, guard: Guard) -> Guard:
        def look(in_vain: bool) -> float:
            seconds = guard(in_vain)
            if in_vain:
                self.peak = self.held() or self.peak
                if reason := too_much(self.zygote.scratch, self.zygote.limits):
                    raise Lost(reason)
            return min(seconds, TICK)

        return look

    def written(self, most: int) -> str:
        """What was written past Python to the process's stdout and stderr since the last call."""
        output = self.files.output.fileno()
        data = os.pread(output, most, self.read)
        self.read = max(self.read + len(data), os.fstat(output).st_size)
        return data.decode("utf-8", "replace")

    def held(self) -> int | None:
        """The most memory it has held beyond what it started with, in bytes."""
        return memory.held(self.pid, self.zygote.limits.memory)

    def stack(self) -> tuple[Frame, ...]:
        """The lines of the student's own code that it is at now, the innermost first."""
        return stacks.stack_of(self.pid, self.files.stacks.fileno())

    def stuck_in(self) -> Frame | None:
        """The line that it is at in the function that does not come back."""
        return stacks.stuck_in([self.stack() for _ in range(stacks.SAMPLES)])

    def _lost(self) -> Lost:
        cap = self.zygote.limits.memory
        near = f"; {memory.near(self.peak, cap)}" if self.peak > 0.8 * cap else ""
        return lost(self.end(), near)

    def end(self) -> int:
        """Kill the process and all it started; its wait status. Raises ZygoteGone, whenever it is asked."""
        if not self.ended:
            self.ended = True
            self.channel.close()
            self.status = self.zygote.end()
        if self.status is None:
            raise ZygoteGone("the zygote process is gone")
        return self.status

    def close(self) -> None:
        """End the process and forget what it wrote."""
        try:
            self.end()
        finally:
            self.files.close()
            with contextlib.suppress(FileNotFoundError):  # its zygote is gone, and so is the folder
                empty(self.zygote.scratch)
