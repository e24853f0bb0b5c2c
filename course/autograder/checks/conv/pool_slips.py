"""Pooling that forgets to start anew, leaves windows out, or sends a gradient to the wrong window."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv import walks
from course.autograder.checks.conv.variants import pool, pool_gradient, pool_options
from course.autograder.checks.language import Arrays, Inputs, Mistake, Mistakes
from course.autograder.checks.language.wrong import mistakes_in, of_shape

out, dx = mistakes_in("out"), mistakes_in("dx")


def _carried(axis: int) -> Callable[[Inputs], np.ndarray]:
    """The largest value so far, of all windows since the axis last moved; axis 0 for all there are."""

    def wrong(i: Inputs) -> np.ndarray:
        found = pool(i)
        flat = found.reshape(*found.shape[:axis], -1)
        return np.asarray(np.maximum.accumulate(flat, axis=axis).reshape(found.shape))

    return wrong


def _one_stride(rows: bool) -> Callable[[Inputs], np.ndarray]:
    def wrong(i: Inputs) -> np.ndarray:
        stride = pool_options(i)[1]
        return pool(i, stride=[stride, 1] if rows else [1, stride])

    return wrong


def _filled_transposed(i: Inputs) -> np.ndarray:
    """The output as it is filled by out[..., j, i], where it is square."""
    found = pool(i)
    return found.swapaxes(2, 3) if found.shape[2] == found.shape[3] else found


def _mean_of_rows(i: Inputs) -> Arrays:
    return walks.pooled(i, pool(i).shape, walks.right_window, lambda window: window.max(axis=3).mean(axis=2))


def _channel(i: Inputs, place: int) -> np.ndarray:
    left = np.zeros_like(pool(i))
    left[:, place] = pool(i)[:, place]
    return left


def _place_in_image(i: Inputs) -> np.ndarray:
    """Where each maximum stands in its channel, counted through the flattened image."""
    (height, width), stride = pool_options(i)
    found = np.zeros(pool(i).shape)
    for row, column, (rows, columns) in walks.walk(found.shape, walks.right_window, stride, height, width):
        flat = walks.place_of_largest(i["x"][:, :, rows, columns])
        across = i["x"].shape[3]
        found[:, :, row, column] = (rows.start + flat // width) * across + columns.start + flat % width
    return found


POOL_SLIPS: Mistakes = {
    "place of the maximum in the image for its value": out(
        "Return the largest value itself; yours is the index where it stands in the image.", _place_in_image
    ),
    "maximum carried over from window to window": out(
        "Start each window's maximum anew: yours is the largest value of all windows so far.", _carried(0)
    ),
    "maximum carried over within a channel": out(
        "Start each window's maximum anew: yours is the largest of all windows of the channel so far.",
        _carried(2),
    ),
    "maximum carried over along a row": out(
        "Start each window's maximum anew: yours is the largest of all windows of the row so far.",
        _carried(3),
    ),
    "stride along the rows only": out("The stride moves the window along both axes.", _one_stride(True)),
    "stride along the columns only": out("The stride moves the window along both axes.", _one_stride(False)),
    "output's rows and columns swapped": out(
        "Output row i and column j stand at [..., i, j]; yours at [..., j, i].", _filled_transposed
    ),
    "mean of the rows' maxima": Mistake(
        "Take the maximum over both axes of the window; yours takes it along its rows, and then a mean.",
        _mean_of_rows,
    ),
    "only the first channel": out(
        "The output is wrong from the second channel on: go through all.", lambda i: _channel(i, 0)
    ),
    "only the last channel": out(
        "Only the last channel has its output: go through all.", lambda i: _channel(i, -1)
    ),
}

# --- backwards -----------------------------------------------------------------------------------------------


def _from(part: Any) -> Callable[[Inputs], np.ndarray]:
    """dx that comes of a part of dout alone."""

    def wrong(i: Inputs) -> np.ndarray:
        left = np.zeros_like(i["dout"])
        left[part] = i["dout"][part]
        return pool_gradient({**i, "dout": left})

    return wrong


def _dout_turned(i: Inputs) -> np.ndarray:
    rows, columns = i["dout"].shape[2:]
    return pool_gradient({**i, "dout": i["dout"].swapaxes(2, 3)} if rows == columns else i)


def _added_elsewhere(name: str) -> Mistake:
    """The right maximum in the right window, and its gradient added where another window lies."""
    _, slip = walks.STARTS[name]

    def wrong(i: Inputs) -> Arrays:
        (height, width), stride = pool_options(i)
        found = np.zeros(i["x"].shape)
        for row, column, (rows, columns) in walks.walk(
            i["dout"].shape, walks.right_window, stride, height, width
        ):
            window = i["x"][:, :, rows, columns]
            share = (window == window.max(axis=(2, 3), keepdims=True)) * i["dout"][
                :, :, row, column, None, None
            ]
            top, left, *_ = slip(row, column, stride, height, width)
            found[:, :, top : top + height, left : left + width] += share
        return {"dx": found}

    return Mistake(
        "The maximum is found in the right window; add its gradient at the same window of dx, stride and all.",
        wrong,
    )


def _in_place_of_dout(value: Callable[[Inputs], np.ndarray]) -> Callable[[Inputs], np.ndarray]:
    """dx with something else than dout sent back: a value for each window."""
    return lambda i: pool_gradient({**i, "dout": value(i)})


def _places(i: Inputs) -> np.ndarray:
    """The index of each window's maximum in the flattened window."""
    return np.asarray(walks.pooled(i, i["dout"].shape, walks.right_window, walks.place_of_largest)["out"])


