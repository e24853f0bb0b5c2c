"""ps3, shapes: kernels, channels and groups that must be refused."""

import functools
from collections.abc import Callable
from typing import Any

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.shapes import (
    MISTAKES,
    SHAPE,
    STEPS,
    arguments,
    elsewhere,
    fitting,
    is_pair,
    other,
    right,
)
from course.autograder.checks.language import Answers, Case, Inputs, Mistake, Mistakes, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.plain import REFUSED as REFUSAL
from course.autograder.checks.language.wrong import Wrong, where
from course.reference.convolution import padding_edges, pair

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


def _one_at_least(i: Inputs) -> Answers:
    """What is let through where a size is tested after it was rounded towards zero: a window that is not there."""
    found = _let_through(towards_zero)(i)
    return found if found and min(found["shape"][2:]) >= 1 else {}


Along = Callable[
    [int, int, int, int], Any
]  # of an axis: padded size, padding, what the kernel covers, stride


def refusing(true: Along) -> Wrong:
    """The answer of a student who raises where this is true of an axis, though the kernel fits, and all else with it."""

    def wrong(i: Inputs) -> Answers:
        if i["padding"] == "SAME" or not _fits(i):
            return {}
        kernel, stride, dilation = i["weight_shape"][2:], pair(i["stride"]), pair(i["dilation"])
        pads = [sum(edges) for edges in padding_edges(i["padding"], i["input_shape"][2:], kernel, stride)]
        axes = zip(i["input_shape"][2:], pads, kernel, stride, dilation, strict=True)
        told = any(true(n + p, p, d * (k - 1) + 1, s) for n, p, k, s, d in axes)
        return {"shape": REFUSAL} if told else {}

    return wrong


_with_all_let_through = other(groups=1, input_shape=lambda i: _channels_read({**i, "groups": 1}))


def _goes_together(i: Inputs) -> bool:
    """Whether channels and kernels go with the groups."""
    return not _channels_differ(i) and i["weight_shape"][0] % i["groups"] == 0


def _same_held_to_the_kernel(i: Inputs) -> Answers:
    dilation, kernel = pair(i["dilation"]), i["weight_shape"][2:]
    sizes = zip(i["input_shape"][2:], kernel, dilation, strict=True)
    longer = any(d * (k - 1) + 1 > n for n, k, d in sizes)
    return {"shape": REFUSAL} if i["padding"] == "SAME" and longer and _goes_together(i) else {}


# Of what goes wrong elsewhere: arguments that are read otherwise, so that a kernel that fits may be refused.
READ_OTHERWISE = (
    "padding ignored", "padding counted once", "dilation times the kernel", "dilation added to the kernel",
    "dilation taken for the zeros between the taps", "dilation of the height for both axes",
    "padding of the height for both axes", "kernel taken for square", "the kernel's width for both axes",
    "dilations read as (width, height)", "paddings read as (width, height)", "pairs read as (width, height)",
    "stride and dilation exchanged",
)  # fmt: skip
# Mistakes that no kernel here tells: their strides are one number, and nothing much is left over.
UNTOLD = (
    "padding divided by the stride apart", "rounded to the nearest", "rounded to the nearest before the plus one",
    "one stride for both axes", "the width's stride for both axes", "strides read as (width, height)",
    "strides and dilations read as (width, height)",
    *(name for name in MISTAKES if name.endswith((" along the height", " along the width"))),
)  # fmt: skip


def _or_refused(mistake: Mistake) -> Mistake:
    """A mistake in what is read, by which a kernel that fits may seem not to."""
    by_numbers = where(lambda i: i["padding"] != "SAME" and _fits(i), lambda i: {"shape": REFUSAL})
    return mistake.by(lambda i: mistake.wrong(i) or by_numbers(i))


def _fits(i: Inputs) -> bool:
    return bool(fitting(right)(i))


def _as_elsewhere(*own: str) -> dict[str, Mistake]:
    """What goes wrong elsewhere: in a formula that only sees what fits, or in what is read, the test included."""
    return {
        name: _or_refused(mistake) if name in READ_OTHERWISE else mistake.by(where(_fits, mistake.wrong))
        for name, mistake in elsewhere(*own).items()
    }


def _fits_undilated(i: Inputs) -> bool:
    return bool(other(dilation=1)(i))


def fits_along(axis: int, i: Inputs, reading: Callable[..., Wrong] = other) -> bool:
    """Whether the kernel fits along the height (axis 2) or the width (axis 3), however it does along the other."""
    n, c, h, w = i["input_shape"]
    return bool(reading(input_shape=(n, c, h, 1000) if axis == 2 else (n, c, 1000, w))(i))


def _channels_read(i: Inputs) -> tuple[int, ...]:
    """The input as one who does not compare its channels takes it: with those that the weight reads."""
    n, _, *size = i["input_shape"]
    return (n, i["weight_shape"][1] * i["groups"], *size)


def _channels_differ(i: Inputs) -> bool:
    return bool(_channels_left(i))


