"""ps3, the naive convolution, forwards."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import convolution_case, without
from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.conv.variants import crop, crowded, forward, options, padded
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import CONVOLUTION


def asked(*args: Any, **keywords: Any) -> Any:
    """A draw of x, w, b and conv_param."""
    return without(convolution_case(*args, **keywords), "dout")


def views(draw: Any, *names: str) -> Any:
    """The same draw with some of its arrays handed over as views that are not contiguous."""

    def strided(r: Generator) -> Inputs:
        given = draw(r)
        return {**given, **{name: Strided(given[name]) for name in names}}

    return strided


def only_first_sample(i: Inputs) -> np.ndarray:
    """The output of a student who convolves sample 0 alone and leaves zeros in the others' place."""
    out = forward(i).copy()
    out[1:] = 0
    return out


def _one_sided(i: Inputs) -> np.ndarray:
    _, pad = options(i)
    return forward(i, padding=[0, 2 * pad, 0, 2 * pad])


def mistake(name: str, advice: str, out: Any) -> Misconception:
    """A misconception of `out` alone."""

    def wrong(i: Inputs) -> Arrays:
        return {"out": out(i)}

    return Misconception(name, advice, wrong)


MISTAKES = (
    mistake(
        "kernel flipped",
        "You turn the kernel round; what nets call convolution lays it on as it is.",
        lambda i: forward(i, w=i["w"][:, :, ::-1, ::-1]),
    ),
    mistake(
        "kernel transposed",
        "Rows of the kernel meet rows of the image: you have the kernel's axes swapped.",
        lambda i: forward(i, w=i["w"].swapaxes(2, 3)),
    ),
    mistake(
        "bias forgotten", "Add the output channel's bias to every value of it.", lambda i: forward(i, b=None)
    ),
    mistake("bias subtracted", "The bias is added.", lambda i: forward(i, b=-i["b"])),
    mistake(
        "bias added for each input channel",
        "Add the bias once, after the sum over the input channels.",
        lambda i: forward(i, b=i["b"] * i["x"].shape[1]),
    ),
    mistake(
        "bias added for each tap",
        "Add the bias once, after the whole window is summed.",
        lambda i: forward(i, b=i["b"] * i["w"][0].size),
    ),
    mistake(
        "padding ignored",
        "Put `pad` rows and columns of zeros round x first.",
        lambda i: forward(i, padding=0),
    ),
    mistake(
        "padded at the end only",
        "Padding goes on all four edges: `pad` rows above and below, `pad` columns left and right.",
        _one_sided,
    ),
    mistake(
        "padded with the edge's values",
        "The padding is made of zeros, not of copies of the edge.",
        lambda i: forward(i, x=padded(i["x"], options(i)[1], "replicate"), padding=0),
    ),
    mistake(
        "padded with ones",
        "The padding is made of zeros.",
        lambda i: forward(i, x=padded(i["x"], options(i)[1], value=1.0), padding=0),
    ),
    mistake(
        "padded twice as much",
        "`pad` is what each edge gets; the 2 in the formula of the shape comes from there being two edges.",
        lambda i: crop(forward(i, padding=2 * options(i)[1]), 0, 0, forward(i)),
    ),
    mistake("stride ignored", "The windows start `stride` values apart.", lambda i: forward(i, stride=1)),
    mistake(
        "window's start not multiplied by the stride",
        "Output row i reads from row i * stride: your output has the right shape and the wrong windows.",
        lambda i: crowded(i, lambda out: out),
    ),
    mistake(
        "stride along the rows only",
        "The stride moves the window along both axes.",
        lambda i: forward(i, stride=[options(i)[0], 1]),
    ),
    mistake(
        "only the first input channel",
        "Each output value sums over all input channels.",
        lambda i: forward(i, x=i["x"][:, :1], w=i["w"][:, :1]),
    ),
    mistake(
        "averaged, not summed",
        "A convolution sums the products; it does not divide by their number.",
        lambda i: forward(i, w=i["w"] / i["w"][0].size),
    ),
    mistake(
        "only the first sample",
        "The output is wrong from the second sample on: go through all.",
        only_first_sample,
    ),
    mistake(
        "one output row and column too few",
        "The shape needs its plus one: there is one window more than steps.",
        lambda i: forward(i)[:, :, :-1, :-1],
    ),
    mistake(
        "channels last",
        "Paddle's layout is [N, O, H', W']; you put the channels last.",
        lambda i: forward(i).transpose(0, 2, 3, 1),
    ),
    mistake(
        "cut off at 0",
        "A convolution may be negative: there is no ReLU here.",
        lambda i: np.maximum(forward(i), 0),
    ),
)

FORWARD_CHECK = Check(
    name="conv_forward_naive",
    assignment=ASSIGNMENT,
    points=8,
    functions=("conv_forward_naive",),
    steps=(Call("conv_forward_naive", ("x", "w", "b", "conv_param"), ("out", "cache")),),
    outputs=(Output("out", CONVOLUTION),),
    cases=(
        Case("a kernel of 3 by 2, stride 1, padding 1", asked((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2, a column left over", asked((3, 4), (3, 4), 2, 2, left_over=(0, 1))),
        Case("stride 3, no padding, rows and columns left over", asked((2, 3), (2, 3), 3, 0, left_over=(2, 1))),
        Case("small integers, float32", asked((4, 3), (2, 3), 1, 1, dtype="float32", integers=True)),
        Case("one input channel, views that are not contiguous",
             views(asked((4, 6), (3, 2), 1, 1, channels=(1, 3)), "x", "w")),
        Case("a kernel of 1 by 1", asked((4, 3), (1, 1), 1, 0, channels=(5, 2), n=3)),
    ),
    reference=lambda i: {"out": forward(i)},
    misconceptions=MISTAKES,
)  # fmt: skip

CHECKS = (FORWARD_CHECK,)
