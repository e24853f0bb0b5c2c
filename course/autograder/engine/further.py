"""Questions beyond a check's cases, for follow-up marks: few enough that they cannot use up a cell's time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import Check
from course.autograder.engine.ends import Lost, ZygoteGone
from course.autograder.engine.questions import Line, Questions
from course.autograder.engine.second import SecondQuestions, Unused, raising, stopped_below, wrong_below
from course.autograder.judging import asking
from course.autograder.judging.computing import question
from course.autograder.judging.deciding import decided, weighed
from course.autograder.judging.following import may_follow, with_own_gradient, with_stand_ins
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Finding, Verdict

if TYPE_CHECKING:
    from course.autograder.engine.session import Session

SHARE = 1 / 2  # of a cell's time: so long all further questions of a check may take
LEAST = 20  # cases that must fit into that: a function that takes long is not asked at all
MOST = 1000  # questions for one check
NOT_CALLED = "{} was stopped in its own check, and is not called again."
SECOND = 0.3  # of a cell's time: a check that took longer is not judged a second time


class Further:
    """Fetches the answers to further questions; what following.py calls `ask`."""

    def __init__(
        self, line: Line, check: Check, each: float, taken: Callable[[], float], seconds: float
    ) -> None:
        """Nothing is asked yet.

        Args:
            line: to the process.
            check: whose functions are asked.
            each: seconds of processor time that one of its cases took.
            taken: seconds of processor time that the process has taken so far.
            seconds: that a cell may take.
        """
        self._line, self._check, self._each, self._taken = line, check, each, taken
        self._until = taken() + SHARE * seconds
        self._left = MOST

    def __call__(self, asked: Sequence[asking.Further]) -> list[Reply]:
        """The answers in turn; not all of them where there are too many, or they take too long. Raises Lost."""
        self._left -= len(asked)
        if self._left < 0 or self._taken() + LEAST * self._each > self._until:
            return []
        questions = Questions(self._line, self._check, asked)
        replies: list[Reply] = []
        for one in asked:
            if self._taken() > self._until:
                break
            replies.append(questions(*one))
        questions.drop()
        return replies


def with_follow_up(session: "Session", check: Check, tally: Tally, verdict: Verdict, each: float) -> Verdict:
    """The verdict with follow-up marks; as it was where a flaw of ours prevents them. Raises Lost.

    Args:
        session: whose process is asked.
        check, tally, verdict: what was judged.
        each: seconds of processor time that a case took.
    """
    progress, best = session.progress, verdict
    try:
        quick = each * len(tally.asked) < SECOND * session.limits.cell_seconds
        if progress.rules.stand_ins and quick:
            best = _again(session, check, verdict)
        if best.points < best.max_points and may_follow(check, verdict, progress.rules):
            timer, seconds = session.timer, session.limits.cell_seconds
            ask = Further(session, check, each, lambda: timer.taken().processor, seconds)
            own = with_own_gradient(check, tally, verdict, progress.rules, ask)
            best = own if own.points > best.points else best
        return best
    except (Lost, ZygoteGone):
        raise
    except Exception as error:
        place = progress.place(session.index)
        progress.tell(f"{place}: no follow-up marks were looked for: {type(error).__name__}: {error}")
        return best


def without_what_stopped(session: "Session", check: Check) -> Verdict | None:
    """The verdict of a check whose function calls one that stopped the process in its own check: a right one answers at once.

    None where there is no such function, or none is called. Raises Lost.

    Args:
        session: whose process is asked.
        check: that has not been judged.
    """
    wrong = wrong_below(check, session.progress)
    stopped = stopped_below(wrong, session.progress)
    if not stopped or not session.progress.rules.stand_ins:
        return None
    found = tuple(Finding("", "", "stopped", NOT_CALLED.format(name)) for name in stopped)
    if (again := _judged_again(session, check, wrong, "")) is None:
        return None
    verdict, used = again
    followed = with_stand_ins(Verdict(check.name, 0.0, check.points, found, graded=True), verdict, used)
    return followed if followed.points else replace(verdict, findings=(*found, *verdict.findings))


def _again(session: "Session", check: Check, verdict: Verdict) -> Verdict:
    """The verdict with what a second judgement adds: functions that this one is built on are wrong, or one raises."""
    wrong = wrong_below(check, session.progress)
    rescued = raising(check, verdict)
    again = _judged_again(session, check, wrong, rescued) if wrong or rescued else None
    return verdict if again is None else with_stand_ins(verdict, *again, rescued)


def _judged_again(
    session: "Session", check: Check, wrong: tuple[str, ...], rescued: str
) -> tuple[Verdict, Iterable[str]] | None:
    """The verdict where the judge answers for the wrong functions, and those that were called; None where none is."""
    seed = session.progress.seed
    ask = SecondQuestions(session, check, wrong, rescued)
    try:
        tally = weighed(check, ask, questions=lambda index: question(check.name, index, seed))
    except Unused:
        return None
    return decided(check, tally, graded=True), ask.oracle.used
