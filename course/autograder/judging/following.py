"""Follow-up marks: a mistake is paid for where it is made, and not again in what is computed from it."""

import warnings
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from course.autograder.checks.language.spec import Check
from course.autograder.judging.asking import AskFurther
from course.autograder.judging.deciding import decided
from course.autograder.judging.own_gradient import own_gradients
from course.autograder.judging.rules import Rules
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Verdict, number

OWN_GRADIENT = (
    "Follow-up marks: {outputs} {is_} not right, but {is_} the gradient of your own {forward}, whose output is wrong. That "
    "mistake is paid for there; here you get {percent}% of the points for {it}."
)


STOOD_IN = (
    "Follow-up marks: judged again with right answers in the place of your {functions}, which {is_} wrong and paid for there, "
    "this earns {points} of {max_points} points."
)


RESCUED = (
    "Follow-up marks: your {function} raises an exception and is paid for there; judged again with the cache that it had made "
    "by then, this earns {points} of {max_points} points."
)


def may_follow(check: Check, verdict: Verdict, rules: Rules) -> bool:
    """Whether a gradient is wrong that may be that of the student's own forward pass."""
    return bool(rules.own_gradient and check.rests_on and check.observe is None and not verdict.passed)


def with_own_gradient(check: Check, tally: Tally, verdict: Verdict, rules: Rules, ask: AskFurther) -> Verdict:
    """The verdict of a grading run, with what a gradient earns that is the student's own forward pass's.

    Args:
        check: of a backward pass.
        tally: what its cases have shown.
        verdict: on them.
        rules: the instructor's.
        ask: fetches further answers from the student's functions.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = own_gradients(check, tally, ask)
    if not found:
        return verdict
    listed = [output.path for output in check.outputs if output.path in found]
    several = len(listed) > 1
    said = OWN_GRADIENT.format(
        outputs=", ".join(listed),
        is_="are" if several else "is",
        it="them" if several else "it",
        forward=check.functions[0],
        percent=number(100 * rules.own_gradient),
    )
    paid = dict.fromkeys(listed, rules.own_gradient)
    followed = decided(check, tally, graded=verdict.graded, paid=paid, follow_up=(said,))
    return followed if followed.points > verdict.points else verdict


def with_stand_ins(verdict: Verdict, again: Verdict, functions: Iterable[str], rescued: str = "") -> Verdict:
    """The verdict with what a second judgement adds: its points, if they are more; what is still wrong then.

    Args:
        verdict: the first.
        again: the second.
        functions: for which the judge has answered.
        rescued: the function whose cache was taken where it raises.
    """
    listed = list(functions)
    if again.points <= verdict.points:
        return verdict
    earned = {"points": number(again.points), "max_points": number(again.max_points)}
    if listed:
        several = " and ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
        said = STOOD_IN.format(functions=several, is_="is" if len(listed) == 1 else "are", **earned)
    else:
        said = RESCUED.format(function=rescued, **earned)
    return replace(
        verdict,
        fraction=again.fraction,
        findings=again.findings or verdict.findings,
        corners=again.corners,
        right=again.right if again.findings else verdict.right,
        follow_up=(said,),
    )
