"""ps3, shapes: pooling windows, rounded down or up."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import length
from course.autograder.checks.conv.shapes import ASSIGNMENT, SHAPE
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception
from course.reference.convolution import pair, pool2d_output_shape


def _right(i: Inputs) -> Answers:
    return {"shape": pool2d_output_shape(**i)}


def _other(**changes: Any) -> Any:
    def wrong(i: Inputs) -> Answers:
        read = {key: change(i) if callable(change) else change for key, change in changes.items()}
        return {"shape": pool2d_output_shape(**{**i, **read})}

    return wrong


def _fitting(wrong: Any) -> Any:
    """A misconception that says nothing of windows that do not fit."""

    def told(i: Inputs) -> Answers:
        try:
            return wrong(i)
        except ValueError:
            return {}

    return told


def _reshaped(change: Any) -> Any:
    return _fitting(lambda i: {"shape": change(i, np.array(pool2d_output_shape(**i)))})


def pooling(
    out: tuple[int, int], kernel: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    left_over: tuple[int, int] = (0, 0),
) -> Any:  # fmt: skip
    """A draw whose output, rounded down, is `out` and a few rows and columns more, as many of each."""
    k, s, p = pair(kernel), pair(kernel if stride is None else stride), pair(padding)

    def draw(r: Generator) -> Inputs:
        more = int(r.integers(0, 6))
        size = (length(out[a] + more, k[a], s[a], 2 * p[a], 1, left_over[a]) for a in (0, 1))
        return {
            "input_shape": (int(r.integers(2, 6)), int(r.integers(7, 12)), *size),
            "kernel_size": kernel,
            "stride": stride,
            "padding": padding,
            "ceil_mode": ceil_mode,
        }

    return draw


def too_large(rows: int, columns: int, kernel: Any, stride: Any) -> Any:
    """A draw whose window does not fit."""
    return lambda r: {
        "input_shape": (int(r.integers(2, 6)), int(r.integers(3, 9)), rows, columns),
        "kernel_size": kernel,
        "stride": stride,
        "padding": 0,
        "ceil_mode": False,
    }


def _anyway(rounding: Any) -> Any:
    """The shape of a student who asks nothing: the windows of a longer input, less those of what was added."""

    def wrong(i: Inputs) -> Answers:
        stride, more = pair(i["kernel_size"] if i["stride"] is None else i["stride"]), 20
        n, c, h, w = i["input_shape"]
        longer = (n, c, h + more * stride[0], w + more * stride[1])
        shape = pool2d_output_shape(**{**i, "input_shape": longer})
        return {
            "shape": (n, c, *(rounding(size - more, s) for size, s in zip(shape[2:], stride, strict=True)))
        }

    return wrong


POOL_SHAPE_CHECK = Check(
    name="pool2d_output_shape",
    assignment=ASSIGNMENT,
    points=6,
    functions=("pool2d_output_shape",),
    steps=(Call("pool2d_output_shape", ("input_shape", "kernel_size", "stride", "padding", "ceil_mode"), ("shape",)),),
    outputs=SHAPE,
    cases=(
        Case("windows of 3 by 2, no stride given", pooling((5, 8), (3, 2), None, left_over=(2, 1))),
        Case("windows of 3, stride 2, overlapping", pooling((6, 4), 3, 2, left_over=(1, 0))),
        Case("another stride for each axis", pooling((7, 5), (2, 4), (1, 3), left_over=(0, 2))),
        Case("padding (1, 2), stride 2", pooling((6, 9), (3, 5), 2, (1, 2), left_over=(1, 1))),
        Case("padding (2, 0), stride 1", pooling((9, 5), 4, 1, (2, 0))),
        Case("ceil_mode where one axis divides and one does not", pooling((5, 7), 3, 2, 0, True, (0, 1))),
        Case("ceil_mode with no stride given", pooling((4, 6), (4, 3), None, 0, True, (1, 0))),
        Case("a window that just fits", pooling((1, 3), (5, 2), 2)),
        Case("a window one row too tall, with stride 3", too_large(4, 9, (5, 2), 3), raises="ValueError"),
        Case("a window far too wide", too_large(9, 2, (2, 6), 1), raises="ValueError"),
    ),
    reference=_right,
    misconceptions=(
        Misconception(
            "stride 1 when none is given",
            "Without a stride, pooling windows stand side by side: the stride is the kernel's own size.",
            lambda i: _other(stride=1)(i) if i["stride"] is None else {},
        ),
        Misconception(
            "stride is always the window's size",
            "The stride that is given is not used; only a stride of None means the window's own size.",
            _fitting(_other(stride=None)),
        ),
        Misconception(
            "ceil_mode ignored",
            "With ceil_mode the quotient is rounded up: a window may hang over the edge.",
            _fitting(_other(ceil_mode=False)),
        ),
        Misconception("rounded up", "Without ceil_mode the quotient is rounded down.", _fitting(_other(ceil_mode=True))),
        Misconception(
            "ceil_mode taken for one window more",
            "Rounding up changes nothing where the stride divides: ceil_mode is no plus one.",
            lambda i: {"shape": np.add(pool2d_output_shape(**{**i, "ceil_mode": False}), (0, 0, 1, 1))}
            if i["ceil_mode"] else {},
        ),
        Misconception(
            "ceil_mode turned round",
            "You round up without ceil_mode and down with it; it is the other way.",
            _fitting(_other(ceil_mode=lambda i: not i["ceil_mode"])),
        ),
        Misconception(
            "plus one forgotten",
            "You count the steps between windows; there is one window more than steps.",
            _reshaped(lambda i, shape: shape - [0, 0, 1, 1]),
        ),
        Misconception("padding ignored", "The padding is not used: add it to the input first.",
                      _fitting(_other(padding=0))),
        Misconception(
            "padding counted once",
            "Padding is put on both ends of an axis: the input grows by twice the padding.",
            _fitting(_other(padding=lambda i: [pair(i["padding"])[0], 0, pair(i["padding"])[1], 0])),
        ),
        Misconception(
            "window taken for square",
            "You use the window's height on both axes.",
            _fitting(_other(kernel_size=lambda i: pair(i["kernel_size"])[0],
                            stride=lambda i: i["kernel_size"] if i["stride"] is None else i["stride"])),
        ),
        Misconception(
            "height and width swapped",
            "Your last two numbers are in each other's place: height (rows) comes first.",
            _reshaped(lambda i, shape: shape[[0, 1, 3, 2]]),
        ),
        Misconception(
            "channels lost", "Pooling looks at each channel by itself: all of them come out again.",
            _reshaped(lambda i, shape: shape[[0, 2, 3]]),
        ),
        Misconception(
            "window that does not fit is let through",
            "Where the window is longer than the padded input there is none: raise ValueError.",
            _anyway(lambda size, s: size),
        ),
        Misconception(
            "negative quotient rounded towards zero",
            "int() turns -1/2 into 0, and plus one makes a window that is not there: raise ValueError instead.",
            _anyway(lambda size, s: 1 if size == 0 and s > 1 else size),
        ),
    ),
)  # fmt: skip

CHECKS = (POOL_SHAPE_CHECK,)
