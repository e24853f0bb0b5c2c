"""Inputs for ps3: sizes that neither divide nor repeat, so that rounding, order and overlap all show for every seed."""

from typing import Any

import numpy as np

from course.autograder.checks.conv import ASSIGNMENT as ASSIGNMENT
from course.autograder.checks.language import Inputs
from course.autograder.checks.language.draws import Draw, Generator, away_from_zero, draw


def length(
    outputs: int, kernel: int, stride: int = 1, pads: int = 0, dilation: int = 1, left_over: int = 0
) -> int:
    """The length of an axis on which a kernel takes exactly `outputs` steps and leaves `left_over` values unread."""
    return (outputs - 1) * stride + left_over + dilation * (kernel - 1) + 1 - pads


def values(r: Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Random values with a mean that is not 0, so that averaging, cropping and padding all show."""
    return (r.normal(size=shape) + away_from_zero(r, (1,) * len(shape), 0.3, 0.8)).astype(dtype)


def small_integers(r: Generator, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Integers from 1 to 9 of either sign: sums of their products are exact in float32, and in TF32."""
    return (r.integers(1, 10, size=shape) * r.choice([-1, 1], size=shape)).astype(dtype)


def distinct(r: Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Values of either sign, no two of them equal or close: which one is the largest is never in doubt."""
    count = int(np.prod(shape))
    steps = r.permutation(count) - count // 2
    return (0.25 * (steps + r.uniform(0.2, 0.4))).reshape(shape).astype(dtype)


@draw
def convolution(
    r: Generator, out: tuple[int, int], kernel: tuple[int, int], stride: int, pad: int, *, n: int = 2,
    channels: tuple[int, int] = (3, 4), left_over: tuple[int, int] = (0, 0), dtype: str = "float64",
    integers: bool = False, later: dict[str, int] | None = None,
) -> Inputs:  # fmt: skip
    """x, w, b, dout and conv_param for an output of height and width `out`, and as much for a later forward pass.

    Args:
        r: what they are drawn from.
        out: (H', W').
        kernel: (kh, kw).
        stride, pad: of conv_param.
        n: samples.
        channels: (C, O).
        left_over: rows and columns at the end that no window reaches.
        dtype: of all four arrays.
        integers: draw small integers.
        later: what the later pass has another way in its conv_param.
    """
    c, o = channels
    size = (length(m, k, stride, 2 * pad, 1, over) for m, k, over in zip(out, kernel, left_over, strict=True))
    x, w = (n, c, *size), (o, c, *kernel)
    make = small_integers if integers else values
    param = {"stride": stride, "pad": pad}

    def biases() -> np.ndarray:
        return (small_integers(r, (o,)) if integers else away_from_zero(r, o, 0.6, 1.6)).astype(dtype)

    return {
        "x": make(r, x, dtype), "w": make(r, w, dtype), "b": biases(), "dout": make(r, (n, o, *out), dtype),
        "conv_param": param,
        "later_x": make(r, x, dtype), "later_w": make(r, w, dtype), "later_b": biases(),
        "later_param": {**param, **(later or {})},
    }  # fmt: skip


def without(draw: Draw, *names: str) -> Draw:
    """A draw that leaves some of the values out."""
    return lambda r: {key: value for key, value in draw(r).items() if key not in names}


def asked(*args: Any, **keywords: Any) -> Draw:
    """x, w, b and conv_param alone."""
    return without(convolution(*args, **keywords), "dout", "later_x", "later_w", "later_b", "later_param")
