"""Whether a known mistake of another check explains a group that its own check has no name for."""

import warnings
from collections.abc import Iterator

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import Arrays, Check, Inputs, Misconception, Output
from course.autograder.engine.engine import as_seed
from course.autograder.grading.class_mistakes.fingerprints import Fingerprint, outcome
from course.autograder.judging import question
from course.autograder.judging.asking import Question
from course.common.quiet import quiet_stderr


def explained_by(check_name: str, found: Fingerprint, seed: str) -> tuple[str, str] | None:
    """Another check and its mistake that gives this on all of the class's cases; None where there is none.

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
        for other, mistake in _others(check):
            if all(_gives(mistake, q, found, outputs) for q in wrong) and all(
                _gives(mistake, q, found, outputs) for q in asked if q not in wrong
            ):
                return other.name, mistake.name
    return None


def _is_wrong(asked: Question, found: Fingerprint) -> bool:
    return any(case == asked.case.name and one.kind != "right" for (case, _), one in found.items())


def _others(check: Check) -> Iterator[tuple[Check, Misconception]]:
    """Mistakes of other checks, those of the same functions and assignment first."""
    own = {m.name for m in check.misconceptions}
    others = [find_check(name) for name in list_checks() if name != check.name]
    others = [other for other in others if other.observe is None]
    others.sort(
        key=lambda c: (set(c.functions).isdisjoint(check.functions), c.assignment != check.assignment)
    )
    for other in others:
        yield from ((other, m) for m in other.misconceptions if m.name not in own)


def _gives(mistake: Misconception, asked: Question, found: Fingerprint, outputs: dict[str, Output]) -> bool:
    """Whether a mistake gives what came on one case, in every output of the fingerprint."""
    made = _tried(mistake, asked.values)
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


def _tried(mistake: Misconception, inputs: Inputs) -> Arrays | None:
    """What a mistake gives on inputs that it was not written for; None where it cannot."""
    try:
        return {path: np.asarray(value) for path, value in mistake.wrong(inputs).items()}
    except Exception:
        return None
