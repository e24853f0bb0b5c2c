"""A function's derivatives by central differences, index by index, of what may be asked of it only in one batch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.spec import Arrays, Inputs

STEP = 1e-4  # of the spread of an input's values: the error is then about 1e-8 of a derivative
STRIDE = 1.0  # of the same: so far for telling a curved function from a straight one

# Values of a function at many inputs, in order; fewer where it did not answer them all.
Evaluate = Callable[[Sequence[Inputs]], Iterable[np.ndarray]]


@dataclass(frozen=True)
class Local:
    """A function round one point.

    Attributes:
        value: there, an array of any shape.
        slopes: by input, derivatives [values of the input, values of the function].
        bends: by input how much each of its values leaves the straight line along that input; under '' along all at once.
    """

    value: np.ndarray
    slopes: Arrays
    bends: Arrays

    def pulled_back(self, name: str, upstream: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The gradient for one input of the function's values weighted by an upstream gradient."""
        return (self.slopes[name] @ upstream.reshape(-1)).reshape(shape)


def around(
    inputs: Inputs, names: Sequence[str], evaluate: Evaluate, direction: np.random.Generator
) -> Local | None:
    """Take a function apart round these inputs; None where some value does not come, or is no finite number.

    Args:
        inputs: with an array in float64 under each of the names.
        names: of the inputs to differentiate by.
        evaluate: the function.
        direction: draws the direction in which it is looked at for a bend.
    """
    wide = {name: _spread(inputs[name]) for name in names}
    aside = {name: STRIDE * wide[name] * direction.normal(size=inputs[name].shape) for name in names}
    ways = {"": tuple(names)} | {name: (name,) for name in names}
    asked = [inputs]
    for way in ways.values():
        asked += [{**inputs, **{name: inputs[name] + s * aside[name] for name in way}} for s in (1, -1)]
    for name in names:
        for index in np.ndindex(inputs[name].shape):
            asked += [_moved(inputs, name, index, sign * STEP * wide[name]) for sign in (1, -1)]
    values = list(evaluate(asked))
    shapes = {value.shape for value in values}
    if len(values) != len(asked) or len(shapes) != 1 or not all(np.isfinite(value).all() for value in values):
        return None
    value, *rest = (np.asarray(v, np.float64) for v in values)
    bends = {way: rest[2 * at] - 2 * value + rest[2 * at + 1] for at, way in enumerate(ways)}
    slopes, at = {}, 2 * len(ways)
    for name in names:
        size = inputs[name].size
        pairs = np.stack(rest[at : at + 2 * size]).reshape(size, 2, -1)
        slopes[name] = (pairs[:, 0] - pairs[:, 1]) / (2 * STEP * wide[name])
        at += 2 * size
    return Local(value, slopes, bends)


def _spread(array: np.ndarray) -> float:
    return float(array.std()) or 1.0


def _moved(inputs: Inputs, name: str, index: tuple[int, ...], by: float) -> Inputs:
    moved = inputs[name].copy()
    moved[index] += by
    return {**inputs, name: moved}
