"""ps3, the naive convolution, forwards."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv import loops
from course.autograder.checks.conv.draws import ASSIGNMENT, asked
from course.autograder.checks.conv.loops import loop_mistakes
from course.autograder.checks.conv.reorderings import REORDERINGS
from course.autograder.checks.conv.shares import SHARES
from course.autograder.checks.conv.sizes import Geometry, size_mistakes
from course.autograder.checks.conv.tap_maps import MAPS
from course.autograder.checks.conv.tap_maps import convolved as convolved_at
from course.autograder.checks.conv.variants import crop, forward, options, padded
from course.autograder.checks.conv.walks import STARTS, convolved
from course.autograder.checks.conv.window_making import OUT_MAKING
from course.autograder.checks.language import (
    CONVOLUTION,
    Arrays,
    Case,
    Inputs,
    Mistake,
    Mistakes,
    Output,
    check,
)
from course.autograder.checks.language.draws import views
from course.autograder.checks.language.plain import REFUSED
from course.autograder.checks.language.wrong import but, mistakes_in, of

out = mistakes_in("out")


def _alone(axis: int, place: int) -> Callable[[Inputs], np.ndarray]:
    """The output of a student who fills one sample (one channel) and leaves zeros in the others' place."""

    def kept(i: Inputs) -> np.ndarray:
        found = forward(i)
        index = [slice(None)] * axis + [place]
        left = np.zeros_like(found)
        left[tuple(index)] = found[tuple(index)]
        return left

    return kept


def _repeated(array: np.ndarray, axis: int, place: int = 0) -> np.ndarray:
    """One slice in the place of all."""
    return np.repeat(array.take([place], axis), array.shape[axis], axis)


def _largest_product(i: Inputs) -> np.ndarray:
    """The largest product of each window, where their sum is wanted."""
    largest = np.full(forward(i).shape, -np.inf)
    taps = itertools.product(*map(range, i["w"].shape[1:]))
    for channel, row, column in taps:
        one = np.zeros_like(i["w"][:, :1])
        one[:, :, row, column] = i["w"][:, channel : channel + 1, row, column]
        largest = np.maximum(largest, forward(i, x=i["x"][:, channel : channel + 1], w=one, b=None))
    return largest + i["b"][:, None, None]


def _padded_by(mode: str = "constant", value: float = 0.0) -> Callable[[Inputs], np.ndarray]:
    """Another padding than zeros."""
    return lambda i: forward(i, x=padded(i["x"], options(i)[1], mode, value), padding=0)


def _always_one(i: Inputs) -> np.ndarray:
    """The output of a student who pads by 1, in the shape that `pad` gives: as much as fits, zeros elsewhere."""
    found, wanted = forward(i, padding=1), np.zeros_like(forward(i))
    rows, columns = (min(pair) for pair in zip(found.shape[2:], wanted.shape[2:], strict=True))
    wanted[:, :, :rows, :columns] = found[:, :, :rows, :columns]
    return wanted


