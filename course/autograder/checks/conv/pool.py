"""ps3, max pooling, forwards and backwards."""

from dataclasses import replace
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import distinct, length, values, without
from course.autograder.checks.conv.forward import views
from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.conv.variants import pool, pool_gradient, pool_options, windows_one_by_one
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import CONVOLUTION
from course.reference import convolution


def pooling(
    out: tuple[int, int], window: tuple[int, int], stride: int, *, n: int = 2, c: int = 3,
    left_over: tuple[int, int] = (0, 0), dtype: str = "float64", negative: bool = False,
) -> Any:  # fmt: skip
    """A draw of x, dout and pool_param; no two values of x are equal.

    Windows that overlap share their maximum somewhere, and left-over rows and columns hold the largest values, for
    every seed. With `negative` every value of x is far below 0, at -1e10 and less.
    """
    h, w = (length(m, k, stride, 0, 1, over) for m, k, over in zip(out, window, left_over, strict=True))
    high = max(window[0] - stride, 0), max(window[1] - stride, 0)

    def draw(r: Generator) -> Inputs:
        x = distinct(r, (n, c, h, w), dtype)
        peak = float(np.abs(x).max()) + 1
        row = stride if high[0] else 0
        column = stride if high[1] else 0
        if high[0] or high[1]:
            # (row, column) lies under the first window and under its neighbour(s).
            x[:, :, row, column] = peak + np.arange(n * c).reshape(n, c)
        x[:, :, h - left_over[0] :, :] += 0.125 + 2 * peak
        x[:, :, :, w - left_over[1] :] += 0.0625 + 2 * peak
        return {
            "x": 1e10 * (x - x.max() - 1) if negative else x,
            "dout": values(r, (n, c, *out), dtype),
            "pool_param": {"pool_height": window[0], "pool_width": window[1], "stride": stride},
        }

    return draw


def _forward(i: Inputs) -> Arrays:
    return {"out": pool(i).astype(i["x"].dtype)}


def _out(name: str, advice: str, wrong: Any) -> Misconception:
    def outputs(i: Inputs) -> Arrays:
        return {"out": wrong(i)}

    return Misconception(name, advice, outputs)


def _crowded(i: Inputs) -> np.ndarray:
    rows, columns = pool(i).shape[2:]
    return pool(i, stride=1)[:, :, :rows, :columns]


def _lowest(i: Inputs) -> np.ndarray:
    return -pool({**i, "x": -i["x"]})


CASES = (
    Case("windows of 2 by 3, stride 1", pooling((4, 5), (2, 3), 1)),
    Case(
        "windows of 3 by 2, stride 2, rows and columns left over",
        pooling((3, 4), (3, 2), 2, left_over=(1, 1)),
    ),
    Case(
        "windows of 2 by 4, stride 3, further apart than they are high",
        pooling((3, 2), (2, 4), 3, left_over=(2, 0)),
    ),
    Case("no value above -1e10", pooling((4, 3), (2, 3), 2, negative=True)),
    Case("float32, one channel", pooling((3, 4), (3, 2), 1, n=3, c=1, dtype="float32")),
    Case("views that are not contiguous", views(pooling((4, 3), (2, 2), 2, c=5), "x", "dout")),
)

FORWARD_CHECK = Check(
    name="max_pool_forward",
    assignment=ASSIGNMENT,
    points=4,
    functions=("max_pool_forward",),
    steps=(Call("max_pool_forward", ("x", "pool_param"), ("out", "cache")),),
    outputs=(Output("out", CONVOLUTION),),
    cases=tuple(replace(case, draw=without(case.draw, "dout")) for case in CASES),
    reference=_forward,
    misconceptions=(
        _out("average for maximum", "Take the largest value of the window, not the mean.", lambda i: pool(i, "avg")),
        _out("minimum for maximum", "Take the largest value of the window, not the smallest.", _lowest),
        _out(
            "maximum starts at 0",
            "Where all values of a window are negative the largest of them is wanted, not 0.",
            lambda i: np.maximum(pool(i), 0),
        ),
        _out(
            "largest in size, whatever the sign",
            "Compare the values themselves, not their absolute values.",
            lambda i: np.maximum(pool(i), -_lowest(i)),
        ),
        _out("stride ignored", "The windows start `stride` values apart.", lambda i: pool(i, stride=1)),
        _out(
            "stride is always the window's size",
            "pool_param has a stride of its own: windows may overlap or leave gaps.",
            lambda i: pool(i, stride=list(pool_options(i)[0])),
        ),
        _out("window's start not multiplied by the stride", "Output row i reads from row i * stride.", _crowded),
        _out(
            "window's height and width swapped",
            "The window has pool_height rows and pool_width columns.",
            lambda i: pool(i, kernel_size=list(pool_options(i)[0][::-1])),
        ),
        _out("rounded up", "A window that hangs over the edge is not read.", lambda i: pool(i, ceil_mode=True)),
        _out(
            "maximum over the channels too",
            "Pooling looks at each channel by itself.",
            lambda i: np.broadcast_to(pool(i).max(axis=1, keepdims=True), pool(i).shape),
        ),
        _out(
            "maximum over the batch too",
            "Pooling looks at each sample by itself.",
            lambda i: np.broadcast_to(pool(i).max(axis=0, keepdims=True), pool(i).shape),
        ),
        _out(
            "only the first sample",
            "The output is wrong from the second sample on: go through all.",
            lambda i: pool(i) * (np.arange(i["x"].shape[0]) == 0)[:, None, None, None],
        ),
        _out("summed, not maximised", "Take the largest value of the window, not the sum.",
             lambda i: pool(i, "avg") * np.prod(pool_options(i)[0])),
    ),
)  # fmt: skip