def _written(value: Callable[[np.ndarray], np.ndarray]) -> Callable[[Inputs], np.ndarray]:
    """dx of a student who writes something made of the window [N, C, h, w] over it, later windows over earlier ones."""

    def wrong(i: Inputs) -> np.ndarray:
        (height, width), stride = pool_options(i)
        found = np.zeros(i["x"].shape)
        for _, _, (rows, columns) in walks.walk(i["dout"].shape, walks.right_window, stride, height, width):
            found[:, :, rows, columns] = value(i["x"][:, :, rows, columns])
        return found

    return wrong


def _top(window: np.ndarray) -> np.ndarray:
    return window.max(axis=(2, 3), keepdims=True)


def _furthest(window: np.ndarray) -> np.ndarray:
    return np.abs(window) == np.abs(window).max(axis=(2, 3), keepdims=True)


WITH_DOUT = "Where the maximum was, dx is the window's value of dout: {}."
ALL_WINDOWS = "Every window sends its gradient to dx: add it inside the innermost loop over the windows."

POOL_BACKWARD_SLIPS: Mistakes = {
    "the maximum for its gradient": dx(
        WITH_DOUT.format("yours is the maximum itself"), _in_place_of_dout(pool)
    ),
    "the maximum for its gradient, assigned": dx(
        WITH_DOUT.format("yours is the maximum itself, and is not added"),
        lambda i: i["x"] * (_in_place_of_dout(lambda j: np.ones_like(j["dout"]))(i) > 0),
    ),
    "the place of the maximum for its gradient": dx(
        WITH_DOUT.format("yours is the index where the maximum stands"), _in_place_of_dout(_places)
    ),
    "the maximum in its whole window": dx(
        WITH_DOUT.format("yours is the maximum, everywhere in its window"),
        _written(lambda w: _top(w) + 0 * w),
    ),
    "the mask for the gradient, windows overwritten": dx(
        WITH_DOUT.format("yours is 1, and a later window wipes out an earlier one"),
        _written(lambda w: w == _top(w)),
    ),
    "gradient sent to the value furthest from 0": dx(
        "Compare the values themselves, not their absolute values.", lambda i: walks.weighted(i, _furthest)
    ),
    "gradient sent to all positive values": dx(
        "Only the largest value of a window has a gradient; yours goes to all that are above 0.",
        lambda i: walks.weighted(i, lambda window: window > 0),
    ),
    "dx in the shape of dout": dx(
        "Pooling has fewer values than the image: dx has the shape of x, with dout at the maxima.",
        lambda i: of_shape(i["dout"].shape) if i["dout"].shape != i["x"].shape else pool_gradient(i),
    ),
    "window's values for the mask": dx(
        "Multiply dout by 1 where the maximum was and by 0 elsewhere; yours is multiplied by the values themselves.",
        lambda i: walks.weighted(i, lambda window: window),
    ),
    "every value above the mean": dx(
        "Only the largest value of a window has a gradient; yours goes to all that are not below its mean.",
        lambda i: walks.weighted(i, lambda window: window >= window.mean(axis=(2, 3), keepdims=True)),
    ),
    "gradient divided by the window's height": dx(
        "All of dout goes to the maximum: nothing is divided.",
        lambda i: pool_gradient(i) / pool_options(i)[0][0],
    ),
    "gradient divided by the window's width": dx(
        "All of dout goes to the maximum: nothing is divided.",
        lambda i: pool_gradient(i) / pool_options(i)[0][1],
    ),
    "rows and columns of dout swapped": dx(
        "The window of output row i and column j gets dout[..., i, j]; yours gets dout[..., j, i].",
        _dout_turned,
    ),
    "only the last row of windows": dx(ALL_WINDOWS, _from(np.s_[:, :, -1:])),
    "only the last column of windows": dx(ALL_WINDOWS, _from(np.s_[..., -1:])),
    "only the last window": dx(ALL_WINDOWS, _from(np.s_[:, :, -1:, -1:])),
    "only the last sample": dx("dx is 0 but for the last sample: go through all.", _from(np.s_[-1:])),
    "only the last channel": dx("dx is 0 but for the last channel: go through all.", _from(np.s_[:, -1:])),
    **{
        f"gradient added without the stride{where}": _added_elsewhere(name)
        for where, name in (
            ("", "window's start not multiplied by the stride"),
            (" along the rows", "stride forgotten along the rows"),
            (" along the columns", "stride forgotten along the columns"),
        )
    },
}
