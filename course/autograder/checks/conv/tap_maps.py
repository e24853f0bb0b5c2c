"""Convolutions whose windows meet the wrong places of the image: where tap p of output row i lies, got wrong.

A place is counted in rows (columns) of x itself: tap p of output row i lies on row i * stride + p - pad. What lies
outside of x meets nothing, as the zeros of the padding do.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course.autograder.checks.conv.variants import forward, options
from course.autograder.checks.language import Arrays, Inputs


class Axis(NamedTuple):
    """What a place on an axis is made of: the length of x, the stride and the padding."""

    length: int
    stride: int
    pad: int


Place = Callable[[int, int, Axis], int]  # (row of the output, row of the kernel, axis) -> row of x


def _right(i: int, p: int, axis: Axis) -> int:
    return i * axis.stride + p - axis.pad


def _unshifted(i: int, p: int, axis: Axis) -> int:
    return i * axis.stride + p


def _but(skipped: Callable[[Axis], int]) -> Place:
    """The right place, but for one row of x that is left out."""
    return lambda i, p, axis: -1 if _right(i, p, axis) == skipped(axis) else _right(i, p, axis)


AT_THE_EDGES = (
    "Every row and column of the image counts: let the test for its edges include the first and the last one."
)
AT_BOTH_ENDS = (
    "Padding shifts the windows along both axes: row i * stride + p - pad of x, and likewise its columns."
)

# By name: the advice, and where a row and a column of a window lie.
MAPS: dict[str, tuple[str, Place, Place]] = {
    "padded at the end only along the rows": (AT_BOTH_ENDS, _unshifted, _right),
    "padded at the end only along the columns": (AT_BOTH_ENDS, _right, _unshifted),
    "padding added to the place": (
        "Padding moves the first window off the image: subtract pad from the row and the column of x.",
        *(lambda i, p, axis: i * axis.stride + p + axis.pad,) * 2,
    ),
    "negative places read from the far end": (
        "Python counts negative places from the end: what lies above or left of the image is padding, and 0.",
        *(
            lambda i, p, axis: (
                _right(i, p, axis) % axis.length if _right(i, p, axis) < 0 else _right(i, p, axis)
            ),
        )
        * 2,
    ),
    "taps a stride apart": (
        "The stride moves the window; the taps inside it lie side by side: row i * stride + p, not (i + p) * stride.",
        *(lambda i, p, axis: (i + p) * axis.stride - axis.pad,) * 2,
    ),
    "first row and column of the image left out": (AT_THE_EDGES, *(_but(lambda axis: 0),) * 2),
    "last row and column of the image left out": (AT_THE_EDGES, *(_but(lambda axis: axis.length - 1),) * 2),
    "windows begin one row and column too late": (
        "Counting begins at 0: output row i reads from row i * stride on.",
        *(lambda i, p, axis: _right(i, p, axis) + 1,) * 2,
    ),
}


def _met(place: Place, axis: Axis, windows: int, taps: int) -> np.ndarray:
    """[windows, taps, length]: 1 where this tap of this window meets this row of x."""
    met = np.zeros((windows, taps, axis.length))
    for i, p in np.ndindex(windows, taps):
        row = place(i, p, axis)
        if 0 <= row < axis.length:
            met[i, p, row] = 1
    return met


def mapped(name: str, lengths: tuple[int, ...], stride: int, pad: int, windows: tuple[int, ...],
           kernel: tuple[int, ...]) -> list[np.ndarray]:  # fmt: skip
    """Which rows and which columns of x the windows meet, by the name of a slip."""
    sizes = zip(MAPS[name][1:], lengths, windows, kernel, strict=True)
    return [_met(place, Axis(n, stride, pad), out, taps) for place, n, out, taps in sizes]


def _of_case(name: str, i: Inputs, windows: tuple[int, ...]) -> list[np.ndarray]:
    return mapped(name, i["x"].shape[2:], *options(i), windows, i["w"].shape[2:])


def convolved(name: str, i: Inputs) -> np.ndarray:
    """The convolution of windows that meet the wrong places."""
    rows, columns = _of_case(name, i, forward(i).shape[2:])
    found = np.einsum("nchw,iph,jqw,ocpq->noij", i["x"], rows, columns, i["w"], optimize=True)
    return np.asarray(found + i["b"][:, None, None])


def gradients(name: str, i: Inputs) -> Arrays:
    """dx and dw with the windows at the wrong places."""
    rows, columns = _of_case(name, i, i["dout"].shape[2:])
    return {
        "dx": np.einsum("noij,iph,jqw,ocpq->nchw", i["dout"], rows, columns, i["w"], optimize=True),
        "dw": np.einsum("noij,nchw,iph,jqw->ocpq", i["dout"], i["x"], rows, columns, optimize=True),
    }


def unfolded(name: str, i: Inputs, windows: tuple[int, ...]) -> np.ndarray:
    """The columns [N, C * kh * kw, windows] of im2col with the windows at the wrong places."""
    kernel = (i["kernel_height"], i["kernel_width"])
    rows, columns = mapped(name, i["x"].shape[2:], i["stride"], i["pad"], windows, kernel)
    found = np.einsum("nchw,iph,jqw->ncpqij", i["x"], rows, columns, optimize=True)
    return found.reshape(len(found), -1, windows[0] * windows[1])