def _channels_left(i: Inputs) -> int:
    """How many channels more the input has than the weight reads."""
    return int(i["input_shape"][1] - i["weight_shape"][1] * i["groups"])


def _channels_let_through(when: Callable[[Inputs], Any]) -> Wrong:
    """What becomes of an input with other channels than the weight reads, where these are let through."""
    return where(lambda i: _channels_differ(i) and when(i), other(input_shape=_channels_read))


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

OWN: Mistakes = {
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
            where(functools.partial(fits_along, axis), _let_through(lambda size, s: size)),
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
        _channels_let_through(lambda i: True),
    ),
    "kernels not divided by the groups": Mistake(
        "The number of kernels must be a multiple of groups: raise ValueError where it is not.",
        where(lambda i: i["weight_shape"][0] % i["groups"],
              other(groups=1, input_shape=lambda i: _channels_read({**i, "groups": 1}))),
    ),
    "channels compared after a division rounded down": Mistake(
        "C // groups loses a rest: compare the channels with weight_shape[1] * groups, to the last one.",
        _channels_let_through(lambda i: i["input_shape"][1] // i["groups"] == i["weight_shape"][1]),
    ),
    "more channels than the weight reads let through": Mistake(
        "Channels that no kernel reads are a ValueError too: there must be just weight_shape[1] * groups.",
        _channels_let_through(lambda i: _channels_left(i) > 0),
    ),
    "fewer channels than the weight reads let through": Mistake(
        "The weight reads weight_shape[1] * groups channels: raise ValueError where the input has fewer.",
        _channels_let_through(lambda i: _channels_left(i) < 0),
    ),
    "size tested after it is rounded towards zero": Mistake(
        "int() turns -1/2 into 0, and plus one makes a window that is not there: compare the kernel with the padded input.",
        _one_at_least,
    ),
    "'VALID' not tested": Mistake(
        "Where padding is 'VALID' the kernel must fit into the input as it is: raise ValueError where it does not.",
        where(lambda i: i["padding"] == "VALID", _let_through(lambda size, s: size)),
    ),
    "a kernel that just fits is refused": Mistake(
        "A kernel as long as the padded input fits, and makes one window: raise only where it is longer.",
        refusing(lambda room, pad, extent, s: extent == room),
    ),
    "fit tested without the padding": Mistake(
        "The kernel must fit into the padded input: add the padding before you compare.",
        refusing(lambda room, pad, extent, s: extent > room - pad),
    ),
    "fit tested with the padding counted once": Mistake(
        "Padding is put on both ends of an axis: compare the kernel with the input and twice the padding.",
        where(
            lambda i: isinstance(i["padding"], int) or is_pair(i["padding"]),
            refusing(lambda room, pad, extent, s: extent > room - pad / 2),
        ),
    ),
    "a stride that does not divide is refused": Mistake(
        "The stride need not divide: what is left over at the end is never read, and no error.",
        refusing(lambda room, pad, extent, s: (room - extent) % s),
    ),
    "channels compared without the groups": Mistake(
        "With groups the input has weight_shape[1] * groups channels: compare with that product.",
        where(lambda i: i["groups"] > 1 and _goes_together(i), lambda i: {"shape": REFUSAL} if _fits(i) else {}),
    ),
    "'SAME' returned before channels and groups are compared": Mistake(
        "Channels and kernels must go with the groups whatever the padding: compare them before 'SAME' is answered.",
        where(lambda i: i["padding"] == "SAME" and not _goes_together(i), _with_all_let_through),
    ),
    "'SAME' held to the kernel's size": Mistake(
        "'SAME' pads as much as is needed: a kernel longer than the input is no error there.", _same_held_to_the_kernel
    ),
}  # fmt: skip

ERRORS_CHECK = check(
    ASSIGNMENT, "conv2d_output_shape.errors", 8, STEPS,
    outputs=SHAPE,
    cases=(
        Case("a kernel that just fits", misfit(3, 4, (5, 6), padding=1)),
        Case("a kernel that just fits, with stride 3", misfit(4, 9, (4, 2), stride=3)),
        Case("two groups that go with their channels", misfit(6, 7, (3, 2), groups=2, padding=[1, 2])),
        Case("a kernel that fits by its padding", misfit(3, 9, (4, 2), padding=1)),
        Case("a dilated kernel that just fits", misfit(7, 6, (4, 3), dilation=(2, 1))),
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
        Case("fewer channels than the weight reads", misfit(8, 7, (3, 2), extra_channels=-1), raises=REFUSED),
        Case("channels that do not divide into the groups", misfit(8, 7, (3, 2), groups=2, extra_channels=1), raises=REFUSED),
        Case("kernels that do not divide into the groups", misfit(8, 7, (3, 2), groups=3, extra_kernels=1), raises=REFUSED),
    ),
    reference=right,
    mistakes={**OWN, **_as_elsewhere(*OWN, *UNTOLD)},
)  # fmt: skip

CHECKS = (ERRORS_CHECK,)
