"""The questions of one check, sent ahead, and their answers in turn.

A process that must be woken for each question costs more than most answers do. So all questions that fit into a
socket's buffer are sent at once; the process works through them while the judge compares the first answers.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from course.autograder.checks.language.protocol import Reply, Step
from course.autograder.checks.language.spec import Check, Inputs
from course.autograder.engine.cleaning import clean_reply
from course.autograder.engine.ends import Lost
from course.autograder.engine.wire import IN_COMMON, encode
from course.autograder.judging.asking import Further, Question
from course.autograder.judging.weighing import giving_up

# Bytes that may be under way: less than any socket takes without its being read. A process that is itself waiting for
# its answer to be read would otherwise wait for us, and we for it.
WINDOW = 2**16


class Line(Protocol):
    """What questions need of a session."""

    def send_frames(self, frames: bytes) -> None:
        """Send what is encoded already."""

    def answer(self) -> dict[str, Any]:
        """Wait for the next message, which answers a question."""


class Questions:
    """Fetches the answers to one check's questions; what `judge_with` calls `ask`."""

    def __init__(self, line: Line, check: Check, questions: Sequence[Question | Further]) -> None:
        """Send as many as may be under way.

        Args:
            line: to the process.
            check: whose questions they are.
            questions: in the order in which they will be asked; the check's cases, or further ones.
        """
        self._line, self._check = line, check
        self._common: dict[str, Any] = {}  # of the question encoded last
        self._waiting = deque(map(self._encoded, questions))
        self._under_way: deque[int] = deque()
        self._send()

    def __call__(self, steps: tuple[Step, ...], inputs: Inputs, wanted: tuple[str, ...]) -> Reply:
        """The answer to the next question, which is this one. Raises Lost."""
        reply = clean_reply(self._next(), wanted)
        if reply is None:
            raise Lost("what it sent is no answer")
        return reply

    def drop(self) -> None:
        """Leave the rest: answers that are still to come are let go. Raises Lost."""
        self._waiting.clear()
        while self._under_way:
            self._next()

    def _encoded(self, question: Question | Further) -> bytes:
        check = self._check
        again = not isinstance(question, Question)
        if isinstance(question, Question):
            question = (check.steps_of(question.case), question.inputs, check.asked_for)
        steps, inputs, wanted = question
        common = dict(zip(IN_COMMON, (check.functions, steps, wanted, giving_up(check, steps)), strict=True))
        told = {name: value for name, value in common.items() if not _same(self._common.get(name), value)}
        self._common = common
        return encode({"do": "ask", "inputs": inputs, "again": again, **told})

    def _send(self) -> None:
        frames: list[bytes] = []
        while self._waiting and (
            not self._under_way or sum(self._under_way) + len(self._waiting[0]) <= WINDOW
        ):
            frames.append(self._waiting.popleft())
            self._under_way.append(len(frames[-1]))
        if frames:
            self._line.send_frames(b"".join(frames))

    def _next(self) -> Any:
        message = self._line.answer()
        self._under_way.popleft()
        self._send()
        if message.get("did") != "reply":
            raise Lost("what it sent is no answer")
        return message.get("reply")


def _same(one: Any, other: Any) -> bool:
    """Whether two are known to be equal; steps that hold arrays of their own are not, and are sent again."""
    try:
        return bool(one == other)
    except ValueError:
        return False