# By name: the padding of rows and columns, from the kernel's height and width, of those who do not look at `pad`.
OTHER_PADDINGS: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "padding of 1, the output's size with it": lambda kh, kw: (1, 1),
    "half the kernel for the padding": lambda kh, kw: (kh // 2, kw // 2),
    "half the kernel's height for the padding": lambda kh, kw: (kh // 2, kh // 2),
    "the kernel's size less 1 for the padding": lambda kh, kw: (kh - 1, kw - 1),
    "the kernel's height less 1 for the padding": lambda kh, kw: (kh - 1, kh - 1),
}


def _padded_otherwise(pad: Callable[[int, int], tuple[int, int]], i: Inputs) -> np.ndarray:
    """The output of another padding, of the size that comes of it; the right one where the kernel does not fit."""
    edges = list(pad(*i["w"].shape[2:]))
    sizes = zip(i["x"].shape[2:], i["w"].shape[2:], edges, strict=True)
    return forward(i, padding=edges) if all(n + 2 * p >= k for n, k, p in sizes) else forward(i)


def _carried(i: Inputs) -> np.ndarray:
    """The sums of a kernel's windows on a sample, none of them started at 0."""
    plain = forward(i, b=None)
    summed = plain.reshape(*plain.shape[:2], -1).cumsum(axis=2).reshape(plain.shape)
    return np.asarray(summed + i["b"][:, None, None])


def _left_at_zero(part: Any) -> Callable[[Inputs], np.ndarray]:
    def left(i: Inputs) -> np.ndarray:
        kept = forward(i).copy()
        kept[part] = 0
        return kept

    return left


def _one_short(i: Inputs) -> np.ndarray:
    kept = forward(i).copy()
    kept[:, :, -1:] = 0
    kept[:, :, :, -1:] = 0
    return kept


def _last_tap(i: Inputs) -> np.ndarray:
    kept = np.zeros_like(i["w"])
    kept[:, :, -1, -1] = i["w"][:, :, -1, -1]
    return forward(i, w=kept)


def _geometry(i: Inputs) -> Geometry:
    stride, pad = options(i)
    return Geometry((len(i["x"]), len(i["w"])), i["x"].shape[2:], i["w"].shape[2:], stride, pad)


def _unpadded_read(i: Inputs) -> Arrays:
    """Windows cut from x where the padded x belongs, summed as numpy does: it raises where one does not fit."""
    stride, pad = options(i)
    if not pad:
        return {}
    found, (kh, kw) = np.zeros(forward(i).shape), i["w"].shape[2:]
    for row, column in np.ndindex(*found.shape[2:]):
        top, left = row * stride, column * stride
        window = i["x"][:, None, :, top : top + kh, left : left + kw].astype(np.float64)
        try:
            found[:, :, row, column] = (window * i["w"]).sum(axis=(2, 3, 4))
        except ValueError:  # a window that is cut off does not go with the kernel
            return {"out": REFUSED}
    return {"out": found + i["b"][:, None, None]}


def _multiplied_as_matrices(i: Inputs) -> Arrays:
    """Window and kernel multiplied as matrices, channel by channel, and all of that summed; square ones alone can be."""
    if i["w"].shape[2] != i["w"].shape[3]:
        return {"out": REFUSED}
    rows, columns = i["w"].sum(axis=3), np.ones(i["w"].shape[3])  # the sum over the columns of the product
    return {"out": forward(i, w=np.einsum("ock,r->ocrk", rows, columns))}


def _begun(name: str) -> Mistake:
    """Windows that begin in the wrong place."""
    advice, slip = STARTS[name]
    return out(advice, lambda i: convolved(i, forward(i).shape, slip))


MISTAKES: Mistakes = {
    "kernel flipped": out(
        "You turn the kernel round; what nets call convolution lays it on as it is.",
        lambda i: forward(i, w=i["w"][:, :, ::-1, ::-1]),
    ),
    "kernel transposed": out(
        "Rows of the kernel meet rows of the image: you have the kernel's axes swapped.",
        lambda i: forward(i, w=i["w"].swapaxes(2, 3)),
    ),
    "kernel upside down": out(
        "You turn the kernel's rows round; lay it on as it is.", lambda i: forward(i, w=i["w"][:, :, ::-1])
    ),
    "kernel mirrored": out(
        "You turn the kernel's columns round; lay it on as it is.", lambda i: forward(i, w=i["w"][..., ::-1])
    ),
    "kernel's channels in reverse": out(
        "The kernel's channel c meets channel c of the image; in yours the last meets the first.",
        lambda i: forward(i, w=i["w"][:, ::-1]),
    ),
    "kernel added, not multiplied": out(
        "Each value of a window is multiplied by the tap over it; yours are added.",
        lambda i: forward(i, w=np.ones_like(i["w"]), b=i["b"] + i["w"].sum(axis=(1, 2, 3))),
    ),
    "bias multiplied": out(
        "The bias is added, not multiplied.", lambda i: forward(i, b=None) * i["b"][:, None, None]
    ),
    "sum carried over from kernel to kernel": out(
        "Start each output value's sum at 0: yours goes on from the kernel before.",
        lambda i: forward(i).cumsum(axis=1),
    ),
    "bias forgotten": out(
        "Add the output channel's bias to every value of it.", lambda i: forward(i, b=None)
    ),
    "bias subtracted": out("The bias is added.", lambda i: forward(i, b=-i["b"])),
    "bias added for each input channel": out(
        "Add the bias once, after the sum over the input channels.",
        lambda i: forward(i, b=i["b"] * i["x"].shape[1]),
    ),
    "bias added for each tap": out(
        "Add the bias once, after the whole window is summed.",
        lambda i: forward(i, b=i["b"] * i["w"][0].size),
    ),
    "padding ignored": out(
        "Put `pad` rows and columns of zeros round x first.", lambda i: forward(i, padding=0)
    ),
    "x read in place of the padded image": Mistake(
        "You put the padding on, and then cut the windows from x: take them from the padded image.",
        _unpadded_read,
    ),
    "padded at the end only": out(
        "Padding goes on all four edges: `pad` rows above and below, `pad` columns left and right.",
        lambda i: forward(i, padding=[0, 2 * options(i)[1]] * 2),
    ),
    "window and kernel multiplied as matrices": Mistake(
        "Each value of a window meets one tap: multiply value by value (*), not as matrices (@).",
        _multiplied_as_matrices,
    ),
    "padded with the edge's values": out(
        "The padding is made of zeros, not of copies of the edge.", _padded_by("replicate")
    ),
    "padded with ones": out("The padding is made of zeros.", _padded_by(value=1.0)),
    "padded twice as much": out(
        "`pad` is what each edge gets; the 2 in the formula of the shape comes from there being two edges.",
        lambda i: crop(forward(i, padding=2 * options(i)[1]), 0, 0, forward(i)),
    ),
    "stride ignored": out("The windows start `stride` values apart.", lambda i: forward(i, stride=1)),
    **{name: _begun(name) for name in STARTS},
    "stride along the rows only": out(
        "The stride moves the window along both axes.", lambda i: forward(i, stride=[options(i)[0], 1])
    ),
    "stride along the columns only": out(
        "The stride moves the window along both axes.", lambda i: forward(i, stride=[1, options(i)[0]])
    ),
    "padded along the rows only": out(
        "Padding goes on all four edges: rows above and below, columns left and right.",
        lambda i: forward(i, padding=[options(i)[1], 0]),
    ),
    "padded along the columns only": out(
        "Padding goes on all four edges: rows above and below, columns left and right.",
        lambda i: forward(i, padding=[0, options(i)[1]]),
    ),
    "only the first input channel": out(
        "Each output value sums over all input channels.",
        lambda i: forward(i, x=i["x"][:, :1], w=i["w"][:, :1]),
    ),
    "only the last input channel": out(
        "Each output value sums over all input channels: add each channel's share, do not assign it.",
        lambda i: forward(i, x=i["x"][:, -1:], w=i["w"][:, -1:]),
    ),
    "only the last tap of the kernel": out(
        "Each output value sums over all taps: add each tap's share, do not assign it.", _last_tap
    ),
    "one kernel for all output channels": out(
        "Output channel o is made with kernel o; all of yours are made with the first.",
        lambda i: forward(i, w=np.repeat(i["w"][:1], len(i["w"]), axis=0)),
    ),
    "the last output channel in all": out(
        "All of your output channels are the last one: each kernel has a channel of its own to write to.",
        lambda i: np.repeat(forward(i)[:, -1:], len(i["w"]), axis=1),
    ),
    "one bias for all output channels": out(
        "Output channel o gets bias o; all of yours get the first.",
        lambda i: forward(i, b=np.repeat(i["b"][:1], len(i["b"]))),
    ),
    "sum carried over from sample to sample": out(
        "Start each output value's sum at 0: yours goes on from the sample before.",
        lambda i: forward(i, b=None).cumsum(axis=0) + i["b"][:, None, None],
    ),
    "sum carried over from window to window": out(
        "Start each output value's sum at 0: yours goes on from the window before.", _carried
    ),
    "last row and column left out": out(
        "The last row and column of the output are never computed: let the loops run to the end.", _one_short
    ),
    **{
        f"last {what} of the output left out": out(
            f"The last {what} of the output is never computed: let the loops run to the end.",
            _left_at_zero(part),
        )
        for what, part in {"row": np.s_[:, :, -1:], "column": np.s_[..., -1:]}.items()
    },
    "padding of 1 whatever pad says": out("conv_param has the padding: use its `pad`.", _always_one),
    "averaged, not summed": out(
        "A convolution sums the products; it does not divide by their number.",
        lambda i: forward(i, w=i["w"] / i["w"][0].size),
    ),
    "only the first sample": out(
        "The output is wrong from the second sample on: go through all.", _alone(0, 0)
    ),
    "only the last sample": out("Only the last sample has its output: go through all.", _alone(0, -1)),
    "the first sample for all": out(
        "Each sample has an output of its own: all of yours are the first one's.",
        lambda i: _repeated(forward(i), 0),
    ),
    "the last sample for all": out(
        "Each sample has an output of its own: all of yours are the last one's.",
        lambda i: _repeated(forward(i), 0, -1),
    ),
    "only the first output channel": out(
        "Only the first output channel is filled: each kernel makes one.", _alone(1, 0)
    ),
    "only the last output channel": out(
        "Only the last output channel is filled: each kernel makes one.", _alone(1, -1)
    ),
    "the first input channel for all": out(
        "The kernel's channel c meets channel c of the image; in yours it always meets the first.",
        lambda i: forward(i, x=_repeated(i["x"], 1)),
    ),
    "the kernel's first channel for all": out(
        "The kernel's channel c meets channel c of the image; in yours the kernel's first channel meets all.",
        lambda i: forward(i, w=_repeated(i["w"], 1)),
    ),
    "the window's sum times the kernel's": out(
        "Multiply value by value, then sum: yours sums the window and the kernel first.",
        lambda i: forward(i, w=np.broadcast_to(i["w"].sum(axis=(1, 2, 3), keepdims=True), i["w"].shape)),
    ),
    "largest product, not the sum": out(
        "An output value is the sum of all products of its window; yours is the largest.", _largest_product
    ),
    "channels last": out(
        "Paddle's layout is [N, O, H', W']; you put the channels last.",
        lambda i: forward(i).transpose(0, 2, 3, 1),
    ),
    "cut off at 0": out(
        "A convolution may be negative: there is no ReLU here.", lambda i: np.maximum(forward(i), 0)
    ),
    **{name: out(advice, functools.partial(convolved_at, name)) for name, (advice, *_) in MAPS.items()},
    **REORDERINGS,
    **SHARES,
    **loop_mistakes(lambda name: of("out", functools.partial(loops.convolved, name))),
    **{
        name: out("conv_param has the padding: use its `pad`.", functools.partial(_padded_otherwise, pad))
        for name, pad in OTHER_PADDINGS.items()
    },
    **but(size_mistakes(_geometry), "size for a padding of 1"),  # which "padding of 1 whatever pad says" is
}

FORWARD_CHECK = check(
    ASSIGNMENT, "conv_forward_naive", 16,
    ("out, cache = conv_forward_naive(x, w, b, conv_param)",),
    outputs=(Output("out", CONVOLUTION),),
    cases=(
        Case("a kernel of 3 by 2, stride 1, padding 1", asked((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2, a column left over", asked((3, 4), (3, 4), 2, 2, left_over=(0, 1))),
        Case("stride 3, no padding, rows and columns left over", asked((2, 3), (2, 3), 3, 0, left_over=(2, 1))),
        Case("small integers, float32", asked((4, 3), (2, 3), 1, 1, dtype="float32", integers=True)),
        Case("one input channel, views that are not contiguous",
             views(asked((4, 6), (3, 2), 1, 1, channels=(1, 3)), "x", "w")),
        Case("a kernel of 1 by 1, stride 2, padding 1", asked((4, 3), (1, 1), 2, 1, channels=(5, 2), n=3)),
        Case("all sizes 3", asked((3, 3), (3, 3), 1, 1, n=3, channels=(3, 3))),
        Case("a kernel and a stride of 2, as many samples as channels", asked((2, 2), (2, 2), 2, 0, channels=(2, 2))),
    ),
    reference=of("out", forward),
    makings=OUT_MAKING,
    mistakes=MISTAKES,
)  # fmt: skip

CHECKS = (FORWARD_CHECK,)
