"""ps3, shapes: kernels, channels and groups that must be refused."""

from typing import Any

from course.autograder.checks.conv.shapes import ASSIGNMENT, SHAPE, STEPS, other, right
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception
from course.reference.convolution import conv2d_output_shape, pair


def _anyway(rounding: Any) -> Any:
    """The shape of a student who asks nothing: the windows of an input that is longer, less those of what was added.

    Where the kernel is longer than the input that is 0 or less, before `rounding` (of the two sizes) is done.
    """

    def wrong(i: Inputs) -> Answers:
        stride, more = pair(i["stride"]), 20
        n, c, h, w = i["input_shape"]
        if c != i["weight_shape"][1] * i["groups"] or i["weight_shape"][0] % i["groups"]:
            return {}
        longer = (n, c, h + more * stride[0], w + more * stride[1])
        shape = conv2d_output_shape(**{**i, "input_shape": longer})
        return {"shape": (*shape[:2], *(rounding(size - more) for size in shape[2:]))}

    return wrong


def _undilated(i: Inputs) -> Answers:
    """The test for fit made with the bare kernel: only a dilation's excess gets through."""
    try:
        conv2d_output_shape(**{**i, "dilation": 1})
    except ValueError:
        return {}
    return _anyway(int)(i)


def _channels(i: Inputs) -> Answers:
    c = i["input_shape"][1]
    if c == i["weight_shape"][1] * i["groups"]:
        return {}
    return other(
        input_shape=lambda i: (i["input_shape"][0], i["weight_shape"][1] * i["groups"], *i["input_shape"][2:])
    )(i)


def _uneven(i: Inputs) -> Answers:
    if i["weight_shape"][0] % i["groups"] == 0:
        return {}
    return other(
        groups=1, input_shape=lambda i: (i["input_shape"][0], i["weight_shape"][1], *i["input_shape"][2:])
    )(i)


def misfit(
    rows: int, columns: int, kernel: tuple[int, int], *, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1, extra_channels: int = 0, extra_kernels: int = 0,
) -> Any:  # fmt: skip
    """A draw whose height, width, channels or kernels may be wrong."""

    def draw(r: Generator) -> Inputs:
        n, c, o = int(r.integers(2, 6)), int(r.integers(2, 5)), int(r.integers(5, 9))
        return {
            "input_shape": (n, c * groups + extra_channels, rows, columns),
            "weight_shape": (o * groups + extra_kernels, c, *kernel),
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
        }

    return draw


ERRORS_CHECK = Check(
    name="conv2d_output_shape.errors",
    assignment=ASSIGNMENT,
    points=4,
    functions=("conv2d_output_shape",),
    steps=STEPS,
    outputs=SHAPE,
    cases=(
        Case("a kernel that just fits", misfit(3, 4, (5, 6), padding=1)),
        Case("a kernel that just fits, with stride 3", misfit(4, 9, (4, 2), stride=3)),
        Case("two groups that go with their channels", misfit(6, 7, (3, 2), groups=2)),
        Case("a kernel one row too tall", misfit(3, 9, (4, 2)), raises="ValueError"),
        Case("a kernel one column too wide, with stride 2", misfit(9, 3, (2, 4), stride=2), raises="ValueError"),
        Case("a kernel far too wide for its padding", misfit(8, 2, (3, 9), padding=[1, 2]), raises="ValueError"),
        Case("a kernel too tall by its dilation", misfit(6, 9, (4, 2), dilation=2), raises="ValueError"),
        Case("channels that the weight does not read", misfit(8, 7, (3, 2), groups=2, extra_channels=2),
             raises="ValueError"),
        Case("kernels that do not divide into the groups", misfit(8, 7, (3, 2), groups=3, extra_kernels=1),
             raises="ValueError"),
    ),
    reference=right,
    misconceptions=(
        Misconception(
            "dilation ignored",
            "The dilation is not used: it spreads the taps, so that the kernel covers more of the input.",
            lambda i: other(dilation=1)(i) if pair(i["dilation"]) != (1, 1) else {},
        ),
        Misconception(
            "fit tested without the dilation",
            "A dilated kernel covers more than its own size: test dilation * (k - 1) + 1 against the padded input.",
            _undilated,
        ),
        Misconception(
            "kernel that does not fit is let through",
            "Where the kernel is longer than the padded input there is no window: raise ValueError, return nothing.",
            _anyway(int),
        ),
        Misconception(
            "negative quotient rounded towards zero",
            "int() turns -1/2 into 0, and plus one makes a window that is not there: Paddle itself falls for it.",
            lambda i: {"shape": [max(n, 1) if n == 0 and s > 1 else n for n, s in
                                 zip(_anyway(int)(i).get("shape", ()), (1, 1, *pair(i["stride"])), strict=False)]}
            if _anyway(int)(i) else {},
        ),
        Misconception(
            "size clipped at 0",
            "A size of 0 is no answer to a kernel that does not fit: raise ValueError.",
            _anyway(lambda size: max(size, 0)),
        ),
        Misconception(
            "size clipped at 1",
            "A size of 1 is no answer to a kernel that does not fit: raise ValueError.",
            _anyway(lambda size: max(size, 1)),
        ),
        Misconception(
            "channels not compared",
            "The input's channels must be weight_shape[1] * groups: raise ValueError where they are not.",
            _channels,
        ),
        Misconception(
            "kernels not divided by the groups",
            "The number of kernels must be a multiple of groups: raise ValueError where it is not.",
            _uneven,
        ),
    ),
)  # fmt: skip

CHECKS = (ERRORS_CHECK,)
