"""Windows that begin in the wrong place or end too soon: convolution and pooling as loops over windows, with a slip.

A slip says where the window of output row i and column j lies. What a window that hangs over the edge reads is what
numpy's slices give: nothing beyond the edge.
"""

from collections.abc import Callable, Iterator

import numpy as np

from course.autograder.checks.conv.variants import crop, options, pool_options
from course.autograder.checks.language import Arrays, Inputs

Window = tuple[slice, slice]  # rows and columns of the image
Slip = Callable[
    [int, int, int, int, int], tuple[int, int, int, int]
]  # (i, j, stride, height, width) -> a window


def _at(window: tuple[int, int, int, int]) -> Window:
    top, left, height, width = window
    return slice(top, top + height), slice(left, left + width)


# By name: the advice, and the window as (top, left, height, width).
STARTS: dict[str, tuple[str, Slip]] = {
    "window's start not multiplied by the stride": (
        "Output row i reads from row i * stride on; yours begins at row i.",
        lambda i, j, s, h, w: (i, j, h, w),
    ),
    "stride forgotten along the columns": (
        "The stride moves the window along both axes: output column j begins at column j * stride.",
        lambda i, j, s, h, w: (i * s, j, h, w),
    ),
    "stride forgotten along the rows": (
        "The stride moves the window along both axes: output row i begins at row i * stride.",
        lambda i, j, s, h, w: (i, j * s, h, w),
    ),
    "row and column of the windows swapped": (
        "Output row i reads from row i * stride, output column j from column j * stride; yours has them swapped.",
        lambda i, j, s, h, w: (j * s, i * s, h, w),
    ),
}
# How a window is cut too small: an end that is left out, a part for the whole.
EXTENTS: dict[str, tuple[str, Slip]] = {
    "window's height and width swapped in the slices": (
        "The shape is right; the slices have the window's height and width in each other's place.",
        lambda i, j, s, h, w: (i * s, j * s, w, h),
    ),
    "window one row and column short": (
        "A slice leaves its end out already: take rows i * stride to i * stride + height, not one less.",
        lambda i, j, s, h, w: (i * s, j * s, h - 1, w - 1),
    ),
    "window one row too long": (
        "A slice leaves its end out already: it ends at i * stride + pool_height, not one row later.",
        lambda i, j, s, h, w: (i * s, j * s, h + 1, w),
    ),
    "window one column too long": (
        "A slice leaves its end out already: it ends at j * stride + pool_width, not one column later.",
        lambda i, j, s, h, w: (i * s, j * s, h, w + 1),
    ),
    "window one row and column too long": (
        "A slice leaves its end out already: end it at i * stride + pool_height and j * stride + pool_width.",
        lambda i, j, s, h, w: (i * s, j * s, h + 1, w + 1),
    ),
    "the window's height for its width": (
        "A window has pool_width columns: yours takes pool_height of them.",
        lambda i, j, s, h, w: (i * s, j * s, h, h),
    ),
    "the window's width for its height": (
        "A window has pool_height rows: yours takes pool_width of them.",
        lambda i, j, s, h, w: (i * s, j * s, w, w),
    ),
    "last row of each window left out": (
        "A window has all of its rows: a slice, and a range, leaves its end out already.",
        lambda i, j, s, h, w: (i * s, j * s, h - 1, w),
    ),
    "last column of each window left out": (
        "A window has all of its columns: a slice, and a range, leaves its end out already.",
        lambda i, j, s, h, w: (i * s, j * s, h, w - 1),
    ),
    "only the first row of each window": (
        "A window has several rows: you look at the first alone.",
        lambda i, j, s, h, w: (i * s, j * s, 1, w),
    ),
    "only the first column of each window": (
        "A window has several columns: you look at the first alone.",
        lambda i, j, s, h, w: (i * s, j * s, h, 1),
    ),
}
SIDE_BY_SIDE: Slip = lambda i, j, s, h, w: (i * h, j * w, h, w)  # noqa: E731


def walk(shape: tuple[int, ...], slip: Slip, *how: int) -> Iterator[tuple[int, int, Window]]:
    """Each output row and column with its window, for an output of that shape; `how`: stride, height, width."""
    for i, j in np.ndindex(*shape[2:]):
        yield i, j, _at(slip(i, j, *how))


# --- convolution ---------------------------------------------------------------------------------------------


def _reached(i: Inputs, shape: tuple[int, ...], slip: Slip) -> tuple[np.ndarray, int]:
    """x with its padding, and zeros at the end as far as any window reaches, and the stride."""
    stride, pad = options(i)
    kernel = i["w"].shape[2:]
    ends = [(rows.stop, columns.stop) for _, _, (rows, columns) in walk(shape, slip, stride, *kernel)]
    more = [
        max(0, max(e) - n - 2 * pad) for e, n in zip(zip(*ends, strict=True), i["x"].shape[2:], strict=True)
    ]
    edges = [(0, 0), (0, 0), *((pad, pad + extra) for extra in more)]
    return np.pad(i["x"].astype(np.float64), edges), stride


