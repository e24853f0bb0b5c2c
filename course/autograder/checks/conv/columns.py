"""ps3, windows as columns: im2col, and the convolution as one matrix product."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course.autograder.checks.conv import loops
from course.autograder.checks.conv.draws import ASSIGNMENT, asked
from course.autograder.checks.conv.forward import MISTAKES, out
from course.autograder.checks.conv.loops import loop_mistakes
from course.autograder.checks.conv.reorderings import reshaped_from
from course.autograder.checks.conv.sizes import Geometry, size_mistakes
from course.autograder.checks.conv.tap_maps import MAPS, unfolded
from course.autograder.checks.conv.variants import forward, options, padded
from course.autograder.checks.conv.window_making import COLUMNS_MAKING, OUT_MAKING
from course.autograder.checks.conv.windows import of_columns
from course.autograder.checks.language import CONVOLUTION, Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Draw, Generator, views
from course.autograder.checks.language.plain import REFUSED
from course.autograder.checks.language.wrong import but, mistakes_in, of
from course.reference import convolution

# --- im2col --------------------------------------------------------------------------------------------------

columns = mistakes_in("columns")


def unfolding(*args: Any, **keywords: Any) -> Draw:
    """x, kernel_height, kernel_width, stride and pad."""
    draw = asked(*args, **keywords)

    def flat(r: Generator) -> Inputs:
        given = draw(r)
        kh, kw = given["w"].shape[2:]
        return {"x": given["x"], "kernel_height": kh, "kernel_width": kw, **given["conv_param"]}

    return flat


def _kernel(i: Inputs) -> tuple[int, int]:
    return i["kernel_height"], i["kernel_width"]


def _unfold(i: Inputs, **changes: Any) -> np.ndarray:
    given = {"x": i["x"], "kernel": _kernel(i), "stride": i["stride"], "pad": i["pad"], **changes}
    return convolution.im2col(**given).astype(i["x"].dtype)


def _apart(i: Inputs, **changes: Any) -> np.ndarray:
    """The columns with an axis for each thing: [N, C, kh, kw, H', W']."""
    found = _unfold(i, **changes)
    stride = changes.get("stride", i["stride"])
    rows = (i["x"].shape[2] + 2 * i["pad"] - i["kernel_height"]) // stride + 1
    return found.reshape(*i["x"].shape[:2], *_kernel(i), rows, -1)


def _ordered(i: Inputs, *axes: int) -> np.ndarray:
    """The columns with the axes of `_apart` in another order."""
    return _apart(i).transpose(axes).reshape(_unfold(i).shape)


def _crowded(i: Inputs, steps: tuple[int, int] = (1, 1)) -> np.ndarray:
    """As many windows as there should be, `steps` values apart along each axis."""
    rows, across = _apart(i).shape[4:]
    found = _unfold(i, stride=list(steps))
    high = (i["x"].shape[2] + 2 * i["pad"] - i["kernel_height"]) // steps[0] + 1
    apart = found.reshape(*_unfold(i).shape[:2], high, -1)
    return apart[..., :rows, :across].reshape(_unfold(i).shape)


def _by_size(chosen: tuple[int, ...], i: Inputs) -> np.ndarray:
    """Windows that move by their own size along some of the two axes."""
    kernel = _kernel(i)
    return _unfold(i, stride=[kernel[axis] if axis in chosen else i["stride"] for axis in (0, 1)])


def _channels_in_turn(i: Inputs) -> np.ndarray:
    """Row k of a column read from channel k modulo C: np.tile of the channels' numbers for np.repeat."""
    (kh, kw), c = _kernel(i), i["x"].shape[1]
    apart = _apart(i)
    rows = [apart[:, k % c, k // kw % kh, k % kw] for k in range(c * kh * kw)]
    return np.stack(rows, axis=1).reshape(_unfold(i).shape)


# Numbers counted by np.tile where np.repeat belongs, or the other way round: of a window's rows and columns, by the
# tap's number within a channel, and of the output's, by the window's number.
REPEATED = "Along the rows of a window the column varies fastest: repeat each row's number, and tile the columns' numbers."
IN_ORDER = "Along the windows the output's column varies fastest: repeat each row's number, and tile the columns' numbers."
Number = Callable[
    [int, int, int], int
]  # from the number of a tap (a window), and how many rows and columns there are


class Numbered(NamedTuple):
    """What is numbered, the taps (axis 2 of `_apart`) or the windows (axis 4), and the row and column of a number."""

    advice: str
    axis: int
    row: Number
    column: Number


NUMBERED = {
    "the kernel's rows tiled": Numbered(REPEATED, 2, lambda k, h, w: k % h, lambda k, h, w: k % w),
    "the kernel's columns repeated": Numbered(REPEATED, 2, lambda k, h, w: k // w, lambda k, h, w: k // h),
    "the output's rows tiled": Numbered(IN_ORDER, 4, lambda k, h, w: k % h, lambda k, h, w: k % w),
    "the output's columns repeated": Numbered(IN_ORDER, 4, lambda k, h, w: k // w, lambda k, h, w: k // h),
}


def _by_number(how: Numbered, i: Inputs) -> np.ndarray:
    """The columns with the taps or the windows looked up under other rows and columns."""
    apart = np.moveaxis(_apart(i), (how.axis, how.axis + 1), (0, 1))
    h, w = apart.shape[:2]
    found = np.stack([apart[how.row(k, h, w), how.column(k, h, w)] for k in range(h * w)])
    placed = np.moveaxis(found.reshape(apart.shape), (0, 1), (how.axis, how.axis + 1))
    return placed.reshape(_unfold(i).shape)


def _by_the_height(i: Inputs) -> Arrays:
    """As many columns of each window as it has rows: where there are more the others stay 0, of fewer numpy raises."""
    kh, kw = _kernel(i)
    if kh > kw:
        return {"columns": REFUSED}
    apart = _apart(i).copy()
    apart[:, :, :, kh:] = 0
    return {"columns": apart.reshape(_unfold(i).shape)}


def _stride_on_taps(i: Inputs) -> np.ndarray:
    name = "stride on the taps, not on the windows, along the {}s"
    return of_columns(i).unfolded(name, name)


def _one_channel(i: Inputs, channel: int) -> np.ndarray:
    return np.repeat(_apart(i)[:, [channel]], i["x"].shape[1], axis=1).reshape(_unfold(i).shape)


def _numbered_by_height(i: Inputs) -> Arrays:
    """Windows written to column i * H' + j, where that is no number too large: later ones wipe out earlier ones."""
    apart = _apart(i)
    rows, across = apart.shape[4:]
    if rows > across:
        return {}
    found = np.zeros_like(_unfold(i))
    for row, column in np.ndindex(rows, across):
        found[:, :, row * rows + column] = apart[..., row, column].reshape(found.shape[:2])
    return {"columns": found}


def _at_places(name: str, i: Inputs) -> np.ndarray:
    return unfolded(name, i, _apart(i).shape[4:])


def _looped(name: str, i: Inputs) -> np.ndarray:
    return loops.unfolded(name, i, _apart(i).shape[4:])


def _geometry(i: Inputs) -> Geometry:
    return Geometry((len(i["x"]), 1), i["x"].shape[2:], _kernel(i), i["stride"], i["pad"])


def _long(i: Inputs, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The columns' shape for an output of this shape."""
    return (shape[0], _unfold(i).shape[1], shape[2] * shape[3])


IM2COL_CHECK = check(
    ASSIGNMENT, "im2col", 3,
    ("columns = im2col(x, kernel_height, kernel_width, stride, pad)",),
    extra=True,
    outputs=(Output("columns", CONVOLUTION),),
    cases=(
        Case("windows of 3 by 2, stride 1, padding 1", unfolding((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2, a column left over", unfolding((3, 4), (3, 4), 2, 2, left_over=(0, 1))),
        Case("stride 3, no padding, rows and columns left over", unfolding((2, 3), (2, 3), 3, 0, left_over=(2, 1))),
        Case("float32 input", unfolding((4, 3), (2, 3), 2, 1, channels=(2, 1), dtype="float32")),
        Case("one channel, a view that is not contiguous", views(unfolding((4, 6), (3, 2), 1, 1, channels=(1, 3)), "x")),
        Case("all sizes 3", unfolding((3, 3), (3, 3), 1, 1, n=3)),
        Case("as many windows as values in one", unfolding((3, 3), (3, 3), 1, 0, channels=(1, 3))),
    ),
    reference=of("columns", _unfold),
    makings=COLUMNS_MAKING,
    mistakes={
        "rows and columns swapped": columns(
            "A window is a column: shape [N, C * kh * kw, windows].", lambda i: _unfold(i).swapaxes(1, 2)
        ),
        "reshaped where it should be transposed": columns(
            "The shape is right and the order is not: move the axes with transpose before you reshape.",
            lambda i: _unfold(i).swapaxes(1, 2).reshape(_unfold(i).shape),
        ),
        "reshaped before it is transposed": columns(
            "Move the axes first, with an axis for each thing, and reshape at the end: a reshape deals the values out anew.",
            lambda i: _unfold(i).reshape(len(i["x"]), -1, _unfold(i).shape[1]).swapaxes(1, 2),
        ),
        "reshaped without moving the taps": columns(
            "The taps must stand before the windows: move the axes with transpose before you reshape.",
            lambda i: _apart(i).transpose(0, 1, 4, 5, 2, 3).reshape(_unfold(i).shape),
        ),
        "channels inside the taps": columns(
            "Within a column the channel varies slowest, then the kernel's row, then its column.",
            lambda i: _ordered(i, 0, 2, 3, 1, 4, 5),
        ),
        "taps column by column": columns(
            "Within a channel go along the kernel's rows: the kernel's column varies fastest.",
            lambda i: _ordered(i, 0, 1, 3, 2, 4, 5),
        ),
        "taps in Fortran's order": columns(
            "Within a column the channel varies slowest, then the kernel's row, then its column: yours is the reverse.",
            lambda i: _ordered(i, 0, 3, 2, 1, 4, 5),
        ),
        **{
            f"windows side by side{where}": columns(
                "The windows start `stride` values apart, not a window's size.", functools.partial(_by_size, chosen)
            )
            for where, chosen in (("", (0, 1)), (" along the height", (0,)), (" along the width", (1,)))
        },
        "samples moved last before the reshape": columns(
            "The batch stays in front: a transpose that moves it behind the windows, and then a reshape, deals samples out anew.",
            lambda i: _apart(i).transpose(1, 2, 3, 4, 5, 0).reshape(_unfold(i).shape),
        ),
        "reshaped in Fortran's order": columns(
            "A reshape in Fortran's order takes the first axis for the fastest: leave numpy's own order, C.",
            lambda i: _apart(i).reshape(_unfold(i).shape, order="F"),
        ),
        "the window's height for the stride": columns(
            "The windows start `stride` values apart, not a window's height.",
            lambda i: _unfold(i, stride=i["kernel_height"]),
        ),
        "the window's height for its width in the loop": Mistake(
            "A window has kernel_width columns: your loop over them runs to kernel_height.", _by_the_height
        ),
        "stride on the taps, not on the windows": columns(
            "The stride moves the window; the taps inside it lie side by side.", _stride_on_taps
        ),
        "windows column by column": columns(
            "The windows follow the output's rows: its column varies fastest.",
            lambda i: _ordered(i, 0, 1, 2, 3, 5, 4),
        ),
        "taps in reverse": columns(
            "The taps of a window stand in reverse order, as if the kernel were flipped.",
            lambda i: _apart(i)[:, :, ::-1, ::-1].reshape(_unfold(i).shape),
        ),
        "all samples side by side": columns(
            "Keep the batch as an axis of its own: [N, C * kh * kw, windows].",
            lambda i: _unfold(i).transpose(1, 2, 0).reshape(_unfold(i).shape[1], -1),
        ),
        "samples one after the other in one matrix": columns(
            "Keep the batch as an axis of its own: [N, C * kh * kw, windows].",
            lambda i: _unfold(i).swapaxes(0, 1).reshape(_unfold(i).shape[1], -1),
        ),
        "padding ignored": columns(
            "Put `pad` rows and columns of zeros round x first.", lambda i: _unfold(i, pad=0)
        ),
        "padded with the edge's values": columns(
            "The padding is made of zeros, not of copies of the edge.",
            lambda i: _unfold(i, x=padded(i["x"], i["pad"], "replicate"), pad=0),
        ),
        "stride ignored": columns("The windows start `stride` values apart.", lambda i: _unfold(i, stride=1)),
        "stride along the rows only": columns(
            "The stride moves the window along both axes.", lambda i: _unfold(i, stride=[i["stride"], 1])
        ),
        "stride along the columns only": columns(
            "The stride moves the window along both axes.", lambda i: _unfold(i, stride=[1, i["stride"]])
        ),
        "padded along the rows only": columns(
            "Padding goes on all four edges: rows above and below, columns left and right.",
            lambda i: _unfold(i, pad=[i["pad"], 0]),
        ),
        "padded along the columns only": columns(
            "Padding goes on all four edges: rows above and below, columns left and right.",
            lambda i: _unfold(i, pad=[0, i["pad"]]),
        ),
        "padded at the end only": columns(
            "Padding goes on all four edges: `pad` rows above and below, `pad` columns left and right.",
            lambda i: _unfold(i, x=np.pad(i["x"], ((0, 0), (0, 0), *[(0, 2 * i["pad"])] * 2)), pad=0),
        ),
        "window's start not multiplied by the stride": columns("Output row i reads from row i * stride.", _crowded),
        "stride forgotten along the rows": columns(
            "The stride moves the window along both axes: output row i begins at row i * stride.",
            lambda i: _crowded(i, (1, i["stride"])),
        ),
        "stride forgotten along the columns": columns(
            "The stride moves the window along both axes: output column j begins at column j * stride.",
            lambda i: _crowded(i, (i["stride"], 1)),
        ),
        "channels dealt out in turn": columns(
            "All taps of channel 0 come first, then those of channel 1: repeat each channel's number, do not tile them.",
            _channels_in_turn,
        ),
        **{name: columns(how.advice, functools.partial(_by_number, how)) for name, how in NUMBERED.items()},
        "only the first channel": columns(
            "A column holds the window's values in every channel; yours repeats the first.", lambda i: _one_channel(i, 0)
        ),
        "only the last channel": columns(
            "A column holds the window's values in every channel; yours repeats the last.", lambda i: _one_channel(i, -1)
        ),
        "windows numbered with the output's height": Mistake(
            "There are W' windows in a row of the output: window (i, j) is column i * W' + j.", _numbered_by_height
        ),
        **{
            name: columns(advice, functools.partial(_at_places, name)) for name, (advice, *_) in MAPS.items()
        },
        **loop_mistakes(lambda name: of("columns", functools.partial(_looped, name))),
        **but(size_mistakes(_geometry, "columns", _long), "output's height and width swapped"),  # as many windows
        "kernel height and width swapped": columns(
            "The window has kernel_height rows and kernel_width columns.",
            lambda i: _unfold(i, kernel=_kernel(i)[::-1]),
        ),
    },
)  # fmt: skip


# --- conv_forward_im2col -------------------------------------------------------------------------------------


def _moved_last(i: Inputs) -> np.ndarray:
    """The kernels' taps with the channel varying fastest, where the columns have it slowest."""
    return forward(i, w=i["w"].transpose(0, 2, 3, 1).reshape(i["w"].shape))


def _samples_fastest(i: Inputs) -> np.ndarray:
    """The columns of all samples one after the other, read as if those of one place stood together."""
    found = forward(i)
    n, o, rows, across = found.shape
    return found.swapaxes(0, 1).reshape(o, rows, across, n).transpose(3, 0, 1, 2)


def _taps_turned(i: Inputs) -> np.ndarray:
    """Columns whose taps go down the kernel's columns, met by kernels that go along their rows."""
    o, c, kh, kw = i["w"].shape
    return forward(i, w=i["w"].reshape(o, c, kw, kh).swapaxes(2, 3))


def _samples_joined(i: Inputs) -> np.ndarray:
    """The columns [N, C kh kw, windows] made one matrix by a reshape, where the batch has to move behind the taps."""
    stride, pad = options(i)
    found = forward(i)
    n, o, *_ = found.shape
    columns = convolution.im2col(i["x"], i["w"].shape[2:], stride, pad)
    product = i["w"].reshape(o, -1) @ columns.reshape(columns.shape[1], -1) + i["b"][:, None]
    return product.reshape(o, n, *found.shape[2:]).swapaxes(0, 1)


def _rows_by_reshape(i: Inputs) -> np.ndarray:
    """The columns [N, C kh kw, windows] read as [N windows, C kh kw], and the product brought to [N, O, H', W']."""
    stride, pad = options(i)
    n, o, rows, across = forward(i).shape
    columns = convolution.im2col(i["x"], i["w"].shape[2:], stride, pad)
    product = columns.reshape(n * rows * across, -1) @ i["w"].reshape(o, -1).T + i["b"]
    return product.reshape(n, rows, across, o).transpose(0, 3, 1, 2)


def _bias_by_window(i: Inputs) -> Arrays:
    """The bias added along the last axis, that of the windows, where there are as many."""
    plain = forward(i, b=None)
    flat = plain.reshape(*plain.shape[:2], -1)
    return {"out": (flat + i["b"]).reshape(plain.shape) if flat.shape[2] == len(i["b"]) else REFUSED}


def _kernel_exchanged(i: Inputs) -> Arrays:
    """The columns of windows as high as the kernel is wide, where these are as many windows."""
    stride, pad = options(i)
    (o, _, kh, kw), shape = i["w"].shape, forward(i).shape
    if any(n + 2 * pad < k for n, k in zip(i["x"].shape[2:], (kw, kh), strict=True)):
        return {"out": REFUSED}
    columns = convolution.im2col(i["x"], (kw, kh), stride, pad)
    if columns.shape[2] != shape[2] * shape[3]:
        return {"out": REFUSED}
    return {"out": (i["w"].reshape(o, -1) @ columns + i["b"][:, None]).reshape(shape)}


FORWARD_IM2COL_CHECK = check(
    ASSIGNMENT, "conv_forward_im2col", 2,
    ("out, cache = conv_forward_im2col(x, w, b, conv_param)",),
    extra=True,
    outputs=(Output("out", CONVOLUTION),),
    cases=(
        Case("a kernel of 3 by 2, stride 1, padding 1", asked((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2", asked((3, 4), (3, 4), 2, 2, n=3, left_over=(0, 1))),
        Case("small integers, float32", asked((4, 3), (2, 3), 3, 1, dtype="float32", integers=True)),
        Case("views that are not contiguous", views(asked((4, 6), (3, 2), 1, 1, channels=(2, 5)), "x", "w")),
        Case("all sizes 3", asked((3, 3), (3, 3), 1, 1, n=3, channels=(3, 3))),
        Case("as many samples, kernels and windows as taps", asked((2, 3), (1, 3), 1, 0, n=6, channels=(2, 6))),
    ),
    reference=of("out", forward),
    makings=OUT_MAKING,
    mistakes={
        "product reshaped in the wrong order": out(
            "The values are right, the places are not: put the axes in order with transpose before you reshape.",
            lambda i: reshaped_from(i, 1, 2, 3, 0),
        ),
        "samples and channels mixed by a reshape": out(
            "The product has the output channels first: swap them with the batch by transpose, not by reshape.",
            lambda i: reshaped_from(i, 1, 0, 2, 3),
        ),
        "samples taken for the fastest in the columns": out(
            "The columns go through sample 0 first, then sample 1: the batch varies slowest, not fastest.",
            _samples_fastest,
        ),
        "samples joined by a reshape": out(
            "To join the columns of all samples move the batch behind the taps by transpose, before you reshape.",
            _samples_joined,
        ),
        "columns made rows by a reshape": out(
            "To have a window in each row, swap the taps with the windows by transpose, before you reshape.",
            _rows_by_reshape,
        ),
        "channels moved last in the weight": out(
            "The taps of a kernel must stand in the order of a column, channels slowest: reshape w without a transpose.",
            _moved_last,
        ),
        "kernels moved last in the weight": out(
            "One kernel must become one row: reshape w to (O, -1) without a transpose before it.",
            lambda i: forward(i, w=i["w"].transpose(1, 2, 3, 0).reshape(i["w"].shape)),
        ),
        "taps of the columns column by column": out(
            "Within a channel the columns must go along the kernel's rows, as w does: look at the order in im2col.",
            _taps_turned,
        ),
        "bias added to the windows": Mistake(
            "Output channel o gets bias o: give b an axis for the windows behind its own, before you add it.", _bias_by_window
        ),
        "kernel's height and width exchanged in the columns": Mistake(
            "im2col takes the kernel's height, then its width: yours come the other way round.", _kernel_exchanged
        ),
        "output not folded back": out(
            "The values are right: give them the shape [N, O, H', W'].",
            lambda i: forward(i).reshape(*forward(i).shape[:2], -1),
        ),
        **MISTAKES,
    },
)  # fmt: skip

CHECKS = (IM2COL_CHECK, FORWARD_IM2COL_CHECK)
