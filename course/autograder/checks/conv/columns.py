"""ps3, windows as columns: im2col, and the convolution as one matrix product."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.forward import MISTAKES, asked, views
from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.conv.variants import forward, padded
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import CONVOLUTION
from course.reference import convolution

# --- im2col --------------------------------------------------------------------------------------------------


def columns(*args: Any, **keywords: Any) -> Any:
    """A draw of x, kernel_height, kernel_width, stride and pad."""
    draw = asked(*args, **keywords)

    def flat(r: Generator) -> Inputs:
        given = draw(r)
        kh, kw = given["w"].shape[2:]
        return {"x": given["x"], "kernel_height": kh, "kernel_width": kw, **given["conv_param"]}

    return flat


def _unfold(i: Inputs, **changes: Any) -> np.ndarray:
    given = {"x": i["x"], "kernel": _kernel(i), "stride": i["stride"], "pad": i["pad"], **changes}
    return convolution.im2col(**given).astype(i["x"].dtype)


def _kernel(i: Inputs) -> tuple[int, int]:
    return i["kernel_height"], i["kernel_width"]


def _taps(i: Inputs) -> np.ndarray:
    """The columns with an axis for each thing: [N, C, kh, kw, windows]."""
    found = _unfold(i)
    return found.reshape(found.shape[0], i["x"].shape[1], *_kernel(i), found.shape[2])


def _windows(i: Inputs) -> np.ndarray:
    """The same with the windows by rows and columns: [N, C * kh * kw, H', W']."""
    found = _unfold(i)
    rows = (i["x"].shape[2] + 2 * i["pad"] - i["kernel_height"]) // i["stride"] + 1
    return found.reshape(*found.shape[:2], rows, -1)


def _crowded(i: Inputs) -> np.ndarray:
    near = _unfold(i, stride=1)
    rows, across = _windows(i).shape[2:]
    full = near.reshape(*near.shape[:2], i["x"].shape[2] + 2 * i["pad"] - i["kernel_height"] + 1, -1)
    return full[:, :, :rows, :across].reshape(*near.shape[:2], -1)


def _column_mistake(name: str, advice: str, wrong: Any) -> Misconception:
    def outputs(i: Inputs) -> Arrays:
        return {"columns": wrong(i)}

    return Misconception(name, advice, outputs)


IM2COL_CHECK = Check(
    name="im2col",
    assignment=ASSIGNMENT,
    points=5,
    functions=("im2col",),
    steps=(Call("im2col", ("x", "kernel_height", "kernel_width", "stride", "pad"), ("columns",)),),
    outputs=(Output("columns", CONVOLUTION),),
    cases=(
        Case("windows of 3 by 2, stride 1, padding 1", columns((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2, a column left over", columns((3, 4), (3, 4), 2, 2, left_over=(0, 1))),
        Case("stride 3, no padding, rows and columns left over", columns((2, 3), (2, 3), 3, 0, left_over=(2, 1))),
        Case("float32 input", columns((4, 3), (2, 3), 2, 1, dtype="float32")),
        Case("one channel, a view that is not contiguous", views(columns((4, 6), (3, 2), 1, 1, channels=(1, 3)), "x")),
    ),
    reference=lambda i: {"columns": _unfold(i)},
    misconceptions=(
        _column_mistake(
            "rows and columns swapped",
            "A window is a column: shape [N, C * kh * kw, windows].",
            lambda i: _unfold(i).swapaxes(1, 2),
        ),
        _column_mistake(
            "reshaped where it should be transposed",
            "The shape is right and the order is not: move the axes with transpose before you reshape.",
            lambda i: _unfold(i).swapaxes(1, 2).reshape(_unfold(i).shape),
        ),
        _column_mistake(
            "channels inside the taps",
            "Within a column the channel varies slowest, then the kernel's row, then its column.",
            lambda i: _taps(i).transpose(0, 2, 3, 1, 4).reshape(_unfold(i).shape),
        ),
        _column_mistake(
            "taps column by column",
            "Within a channel go along the kernel's rows: the kernel's column varies fastest.",
            lambda i: _taps(i).transpose(0, 1, 3, 2, 4).reshape(_unfold(i).shape),
        ),
        _column_mistake(
            "windows column by column",
            "The windows follow the output's rows: its column varies fastest.",
            lambda i: _windows(i).swapaxes(2, 3).reshape(_unfold(i).shape),
        ),
        _column_mistake(
            "taps in reverse",
            "The taps of a window stand in reverse order, as if the kernel were flipped.",
            lambda i: _taps(i)[:, :, ::-1, ::-1].reshape(_unfold(i).shape),
        ),
        _column_mistake(
            "all samples side by side",
            "Keep the batch as an axis of its own: [N, C * kh * kw, windows].",
            lambda i: _unfold(i).transpose(1, 2, 0).reshape(_unfold(i).shape[1], -1),
        ),
        _column_mistake(
            "samples one after the other in one matrix",
            "Keep the batch as an axis of its own: [N, C * kh * kw, windows].",
            lambda i: _unfold(i).swapaxes(0, 1).reshape(_unfold(i).shape[1], -1),
        ),
        _column_mistake("padding ignored", "Put `pad` rows and columns of zeros round x first.",
                        lambda i: _unfold(i, pad=0)),
        _column_mistake(
            "padded with the edge's values", "The padding is made of zeros, not of copies of the edge.",
            lambda i: _unfold(i, x=padded(i["x"], i["pad"], "replicate"), pad=0),
        ),
        _column_mistake("stride ignored", "The windows start `stride` values apart.", lambda i: _unfold(i, stride=1)),
        _column_mistake(
            "window's start not multiplied by the stride", "Output row i reads from row i * stride.", _crowded
        ),
        _column_mistake(
            "kernel height and width swapped", "The window has kernel_height rows and kernel_width columns.",
            lambda i: _unfold(i, kernel=_kernel(i)[::-1]),
        ),
    ),
)  # fmt: skip


# --- conv_forward_im2col -------------------------------------------------------------------------------------


def _mixed(i: Inputs) -> np.ndarray:
    out = forward(i)
    return out.transpose(1, 2, 3, 0).reshape(out.shape)


def _channels_and_samples(i: Inputs) -> np.ndarray:
    out = forward(i)
    return out.swapaxes(0, 1).reshape(out.shape)


def _weight_reshaped(i: Inputs) -> np.ndarray:
    """The kernels' taps dealt out in columns: reshape(-1, O), where the columns of im2col need reshape(O, -1)."""
    o = i["w"].shape[0]
    return forward(i, w=i["w"].reshape(-1, o).T.reshape(i["w"].shape))