def convolved(i: Inputs, shape: tuple[int, ...], slip: Slip) -> np.ndarray:
    """The convolution with its windows in the wrong places."""
    x, stride = _reached(i, shape, slip)
    out = np.zeros(shape)
    for row, column, (rows, columns) in walk(shape, slip, stride, *i["w"].shape[2:]):
        out[:, :, row, column] = np.einsum("ncab,ocab->no", x[:, :, rows, columns], i["w"])
    return out + i["b"][:, None, None]


def convolution_gradients(i: Inputs, slip: Slip) -> Arrays:
    """dx and dw with the windows in the wrong places."""
    _, pad = options(i)
    shape, w = i["dout"].shape, i["w"].astype(np.float64)
    x, stride = _reached(i, shape, slip)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for row, column, (rows, columns) in walk(shape, slip, stride, *w.shape[2:]):
        g = i["dout"][:, :, row, column]
        dw += np.einsum("no,ncab->ocab", g, x[:, :, rows, columns])
        dx[:, :, rows, columns] += np.einsum("no,ocab->ncab", g, w)
    return {"dx": crop(dx, pad, pad, i["x"]), "dw": dw}


# --- pooling -------------------------------------------------------------------------------------------------

Look = Callable[[np.ndarray], np.ndarray]  # what becomes of a window [N, C, height, width]: an array [N, C]


def _largest(window: np.ndarray) -> np.ndarray:
    return window.max(axis=(2, 3))


def place_of_largest(window: np.ndarray) -> np.ndarray:
    """The index of the largest value in the flattened window."""
    return window.reshape(*window.shape[:2], -1).argmax(axis=2)


def largest_in_size(window: np.ndarray) -> np.ndarray:
    """The value that is furthest from 0, with its sign."""
    flat = window.reshape(*window.shape[:2], -1)
    return np.take_along_axis(flat, np.abs(flat).argmax(axis=2)[..., None], axis=2)[..., 0]


def right_window(i: int, j: int, s: int, h: int, w: int) -> tuple[int, int, int, int]:
    """Where the window is to lie."""
    return i * s, j * s, h, w


def pooled(i: Inputs, shape: tuple[int, ...], slip: Slip, look: Look = _largest) -> Arrays:
    """Pooling with windows in the wrong places, or with something else made of each; nothing where one is empty."""
    size, stride = pool_options(i)
    out = np.zeros(shape)
    for row, column, (rows, columns) in walk(shape, slip, stride, *size):
        window = i["x"][:, :, rows, columns]
        if not window.size:
            return {}
        out[:, :, row, column] = look(window)
    return {"out": out}


def pooling_gradient(i: Inputs, slip: Slip, shared: tuple[int, ...] = ()) -> Arrays:
    """dx with windows in the wrong places; the maximum is one for all along the `shared` axes too."""
    size, stride = pool_options(i)
    dx = np.zeros(i["x"].shape)
    for row, column, (rows, columns) in walk(i["dout"].shape, slip, stride, *size):
        window = i["x"][:, :, rows, columns]
        if not window.size:
            return {}
        mask = window == window.max(axis=(*shared, 2, 3), keepdims=True)
        dx[:, :, rows, columns] += mask * i["dout"][:, :, row, column][:, :, None, None]
    return {"dx": dx}


def weighted(i: Inputs, weights: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """dx of a student who gives each value a share of its window's gradient: `weights` of the window [N, C, h, w]."""
    size, stride = pool_options(i)
    dx = np.zeros(i["x"].shape)
    for row, column, (rows, columns) in walk(i["dout"].shape, right_window, stride, *size):
        dx[:, :, rows, columns] += (
            weights(i["x"][:, :, rows, columns]) * i["dout"][:, :, row, column, None, None]
        )
    return dx


def spread(i: Inputs) -> np.ndarray:
    """dx of a student who gives each window's gradient to all of its values."""
    return weighted(i, np.ones_like)


def windows_over(i: Inputs) -> np.ndarray:
    """How many windows lie over each value; 1 where none does."""
    return np.maximum(spread({**i, "dout": np.ones_like(i["dout"])}), 1)


def misplaced(i: Inputs, place: Callable[[int, int, int, int, int], tuple[int, int]]) -> Arrays:
    """dx sent elsewhere: `place` gets the window's start, the maximum's flat index, and the window's height and width.

    What lies outside the image, where numpy raises, is sent to its edge, and what comes out as negative nowhere.
    """
    (height, width), stride = pool_options(i)
    dx = np.zeros(i["x"].shape)
    last = dx.shape[2] - 1, dx.shape[3] - 1
    for row, column, (rows, columns) in walk(i["dout"].shape, right_window, stride, height, width):
        flat = place_of_largest(i["x"][:, :, rows, columns])
        for n, c in np.ndindex(*flat.shape):
            at = place(rows.start, columns.start, int(flat[n, c]), height, width)
            if min(at) >= 0:
                dx[n, c, min(at[0], last[0]), min(at[1], last[1])] += i["dout"][n, c, row, column]
    return {"dx": dx}
