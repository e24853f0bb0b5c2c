"""The shape that a convolution or a pooling window makes, piece by piece: padding, extent, stride, rounding."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.makings import Making, Piece, Stead
from course.reference.convolution import padding_edges, pair

Along = Callable[
    [int, int, int, int, int], Any
]  # of an axis: size, padding on both ends, kernel, stride, dilation


def _axes(i: Inputs) -> list[tuple[Any, ...]]:
    """Of height and width: size, padding on both ends, kernel, stride and dilation; of a convolution or a pooling."""
    if "kernel_size" in i:
        kernel, dilation = pair(i["kernel_size"]), (1, 1)
        height, width = pair(i["padding"])
        edges = (height, height), (width, width)
        stride = kernel if i["stride"] is None else pair(i["stride"])
    else:
        kernel, stride, dilation = i["weight_shape"][2:], pair(i["stride"]), pair(i["dilation"])
        edges = padding_edges(i["padding"], i["input_shape"][2:], kernel, stride)
    sizes = (
        (np.nan, np.nan) if i["padding"] == "SAME" else i["input_shape"][2:]
    )  # no formula's: the word says it all
    return [(sizes[a], sum(edges[a]), kernel[a], stride[a], dilation[a]) for a in (0, 1)]


def _per_axis(value: Along) -> Callable[[Inputs], np.ndarray]:
    """[0, 0, of the height, of the width]."""
    return lambda i: np.array([0, 0, *(value(*axis) for axis in _axes(i))], dtype=np.float64)


def _from_other(value: Along, which: int | None = None) -> Callable[[Inputs], np.ndarray]:
    """The same with each axis' value taken from the other one, or both from one of them."""

    def swapped(i: Inputs) -> np.ndarray:
        of = [value(*axis) for axis in _axes(i)]
        return np.array([0, 0, *(of[::-1] if which is None else [of[which]] * 2)], dtype=np.float64)

    return swapped


def _instead(value: Along, wrong: dict[str, tuple[str, Along]], what: str, advice: str) -> Piece:
    """A piece that has a value for each axis; those of the axes may be exchanged, or one may stand for both."""
    mixed = {
        f"{what} of the other axis": Stead(advice, _from_other(value)),
        f"the height's {what} for both axes": Stead(advice, _from_other(value, 0)),
        f"the width's {what} for both axes": Stead(advice, _from_other(value, 1)),
    }
    own = {name: Stead(told, _per_axis(one)) for name, (told, one) in wrong.items()}
    return Piece(_per_axis(value), own | mixed)


OWN = "Height and width each have their own {}: take the height's for the rows, the width's for the columns."
BOTH_ENDS = "Padding is put on both ends of an axis: the input grows by twice the padding."
GAPS = "A dilated kernel covers dilation * (k - 1) + 1 values: yours counts {}."
STEPS = "The room is divided by the stride before one is added: yours {}."