def _out_mistake(name: str, advice: str, wrong: Any) -> Misconception:
    def outputs(i: Inputs) -> Arrays:
        return {"out": wrong(i)}

    return Misconception(name, advice, outputs)


SHARED = (
    "kernel flipped", "bias forgotten", "padding ignored", "stride ignored", "averaged, not summed",
    "window's start not multiplied by the stride", "only the first sample", "channels last",
)  # fmt: skip

FORWARD_IM2COL_CHECK = Check(
    name="conv_forward_im2col",
    assignment=ASSIGNMENT,
    points=4,
    functions=("conv_forward_im2col",),
    steps=(Call("conv_forward_im2col", ("x", "w", "b", "conv_param"), ("out", "cache")),),
    outputs=(Output("out", CONVOLUTION),),
    cases=(
        Case("a kernel of 3 by 2, stride 1, padding 1", asked((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2", asked((3, 4), (3, 4), 2, 2, n=3, left_over=(0, 1))),
        Case("small integers, float32", asked((4, 3), (2, 3), 3, 1, dtype="float32", integers=True)),
        Case("views that are not contiguous", views(asked((4, 6), (3, 2), 1, 1, channels=(2, 5)), "x", "w")),
    ),
    reference=lambda i: {"out": forward(i)},
    misconceptions=(
        _out_mistake(
            "product reshaped in the wrong order",
            "The values are right, the places are not: put the axes in order with transpose before you reshape.",
            _mixed,
        ),
        _out_mistake(
            "samples and channels mixed by a reshape",
            "The product has the output channels first: swap them with the batch by transpose, not by reshape.",
            _channels_and_samples,
        ),
        _out_mistake(
            "weight reshaped the wrong way",
            "One kernel must become one row, with its taps in the order of the columns: reshape to (O, -1).",
            _weight_reshaped,
        ),
        _out_mistake(
            "output not folded back",
            "The values are right: give them the shape [N, O, H', W'].",
            lambda i: forward(i).reshape(*forward(i).shape[:2], -1),
        ),
        *(m for m in MISTAKES if m.name in SHARED),
    ),
)

CHECKS = (IM2COL_CHECK, FORWARD_IM2COL_CHECK)
