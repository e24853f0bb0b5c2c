"""Whether a wrong gradient is the gradient of the student's own forward pass: that mistake is paid for there.

The forward pass is asked again, round a few small cases, and differentiated by every index of every input. What it
gives must be a real try at the question: near the right output, and as hard to differentiate. A pass that lets x
through, or a constant, has a gradient that anybody can write.
"""

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Check, Inputs
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.asking import AskFurther, Question
from course.autograder.judging.comparing import near, tolerance_of
from course.autograder.judging.differentiating import Evaluate, Local, around
from course.autograder.judging.resting import on_wrong_ground
from course.autograder.judging.tally import Tally
from course.common.quiet import quiet_stderr

UPSTREAM = "dout"
MOST = 3  # cases that are looked at
LARGEST, FEWEST, ROOM = 130, 24, 250  # values to differentiate by: in one case, and in all of them together
NEAR = Tolerance(1e-5, 1e-6)  # numeric derivatives are about this good
NOTHING = 1e-6  # of the largest: a derivative so small is none
HALF = 0.5  # of the values that the right forward pass mixes: so many a real try mixes too
BENT = 0.1  # of the right forward pass's curvature: so much a real try has too
ALIKE = 0.5  # correlation of its output with the right one, where it is no known mistake
MOSTLY = 0.75  # of the cases: on so many it is alike


def own_gradients(check: Check, tally: Tally, ask: AskFurther) -> frozenset[str]:
    """Outputs that are wrong, but are the gradient of the student's own forward pass wherever this is looked at.

    Args:
        check: of a backward pass.
        tally: what its cases have shown.
        ask: fetches answers from the student's functions; it may stop early.
    """
    left = {o.path for o in check.outputs if _follows(check, tally, o.path)}
    cases = _cases(check, tally) if left and _is_alike(check, tally) else []
    if sum(_size(check, asked) for asked in cases) < FEWEST:
        return frozenset()
    tries = 0
    for asked in cases:
        own, right = _around(check, asked, functools.partial(_by_student, check, ask)), _right(check, asked)
        if own is None or right is None or own.value.shape != right.value.shape:
            return frozenset()
        left &= _of_own(check, tally, asked, own)
        tries += _is_real_try(check, own, right, left)
    return frozenset(left) if tries else frozenset()


def _source(path: str) -> str:
    """The input that an output is the gradient for: 'dgamma' for 'gamma'."""
    return path.removeprefix("d")


def _follows(check: Check, tally: Tally, path: str) -> bool:
    """Whether an output is wrong only where the forward pass is."""
    wrong = tally.wrong.get(path, set())
    came = {asked.case.name for output, asked, _ in tally.compared if output.path == path}
    return bool(wrong) and wrong <= came and all(on_wrong_ground(check, tally, case) for case in wrong)


def _cases(check: Check, tally: Tally) -> list[Question]:
    """Small cases in float64 on which the forward pass is wrong; none where what is asked for is no plain derivative."""
    found: list[Question] = []
    room = ROOM
    for case, asked in tally.asked.items():
        as_usual = asked.case.steps is None or asked.case.tells  # the gradient may be asked for twice
        usable = as_usual and _differentiable(check, asked)
        if (
            usable
            and len(found) < MOST
            and _size(check, asked) <= room
            and on_wrong_ground(check, tally, case)
        ):
            if not _is_plain(check, asked):
                return []
            found.append(asked)
            room -= _size(check, asked)
    return found


def _size(check: Check, asked: Question) -> int:
    return sum(asked.values[name].size for name in _names(check))


def _names(check: Check) -> list[str]:
    return [_source(output.path) for output in check.outputs]


def _differentiable(check: Check, asked: Question) -> bool:
    if check.observe is not None or UPSTREAM not in asked.values:
        return False
    arrays = [asked.values.get(name) for name in _names(check)]
    if not all(isinstance(array, np.ndarray) and array.dtype == np.float64 for array in arrays):
        return False
    return _size(check, asked) <= LARGEST


def _right(check: Check, asked: Question) -> Local | None:
    """The right forward pass round a case."""
    return _around(check, asked, functools.partial(_by_reference, check))


def _is_plain(check: Check, asked: Question) -> bool:
    """Whether what is asked for is the derivative of the right forward pass, nothing taken for a constant, and not linear."""
    right, dout = _right(check, asked), asked.values[UPSTREAM]
    if right is None or right.value.shape != dout.shape or _curvature(right, "") < NOTHING:
        return False
    pairs = [(asked.right[o.path], _source(o.path)) for o in check.outputs]
    return all(near(right.pulled_back(name, dout, wanted.shape), wanted, NEAR) for wanted, name in pairs)


