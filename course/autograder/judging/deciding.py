"""The judge: asks for answers, compares them with the right ones, and says what they are worth.

It never sees a student's objects, only the plain arrays of a `protocol.Reply`; whether they come from a
function call or from another process behind a pipe makes no difference to the verdict.
"""

import contextlib
import difflib
import functools
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from course.autograder.checks.language.protocol import Reply, perform
from course.autograder.checks.language.spec import Check
from course.autograder.judging.asking import Ask, Question
from course.autograder.judging.bank import Bank, computed
from course.autograder.judging.naming import named
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Finding, Verdict, from_call
from course.autograder.judging.weighing import gives_up, weigh

NUMBERED = re.compile(r"([a-z_]+)(\d+)")  # what the second call gave, and the next
UNCHANGED_SHARE = 0.25  # of a check's points that go with leaving the inputs as they were


def _earned(check: Check, wrong: set[str]) -> float:
    """An output's share: all of it, or less the corners that it is wrong in, or nothing where it is wrong elsewhere.

    Args:
        check: the check.
        wrong: cases on which the output is wrong.
    """
    missed = [corner for corner in check.corners if not wrong.isdisjoint(corner.cases)]
    if wrong - {case for corner in missed for case in corner.cases}:
        return 0.0
    return max(0.0, 1.0 - sum(corner.share for corner in missed))


def _corners(check: Check, tally: Tally) -> tuple[str, ...]:
    """The corners that are missed, where nothing else is."""
    wrong = set[str]().union(*tally.wrong.values())
    missed = [corner for corner in check.corners if not wrong.isdisjoint(corner.cases)]
    elsewhere = wrong - {case for corner in missed for case in corner.cases}
    return () if elsewhere or tally.changed else tuple(corner.name for corner in missed)


def _fraction(check: Check, tally: Tally, paid: Mapping[str, float]) -> float:
    """What the outputs earn, by weight; guards count only beside another output that earns something."""
    earned = {
        o: max(_earned(check, tally.wrong.get(o.path, set())), paid.get(o.path, 0.0)) for o in check.outputs
    }
    if not any(share for o, share in earned.items() if not o.guard):
        return 0.0
    fraction = sum(o.weight * share for o, share in earned.items()) / sum(o.weight for o in check.outputs)
    return fraction * (1 - UNCHANGED_SHARE) if tally.changed else fraction


def judge_with(
    check: Check,
    ask: Ask,
    *,
    seed: int = 0,
    graded: bool = False,
    questions: Callable[[int], Question] | None = None,
    seen: Callable[[Question, Reply], None] | None = None,
) -> Verdict:
    """Judge answers that `ask` fetches.

    Args:
        check: the check.
        ask: carries steps, inputs and wanted paths to the student's functions and brings the Reply.
        seed: what the cases are drawn from.
        graded: a grading run, whose findings never show an expected value.
        questions: the question of each case by its index, where Paddle is not to be asked on cases drawn from the seed.
        seen: told of each question and what came back, for whoever takes the verdict apart.
    """
    tally = weighed(check, ask, seed=seed, questions=questions, seen=seen)
    return decided(check, tally, graded=graded)


def weighed(
    check: Check,
    ask: Ask,
    *,
    seed: int = 0,
    questions: Callable[[int], Question] | None = None,
    seen: Callable[[Question, Reply], None] | None = None,
) -> Tally:
    """What the cases of a check show; the arguments are those of `judge_with`."""
    questions = questions or functools.partial(computed(seed).question, check)
    tally = Tally()
    cases = check.cases + check.hidden
    for index, case in enumerate(cases):
        asked = questions(index)
        reply = ask(check.steps_of(case), asked.inputs, check.asked_for)
        if seen is not None:
            seen(asked, reply)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weigh(check, asked, reply, tally)
        if gives_up(check, case, reply.problem):
            break  # the other cases would say the same
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tally.settle()
    return tally


def decided(
    check: Check,
    tally: Tally,
    *,
    graded: bool = False,
    paid: Mapping[str, float] = MappingProxyType({}),
    follow_up: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on what a check's cases have shown.

    Args:
        check: the check.
        tally: what they have shown.
        graded: as in `judge_with`.
        paid: by output, the share that it earns although it is wrong, because that mistake was paid for elsewhere.
        follow_up: what is said of that.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        findings = named(check, tally)
    if graded:
        findings = [replace(f, got=None, wanted=None) for f in findings]
    right = tuple(o.path for o in check.outputs if o.path not in {*tally.wrong, *tally.tainted})
    return Verdict(
        check.name,
        _fraction(check, tally, paid),
        check.points,
        tuple(findings),
        right,
        len(check.cases + check.hidden),
        graded,
        _corners(check, tally),
        follow_up,
        check.extra,
        _called(check, tally),
    )


def _called(check: Check, tally: Tally) -> tuple[tuple[str, str], ...]:
    """By path what is no name of the question's in words: of further calls, and of inputs that only those were given."""
    calls = {}
    for found in filter(None, map(NUMBERED.fullmatch, check.also)):
        name, number = found.groups()
        calls[found[0]] = from_call(name, int(number))
    return tuple({**calls, **check.called, **tally.called}.items())


def _refusal(name: str, message: str, points: float, graded: bool) -> Verdict:
    return Verdict(name, 0.0, points, (Finding("", "", "question", message),), graded=graded)


def resolve(name: str, given: int, graded: bool = False, bank: Bank | None = None) -> Check | Verdict:
    """The check of that name, or the verdict that says why there is none for these functions.

    Args:
        name: of the check.
        given: how many functions came.
        graded: whether this is a grading run.
        bank: where checks are looked for; the project's own where None.
    """
    bank = bank or computed()
    check = None
    if isinstance(name, str):
        with contextlib.suppress(KeyError):
            check = bank.find(name)
    if check is None:
        names = bank.names()
        close = difflib.get_close_matches(str(name), names, n=1)
        meant = f"; is '{close[0]}' meant?" if close else "."
        return _refusal(str(name)[:80], f"There is no check called '{str(name)[:80]}'{meant}", 0.0, graded)
    if given != len(check.functions):
        listed = ", ".join(check.functions)
        count = "1 function" if len(check.functions) == 1 else f"{len(check.functions)} functions"
        message = f"This check takes {count} ({listed}); {given} came."
        return replace(_refusal(name, message, check.points, graded), extra=check.extra)
    return check


def judge(name: str, *functions: Callable[..., Any], seed: int = 0, graded: bool = False) -> Verdict:
    """Judge functions in this process.

    Args:
        name: of the check, e.g. 'batchnorm_forward.train'.
        functions: what the check asks for, in its order.
        seed: what the cases are drawn from.
        graded: hide expected values, as a grading run does.

    Returns:
        A Verdict; whatever the functions do short of killing the process is a finding in it.
    """
    check = resolve(name, len(functions), graded)
    if isinstance(check, Verdict):
        return check
    by_name = dict(zip(check.functions, functions, strict=True))
    return judge_with(
        check, lambda steps, inputs, wanted: perform(steps, inputs, wanted, by_name), seed=seed, graded=graded
    )
