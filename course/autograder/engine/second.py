"""A second judgement, with stand-ins for functions that were judged wrong: questions one at a time, the judge asked back.

The first verdict stands before it begins. It can only add to the points of the check that is judged again.
"""

from collections.abc import Iterable
from typing import Any

from course.autograder.checks import find_check
from course.autograder.checks.built_on import built_on
from course.autograder.checks.language.protocol import Reply, Step
from course.autograder.checks.language.spec import Check, Inputs
from course.autograder.engine.cleaning import clean_reply
from course.autograder.engine.ends import Lost
from course.autograder.engine.progress import Progress
from course.autograder.engine.questions import Line
from course.autograder.engine.wire import encode
from course.autograder.judging.oracle import Oracle, helpers
from course.autograder.judging.verdict import Verdict
from course.autograder.judging.weighing import giving_up

ONCE = 1  # case: where it came by no stand-in, none is called


class Unused(Exception):
    """None of the stand-ins is called, so the second judgement would be the first again."""


def wrong_below(check: Check, progress: Progress) -> tuple[str, ...]:
    """Functions that a check's may be built on, and that are wrong: every check of theirs is behind them.

    A check whose cell has run and was not reached, for its function is not defined, is wrong as well.

    Args:
        check: to be judged again.
        progress: of the submission.
    """
    found = []
    below = built_on(check.functions)
    asked = [find_check(name) for name in progress.checks.values()] if below else []
    behind = progress.behind() if below else set()
    for function in below:
        own = [one for one in asked if one.functions[-1] == function]
        verdicts = [progress.ledger.get(one.grade_id) for one in own if one.grade_id in behind]
        wrong = any(verdict is None or not verdict.passed for verdict in verdicts)
        if wrong and len(verdicts) == len(own) and helpers(check.assignment, function):
            found.append(function)
    return tuple(found)


def stopped_below(wrong: Iterable[str], progress: Progress) -> list[str]:
    """Of functions that were judged wrong, those that would stop the process again if they were called."""
    if not progress.stopped:
        return []
    asked = [find_check(name) for name in progress.checks.values()]
    ends = {one.functions[-1] for one in asked if one.grade_id in progress.cut_off()}
    return [function for function in wrong if function in ends]


def raising(check: Check, verdict: Verdict) -> str:
    """The function whose cache a check's answers are computed from, where it raises; else ''."""
    first = check.functions[0]
    told = any(f.kind == "raised" and f.message.startswith(f"{first} raised") for f in verdict.findings)
    return first if check.rests_on is not None and told else ""


def _about(assignment: str, function: str, answers: bool) -> dict[str, Any]:
    """What the student's end must know of a stand-in."""
    helper = helpers(assignment, function)[0]
    made = helper.first.results if helper.first else ()
    cache = next((name for name in helper.call.arguments if name in made), "cache")
    return {
        "name": function, "arguments": list(helper.call.arguments), "results": list(helper.call.results),
        "cache": cache, "answers": answers,
    }  # fmt: skip


def stand_ins(assignment: str, wrong: Iterable[str]) -> list[dict[str, Any]]:
    """The stand-ins, with those that only keep what a cache was made from."""
    made = {function: _about(assignment, function, answers=True) for function in wrong}
    for function in tuple(made):
        first = helpers(assignment, function)[0].first
        if first is not None and first.function not in made and helpers(assignment, first.function):
            made[first.function] = _about(assignment, first.function, answers=False)
    return list(made.values())


class SecondQuestions:
    """Fetches the answers of a second judgement."""

    def __init__(self, line: Line, check: Check, wrong: tuple[str, ...], rescued: str = "") -> None:
        """Nothing is sent yet.

        Args:
            line: to the process.
            check: that is judged again.
            wrong: functions that the judge answers for.
            rescued: the function whose cache is taken where it raises.
        """
        self._line, self._check, self._rescued = line, check, rescued
        self._stand_ins = stand_ins(check.assignment, wrong)
        self.oracle = Oracle(check.assignment, wrong)
        self._asked = 0

    def __call__(self, steps: tuple[Step, ...], inputs: Inputs, wanted: tuple[str, ...]) -> Reply:
        """The answer to one question. Raises Lost; Unused after the first where no stand-in was called."""
        asked = {
            "do": "ask", "functions": self._check.functions, "steps": steps, "inputs": inputs, "wanted": wanted,
            "until": giving_up(self._check, steps), "stand_ins": self._stand_ins, "anew": not self._asked,
            "rescued": self._rescued, "again": True,
        }  # fmt: skip
        self._line.send_frames(encode(asked))
        self._asked += 1
        while (message := self._line.answer()).get("did") == "stand-in":
            outputs = self.oracle(message.get("function"), message.get("inputs"))
            self._line.send_frames(encode({"do": "stood in", "outputs": outputs}))
        reply = clean_reply(message.get("reply"), wanted) if message.get("did") == "reply" else None
        if reply is None:
            raise Lost("what it sent is no answer")
        if self._asked == ONCE and not self.oracle.used and not self._rescued:
            raise Unused
        return reply