def _of_own(check: Check, tally: Tally, asked: Question, own: Local) -> set[str]:
    """Outputs that are the gradient of the student's forward pass on one case, and not of something that it leaves out."""
    dout, found = asked.values[UPSTREAM], set()
    for output, one, got in tally.compared:
        name = _source(output.path)
        fits = one is asked and got.shape == asked.values[name].shape and own.slopes[name].any()
        if fits and near(got, own.pulled_back(name, dout, got.shape), NEAR):
            found.add(output.path)
    return found


def _around(check: Check, asked: Question, evaluate: Evaluate) -> Local | None:
    return around(asked.values, _names(check), evaluate, np.random.default_rng(asked.values[UPSTREAM].size))


def _by_reference(check: Check, inputs: Sequence[Inputs]) -> list[np.ndarray]:
    assert check.rests_on is not None
    path = check.rests_on.outputs[0].path
    with quiet_stderr():
        return [np.asarray(check.rests_on.reference(one)[path]) for one in inputs]


def _by_student(check: Check, ask: AskFurther, inputs: Sequence[Inputs]) -> Iterable[np.ndarray]:
    """What the student's forward pass gives, as far as it gives arrays of numbers."""
    assert check.rests_on is not None
    path = check.rests_on.outputs[0].path
    step = next(step for step in check.steps if isinstance(step, Call))
    needed = {argument.partition(".")[0] for argument in step.arguments}
    questions = [((step,), {n: v for n, v in one.items() if n in needed}, (path,)) for one in inputs]
    for reply in ask(questions):
        value = reply.outputs.get(path)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return
        yield value


def _is_real_try(check: Check, own: Local, right: Local, left: set[str]) -> bool:
    """Whether a forward pass is as hard to differentiate as the right one, or nearly.

    Args:
        check: of the backward pass.
        own: the student's forward pass.
        right: the right one.
        left: outputs of the backward pass that may earn something by it.
    """
    first = _names(check)[0]
    mixed = all(_depends(own, right, name) for name in (first, *map(_source, left)))
    return mixed and all(_bends(own, right, way) for way in ("", first))


def _is_alike(check: Check, tally: Tally) -> bool:
    """Whether the forward pass's wrong outputs are like the right ones, or are what a mistake with a name gives."""
    wrong = [case for case in tally.grounds if on_wrong_ground(check, tally, case)]
    return sum(_alike(check, *tally.grounds[case]) for case in wrong) >= MOSTLY * len(wrong) > 0


def _alike(check: Check, asked: Question, got: np.ndarray) -> bool:
    assert check.rests_on is not None and asked.ground is not None
    if got.shape != asked.ground.shape or not np.isfinite(got).all():
        return False
    if _correlation(got, asked.ground) >= ALIKE:
        return True
    output = check.rests_on.outputs[0]
    tolerance = tolerance_of(output, asked.inputs, got)
    with quiet_stderr():
        wrong = (mistake.wrong(asked.values).get(output.path) for mistake in check.rests_on.misconceptions)
        return any(one is not None and near(got, np.asarray(one), tolerance) for one in wrong)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if min(one.std(), other.std()) <= NOTHING * max(1.0, abs(one).max()):
        return 0.0
    return abs(float(np.corrcoef(one.ravel(), other.ravel())[0, 1]))


def _depends(own: Local, right: Local, name: str) -> bool:
    """Whether a forward pass mixes as many values of an input into its output as the right one, or nearly."""
    mine, wanted = own.slopes[name], right.slopes[name]
    return 0 < _count(mine, mine) >= HALF * _count(wanted, wanted)


def _bends(own: Local, right: Local, way: str) -> bool:
    """Whether a forward pass is as curved as the right one, or nearly."""
    return _curvature(own, way) >= BENT * _curvature(right, way)


def _curvature(local: Local, way: str) -> float:
    """How far a function leaves a straight line, in units of how much its values differ."""
    spread = float(local.value.std())
    return float(np.sqrt(np.mean(local.bends[way] ** 2))) / spread if spread else 0.0


def _count(array: np.ndarray, scale: np.ndarray) -> int:
    return int((np.abs(array) > NOTHING * np.max(np.abs(scale), initial=1e-12)).sum())
