"""Inputs that tell answers apart: nothing at its default, no two axes alike, few values per feature.

Bounds are guaranteed by construction, not hoped for, so that a misconception shows for every seed.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import numpy as np

from course.autograder.checks.language.spec import Inputs
from course.autograder.checks.language.stand_ins import Strided

Generator = np.random.Generator
Draw = Callable[[Generator], Inputs]
P = ParamSpec("P")


# --- what a Case draws ---------------------------------------------------------------------------------------


def draw(make: Callable[Concatenate[Generator, P], Inputs]) -> Callable[P, Draw]:
    """Let a function (generator, shape, ...) -> inputs stand in a Case as `function(shape, ...)`."""

    @functools.wraps(make)
    def later(*args: P.args, **keywords: P.kwargs) -> Draw:
        return lambda r: make(r, *args, **keywords)

    return later


def altered(first: Draw, change: Callable[[Inputs], Inputs]) -> Draw:
    """The same draw with some of its inputs replaced by functions of all."""

    def later(r: Generator) -> Inputs:
        i = first(r)
        return {**i, **change(i)}

    return later


def views(first: Draw, *names: str) -> Draw:
    """The same draw with some of its arrays handed over as views that are not contiguous."""
    return altered(first, lambda i: {name: Strided(i[name]) for name in names})


def constant(first: Draw, index: Any, value: float, name: str = "x") -> Draw:
    """The same draw with some values of an array all alike."""

    def change(i: Inputs) -> Inputs:
        array = i[name].copy()
        array[index] = value
        return {name: array}

    return altered(first, change)


def twice(first: Draw, *names: str) -> Draw:
    """The same draw with some of its inputs drawn again as 'later_...': what a later call is given."""

    def later(r: Generator) -> Inputs:
        i, again = first(r), first(r)
        return {**i, **{f"later_{name}": again[name] for name in names}}

    return later


def as_type(arrays: Inputs, dtype: str) -> Inputs:
    """The inputs with every array of floats in one precision."""
    floats = {k: v for k, v in arrays.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
    return {**arrays, **{name: array.astype(dtype, copy=False) for name, array in floats.items()}}


# --- what it is drawn from -----------------------------------------------------------------------------------


def away_from_zero(rng: Generator, shape: int | tuple[int, ...], low: float, high: float) -> np.ndarray:
    """Values of either sign with low <= |v| <= high."""
    size = rng.uniform(low, high, size=shape)
    # The signs that `rng.choice([-1.0, 1.0])` would draw: it too takes the first bit of 32 for each, as a float32 does, but
    # asks much of its arguments first, and a submission's cases take hundreds of these.
    sign = rng.random(shape, dtype=np.float32) - 0.5
    signed: np.ndarray = np.copysign(size, sign)
    return signed


def scales(rng: Generator, d: int) -> np.ndarray:
    """gamma (d,): far from 0, from 1 and from -1."""
    return away_from_zero(rng, d, 1.3, 2.2)


def shifts(rng: Generator, d: int) -> np.ndarray:
    """beta (d,): far from 0."""
    return away_from_zero(rng, d, 0.4, 1.6)


def means(rng: Generator, d: int) -> np.ndarray:
    """A running mean (d,): far from 0."""
    return away_from_zero(rng, d, 0.5, 2.0)


def variances(rng: Generator, d: int) -> np.ndarray:
    """A running variance (d,): far from 0 and from 1."""
    return rng.uniform(1.6, 3.4, size=d)


def _standard(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """`(x - x.mean(axes)) / x.std(axes)`, to the bit, in fewer steps: a submission's cases take a hundred of them."""
    n = math.prod(x.shape[axis] for axis in axes)
    x = x - np.add.reduce(x, axis=axes, keepdims=True) / n
    moved: np.ndarray = x / np.sqrt(np.add.reduce(x * x, axis=axes, keepdims=True) / n)
    return moved


def batch(rng: Generator, shape: tuple[int, ...], sd: float = 1.0, dtype: str = "float64") -> np.ndarray:
    """Values whose features (axis 1) have a spread near `sd` and means of their own size, none near 0.

    The spread is set, not drawn: with few values a feature could otherwise come out all but constant.
    """
    x = rng.normal(size=shape)
    axes = tuple(a for a in range(len(shape)) if a != 1)
    if x.size > shape[1]:
        x = _standard(x, axes)
    by_feature = (shape[1],) + (1,) * (len(shape) - 2)
    spread = rng.uniform(0.75, 1.35, size=by_feature)
    centre = away_from_zero(rng, by_feature, 0.3, 1.2)
    return (sd * (x * spread + centre)).astype(dtype, copy=False)


def upstream(rng: Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """A gradient from above: random, with a mean per feature that is not 0."""
    by_feature = (shape[1],) + (1,) * (len(shape) - 2)
    return (rng.normal(size=shape) + away_from_zero(rng, by_feature, 0.3, 0.9)).astype(dtype, copy=False)
