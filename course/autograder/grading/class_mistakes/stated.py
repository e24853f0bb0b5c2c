"""Relations that say all of a wrong output: from the right answers and the inputs of any case, what such an answer gives.

Each is data, so that a mistake which is stated as one can be written into a file and looked for on freshly drawn cases.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Arrays, Inputs
from course.autograder.checks.language.stand_ins import input_arrays
from course.autograder.judging.comparing import near
from course.autograder.judging.ingredients import Pair
from course.autograder.judging.relating import counts_in

MOST_AXES = 5
WITH_AN_INPUT = (
    "times an input", "divided by an input", "plus an input", "minus an input", "times 1 less an input",
    "divided by 1 less an input",
)  # fmt: skip
BY_CHANNEL = "[:, None, None]"
DIGITS = 9  # of a factor or an offset, as it is written down


@dataclass(frozen=True)
class Stated:
    """One relation.

    Attributes:
        kind: one of `KINDS`.
        by: its number, axes, word or path, as its kind has it.
    """

    kind: str
    by: Any

    def of(self, path: str, right: Arrays, inputs: Inputs) -> np.ndarray | None:
        """What an output would be; None where there is no such thing on this case."""
        if path not in right or right[path].dtype.kind not in "fiub":
            return None
        with np.errstate(all="ignore"):
            try:
                return np.asarray(KINDS[self.kind](right[path].astype(np.float64), self.by, right, inputs))
            except (KeyError, ValueError, IndexError, OverflowError):
                # The axes or the path are not there on this case, or somebody wrote a number that is beyond all floats.
                return None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"kind": self.kind, "by": self.by}

    @property
    def words(self) -> str:
        """The relation in words."""
        return WORDS[self.kind].format(_shown(self.by))


def _shown(by: Any) -> str:
    if isinstance(by, list):
        return ", ".join(map(_shown, by))
    return f"{by:.6g}" if isinstance(by, float) else str(by)


Made = Callable[[np.ndarray, Any, Arrays, Inputs], Any]


def _reduced(take: Callable[..., Any], keep: bool) -> Made:
    return lambda right, axes, _, __: take(right, axis=tuple(axes), keepdims=keep)


def _count(what: str, inputs: Inputs) -> float:
    return float(counts_in(inputs)[what])


def _unbiased(n: float) -> float:
    return n / (n - 1) if n != 1 else np.inf  # of a single value it is 0 / 0, as numpy has it


def numbers_in(inputs: Any, path: str = "") -> dict[str, np.ndarray]:
    """Every array and every number among the inputs, by its path."""
    if isinstance(inputs, int | float) and not isinstance(inputs, bool):
        return {path: np.asarray(float(inputs))}
    if isinstance(inputs, Mapping):
        found: dict[str, np.ndarray] = {}
        for key, value in inputs.items():
            found |= numbers_in(value, f"{path}.{key}" if path else str(key))
        return found
    return input_arrays(inputs, path) if path else {}


def _spread(called: str, right: np.ndarray, inputs: Inputs) -> np.ndarray:
    """An input laid out along an output: as numpy does, or one value for each channel of images."""
    value = numbers_in(inputs)[called.removesuffix(BY_CHANNEL)].astype(np.float64)
    return np.broadcast_to(value[:, None, None] if called.endswith(BY_CHANNEL) else value, right.shape)


def _along(p: Pair) -> Iterator[str]:
    """What an output may have been multiplied by, or added to."""
    for path, value in numbers_in(p.inputs).items():
        yield path
        if value.ndim == 1 and p.wanted.ndim == 4:
            yield path + BY_CHANNEL


POWERS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "square": np.square, "root": np.sqrt, "reciprocal": np.reciprocal,
    "size": np.abs, "logarithm": np.log,
}  # fmt: skip
ROUNDED: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "cut off": np.trunc,
    "down": np.floor,
    "to the nearest": np.rint,
    "up": np.ceil,
}
KINDS: Mapping[str, Made] = {
    "times": lambda right, by, _, __: by * right,
    "plus": lambda right, by, _, __: right + by,
    "multiplied by a count": lambda right, what, _, i: right * _count(what, i),
    "divided by a count": lambda right, what, _, i: right / _count(what, i),
    "with n - 1 for n": lambda right, what, _, i: right * _unbiased(_count(what, i)),
    "with n for n - 1": lambda right, what, _, i: right / _unbiased(_count(what, i)),
    "transposed": lambda right, _, __, ___: right.T,
    "axes permuted": lambda right, order, _, __: right.transpose(order),
    "reversed": lambda right, axes, _, __: np.flip(right, tuple(axes)),
    "rolled": lambda right, by, _, __: np.roll(right, by[1], by[0]),
    "power": lambda right, name, _, __: POWERS[name](right),
    "rounded": lambda right, name, _, __: ROUNDED[name](right),
    "axes added": lambda right, axes, _, __: np.expand_dims(right, tuple(axes)),
    "axes dropped": lambda right, axes, _, __: np.squeeze(right, tuple(axes)),
    "flat": lambda right, _, __, ___: right.ravel(),
    "summed": _reduced(np.sum, keep=False),
    "summed, axes kept": _reduced(np.sum, keep=True),
    "averaged": _reduced(np.mean, keep=False),
    "averaged, axes kept": _reduced(np.mean, keep=True),
    "an input": lambda _, path, __, i: input_arrays(i)[path],
    "another output": lambda _, path, right, __: right[path],
    "times an input": lambda right, path, _, i: right * _spread(path, right, i),
    "divided by an input": lambda right, path, _, i: right / _spread(path, right, i),
    "plus an input": lambda right, path, _, i: right + _spread(path, right, i),
    "minus an input": lambda right, path, _, i: right - _spread(path, right, i),
    "times 1 less an input": lambda right, path, _, i: right * (1 - _spread(path, right, i)),
    "divided by 1 less an input": lambda right, path, _, i: right / (1 - _spread(path, right, i)),
    "zero": lambda right, _, __, ___: np.zeros_like(right),
}
WORDS = {
    "times": "{} times the right one",
    "plus": "{} more than the right one",
    "multiplied by a count": "the right one multiplied by {}",
    "divided by a count": "the right one divided by {}",
    "with n - 1 for n": "the right one with n - 1 for n, where n is {}",
    "with n for n - 1": "the right one with n for n - 1, where n is {}",
    "transposed": "the right one transposed",
    "axes permuted": "the right one with its axes in the order {}",
    "reversed": "the right one reversed along axes {}",
    "rolled": "the right one rolled along an axis (axis, places: {})",
    "power": "the {} of the right one",
    "rounded": "the right one rounded {}",
    "axes added": "the right one with axes of length 1 added at {}",
    "axes dropped": "the right one without its axes {} of length 1",
    "flat": "the right one laid out flat",
    "summed": "the right one summed over axes {}",
    "summed, axes kept": "the right one summed over axes {}, which are kept",
    "averaged": "the right one averaged over axes {}",
    "averaged, axes kept": "the right one averaged over axes {}, which are kept",
    "an input": "{} as it came",
    "another output": "what {} should be",
    "times an input": "the right one times {}",
    "divided by an input": "the right one divided by {}",
    "plus an input": "the right one plus {}",
    "minus an input": "the right one minus {}",
    "times 1 less an input": "the right one times 1 - {}",
    "divided by 1 less an input": "the right one divided by 1 - {}",
    "zero": "0 everywhere",
}


def state(pairs: Sequence[Pair], rights: Sequence[Arrays]) -> Stated | None:
    """The relation that gives a wrong output on each of these cases; None where none does.

    Args:
        pairs: what came and what is right, case by case.
        rights: all right outputs of the same cases.
    """
    if not pairs or sum(p.got.size for p in pairs) < 2 or not all(p.got.size for p in pairs):
        return None
    cases = list(zip(pairs, rights, strict=True))
    largest = max(range(len(pairs)), key=lambda k: pairs[k].wanted.size)
    for one in _candidates(*cases[largest]):
        if all(_gives(one, p, right) for p, right in cases):
            return one
    return None


def _gives(one: Stated, p: Pair, right: Arrays) -> bool:
    made = one.of(p.path, right, p.inputs)
    return made is not None and near(p.got, made, p.tolerance)


def _candidates(p: Pair, right: Arrays) -> Iterator[Stated]:
    """What may be true of one case, the simplest first."""
    yield Stated("zero", "")
    yield from (Stated("an input", path) for path in input_arrays(p.inputs))
    yield from (Stated("another output", path) for path in right if path != p.path)
    ndim = p.wanted.ndim
    axes = [list(some) for n in range(1, min(ndim, MOST_AXES) + 1) for some in _some(ndim, n)]
    if p.got.shape == p.wanted.shape:
        yield from _numbers(p)
        yield from (Stated("power", name) for name in POWERS)
        yield from (Stated(kind, path) for path in _along(p) for kind in WITH_AN_INPUT)
        yield from (Stated("rounded", name) for name in ROUNDED)
        yield from (Stated("reversed", some) for some in axes)
        yield from (Stated("rolled", [axis, by]) for axis in range(min(ndim, MOST_AXES)) for by in (1, -1))
    if 2 <= ndim <= MOST_AXES and p.got.ndim == ndim:
        yield Stated("transposed", "")
        yield from (Stated("axes permuted", list(order)) for order in itertools.permutations(range(ndim)))
    if p.got.size == p.wanted.size and p.got.ndim != ndim:
        yield Stated("flat", "")
        more = p.got.ndim - ndim
        if more > 0 and p.got.ndim <= MOST_AXES:
            yield from (Stated("axes added", list(some)) for some in _some(p.got.ndim, more))
        yield from (Stated("axes dropped", some) for some in axes if len(some) == -more)
    for kind in ("summed", "averaged", "summed, axes kept", "averaged, axes kept"):
        yield from (Stated(kind, some) for some in axes)


def _some(ndim: int, n: int) -> Iterator[tuple[int, ...]]:
    return itertools.combinations(range(ndim), n)


def _numbers(p: Pair) -> Iterator[Stated]:
    """A factor, an offset, and factors that are counts of something."""
    square = float(np.vdot(p.wanted, p.wanted))
    if square > 0 and np.isfinite(square):
        factor = float(np.vdot(p.wanted, p.got)) / square
        if np.isfinite(factor) and factor:
            yield Stated("times", float(f"{factor:.{DIGITS}g}"))
    shift = float(np.mean(p.got - p.wanted))
    if np.isfinite(shift):
        yield Stated("plus", float(f"{shift:.{DIGITS}g}"))
    for what in counts_in(p.inputs):
        for kind in ("multiplied by a count", "divided by a count", "with n - 1 for n", "with n for n - 1"):
            yield Stated(kind, what)
