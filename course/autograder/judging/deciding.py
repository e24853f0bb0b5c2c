"""The judge: asks for answers, compares them with the right ones, and says what they are worth.

It never sees a student's objects, only the plain arrays of a `protocol.Reply`; whether they come from a
function call or from another process behind a pipe makes no difference to the verdict.
"""

import difflib
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import (
    MAX_DIMENSIONS,
    Problem,
    Reply,
    input_arrays,
    perform,
)
from course.autograder.checks.language.spec import Arrays, Check
from course.autograder.judging.asking import EXCEPTION, Ask, Question, question
from course.autograder.judging.comparing import compare
from course.autograder.judging.naming import named
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Finding, Verdict

GIVES_UP = ("blank", "arity", "function")  # problems that every case of a check would show again
UNCHANGED_SHARE = 0.25  # of a check's points that go with leaving the inputs as they were


def _changed_inputs(check: Check, asked: Question, reply: Reply) -> list[Finding]:
    findings = []
    for path, sent in input_arrays(asked.inputs).items():
        if path in check.may_change or path not in reply.inputs_after:
            continue
        after = reply.inputs_after[path]
        if isinstance(after, Problem) or not np.array_equal(after, sent, equal_nan=sent.dtype.kind == "f"):
            findings.append(
                Finding(
                    case=asked.case.name,
                    output=path,
                    kind="changed",
                    message=f"the input {path} is changed by your function",
                    misconception="input changed in place",
                    advice=f"Work on a copy of {path}, or write out-of-place operations: the caller still needs it.",
                )
            )
    return findings


def _judge_exception(check: Check, asked: Question, reply: Reply, tally: Tally) -> None:
    """Add what a case shows whose inputs must raise."""
    name, problem = asked.case.raises, reply.problem
    if problem is not None and name in problem.exceptions:
        tally.compared += [(output, asked, EXCEPTION) for output in check.outputs]
        return
    tally.wrong_outputs.update(check.wanted)
    if problem is not None and problem.kind in GIVES_UP:
        tally.add(Finding(asked.case.name, "", problem.kind, problem.message))
        return
    if problem is not None and problem.kind == "raised":
        advice = f"Test for it yourself, and `raise {name}` with a sentence on what does not fit."
        tally.add(Finding(asked.case.name, "", "raised", f"{problem.message}; wanted {name}", advice=advice))
        return
    for output in check.outputs:
        got = reply.outputs.get(output.path)
        if isinstance(got, np.ndarray):
            tally.compared.append((output, asked, got))
        message, advice = f"it returned; wanted {name}", f"There is no right answer here: `raise {name}`."
        tally.add(Finding(asked.case.name, output.path, "not raised", message, advice=advice))


def _is_numeric(value: np.ndarray) -> bool:
    return value.dtype.kind in "fiub" and value.ndim <= MAX_DIMENSIONS


def _judge_reply(check: Check, asked: Question, reply: Reply, tally: Tally) -> None:
    """Add what one case shows."""
    if asked.case.raises:
        _judge_exception(check, asked, reply, tally)
        return
    if reply.problem is not None:
        stopped = Finding(asked.case.name, "", reply.problem.kind, reply.problem.message)
        tally.add(stopped)
        tally.wrong_outputs.update(check.wanted)
        return
    got: Arrays = {}
    for path in check.wanted:
        value = reply.outputs.get(path, Problem("missing", f"{path} is not there"))
        if isinstance(value, Problem):
            tally.add(Finding(asked.case.name, path, value.kind, value.message))
        elif not _is_numeric(value):
            tally.add(Finding(asked.case.name, path, "type", f"{path} is no array of numbers"))
        else:
            got[path] = value
    complete = len(got) == len(check.wanted)
    if complete:
        asked = asked.observed(got)
    for flaw in asked.flaws(got) if complete else ():
        tally.add(
            Finding(asked.case.name, flaw.output, "property", flaw.misconception or flaw.advice,
                    misconception=flaw.misconception, advice=flaw.advice)
        )  # fmt: skip
    if not complete and (check.observe is not None or check.properties):
        tally.wrong_outputs.update(check.wanted)  # a random answer is judged whole or not at all
        got = {}
    for output in check.outputs:
        if output.path not in got or output.path not in asked.right:
            continue
        tally.compared.append((output, asked, got[output.path]))
        finding = compare(output, asked.case, asked.inputs, got[output.path], asked.right[output.path])
        if finding is not None:
            tally.add(finding)
    ground = reply.outputs.get(check.rests_on.outputs[0].path) if check.rests_on else None
    if isinstance(ground, np.ndarray) and _is_numeric(ground):
        tally.grounds[asked.case.name] = (asked, ground)
    changed = _changed_inputs(check, asked, reply)
    tally.changed = tally.changed or bool(changed)
    tally.findings += changed


def _fraction(check: Check, tally: Tally) -> float:
    """Shares of the outputs that are right on every case; guards count only beside another right output."""
    right = [o for o in check.outputs if o.path not in tally.wrong_outputs]
    if not any(not o.guard for o in right):
        return 0.0
    total = sum(o.weight for o in check.outputs)
    fraction = sum(o.weight for o in right) / total
    return fraction * (1 - UNCHANGED_SHARE) if tally.changed else fraction


def judge_with(
    check: Check,
    ask: Ask,
    *,
    seed: int = 0,
    graded: bool = False,
    questions: Callable[[int], Question] | None = None,
) -> Verdict:
    """Judge answers that `ask` fetches.

    Args:
        check: the check.
        ask: carries steps, inputs and wanted paths to the student's functions and brings the Reply.
        seed: what the cases are drawn from.
        graded: a grading run, whose findings never show an expected value.
        questions: the question of each case by its index, where they are not to be drawn from the seed.
    """
    tally = Tally()
    cases = check.cases + check.hidden
    for index, case in enumerate(cases):
        asked = questions(index) if questions else question(check.name, index, seed)
        reply = ask(check.steps_of(case), asked.inputs, check.asked_for)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _judge_reply(check, asked, reply, tally)
        if reply.problem is not None and reply.problem.kind in GIVES_UP:
            break  # the other cases would say the same
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        findings = named(check, tally)
    if graded:
        findings = [replace(f, got=None, wanted=None) for f in findings]
    right = tuple(o.path for o in check.outputs if o.path not in tally.wrong_outputs)
    return Verdict(
        check.name, _fraction(check, tally), check.points, tuple(findings), right, len(cases), graded
    )


def _refusal(name: str, message: str, points: float, graded: bool) -> Verdict:
    return Verdict(name, 0.0, points, (Finding("", "", "question", message),), graded=graded)


def resolve(name: str, given: int, graded: bool = False) -> Check | Verdict:
    """The check of that name, or the verdict that says why there is none for these functions."""
    check = find_check(name) if isinstance(name, str) and name in list_checks() else None
    if check is None:
        close = difflib.get_close_matches(str(name), list_checks(), n=1)
        meant = f"; did you mean '{close[0]}'?" if close else ""
        return _refusal(str(name)[:80], f"there is no check called '{str(name)[:80]}'{meant}", 0.0, graded)
    if given != len(check.functions):
        listed = ", ".join(check.functions)
        message = f"this check takes {len(check.functions)} function(s) ({listed}); {given} came"
        return _refusal(name, message, check.points, graded)
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
