"""Whether a known mistake of another check, or what that asks for, explains a group that its own check has no name for."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import Answers, Arrays, Check, Inputs, Output
from course.autograder.engine.engine import as_seed
from course.autograder.grading.class_mistakes.fingerprints import Fingerprint, outcome
from course.autograder.judging import question
from course.autograder.judging.asking import Question
from course.common.quiet import quiet_stderr

ANSWER = "its right answer"
SETTINGS = ("bn_param", "ln_param", "gn_param")
Wrong = Callable[[Inputs], Answers]


def explained_by(check_name: str, found: Fingerprint, seed: str) -> tuple[str, str] | None:
    """Another check and its mistake, or its right answer, that gives this on all of the class's cases; None for none.

    Args:
        check_name: the group's.
        found: its fingerprint.
        seed: what the class's cases are drawn from.
    """
    check = find_check(check_name)
    cases = check.cases + check.hidden
    drawn = [question(check.name, index, as_seed(seed)) for index in range(len(cases))]
    asked = [q for q in drawn if any(case == q.case.name for case, _ in found)]
    wrong = [q for q in asked if _is_wrong(q, found)]
    if not wrong or check.observe is not None or any(q.case.raises for q in wrong):
        return None
    outputs = {o.path: o for o in check.outputs}
    with quiet_stderr(), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inputs that a mistake was not written for may divide by 0
        for other, name, answer in _others(check):
            if all(_gives(answer, q, found, outputs) for q in (*wrong, *asked)):
                return other.name, name
    return None


def _is_wrong(asked: Question, found: Fingerprint) -> bool:
    return any(case == asked.case.name and one.kind != "right" for (case, _), one in found.items())


def _others(check: Check) -> Iterator[tuple[Check, str, Wrong]]:
    """Mistakes of other checks, those of the same functions and assignment first, then their right answers."""
    others = [find_check(name) for name in list_checks() if name != check.name]
    others = [other for other in others if other.observe is None]
    others.sort(
        key=lambda c: (set(c.functions).isdisjoint(check.functions), c.assignment != check.assignment)
    )
    for other in others:
        yield from ((other, m.name, m.wrong) for m in other.misconceptions)
    yield from ((other, ANSWER, other.reference) for other in others)


def _gives(answer: Wrong, asked: Question, found: Fingerprint, outputs: dict[str, Output]) -> bool:
    """Whether an answer gives what came on one case, in every output of the fingerprint."""
    made = _tried(answer, _read_as_any(asked.values))
    if made is None:
        return False
    for (case, path), one in found.items():
        if case == asked.case.name:
            value = made.get(path, asked.right.get(path))
            if value is None:
                return False
            if not outcome(outputs[path], asked, Reply({path: value})).like(one):
                return False
    return True


def _read_as_any(inputs: Inputs) -> Inputs:
    """The inputs, with the dict of settings under the name that each kind of normalisation has for it."""
    given = next((inputs[name] for name in SETTINGS if name in inputs), None)
    return inputs if given is None else {**{name: {"mode": "train", **given} for name in SETTINGS}, **inputs}


def _tried(answer: Wrong, inputs: Inputs) -> Arrays | None:
    """What an answer gives on inputs that it was not written for; None where it cannot."""
    try:
        return {path: np.asarray(value) for path, value in answer(inputs).items()}
    except Exception:
        return None