PADDING = _instead(
    lambda size, pad, k, s, d: pad,
    {
        "padding counted once": (BOTH_ENDS, lambda size, pad, k, s, d: pad / 2),
        "padding ignored": ("Padding makes the input longer at both ends.", lambda size, pad, k, s, d: 0),
        "padding counted four times": (BOTH_ENDS, lambda size, pad, k, s, d: 2 * pad),
        "padding taken away": (
            "Padding makes the input longer, not shorter.",
            lambda size, pad, k, s, d: -pad,
        ),
        "padding divided by the stride": (
            "Padding is counted in values of the input: the stride divides all of the room once, no part of it twice.",
            lambda size, pad, k, s, d: pad // s,
        ),
    },
    "padding",
    OWN.format("padding"),
)
EXTENT = _instead(
    lambda size, pad, k, s, d: d * (k - 1) + 1,
    {
        "dilation ignored": (GAPS.format("the taps alone"), lambda size, pad, k, s, d: k),
        "dilation times the kernel": (
            "Dilation widens the gaps between the taps, and there is one gap fewer than taps.",
            lambda size, pad, k, s, d: d * k,
        ),
        "dilation added to the kernel": (GAPS.format("k + dilation - 1"), lambda size, pad, k, s, d: k + d - 1),
        "kernel covers one value less": (GAPS.format("one less"), lambda size, pad, k, s, d: d * (k - 1)),
        "kernel covers one value more": (GAPS.format("one more"), lambda size, pad, k, s, d: d * (k - 1) + 2),
        "dilation counts the values left out": (
            GAPS.format("dilation values between two taps"), lambda size, pad, k, s, d: (d + 1) * (k - 1) + 1
        ),
        "kernel forgotten": (GAPS.format("one value"), lambda size, pad, k, s, d: 1),
        "half of the kernel": (GAPS.format("half a kernel"), lambda size, pad, k, s, d: k // 2),
        "dilation times the kernel, plus one": (GAPS.format("dilation * k + 1"), lambda size, pad, k, s, d: d * k + 1),
        "dilation times the kernel, less one": (GAPS.format("dilation * k - 1"), lambda size, pad, k, s, d: d * k - 1),
    },
    "kernel",
    OWN.format("kernel and dilation"),
)  # fmt: skip
STRIDE = _instead(
    lambda size, pad, k, s, d: s,
    {
        "stride ignored": ("The window moves on by the stride: divide by it.", lambda size, pad, k, s, d: 1),
        "kernel in place of the stride": (
            "The window moves on by the stride, not by its own size.", lambda size, pad, k, s, d: k
        ),
        "stride times the dilation": (
            "The dilation spreads the taps, and does not change the stride.", lambda size, pad, k, s, d: s * d
        ),
        "dilation in place of the stride": (
            "The window moves on by the stride, not by the dilation.", lambda size, pad, k, s, d: d
        ),
    },
    "stride",
    OWN.format("stride"),
)  # fmt: skip


def _windows(
    size: np.ndarray, pad: np.ndarray, extent: np.ndarray, stride: np.ndarray, how: np.ndarray
) -> np.ndarray:
    """The number of windows by each way of rounding, and of putting brackets."""
    room = size + pad
    with np.errstate(all="ignore"):
        steps = (room - extent) / stride
        ways = [
            np.floor(steps), np.ceil(steps), np.rint(steps), np.trunc(steps), np.floor((room - extent + 1) / stride) - 1,
            np.ceil((room - extent + 1) / stride) - 1, room - np.floor(extent / stride),
            np.floor(room / stride) - extent, steps, np.floor(room / stride) - np.floor(extent / stride),
            np.floor((size - extent) / stride) + np.floor(pad / stride),
        ]  # fmt: skip
    return np.choose(how.astype(int), ways)


ROUNDING = "The quotient is rounded down: a window that hangs over the end does not count."
HOW: dict[str, str] = {
    "rounded up": ROUNDING,
    "rounded to the nearest": ROUNDING,
    "rounded towards zero": ROUNDING,
    "one added before the division": STEPS.format("adds one first"),
    "one added before the division, rounded up": STEPS.format("adds one first, and rounds up"),
    "only the kernel is divided by the stride": STEPS.format("divides the kernel alone: put brackets round the difference"),
    "only the input is divided by the stride": STEPS.format("divides the input alone: put brackets round the difference"),
    "not rounded": ROUNDING,
    "input and kernel divided one by one": STEPS.format("divides and rounds its two parts one by one"),
    "padding divided by the stride apart": STEPS.format("divides the padding by itself, and what is left over gets lost"),
}  # fmt: skip


def _ways(right: int) -> dict[str, Stead]:
    def way(k: int) -> Callable[[Inputs], int]:
        return lambda i: k

    return {name: Stead(advice, way(k)) for k, (name, advice) in enumerate(HOW.items(), 1) if k != right}


PLUS = Piece(
    lambda i: 1,
    {
        "plus one forgotten": Stead(
            "You count the steps between windows; there is one window more than steps.", lambda i: 0
        ),
        "one window too many": Stead("There is one window more than steps, not two.", lambda i: 2),
    },
)
SIZES = _instead(lambda size, pad, k, s, d: size, {}, "size", OWN.format("size"))


def _kernels_and(i: Inputs) -> tuple[int, int]:
    """Samples and output channels."""
    return i["input_shape"][0], i["weight_shape"][0] if "weight_shape" in i else i["input_shape"][1]


def _first_two(n: int, c: int) -> np.ndarray:
    return np.array([n, c, 0, 0])


FRONT = Piece(
    lambda i: _first_two(*_kernels_and(i)),
    {
        "input's channels in the output": Stead(
            "The output has a channel for each kernel: weight_shape[0].",
            lambda i: _first_two(*i["input_shape"][:2]),
        ),
        "weight's channels in the output": Stead(
            "The output has a channel for each kernel: weight_shape[0], not weight_shape[1].",
            lambda i: (
                _first_two(i["input_shape"][0], i["weight_shape"][1]) if "weight_shape" in i else np.nan
            ),
        ),
        "output channels multiplied by the groups": Stead(
            "weight_shape[0] counts all kernels, those of every group: keep it as it is.",
            lambda i: _first_two(*_kernels_and(i)) * [1, i.get("groups", np.nan), 1, 1],
        ),
        "output channels divided by the groups": Stead(
            "weight_shape[0] counts all kernels, those of every group: keep it as it is.",
            lambda i: _first_two(*_kernels_and(i)) / [1, i.get("groups", np.nan), 1, 1],
        ),
    },
)


def _combined(front: np.ndarray, size: np.ndarray, pad: np.ndarray, extent: np.ndarray, stride: np.ndarray,
              how: np.ndarray, plus: np.ndarray) -> np.ndarray:  # fmt: skip
    """Samples and channels where no stride is, the number of windows elsewhere."""
    windows = _windows(size, pad, extent, np.where(stride == 0, np.nan, stride), how) + plus
    return np.where(stride == 0, front, windows)


def _making(how: Piece) -> dict[str, Making]:
    return {
        "shape": Making(
            lambda i: i,
            {"front": FRONT, "size": SIZES, "pad": PADDING, "extent": EXTENT, "stride": STRIDE, "how": how, "plus": PLUS},
            _combined,
            most=2,
        )
    }  # fmt: skip


SHAPE_MAKING = _making(Piece(lambda i: 0, _ways(0)))
POOL_MAKING = _making(
    Piece(
        lambda i: int(i["ceil_mode"]),
        _ways(0)
        | {
            "ceil_mode ignored": Stead(
                "With ceil_mode the quotient is rounded up.", lambda i: 0
            ),
            "ceil_mode the other way round": Stead(
                "The quotient is rounded up with ceil_mode, and down without it.", lambda i: 1 - int(i["ceil_mode"])
            ),
            "rounded to the nearest without ceil_mode": Stead(
                ROUNDING, lambda i: 1 if i["ceil_mode"] else 2
            ),
        },
    )
)  # fmt: skip
