"""ps3, the naive convolution, backwards."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import convolution_case
from course.autograder.checks.conv.forward import FORWARD_CHECK, views
from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.conv.variants import (
    crop,
    gradients,
    only_last_window,
    options,
    overwritten,
    padded_gradient,
)
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import CONVOLUTION


def _one(name: str, value: Any) -> Any:
    """A student who gets one of the three gradients wrong."""
    return lambda i: {name: value(i)}


def _padded_only(value: Any) -> Any:
    """A mistake of dx that shows where there is padding."""
    return lambda i: {"dx": value(i)} if options(i)[1] else {}


def _empty_crop(i: Inputs) -> Arrays:
    if options(i)[1]:
        return {}
    return {"dx": np.zeros((*i["x"].shape[:2], 0, 0))}


def _crowded(i: Inputs) -> Arrays:
    """Windows that start at every value: the gradient of a convolution with stride 1 over the first of them."""
    stride, pad = options(i)
    if stride == 1:
        return {}
    rows, columns = (n + 2 * pad - k + 1 for n, k in zip(i["x"].shape[2:], i["w"].shape[2:], strict=True))
    spread = np.zeros((*i["dout"].shape[:2], rows, columns))
    spread[:, :, : i["dout"].shape[2], : i["dout"].shape[3]] = i["dout"]
    found = gradients(i, dout=spread, stride=1)
    return {"dx": found["dx"], "dw": found["dw"]}


BACKWARD_CHECK = Check(
    name="conv_backward_naive",
    assignment=ASSIGNMENT,
    points=10,
    functions=("conv_forward_naive", "conv_backward_naive"),
    steps=(
        Call("conv_forward_naive", ("x", "w", "b", "conv_param"), ("out", "cache")),
        Call("conv_backward_naive", ("dout", "cache"), ("dx", "dw", "db")),
    ),
    outputs=(Output("dx", CONVOLUTION, 2.0), Output("dw", CONVOLUTION, 2.0), Output("db", CONVOLUTION)),
    cases=(
        Case("a kernel of 3 by 2, stride 1, padding 1", convolution_case((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2, a column left over",
             convolution_case((3, 4), (3, 4), 2, 2, left_over=(0, 1))),
        Case("stride 3, no padding, rows and columns left over",
             convolution_case((2, 3), (2, 3), 3, 0, left_over=(2, 1))),
        Case("small integers, float32", convolution_case((4, 3), (2, 3), 1, 1, dtype="float32", integers=True)),
        Case("one input channel, views that are not contiguous",
             views(convolution_case((4, 6), (3, 2), 1, 1, channels=(1, 3)), "x", "w", "dout")),
        Case("a kernel of 1 by 1", convolution_case((4, 3), (1, 1), 1, 0, channels=(5, 2), n=3)),
    ),
    reference=gradients,
    rests_on=FORWARD_CHECK,
    misconceptions=(
        Misconception(
            "overlapping windows overwritten in dx",
            "A value under several windows gets a share from each: add to dx, do not assign.",
            _one("dx", overwritten),
        ),
        Misconception(
            "dx overwritten by each kernel",
            "Every kernel that reads a value sends it a share: add to dx, over the windows and over the kernels.",
            _one("dx", lambda i: overwritten(i, last_kernel=True)),
        ),
        Misconception(
            "dw overwritten by each window",
            "Every window of every sample has a share in dw: add to it, do not assign.",
            _one("dw", lambda i: gradients(i, dout=only_last_window(i))["dw"]),
        ),
        Misconception(
            "dw of the last sample only",
            "dw sums over all samples of the batch.",
            _one("dw", lambda i: gradients(i, x=i["x"][-1:], dout=i["dout"][-1:])["dw"]),
        ),
        Misconception(
            "dw averaged over the batch",
            "dw sums over the samples; a mean, where there is one, is in dout already.",
            _one("dw", lambda i: gradients(i)["dw"] / i["x"].shape[0]),
        ),
        Misconception(
            "kernel flipped in dw",
            "The taps of dw are turned round: tap (p, q) is what the window has at (p, q).",
            _one("dw", lambda i: gradients(i)["dw"][:, :, ::-1, ::-1]),
        ),
        Misconception(
            "kernel flipped in dx",
            "The kernel is turned round: a window sends its gradient back through the taps it was read with.",
            _one("dx", lambda i: gradients(i, w=i["w"][:, :, ::-1, ::-1])["dx"]),
        ),
        Misconception(
            "dx with its padding",
            "The padding is not part of x: cut `pad` rows and columns off each edge of dx.",
            _padded_only(padded_gradient),
        ),
        Misconception(
            "dx cropped at the end only",
            "Cut the padding off all four edges: you keep the part that begins in the padding.",
            _padded_only(lambda i: crop(padded_gradient(i), 0, 0, i["x"])),
        ),
        Misconception(
            "dx cropped at the beginning only",
            "Cut the padding off all four edges: you keep the part that ends in the padding.",
            _padded_only(lambda i: crop(padded_gradient(i), 2 * options(i)[1], 2 * options(i)[1], i["x"])),
        ),
        Misconception(
            "dx cropped to nothing without padding",
            "With pad 0 a slice [pad:-pad] is empty: end it at pad + H instead.",
            _empty_crop,
        ),
        Misconception(
            "windows' starts not multiplied by the stride",
            "Output row i came from the rows that begin at i * stride.",
            _crowded,
        ),
        Misconception(
            "only the first input channel in dx",
            "Every input channel has a gradient.",
            lambda i: {"dx": gradients(i)["dx"] * (np.arange(i["x"].shape[1]) == 0)[:, None, None]},
        ),
        Misconception(
            "db averaged",
            "db sums dout over batch and places.",
            _one("db", lambda i: gradients(i)["db"] / (i["dout"].size / i["dout"].shape[1])),
        ),
        Misconception(
            "db averaged over the batch",
            "db sums over the samples; it does not average.",
            _one("db", lambda i: gradients(i)["db"] / i["x"].shape[0]),
        ),
        Misconception(
            "db not summed over the places",
            "One bias serves all places of its channel: sum dout over height and width too, to shape (O,).",
            _one("db", lambda i: i["dout"].sum(axis=0)),
        ),
        Misconception(
            "db not summed over the batch",
            "One bias serves all samples: sum dout over them too, to shape (O,).",
            _one("db", lambda i: i["dout"].sum(axis=(2, 3))),
        ),
        Misconception(
            "db as one number",
            "Each output channel has a bias of its own: keep axis 1 of dout.",
            _one("db", lambda i: i["dout"].sum()),
        ),
        Misconception(
            "db with axes of length 1",
            "The values are right, but db has shape (O,) as b has.",
            _one("db", lambda i: gradients(i)["db"].reshape(1, -1, 1, 1)),
        ),
        Misconception("db is 0", "The bias has a gradient: the sum of its channel's dout.",
                      _one("db", lambda i: np.zeros_like(i["b"]))),
        Misconception(
            "dx and dw swapped",
            "Return (dx, dw, db), in this order.",
            lambda i: {"dx": gradients(i)["dw"], "dw": gradients(i)["dx"]},
        ),
    ),
)  # fmt: skip

CHECKS = (BACKWARD_CHECK,)
