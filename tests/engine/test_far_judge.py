"""A submission's end of a check: replies go off together while more is asked, and none waits for what may be slow."""

import socket
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course.autograder.checks.language.protocol import Call
from course.autograder.engine import student_process
from course.autograder.engine.channel import Channel
from course.autograder.engine.recorder import Recorder
from course.autograder.engine.student_process import FarJudge
from course.autograder.engine.wire import encode

QUESTION = {
    "do": "ask", "functions": ("double",), "steps": (Call("double", ("x",), ("out",)),), "wanted": ("out",),
    "until": ("blank",), "again": False,
}  # fmt: skip
JUDGED = encode({"do": "judged", "note": "", "points": 3.0})


class Shell:
    """What it needs of a shell."""

    def __init__(self) -> None:
        self.recorder, self.user_ns = Recorder(1000, 1000), {}


class Counting(Channel):
    """Counts how often something was sent, and how much had been sent when a question was waited for."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        self.times = 0

    def send_frames(self, frames: bytes, guard: Any = None) -> None:
        self.times += 1
        super().send_frames(frames, guard)


def checked(function: Callable[..., Any], sent: bytes) -> tuple[Any, Counting, list[np.ndarray]]:
    """What a check with this function comes to, the channel that it went over, and the answers that came."""
    judge, student = socket.socketpair()
    channel = Counting(student)
    with judge, student:
        judge.sendall(sent)
        points = FarJudge(channel, Shell())("double.plain", (function,))  # type: ignore[arg-type]
        student.shutdown(socket.SHUT_WR)
        told = Channel(judge)
        assert told.receive()["did"] == "check"
        replies = []
        while told.heard() or judge.recv(1, socket.MSG_PEEK):
            replies.append(told.receive()["reply"].outputs.get("out"))
    return points, channel, replies


def asked(*values: float) -> bytes:
    return b"".join(encode({**QUESTION, "inputs": {"x": np.array(value)}}) for value in values)


def test_replies_to_what_was_asked_together_go_off_together_and_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(student_process, "SOON", 1000.0)
    points, channel, replies = checked(lambda x: 2 * x, asked(1, 2, 3, 4, 5) + JUDGED)
    assert replies == [2, 4, 6, 8, 10] and channel.times == 2, "the check's name, and the replies"
    assert points == 3.0


def test_a_reply_does_not_wait_for_one_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student_process, "SOON", -1.0)  # each has taken longer
    seen: list[int] = []

    def double(x: np.ndarray) -> np.ndarray:
        seen.append(counting.times)
        return 2 * x

    judge, student = socket.socketpair()
    counting = Counting(student)
    with judge, student:
        judge.sendall(asked(1, 2, 3) + JUDGED)
        FarJudge(counting, Shell())("double.plain", (double,))  # type: ignore[arg-type]
    assert seen == [1, 2, 3], "the one before had gone off each time"


def test_large_replies_are_not_heaped_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student_process, "SOON", 1000.0)
    _, channel, replies = checked(lambda x: np.full(5000, x), asked(*range(3)) + JUDGED)
    assert len(replies) == 3 and channel.times == 3  # of 40 kB each: sent where two lie there
