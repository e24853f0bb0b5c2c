"""Loops over windows that run too far, end too soon or count in the wrong steps: convolution, gradients, pooling, columns.

A loop says, for one axis, which outputs are filled in turn, and with the window that begins where on the padded image.
What is never filled stays 0.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from course.autograder.checks.conv.places import Along
from course.autograder.checks.conv.variants import crop, options, padded, pool_options
from course.autograder.checks.language import Arrays, Inputs, Mistake

Visits = list[tuple[int, int]]  # (place in the output, where the window begins)


class Loop(NamedTuple):
    """A loop: the advice, what it visits, and whether it is one of those who pad."""

    advice: str
    visits: Callable[[Along], Visits]
    pads: bool = False


def _by(starts: Callable[[Along], range]) -> Callable[[Along], Visits]:
    """Windows that begin at these places, each written where the quotient by the stride says."""
    return lambda a: [(start // a.stride, start) for start in starts(a)]


LAST = "The last window begins at H + 2 * pad - kh: a range that is to reach it ends one after that."
ONE_BY_ONE = "The stride is for the image: the windows' results lie side by side in the output, without gaps."

LOOPS: dict[str, Loop] = {
    "loops over the image without its padding": Loop(LAST, _by(lambda a: range(0, a.length, a.stride)), pads=True),
    "loops that end as if there were no padding": Loop(
        LAST, _by(lambda a: range(0, a.length - a.taps + 1, a.stride)), pads=True
    ),
    "loops that end one short of the last window": Loop(
        "A range leaves its end out: the last window begins at the padded size less the window's, so end one after it.",
        _by(lambda a: range(0, a.length + 2 * a.pad - a.taps, a.stride)),
    ),
    "output counted in steps of the stride": Loop(
        ONE_BY_ONE, lambda a: [(i, i) for i in range(0, a.windows, a.stride)]
    ),
    "output counted in steps of the stride, window and all": Loop(
        ONE_BY_ONE, lambda a: [(i, i * a.stride) for i in range(0, a.windows, a.stride)]
    ),
}  # fmt: skip


def _whole(loop: Loop, a: Along) -> Visits:
    """The visits whose output there is and whose window lies on the padded image; of others numpy raises."""
    room = a.length + 2 * a.pad - a.taps
    return [(place, start) for place, start in loop.visits(a) if place < a.windows and start <= room]


def _pairs(name: str, axes: tuple[Along, Along]) -> Iterator[tuple[int, int, slice, slice]]:
    """Each output row and column that is filled, with the rows and columns of its window."""
    rows, columns = axes
    for i, top in _whole(LOOPS[name], rows):
        for j, left in _whole(LOOPS[name], columns):
            yield i, j, slice(top, top + rows.taps), slice(left, left + columns.taps)


def _axes(
    sizes: tuple[int, ...], kernel: tuple[int, ...], stride: int, pad: int, windows: tuple[int, ...]
) -> tuple[Along, Along]:
    rows, columns = (Along(n, stride, pad, k, out) for n, k, out in zip(sizes, kernel, windows, strict=True))
    return rows, columns


def convolved(name: str, i: Inputs) -> np.ndarray:
    """The convolution of such a loop."""
    stride, pad = options(i)
    kernel = i["w"].shape[2:]
    windows = tuple((n + 2 * pad - k) // stride + 1 for n, k in zip(i["x"].shape[2:], kernel, strict=True))
    x, out = padded(i["x"], pad), np.zeros((len(i["x"]), len(i["w"]), *windows))
    for row, column, rows, columns in _pairs(name, _axes(i["x"].shape[2:], kernel, stride, pad, windows)):
        out[:, :, row, column] = np.einsum("ncab,ocab->no", x[:, :, rows, columns], i["w"]) + i["b"]
    return out


def gradients(name: str, i: Inputs) -> Arrays:
    """dx and dw of such a loop."""
    stride, pad = options(i)
    w, dout = i["w"].astype(np.float64), i["dout"]
    x = padded(i["x"], pad).astype(np.float64)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    axes = _axes(i["x"].shape[2:], w.shape[2:], stride, pad, dout.shape[2:])
    for row, column, rows, columns in _pairs(name, axes):
        g = dout[:, :, row, column]
        dw += np.einsum("no,ncab->ocab", g, x[:, :, rows, columns])
        dx[:, :, rows, columns] += np.einsum("no,ocab->ncab", g, w)
    return {"dx": crop(dx, pad, pad, i["x"]), "dw": dw}


def pooled(name: str, i: Inputs) -> np.ndarray:
    """Max pooling of such a loop."""
    kernel, stride = pool_options(i)
    windows = tuple((n - k) // stride + 1 for n, k in zip(i["x"].shape[2:], kernel, strict=True))
    out = np.zeros((*i["x"].shape[:2], *windows))
    for row, column, rows, columns in _pairs(name, _axes(i["x"].shape[2:], kernel, stride, 0, windows)):
        out[:, :, row, column] = i["x"][:, :, rows, columns].max(axis=(2, 3))
    return out


def pooling_gradient(name: str, i: Inputs) -> np.ndarray:
    """dx of such a loop over the windows of max pooling."""
    kernel, stride = pool_options(i)
    dx = np.zeros(i["x"].shape)
    axes = _axes(i["x"].shape[2:], kernel, stride, 0, i["dout"].shape[2:])
    for row, column, rows, columns in _pairs(name, axes):
        window = i["x"][:, :, rows, columns]
        mask = window == window.max(axis=(2, 3), keepdims=True)
        dx[:, :, rows, columns] += mask * i["dout"][:, :, row, column, None, None]
    return dx


def unfolded(name: str, i: Inputs, windows: tuple[int, ...]) -> np.ndarray:
    """The columns [N, C * kh * kw, windows] of such a loop, each put behind the one before; 0 where none is left."""
    kernel, stride, pad = (i["kernel_height"], i["kernel_width"]), i["stride"], i["pad"]
    x = padded(i["x"], pad)
    axes = _axes(i["x"].shape[2:], kernel, stride, pad, windows)
    found = [x[:, :, r, c].reshape(len(x), -1) for _, _, r, c in _pairs(name, axes)]
    out = np.zeros((len(x), x.shape[1] * kernel[0] * kernel[1], windows[0] * windows[1]))
    if found:
        out[:, :, : len(found)] = np.stack(found, axis=2)
    return out


def loop_mistakes(
    wrong: Callable[[str], Callable[[Inputs], Arrays]], *, pads: bool = True
) -> dict[str, Mistake]:
    """The mistakes of all loops.

    Args:
        wrong: makes the wrong answer from a loop's name.
        pads: whether there is padding to be left out.
    """
    return {name: Mistake(loop.advice, wrong(name)) for name, loop in LOOPS.items() if pads or not loop.pads}
