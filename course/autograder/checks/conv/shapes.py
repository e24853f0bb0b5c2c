"""ps3, shapes: what a convolution and a pooling window make of a height and a width."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT, length
from course.autograder.checks.conv.shape_making import SHAPE_MAKING
from course.autograder.checks.language import EXACT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.wrong import Wrong, but, instead, limited, picked, where
from course.reference.convolution import conv2d_output_shape, padding_edges, pair, pool2d_output_shape

STEPS = ("shape = conv2d_output_shape(input_shape, weight_shape, stride, padding, dilation, groups)",)
SHAPE = (Output("shape", EXACT),)


def right(i: Inputs) -> Answers:
    """The reference's answer."""
    return {"shape": conv2d_output_shape(**i)}


def fitting(wrong: Wrong) -> Wrong:
    """A mistake that says nothing where, read like that, no window fits: there is no output to recognise."""

    def told(i: Inputs) -> Answers:
        try:
            return wrong(i)
        except ValueError:
            return {}

    return told


def other(**changes: Any) -> Wrong:
    """The answer of a student who reads other arguments: each change is a value or a function of the inputs."""
    return fitting(instead(right, **changes))


def reshaped(change: Any, reference: Wrong = right) -> Wrong:
    """The answer of a student who does something to the right shape, given as an array of four."""
    return fitting(lambda i: {"shape": change(i, np.array(reference(i)["shape"]))})


@draw
def question(
    r: Generator, out: tuple[int, int], kernel: tuple[int, int], stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1, left_over: tuple[int, int] = (0, 0),
) -> Inputs:  # fmt: skip
    """Inputs of `conv2d_output_shape` whose output is `out` and a few rows and columns more, as many of each."""
    s, d = pair(stride), pair(dilation)
    edges = padding_edges(padding, (0, 0), kernel, s)
    more = int(r.integers(0, 6))
    size = (length(out[a] + more, kernel[a], s[a], sum(edges[a]), d[a], left_over[a]) for a in (0, 1))
    n, c, o = int(r.integers(2, 6)), int(r.integers(1, 4)), int(r.integers(7, 12))
    return arguments((n, c * groups, *size), (o * groups, c, *kernel), stride, padding, dilation, groups)


