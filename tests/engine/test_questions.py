"""A check's questions go ahead of their answers, as many as fit; what is not needed any more is let go."""

from collections import deque
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from course.autograder import judging
from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import Put, Reply
from course.autograder.engine.ends import Lost
from course.autograder.engine.questions import WINDOW, Questions
from course.autograder.engine.wire import CODEC
from course.autograder.judging import question
from tests.attacks.suite import ASSIGNMENT, RIGHT, notebook

CHECK = find_check("normalize")
DRAWN = [question("normalize", index, 3) for index in range(len(CHECK.cases + CHECK.hidden))]


class Line:
    """The other end: answers each question with its number, and counts what it has not answered yet."""

    def __init__(self, *, answers: object = None) -> None:
        self.sent: list[bytes] = []
        self.open: deque[bytes] = deque()
        self.most = 0
        self.answers = answers

    def send_frames(self, frames: bytes) -> None:
        while frames:
            size = 8 + sum(np.frombuffer(frames[:8], "<u4").tolist())
            self.sent.append(frames[:size])
            self.open.append(frames[:size])
            frames = frames[size:]
        self.most = max(self.most, sum(map(len, self.open)))

    def answer(self) -> dict:
        self.open.popleft()
        out = np.array(float(len(self.sent) - len(self.open)))
        return {"did": "reply", "reply": Reply({"x_hat": out})} if self.answers is None else self.answers


def ask(questions):
    return questions((), {}, ("x_hat",)).outputs["x_hat"]


def test_all_that_fits_is_sent_at_once_and_answers_come_in_turn():
    line = Line()
    questions = Questions(line, CHECK, DRAWN)
    assert len(line.sent) == len(DRAWN), "they are small"
    asked = [CODEC.read(frame) for frame in line.sent]
    assert [one["do"] for one in asked] == ["ask"] * len(DRAWN)
    steps = [CHECK.steps_of(one.case) for one in DRAWN]
    told = [one.get("steps") for one in asked]
    same = [now == before for before, now in pairwise(steps)]
    assert told[0] == steps[0] and any(same), "what is as in the question before is said once"
    assert all(one is None if alike else one for one, alike in zip(told[1:], same, strict=True))
    assert [ask(questions) for _ in DRAWN] == [1 + n for n in range(len(DRAWN))]
    questions.drop()
    assert not line.open


def test_after_a_call_of_its_own_that_cannot_be_made_the_other_cases_are_asked():
    check = find_check("conv2d_parameters")
    (own,) = (index for index, case in enumerate(check.cases) if case.steps)
    line = Line()
    Questions(line, check, [question(check.name, index, 3) for index in (0, own, 0)])
    assert ["arity" in CODEC.read(frame)["until"] for frame in line.sent] == [True, False, True]


def test_steps_that_hold_equal_arrays_of_their_own_are_sent_with_each_question():
    case = DRAWN[0].case
    steps = [(*CHECK.steps_of(case), Put("x", np.ones(2))) for _ in range(2)]
    drawn = [replace(DRAWN[0], case=replace(case, steps=one)) for one in steps]
    line = Line()
    Questions(line, CHECK, drawn)
    assert all(CODEC.read(frame)["steps"] for frame in line.sent) and len(line.sent) == 2


def test_what_would_not_fit_into_a_socket_waits():
    large = [question("spatial_batchnorm_forward", 0, 3)] * 200
    line = Line()
    questions = Questions(line, find_check("spatial_batchnorm_forward"), large)
    assert 1 < len(line.sent) < 200
    for _ in large:
        ask(questions)
    assert len(line.sent) == 200 and line.most <= WINDOW


def test_what_is_left_is_let_go_and_no_more_is_sent():
    line = Line()
    questions = Questions(line, find_check("spatial_batchnorm_forward"), DRAWN[:1] * 3)
    ask(questions)
    questions.drop()
    assert len(line.sent) == 3 and not line.open


@pytest.mark.parametrize("answer", [{}, {"did": "cell"}, {"did": "reply"}, {"did": "reply", "reply": 1}])
def test_what_is_no_answer_is_the_end(answer):
    with pytest.raises(Lost, match="is no answer"):
        ask(Questions(Line(answers=answer), CHECK, DRAWN))


@pytest.mark.xdist_group("engine")
def test_after_an_answer_that_is_not_written_nothing_more_is_called(engine):
    blank = (
        "asked = []\ndef normalize(x, mean, var, eps):\n    asked.append(1)\n"
        "    if len(asked) > 1:\n        while True: pass\n    raise NotImplementedError()\n"
    )
    result = engine.run(notebook("", blank, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.incidents == () and result.ledger["batch_moments"].passed
    assert "not written yet" in result.ledger["normalize"].findings[0].message


@pytest.mark.xdist_group("engine")
def test_a_judge_that_fails_halfway_leaves_the_line_in_order(engine, monkeypatch):
    judge = judging.weighed

    def fails(check, ask, **how):
        if check.name == "batch_moments":
            ask((), {}, ())
            raise ZeroDivisionError("a flaw of ours")
        return judge(check, ask, **how)

    monkeypatch.setattr(judging, "weighed", fails)
    result = engine.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert "the judge failed with ZeroDivisionError" in "".join(result.incidents)
    assert result.ledger["normalize"].passed and result.ledger["batch_moments"].points == 0


@pytest.mark.xdist_group("engine")
def test_answers_that_are_larger_than_a_socket_take_their_turn(engine):
    wide = "import numpy as np\ndef normalize(x, mean, var, eps):\n    return np.zeros((1000, 1000))\n"
    result = engine.run(notebook("", wide, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.incidents == () and "(1000, 1000)" in result.ledger["normalize"].text()
