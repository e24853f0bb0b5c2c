"""A submission's process: a fork that locks itself in and runs cells, and the student's end of a check."""

import contextlib
import fcntl
import os
import random
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from course.autograder import student
from course.autograder.checks.language.plain import Problem
from course.autograder.checks.language.protocol import Reply, perform
from course.autograder.engine.channel import SMALL, Channel, Closed
from course.autograder.engine.importing import Importer
from course.autograder.engine.launch import ENVIRONMENT
from course.autograder.engine.recorder import Recorder, Stream
from course.autograder.engine.shell import Shell
from course.autograder.engine.stacks import answer_to_signals
from course.autograder.engine.standing_in import standing_in
from course.autograder.engine.wire import IN_COMMON, WireError, encode
from course.autograder.sandbox import confinement
from course.autograder.sandbox.limits import Limits

SOON = 0.002  # seconds that a reply may wait for others to go with it
STACKS, RULESET = 4, 5  # descriptors behind the standard ones and the socket


class FarJudge:
    """The student's end of a check: says which check is meant and answers what the judge asks."""

    def __init__(self, channel: Channel, shell: Shell) -> None:
        """Talk over this channel, about functions of this shell's."""
        self.channel, self.shell = channel, shell
        self.busy = False
        self.replies: list[bytes] = []  # that are not sent yet
        self.begun = 0.0

    def __call__(self, name: str, functions: tuple[Callable[..., Any], ...]) -> student.Points | None:
        """One check, up to the word that it is judged."""
        if self.busy:
            print("a check inside a check is not counted")
            return None
        self.busy = True
        try:
            self.channel.send({"did": "check", "name": str(name)[:200], "functions": len(functions)})
            given_up = False
            common: dict[str, Any] = {}
            while (asked := self._next())["do"] == "ask":
                common |= {name: asked[name] for name in IN_COMMON if name in asked}
                asked |= common
                given_up = given_up and not asked.get("anew")
                reply = Reply() if given_up else self._reply(asked, functions)
                given_up = given_up or (reply.problem is not None and reply.problem.kind in asked["until"])
                self.replies.append(_frame(reply))
            self._send()
            if asked["note"]:
                print(asked["note"])
            return None if asked["points"] is None else student.Unsaid(asked["points"])
        finally:
            self.busy = False

    def _next(self) -> dict[str, Any]:
        """What is asked next; before it, replies are sent off where they are many, where they have waited, or where there is
        nothing else to do: each sending wakes the judge, which costs both more than most replies do."""
        waited = bool(self.replies) and monotonic() - self.begun > SOON
        if waited or sum(map(len, self.replies)) > SMALL or not self.channel.heard():
            self._send()
        asked: dict[str, Any] = self.channel.receive()
        if not self.replies:
            self.begun = monotonic()
        return asked

    def _send(self) -> None:
        if self.replies:
            frames, self.replies = b"".join(self.replies), []
            self.channel.send_frames(frames)

    def _reply(self, asked: dict[str, Any], functions: tuple[Callable[..., Any], ...]) -> Reply:
        by_name = dict(zip(asked["functions"], functions, strict=True))
        try:
            again, stand_ins = asked.get("again", False), asked.get("stand_ins", [])
            case = asked["steps"], asked["inputs"], asked["wanted"], by_name, asked.get("rescued", "")
            if not (again or stand_ins):
                return perform(*case)
            namespace = self.shell.user_ns
            with (
                self.shell.recorder.quiet(again),
                standing_in(namespace, stand_ins, self._exchange),
            ):
                return perform(*case)
        except BaseException as error:
            return Reply(problem=Problem("raised", f"{type(error).__name__} was raised"))

    def _exchange(self, function: str, inputs: dict[str, Any]) -> dict[str, np.ndarray] | None:
        """What the judge says of a function that it answers for; None where it says nothing."""
        try:
            frame = encode({"did": "stand-in", "function": function, "inputs": inputs})
        except WireError:
            return None
        self._send()
        self.channel.send_frames(frame)
        outputs: dict[str, np.ndarray] | None = self.channel.receive()["outputs"]
        return outputs


def _frame(reply: Reply) -> bytes:
    """A reply as a frame; where it is too large for one, a reply that says so."""
    try:
        return encode({"did": "reply", "reply": reply})
    except WireError as error:
        return encode({"did": "reply", "reply": Reply(problem=Problem("huge", str(error)))})


def run_cells(shell: Shell, channel: Channel) -> None:
    """Run what the engine sends, cell by cell, until it says stop."""
    check = student.check  # taken before any code of the student's could replace it
    while (message := channel.receive())["do"] == "cell":
        shell.recorder.start()
        # As the notebook shows it, so that the name of its code, in a stack, tells which cell it is.
        shell.execution_count = message["count"]
        if message["graded"]:  # a student who calls something else `check` must not lose what was right
            shell.user_ns["check"] = check
        shell.run_cell(message["source"], store_history=True)
        recorder = shell.recorder
        told = {"outputs": recorder.taken(), "full": recorder.full, "stopped": recorder.failure}
        channel.send({"did": "cell", **told, "asked": recorder.asked})


def _settle(scratch: Path, limits: Limits, shell: Shell, importer: Importer) -> None:
    """Make the fork a kernel of its own: working folder, environment, streams, signals, random state."""
    os.environ.update(
        ENVIRONMENT | {"HOME": str(scratch), "TMPDIR": str(scratch), "MPLCONFIGDIR": str(scratch)}
    )
    sys.path.insert(0, "")
    sys.meta_path.insert(0, importer)
    sys.dont_write_bytecode = True
    sys.argv = ["notebook"]
    random.seed(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    shell.recorder = Recorder(limits.output_characters, limits.image_bytes)
    sys.stdout = sys.__stdout__ = Stream(shell.recorder, "stdout", 1)  # type: ignore[misc, assignment]
    sys.stderr = sys.__stderr__ = Stream(shell.recorder, "stderr", 2)  # type: ignore[misc, assignment]


def become(
    descriptors: list[int],
    *,
    ruleset: int | None,
    scratch: Path,
    limits: Limits,
    shell: Shell,
    importer: Importer,
) -> None:
    """Turn this fresh fork into a submission's process; returns when the engine is done with it.

    Args:
        descriptors: of the socket to the engine, of the file for what is written past Python, and of that for stacks.
        ruleset: what `confinement.lock` takes.
        scratch: the folder to work in.
        limits: the caps.
        shell: the zygote's.
        importer: finds what it may import.
    """
    end, output, stacks = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    kept = [nothing, output, output, end, stacks] + ([] if ruleset is None else [ruleset])
    # First out of the way of the numbers that they get, then to these: 0 to 3, the stacks' file and the ruleset.
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, len(kept)) for descriptor in kept]
    for target, source in enumerate(high):
        os.dup2(source, target)
    os.closerange(len(kept), 1024)
    answer_to_signals(STACKS)
    os.setsid()
    os.chdir(scratch)
    confinement.lock(None if ruleset is None else RULESET, limits)
    if ruleset is not None:
        os.close(RULESET)
    _settle(scratch, limits, shell, importer)
    channel = Channel(socket.socket(fileno=3))
    student.use_judge(FarJudge(channel, shell))
    with contextlib.suppress(Closed):
        run_cells(shell, channel)
