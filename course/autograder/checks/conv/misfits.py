"""ps3, shapes: kernels, channels and groups that must be refused."""

import functools
from collections.abc import Callable
from typing import Any

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.shapes import MISTAKES, SHAPE, STEPS, arguments, fitting, other, right
from course.autograder.checks.language import Answers, Case, Inputs, Mistake, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.wrong import Wrong, where
from course.reference.convolution import pair

MORE = 20  # windows by which an input is made longer, so that its kernel fits


def anyway(
    reference: Wrong, stride: Callable[[Inputs], tuple[int, int]], rounding: Callable[[int, int], int]
) -> Wrong:
    """The shape of a student who asks nothing: the windows of an input that is longer, less those of what was added.

    Where the kernel is longer than the input that is 0 or less, before `rounding` (of a size and its stride) is done.
    """

    def wrong(i: Inputs) -> Answers:
        steps = stride(i)
        n, c, h, w = i["input_shape"]
        longer = (n, c, h + MORE * steps[0], w + MORE * steps[1])
        shape = reference({**i, "input_shape": longer})["shape"]
        sizes = (rounding(size - MORE, s) for size, s in zip(shape[2:], steps, strict=True))
        return {"shape": (*shape[:2], *sizes)}

    return wrong


def towards_zero(size: int, stride: int) -> int:
    """A quotient rounded as C++ does it: -1/2 becomes 0, and plus one makes a window that is not there."""
    return 1 if size == 0 and stride > 1 else size


def _let_through(rounding: Callable[[int, int], int]) -> Wrong:
    """What becomes of a kernel that does not fit, where channels and groups do."""
    return fitting(anyway(right, lambda i: pair(i["stride"]), rounding))


def _fits_undilated(i: Inputs) -> bool:
    return bool(other(dilation=1)(i))


def _fits_along(axis: int, i: Inputs) -> bool:
    """Whether the kernel fits along the height (axis 2) or the width (axis 3), however it does along the other."""
    n, c, h, w = i["input_shape"]
    return bool(other(input_shape=(n, c, h, 1000) if axis == 2 else (n, c, 1000, w))(i))


def _channels_read(i: Inputs) -> tuple[int, ...]:
    """The input as one who does not compare its channels takes it: with those that the weight reads."""
    n, _, *size = i["input_shape"]
    return (n, i["weight_shape"][1] * i["groups"], *size)


def _channels_differ(i: Inputs) -> bool:
    return i["input_shape"] != _channels_read(i)


@draw
def misfit(
    r: Generator, rows: int, columns: int, kernel: tuple[int, int], *, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1, extra_channels: int = 0, extra_kernels: int = 0,
) -> Inputs:  # fmt: skip
    """Inputs whose height, width, channels or kernels may be wrong."""
    n, c, o = int(r.integers(2, 6)), int(r.integers(2, 5)), int(r.integers(5, 9))
    x, w = (n, c * groups + extra_channels, rows, columns), (o * groups + extra_kernels, c, *kernel)
    return arguments(x, w, stride, padding, dilation, groups)


REFUSED = "ValueError"

ERRORS_CHECK = check(
    ASSIGNMENT, "conv2d_output_shape.errors", 8, STEPS,
    outputs=SHAPE,
    cases=(
        Case("a kernel that just fits", misfit(3, 4, (5, 6), padding=1)),
        Case("a kernel that just fits, with stride 3", misfit(4, 9, (4, 2), stride=3)),
        Case("two groups that go with their channels", misfit(6, 7, (3, 2), groups=2)),
        Case("'SAME', whose kernel may be longer than the input", misfit(3, 3, (5, 5), padding="SAME")),
        Case("a kernel one row too tall", misfit(3, 9, (4, 2)), raises=REFUSED),
        Case("a kernel one column too wide, with stride 2", misfit(9, 3, (2, 4), stride=2), raises=REFUSED),
        Case("a kernel far too wide for its padding", misfit(8, 2, (3, 9), padding=[1, 2]), raises=REFUSED),
        Case("a kernel too tall by its dilation", misfit(6, 9, (4, 2), dilation=2), raises=REFUSED),
        Case("a kernel too wide by its dilation", misfit(9, 6, (2, 4), dilation=(1, 2)), raises=REFUSED),
        Case("a kernel too tall for 'VALID'", misfit(3, 9, (4, 2), padding="VALID"), raises=REFUSED),
        Case("channels that the weight does not read, one group", misfit(8, 7, (3, 2), extra_channels=1), raises=REFUSED),
        Case("channels that the weight does not read, 'SAME'", misfit(8, 7, (3, 2), padding="SAME", extra_channels=1),
             raises=REFUSED),
        Case("channels that the weight does not read", misfit(8, 7, (3, 2), groups=2, extra_channels=2), raises=REFUSED),
        Case("kernels that do not divide into the groups", misfit(8, 7, (3, 2), groups=3, extra_kernels=1), raises=REFUSED),
    ),
    reference=right,
    mistakes={
        "dilation ignored": MISTAKES["dilation ignored"].by(
            where(lambda i: pair(i["dilation"]) != (1, 1), other(dilation=1))
        ),
        "fit tested without the dilation": Mistake(
            "A dilated kernel covers more than its own size: test dilation * (k - 1) + 1 against the padded input.",
            where(_fits_undilated, _let_through(lambda size, s: size)),
        ),
        "kernel that does not fit is let through": Mistake(
            "Where the kernel is longer than the padded input there is no window: raise ValueError, return nothing.",
            _let_through(lambda size, s: size),
        ),
        **{
            f"only the {compared} is compared": Mistake(
                "Where the kernel is longer than the padded input on one axis, it does not fit: compare both.",
                where(functools.partial(_fits_along, axis), _let_through(lambda size, s: size)),
            )
            for compared, axis in (("height", 2), ("width", 3))
        },
        "negative quotient rounded towards zero": Mistake(
            "int() turns -1/2 into 0, and plus one makes a window that is not there: Paddle itself falls for it.",
            _let_through(towards_zero),
        ),
        "size clipped at 0": Mistake(
            "A size of 0 is no answer to a kernel that does not fit: raise ValueError.",
            _let_through(lambda size, s: max(size, 0)),
        ),
        "size clipped at 1": Mistake(
            "A size of 1 is no answer to a kernel that does not fit: raise ValueError.",
            _let_through(lambda size, s: max(size, 1)),
        ),
        "channels not compared": Mistake(
            "The input's channels must be weight_shape[1] * groups: raise ValueError where they are not.",
            where(_channels_differ, other(input_shape=_channels_read)),
        ),
        "kernels not divided by the groups": Mistake(
            "The number of kernels must be a multiple of groups: raise ValueError where it is not.",
            where(lambda i: i["weight_shape"][0] % i["groups"],
                  other(groups=1, input_shape=lambda i: _channels_read({**i, "groups": 1}))),
        ),
    },
)  # fmt: skip

CHECKS = (ERRORS_CHECK,)
