"""How a wrong array relates to what else a case has: its inputs, its plain numbers, the right answers beside it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from course.autograder.checks.language.spec import Arrays, Inputs
from course.autograder.checks.language.stand_ins import input_arrays
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.comparing import near

TIMES = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)  # so often may something be added
PROBABILITY = "p"


@dataclass(frozen=True)
class Pair:
    """A wrong output on one case beside the right one, both in double precision, and what they come from.

    Attributes:
        got, wanted: the two.
        tolerance: how near is near enough.
        inputs: of the case.
        path: of the output.
        beside: the right answers of the check's other outputs, by path.
    """

    got: np.ndarray
    wanted: np.ndarray
    tolerance: Tolerance
    inputs: Inputs
    path: str = ""
    beside: Arrays = field(default_factory=dict)


def on_each(find: Callable[[Pair], Iterable[str]], pairs: Sequence[Pair]) -> list[dict[str, None]]:
    """What is true of each case; nothing at all where of some case nothing is, for then nothing is true of each."""
    said: list[dict[str, None]] = []
    for pair in pairs:
        of_case = dict.fromkeys(find(pair))
        if not of_case:
            return []
        said.append(of_case)
    return said


def _of_all(find: Callable[[Pair], Iterable[str]], pairs: Sequence[Pair]) -> str:
    """The first sentence that is true of every case, or ''."""
    first, *others = on_each(find, pairs) or [{}]
    return next((sentence for sentence in first if all(sentence in other for other in others)), "")


def by_ingredients(pairs: Sequence[Pair]) -> str:
    """A sentence on one input, number or other output that is true of each of these cases, or ''."""
    if sum(p.got.size for p in pairs) < 4:
        return ""
    return _of_all(_multiplied_by_input, pairs) or _of_all(_added_input, pairs)


def another_output(pairs: Sequence[Pair]) -> str:
    """A sentence on the other output that this is on each of these cases, of whatever shapes, or ''."""
    if sum(p.got.size for p in pairs) < 4:
        return ""
    return _of_all(_another_output, pairs)


def _another_output(p: Pair) -> Iterator[str]:
    """What is right for another output."""
    for path, array in p.beside.items():
        if array.shape == p.got.shape and array.dtype.kind in "fiu" and near(p.got, array, p.tolerance):
            yield f"Yours is what is right for {path}."


def _laid_along(array: np.ndarray, like: np.ndarray) -> np.ndarray | None:
    """An input in the output's shape: as it is, or one value for each channel."""
    if array.shape == like.shape:
        return array.astype(np.float64)
    if array.ndim == 1 and like.ndim > 1 and len(array) == like.shape[1]:
        column = array.reshape(-1, *[1] * (like.ndim - 2)).astype(np.float64)
        return np.broadcast_to(column, like.shape)
    return None


def _inputs(p: Pair) -> Iterator[tuple[str, np.ndarray]]:
    for path, array in input_arrays(p.inputs).items():
        laid = _laid_along(array, p.got) if array.dtype.kind in "fiu" else None
        if laid is not None and np.isfinite(laid).all():
            yield path, laid


def _multiplied_by_input(p: Pair) -> Iterator[str]:
    for path, array in _inputs(p):
        if near(p.got, p.wanted * array, p.tolerance):
            yield f"Yours is the right one multiplied by {path} once more."
        if np.abs(array).min() > 1e-9 and near(p.got, p.wanted / array, p.tolerance):
            yield f"Yours is the right one divided by {path}."


def _added_input(p: Pair) -> Iterator[str]:
    gap = p.got - p.wanted
    for path, array in _inputs(p):
        for times in TIMES:
            if near(p.got, p.wanted + times * array, p.tolerance) and np.abs(gap).max() > 0:
                yield _added(times, path)


def _added(times: float, path: str) -> str:
    often = abs(times)
    if times > 0:
        return (
            f"Yours is the right one plus {path}."
            if often == 1
            else f"Yours is the right one plus {often:g} times {path}."
        )
    return (
        f"Yours is the right one minus {path}."
        if often == 1
        else f"Yours is the right one minus {often:g} times {path}."
    )


def numbers_in(inputs: Inputs) -> dict[str, float]:
    """The plain numbers among the inputs and in their dicts of settings, and what is often made of a probability."""
    found: dict[str, float] = {}
    for name, value in inputs.items():
        settings = value if isinstance(value, Mapping) else {name: value}
        for key, number in settings.items():
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                found[str(key)] = float(number)
    if PROBABILITY in found:
        found["1 - p"] = 1 - found[PROBABILITY]
    return found


def factor_in_words(factors: Sequence[float], listed: Sequence[dict[str, float]]) -> str:
    """Whether the factor of each case is one of its plain numbers, or 1 over it; told where these differ."""
    for what in listed[0]:
        if not all(what in numbers for numbers in listed):
            continue
        values = np.array([numbers[what] for numbers in listed])
        if len(set(values.tolist())) < 2 or (values == 0).any():
            continue
        for made, verb in ((values, "multiplied by"), (1 / values, "divided by")):
            if np.allclose(factors, made, rtol=1e-5, atol=0):
                return f"Yours is the right one {verb} {what}."
    return ""