def arguments(
    input_shape: tuple[int, ...], weight_shape: tuple[int, ...], stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Inputs:  # fmt: skip
    """The arguments of `conv2d_output_shape` by name."""
    return {
        "input_shape": input_shape, "weight_shape": weight_shape, "stride": stride, "padding": padding,
        "dilation": dilation, "groups": groups,
    }  # fmt: skip


def homework(r: Generator) -> Inputs:
    """Ten images of 224 by 224, 64 kernels of 3 by 3, padding 1."""
    return arguments((10, 3, 224, 224), (64, 3, 3, 3), padding=1)


def _ceil(i: Inputs) -> Answers:
    """Rounding up is what pooling does in ceil_mode; the padding is put on beforehand, as it is no window's."""
    kernel, dilation = i["weight_shape"][2:], pair(i["dilation"])
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    edges = padding_edges(i["padding"], i["input_shape"][2:], kernel, pair(i["stride"]))
    padded = [size + sum(edge) for size, edge in zip(i["input_shape"][2:], edges, strict=True)]
    sizes = pool2d_output_shape((1, 1, *padded), extent, i["stride"], 0, ceil_mode=True)[2:]
    return {"shape": (i["input_shape"][0], i["weight_shape"][0], *sizes)}


def _by(windows: Callable[[int, int], float]) -> Wrong:
    """The shape with another number of windows, made of the room that the first one leaves and of the stride."""

    def wrong(i: Inputs) -> Answers:
        kernel, dilation, stride = i["weight_shape"][2:], pair(i["dilation"]), pair(i["stride"])
        edges = padding_edges(i["padding"], i["input_shape"][2:], kernel, stride)
        rooms = [i["input_shape"][2 + a] + sum(edges[a]) - dilation[a] * (kernel[a] - 1) - 1 for a in (0, 1)]
        sizes = [windows(room, s) for room, s in zip(rooms, stride, strict=True)]
        return {"shape": (i["input_shape"][0], i["weight_shape"][0], *sizes)}

    return fitting(wrong)


def _dilated_once(i: Inputs) -> tuple[int, ...]:
    d, (o, c, kh, kw) = pair(i["dilation"]), i["weight_shape"]
    return o, c, kh + d[0] - 1, kw + d[1] - 1


def _dilated_whole(i: Inputs) -> tuple[int, ...]:
    d, (o, c, kh, kw) = pair(i["dilation"]), i["weight_shape"]
    return o, c, d[0] * kh, d[1] * kw


def _covering(extent: Callable[[int, int], int]) -> Wrong:
    """The shape by a kernel that covers so many values, from its dilation and its size."""

    def change(i: Inputs, shape: np.ndarray) -> Any:
        kernel = i["weight_shape"][2:]
        edges = padding_edges(i["padding"], i["input_shape"][2:], kernel, pair(i["stride"]))
        axes = zip(i["input_shape"][2:], edges, kernel, pair(i["dilation"]), pair(i["stride"]), strict=True)
        return [*shape[:2], *((n + sum(e) - extent(d, k)) // s + 1 for n, e, k, d, s in axes)]

    return reshaped(change)


def _one_axis(axis: int, wrong: Wrong) -> Wrong:
    """A mistake made along the height (axis 2) or the width (axis 3) alone."""

    def change(i: Inputs, shape: np.ndarray) -> Any:
        found = np.array(wrong(i).get("shape", shape))
        return np.where(np.arange(4) == axis, found, shape) if found.shape == shape.shape else shape

    return reshaped(change)


def is_pair(value: Any) -> bool:
    """Whether an argument is a number for each axis: not one for both, four edges or a word."""
    return isinstance(value, (list, tuple)) and len(value) == 2


def turned(name: str) -> Any:
    """A pair read as (width, height)."""
    return lambda i: tuple(i[name])[::-1] if is_pair(i[name]) else i[name]


def _first(name: str) -> Any:
    return lambda i: i[name][0] if is_pair(i[name]) else i[name]


def once(i: Inputs) -> Any:
    """The padding put on one end of each axis alone, where it is one number for both ends."""
    if not (isinstance(i["padding"], int) or is_pair(i["padding"])):
        return i["padding"]
    ph, pw = pair(i["padding"])
    return [ph, 0, pw, 0]


def _spread(i: Inputs) -> tuple[int, ...]:
    """The padding multiplied by the dilation."""
    return tuple(p * d for p, d in zip(pair(i["padding"]), pair(i["dilation"]), strict=True))


def _divided_apart(i: Inputs, shape: np.ndarray) -> Any:
    """The padding divided by the stride by itself, and what is left over lost twice."""
    kernel, stride = i["weight_shape"][2:], pair(i["stride"])
    edges = padding_edges(i["padding"], i["input_shape"][2:], kernel, stride)
    axes = zip(i["input_shape"][2:], edges, kernel, pair(i["dilation"]), stride, strict=True)
    return [*shape[:2], *((n - d * (k - 1) - 1) // s + sum(e) // s + 1 for n, e, k, d, s in axes)]


def _divided(i: Inputs, shape: np.ndarray) -> Any:
    edges = padding_edges(i["padding"], i["input_shape"][2:], i["weight_shape"][2:], pair(i["stride"]))
    sizes = [n + sum(edge) for n, edge in zip(i["input_shape"][2:], edges, strict=True)]
    return [*shape[:2], *np.floor_divide(sizes, pair(i["stride"]))]


ONE_AXIS = "Height and width are counted by the same formula: one of them is right, so write the other in the same way."

MISTAKES = {
    "rounded up": Mistake(
        "A window that hangs over the edge is not read: round the quotient down (pooling's ceil_mode rounds up).",
        _ceil,
    ),
    "not rounded": Mistake(
        "The windows are counted, so the quotient is a whole number: round it down (//).",
        _by(lambda room, s: room / s + 1),
    ),
    "rounded to the nearest": Mistake(
        "Round the quotient down (//): round() rounds up where more than half a step is left over.",
        _by(lambda room, s: round(room / s + 1)),
    ),
    "rounded to the nearest before the plus one": Mistake(
        "Round the quotient down (//): round() rounds up where more than half a step is left over.",
        _by(lambda room, s: round(room / s) + 1),
    ),
    "plus one inside the division": Mistake(
        "The plus one is the first window: add it after the division by the stride.",
        _by(lambda room, s: (room + 1) // s),
    ),
    "dilation added to the kernel": Mistake(
        "Dilation widens each gap between two taps, not the kernel once: it covers dilation * (k - 1) + 1 values.",
        other(weight_shape=_dilated_once, dilation=1),
    ),
    "plus one forgotten": Mistake(
        "You count the steps between windows; there is one window more than steps.",
        reshaped(lambda i, shape: shape - [0, 0, 1, 1]),
    ),
    "one window too many": Mistake(
        "There is one window more than steps, not two.",
        reshaped(lambda i, shape: np.add(shape, [0, 0, 1, 1])),
    ),
    "padding counted once": Mistake(
        "Padding is put on both ends of an axis: the input grows by twice the padding.", other(padding=once)
    ),
    "padding ignored": Mistake("The padding is not used: add it to the input first.", other(padding=0)),
    "stride ignored": Mistake(
        "The stride is not used: the windows start that many values apart.", other(stride=1)
    ),
    "dilation ignored": Mistake(
        "The dilation is not used: it spreads the taps, so that the kernel covers more of the input.",
        other(dilation=1),
    ),
    "dilation times the kernel": Mistake(
        "Dilation widens the gaps between the taps, and there is one gap fewer than taps.",
        other(weight_shape=_dilated_whole, dilation=1),
    ),
    "dilation taken for the zeros between the taps": Mistake(
        "With dilation d the taps lie d values apart, and d - 1 values between them are skipped: yours skips d.",
        other(dilation=lambda i: tuple(d + 1 for d in pair(i["dilation"]))),
    ),
    "padding divided by the stride apart": Mistake(
        "Padding is counted in values of the input: the stride divides all of the room once, no part of it twice.",
        where(lambda i: isinstance(i["padding"], int) or is_pair(i["padding"]), reshaped(_divided_apart)),
    ),
    "last window that just fits left out": Mistake(
        "A window that ends with the last value fits: count its start too (a range leaves its end out).",
        _by(lambda room, s: -(-room // s)),
    ),
    "dilation times the kernel, less one": Mistake(
        "Dilation widens the gaps between the taps: a kernel covers dilation * (k - 1) + 1 values.",
        _covering(lambda d, k: d * k - 1),
    ),
    "minus one forgotten in the kernel's extent": Mistake(
        "A kernel of k taps covers dilation * (k - 1) + 1 values: take all of them off, not one less.",
        _covering(lambda d, k: d * (k - 1)),
    ),
    "kernel left out of the size": Mistake(
        "Windows fit into what the first one leaves: take the kernel's size off before you divide.",
        other(weight_shape=lambda i: (*i["weight_shape"][:2], 1, 1)),
    ),
    "size of the input divided by the stride": Mistake(
        "Take the kernel's size off before you divide by the stride, and add 1 for the first window.",
        reshaped(_divided),
    ),
    "height of the input kept": Mistake(
        "The output has a row for each window that fits: count the windows along the height as along the width.",
        reshaped(lambda i, shape: [*shape[:2], i["input_shape"][2], shape[3]]),
    ),
    "width of the input kept": Mistake(
        "The output has a column for each window that fits: count the windows along the width as along the height.",
        reshaped(lambda i, shape: [*shape[:3], i["input_shape"][3]]),
    ),
    "dilation of the height for both axes": Mistake(
        "A pair of dilations is (height, width); you use the first one on both axes.",
        other(dilation=_first("dilation")),
    ),
    "padding of the height for both axes": Mistake(
        "A pair of paddings is (height, width); you use the first one on both axes.",
        other(padding=_first("padding")),
    ),
    "dilation ignored along the height": Mistake(ONE_AXIS, _one_axis(2, other(dilation=1))),
    "dilation ignored along the width": Mistake(ONE_AXIS, _one_axis(3, other(dilation=1))),
    "padding ignored along the height": Mistake(ONE_AXIS, _one_axis(2, other(padding=0))),
    "padding ignored along the width": Mistake(ONE_AXIS, _one_axis(3, other(padding=0))),
    "padding counted once along the height": Mistake(ONE_AXIS, _one_axis(2, other(padding=once))),
    "padding counted once along the width": Mistake(ONE_AXIS, _one_axis(3, other(padding=once))),
    "stride ignored along the height": Mistake(ONE_AXIS, _one_axis(2, other(stride=1))),
    "stride ignored along the width": Mistake(ONE_AXIS, _one_axis(3, other(stride=1))),
    "height and width swapped": Mistake(
        "Your last two numbers are in each other's place: height (rows) comes first.",
        reshaped(lambda i, shape: shape[[0, 1, 3, 2]]),
    ),
    "pairs read as (width, height)": Mistake(
        "A pair of strides, paddings or dilations is (height, width), as the axes of [N, C, H, W] are.",
        other(stride=turned("stride"), padding=turned("padding"), dilation=turned("dilation")),
    ),
    "first number of a pair for both axes": Mistake(
        "A pair has a number for each axis: the first is the height's, the second the width's.",
        other(**{name: _first(name) for name in ("stride", "padding", "dilation")}),
    ),
    "one stride for both axes": Mistake(
        "A pair of strides is (height, width); you use the first one on both axes.",
        other(stride=_first("stride")),
    ),
    "the width's stride for both axes": Mistake(
        "A pair of strides is (height, width); you use the second one on both axes.",
        other(stride=lambda i: pair(i["stride"])[1]),
    ),
    "strides read as (width, height)": Mistake(
        "A pair of strides is (height, width), as the axes of [N, C, H, W] are.",
        other(stride=turned("stride")),
    ),
    "dilations read as (width, height)": Mistake(
        "A pair of dilations is (height, width), as the axes of [N, C, H, W] are.",
        other(dilation=turned("dilation")),
    ),
    "paddings read as (width, height)": Mistake(
        "A pair of paddings is (height, width), as the axes of [N, C, H, W] are.",
        other(padding=turned("padding")),
    ),
    "pair read as (before, after)": Mistake(
        "Two numbers are (height, width), each for both ends of its axis.",
        where(lambda i: is_pair(i["padding"]), other(padding=lambda i: [*i["padding"], *i["padding"]])),
    ),
    "stride and dilation exchanged": Mistake(
        "The stride moves the whole window, the dilation spreads its taps: you have one in the other's place.",
        other(stride=lambda i: i["dilation"], dilation=lambda i: i["stride"]),
    ),
    "strides and dilations read as (width, height)": Mistake(
        "A pair of strides or dilations is (height, width), as the axes of [N, C, H, W] are.",
        other(stride=turned("stride"), dilation=turned("dilation")),
    ),
    "output channels multiplied by the groups": Mistake(
        "weight_shape[0] counts all kernels, those of every group: keep it as it is.",
        reshaped(lambda i, shape: shape * [1, i["groups"], 1, 1]),
    ),
    "kernel taken for square": Mistake(
        "You use the kernel's height on both axes; its width is the last number of weight_shape.",
        other(weight_shape=lambda i: (*i["weight_shape"][:3], i["weight_shape"][2])),
    ),
    "the kernel's width for both axes": Mistake(
        "You use the kernel's width on both axes; its height is weight_shape[2].",
        other(weight_shape=lambda i: (*i["weight_shape"][:2], i["weight_shape"][3], i["weight_shape"][3])),
    ),
    "input channels in the output": Mistake(
        "The output has one channel for each kernel: weight_shape[0], not the input's channels.",
        reshaped(lambda i, shape: np.array([shape[0], i["input_shape"][1], *shape[2:]])),
    ),
    "output channels divided by the groups": Mistake(
        "Groups divide what a kernel reads, not how many kernels there are: keep weight_shape[0].",
        reshaped(lambda i, shape: shape // [1, i["groups"], 1, 1]),
    ),
    "batch forgotten": Mistake(
        "Return four numbers: the batch comes first.", reshaped(lambda i, shape: shape[1:])
    ),
    "channels last": Mistake(
        "Paddle's layout is [N, C, H, W]; you put the channels last.",
        reshaped(lambda i, shape: shape[[0, 2, 3, 1]]),
    ),
}

# What is no formula's of height and width: it goes wrong where 'SAME' says these as well.
OF_EVERY_PADDING = (
    "height and width swapped", "pairs read as (width, height)", "first number of a pair for both axes",
    "one stride for both axes", "the width's stride for both axes", "strides read as (width, height)",
    "strides and dilations read as (width, height)", "stride and dilation exchanged", "output channels multiplied by the groups",
    "input channels in the output", "output channels divided by the groups", "batch forgotten", "channels last",
)  # fmt: skip


def elsewhere(*own: str) -> dict[str, Mistake]:
    """These mistakes where padding may be a word, but for those that a check lists by itself."""
    formula = limited(but(MISTAKES, *OF_EVERY_PADDING), lambda i: i["padding"] != "SAME")
    found = {**picked(MISTAKES, *OF_EVERY_PADDING), **formula}
    return {name: found[name] for name in MISTAKES if name not in own}


PLAIN_CHECK = check(
    ASSIGNMENT, "conv2d_output_shape", 12, STEPS,
    outputs=SHAPE,
    cases=(
        Case("a kernel of 3 by 2, padding 2, stride 2", question((6, 9), (3, 2), 2, 2, left_over=(1, 1))),
        Case("a stride that is all of the kernel, no padding", question((5, 4), (3, 3), 3, left_over=(2, 1))),
        Case("stride 3, padding 2: neither divides by the stride alone", question((4, 5), (2, 3), 3, 2, left_over=(0, 1))),
        Case("dilation 3, stride 1", question((8, 5), (3, 4), 1, 2, 3)),
        Case("two groups", question((7, 11), (2, 5), 1, 2, 1, 2)),
        Case("as many samples, channels, kernels, rows and columns",
             lambda r: arguments((6, 6, 6, 6), (6, 6, 3, 3), padding=1)),
        Case("another stride, padding and dilation for each axis",
             question((6, 15), (5, 3), [3, 2], (1, 4), (2, 3))),
        Case("the homework: 10 images of 224 by 224, 64 kernels of 3 by 3, padding 1", homework),
    ),
    reference=right,
    makings=SHAPE_MAKING,
    mistakes={
        **MISTAKES,
        "padding times the dilation": Mistake(
            "Dilation spreads the taps of the kernel alone: the input grows by twice the padding, whatever the dilation.",
            other(padding=_spread),
        ),
    },
)  # fmt: skip

CHECKS = (PLAIN_CHECK,)
