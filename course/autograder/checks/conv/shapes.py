"""ps3, shapes: what a convolution and a pooling window make of a height and a width."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import length
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.reference.convolution import conv2d_output_shape, padding_edges, pair, pool2d_output_shape

ASSIGNMENT = "ps3_conv"
STEPS = (
    Call(
        "conv2d_output_shape",
        ("input_shape", "weight_shape", "stride", "padding", "dilation", "groups"),
        ("shape",),
    ),
)
SHAPE = (Output("shape", EXACT),)


def right(i: Inputs) -> Answers:
    """The reference's answer."""
    return {"shape": conv2d_output_shape(**i)}


def other(**changes: Any) -> Any:
    """The answer of a student who reads other arguments: each change is a value or a function of the inputs."""

    def wrong(i: Inputs) -> Answers:
        read = {key: change(i) if callable(change) else change for key, change in changes.items()}
        try:
            return {"shape": conv2d_output_shape(**{**i, **read})}
        except ValueError:
            return {}  # read like that the kernel does not fit, and there is no output to recognise

    return wrong


def reshaped(change: Any) -> Any:
    """The answer of a student who does something to the right shape, given as an array of four."""
    return lambda i: {"shape": change(i, np.array(conv2d_output_shape(**i)))}


def question(
    out: tuple[int, int],
    kernel: tuple[int, int],
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    left_over: tuple[int, int] = (0, 0),
) -> Any:
    """A draw for `conv2d_output_shape` whose output is `out` and a few rows and columns more, as many of each."""
    s, d = pair(stride), pair(dilation)
    edges = padding_edges(padding, (0, 0), kernel, s)

    def draw(r: Generator) -> Inputs:
        more = int(r.integers(0, 6))
        size = (length(out[a] + more, kernel[a], s[a], sum(edges[a]), d[a], left_over[a]) for a in (0, 1))
        n, c, o = int(r.integers(2, 6)), int(r.integers(1, 4)), int(r.integers(7, 12))
        return {
            "input_shape": (n, c * groups, *size),
            "weight_shape": (o * groups, c, *kernel),
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
        }

    return draw


def _ceil(i: Inputs) -> Answers:
    """Rounding up is what pooling does in ceil_mode; the padding is put on beforehand, as it is no window's."""
    kernel, dilation = i["weight_shape"][2:], pair(i["dilation"])
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    edges = padding_edges(i["padding"], i["input_shape"][2:], kernel, pair(i["stride"]))
    padded = [size + sum(edge) for size, edge in zip(i["input_shape"][2:], edges, strict=True)]
    sizes = pool2d_output_shape((1, 1, *padded), extent, i["stride"], 0, ceil_mode=True)[2:]
    return {"shape": (i["input_shape"][0], i["weight_shape"][0], *sizes)}


def _dilated_whole(i: Inputs) -> Answers:
    d, (o, c, kh, kw) = pair(i["dilation"]), i["weight_shape"]
    return other(weight_shape=(o, c, d[0] * kh, d[1] * kw), dilation=1)(i)


def _reversed_pairs(i: Inputs) -> Answers:
    pairs = {key: pair(i[key])[::-1] for key in ("stride", "padding", "dilation")}
    return other(**pairs)(i)


def _once(i: Inputs) -> list[int]:
    ph, pw = pair(i["padding"])
    return [ph, 0, pw, 0]


PLAIN_CHECK = Check(
    name="conv2d_output_shape",
    assignment=ASSIGNMENT,
    points=6,
    functions=("conv2d_output_shape",),
    steps=STEPS,
    outputs=SHAPE,
    cases=(
        Case("a kernel of 3 by 2, padding 2, stride 2", question((6, 9), (3, 2), 2, 2, left_over=(1, 1))),
        Case("a stride that is all of the kernel, no padding", question((5, 4), (3, 3), 3, left_over=(2, 1))),
        Case("dilation 3, stride 1", question((8, 5), (3, 4), 1, 1, 3)),
        Case("two groups", question((7, 11), (2, 5), 1, 2, 1, 2)),
        Case(
            "another stride, padding and dilation for each axis",
            question((6, 9), (3, 5), (3, 1), (3, 1), (1, 2), left_over=(2, 0)),
        ),
        Case("the homework: 10 images of 224 by 224, 64 kernels of 3 by 3, padding 1", lambda r: {
            "input_shape": (10, 3, 224, 224), "weight_shape": (64, 3, 3, 3),
            "stride": 1, "padding": 1, "dilation": 1, "groups": 1,
        }),
    ),
    reference=right,
    misconceptions=(
        Misconception(
            "rounded up",
            "A window that hangs over the edge is not read: round the quotient down (pooling's ceil_mode rounds up).",
            _ceil,
        ),
        Misconception(
            "plus one forgotten",
            "You count the steps between windows; there is one window more than steps.",
            reshaped(lambda i, shape: shape - [0, 0, 1, 1]),
        ),
        Misconception(
            "padding counted once",
            "Padding is put on both ends of an axis: the input grows by twice the padding.",
            other(padding=_once),
        ),
        Misconception("padding ignored", "The padding is not used: add it to the input first.", other(padding=0)),
        Misconception(
            "stride ignored", "The stride is not used: the windows start that many values apart.", other(stride=1)
        ),
        Misconception(
            "dilation ignored",
            "The dilation is not used: it spreads the taps, so that the kernel covers more of the input.",
            other(dilation=1),
        ),
        Misconception(
            "dilation times the kernel",
            "Dilation widens the gaps between the taps, and there is one gap fewer than taps.",
            _dilated_whole,
        ),
        Misconception(
            "height and width swapped",
            "Your last two numbers are in each other's place: height (rows) comes first.",
            reshaped(lambda i, shape: shape[[0, 1, 3, 2]]),
        ),
        Misconception(
            "pairs read as (width, height)",
            "A pair of strides, paddings or dilations is (height, width), as the axes of [N, C, H, W] are.",
            _reversed_pairs,
        ),
        Misconception(
            "kernel taken for square",
            "You use the kernel's height on both axes; its width is the last number of weight_shape.",
            other(weight_shape=lambda i: (*i["weight_shape"][:3], i["weight_shape"][2])),
        ),
        Misconception(
            "input channels in the output",
            "The output has one channel for each kernel: weight_shape[0], not the input's channels.",
            reshaped(lambda i, shape: np.array([shape[0], i["input_shape"][1], *shape[2:]])),
        ),
        Misconception(
            "output channels divided by the groups",
            "Groups divide what a kernel reads, not how many kernels there are: keep weight_shape[0].",
            reshaped(lambda i, shape: shape // [1, i["groups"], 1, 1]),
        ),
        Misconception(
            "batch forgotten", "Return four numbers: the batch comes first.", reshaped(lambda i, shape: shape[1:])
        ),
        Misconception(
            "channels last",
            "Paddle's layout is [N, C, H, W]; you put the channels last.",
            reshaped(lambda i, shape: shape[[0, 2, 3, 1]]),
        ),
    ),
)  # fmt: skip

CHECKS = (PLAIN_CHECK,)