# --- backwards -----------------------------------------------------------------------------------------------


def _backward(i: Inputs) -> Arrays:
    kernel, stride = pool_options(i)
    return {"dx": convolution.max_pool_gradient(i["x"], i["dout"], kernel, stride)}


def _dx(name: str, advice: str, wrong: Any) -> Misconception:
    def outputs(i: Inputs) -> Arrays:
        return {"dx": wrong(i)}

    return Misconception(name, advice, outputs)


def _window_area(i: Inputs) -> int:
    return int(np.prod(pool_options(i)[0]))


def _corner(i: Inputs) -> np.ndarray:
    """The gradient sent to the top left value of each window: of an average over a window of one value."""
    (ph, pw), _ = pool_options(i)
    inner = {**i, "x": i["x"][:, :, : i["x"].shape[2] - ph + 1, : i["x"].shape[3] - pw + 1]}
    dx = np.zeros_like(i["x"], dtype=np.float64)
    dx[:, :, : inner["x"].shape[2], : inner["x"].shape[3]] = pool_gradient(inner, "avg", kernel_size=1)
    return dx


BACKWARD_CHECK = Check(
    name="max_pool_backward",
    assignment=ASSIGNMENT,
    points=5,
    functions=("max_pool_forward", "max_pool_backward"),
    steps=(
        Call("max_pool_forward", ("x", "pool_param"), ("out", "cache")),
        Call("max_pool_backward", ("dout", "cache"), ("dx",)),
    ),
    outputs=(Output("dx", CONVOLUTION),),
    cases=CASES,
    reference=_backward,
    rests_on=FORWARD_CHECK,
    misconceptions=(
        _dx(
            "the place of the maximum overwritten",
            "A value may be the largest of several windows: add each window's gradient, do not assign it.",
            lambda i: windows_one_by_one(i, whole_window=False),
        ),
        _dx(
            "whole windows overwritten",
            "A later window wipes out what an earlier one has written: add to dx.",
            lambda i: windows_one_by_one(i, whole_window=True),
        ),
        _dx(
            "gradient spread evenly",
            "Only the largest value of a window has a gradient; this is average pooling's.",
            lambda i: pool_gradient(i, "avg"),
        ),
        _dx(
            "gradient sent to the whole window",
            "Only the largest value of a window has a gradient.",
            lambda i: pool_gradient(i, "avg") * _window_area(i),
        ),
        _dx(
            "gradient sent to the window's corner", "The gradient goes to the largest value's place.", _corner
        ),
        _dx(
            "gradient sent to the minimum",
            "The gradient goes to the largest value's place.",
            lambda i: pool_gradient({**i, "x": -i["x"]}),
        ),
        _dx(
            "gradient without dout",
            "dx is dout's value where the maximum was, not 1.",
            lambda i: pool_gradient({**i, "dout": np.ones_like(i["dout"])}),
        ),
        _dx(
            "gradient multiplied by the maximum",
            "dx is dout's value where the maximum was: the maximum itself is no factor.",
            lambda i: pool_gradient({**i, "dout": i["dout"] * pool(i)}),
        ),
        _dx(
            "gradient divided by the window's size",
            "All of dout goes to the maximum: nothing is averaged.",
            lambda i: pool_gradient(i) / _window_area(i),
        ),
        _dx(
            "only the first sample",
            "dx is wrong from the second sample on: go through all.",
            lambda i: pool_gradient(i) * (np.arange(i["x"].shape[0]) == 0)[:, None, None, None],
        ),
        _dx(
            "only the first channel",
            "dx is wrong from the second channel on: go through all.",
            lambda i: pool_gradient(i) * (np.arange(i["x"].shape[1]) == 0)[:, None, None],
        ),
    ),
)

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
