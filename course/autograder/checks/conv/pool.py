"""ps3, max pooling, forwards and backwards."""

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from course.autograder.checks.conv import loops, walks
from course.autograder.checks.conv.draws import ASSIGNMENT, distinct, length, values, without
from course.autograder.checks.conv.loops import loop_mistakes
from course.autograder.checks.conv.pool_slips import POOL_BACKWARD_SLIPS, POOL_SLIPS
from course.autograder.checks.conv.sizes import OF_PADDING, Geometry, size_mistakes
from course.autograder.checks.conv.variants import pool, pool_gradient, pool_options, windows_one_by_one
from course.autograder.checks.language import CONVOLUTION, Arrays, Case, Inputs, Mistake, Output, call, check
from course.autograder.checks.language.draws import Generator, draw, views
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import but, mistakes_in, of, where
from course.reference import convolution

out, dx = mistakes_in("out"), mistakes_in("dx")


@draw
def pooling(
    r: Generator, size: tuple[int, int], window: tuple[int, int], stride: int, *, n: int = 2, c: int = 3,
    left_over: tuple[int, int] = (0, 0), dtype: str = "float64", negative: bool = False,
    close: bool = False, again: bool = False, later: dict[str, int] | None = None,
) -> Inputs:  # fmt: skip
    """x, a later x, dout and pool_param for an output of height and width `size`; no two values under one window are equal.

    Windows that overlap share their maximum somewhere, and left-over rows and columns hold the largest values, for
    every seed. With `negative` every value of x is far below 0, at -1e10 and less; with `close` all are near 1. With
    `again` x repeats itself window by window, so that each value comes again, though in no window twice.
    """
    h, w = (length(m, k, stride, 0, 1, over) for m, k, over in zip(size, window, left_over, strict=True))
    row, column = (stride if side > stride else 0 for side in window)

    def images() -> np.ndarray:
        x = distinct(r, (n, c, h, w), dtype)
        peak = float(np.abs(x).max()) + 1
        if row or column:
            # (row, column) lies under the first window and under its neighbour(s).
            x[:, :, row, column] = peak + np.arange(n * c).reshape(n, c)
        x[:, :, h - left_over[0] :, :] += 0.125 + 2 * peak
        x[:, :, :, w - left_over[1] :] += 0.0625 + 2 * peak
        if again:
            repeats = (-(-h // window[0]), -(-w // window[1]))
            return np.tile(distinct(r, (n, c, *window), dtype), (1, 1, *repeats))[:, :, :h, :w]
        if close:
            return 1 + 1e-8 * x
        return 1e10 * (x - x.max() - 1) if negative else x

    param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
    x, dout = images(), values(r, (n, c, *size), dtype)
    return {
        "x": x,
        "dout": dout,
        "pool_param": param,
        "later_x": images(),
        "later_param": {**param, **(later or {})},
    }


def _forward(i: Inputs) -> Arrays:
    return {"out": pool(i).astype(i["x"].dtype)}


def _geometry(i: Inputs) -> Geometry:
    kernel, stride = pool_options(i)
    return Geometry(i["x"].shape[:2], i["x"].shape[2:], kernel, stride)


def _slipped(name: str) -> Mistake:
    """Windows that begin in the wrong place, or are cut in the wrong way."""
    advice, slip = (walks.STARTS | walks.EXTENTS)[name]
    return Mistake(advice, lambda i: walks.pooled(i, pool(i).shape, slip))


def _seen(i: Inputs, look: walks.Look) -> np.ndarray:
    """Something else made of each window than its largest value."""
    found: np.ndarray = walks.pooled(i, pool(i).shape, walks.right_window, look)["out"]
    return found


def _square(i: Inputs) -> Arrays:
    """The window's height for its width too, where such a window fits."""
    (height, _), _ = pool_options(i)
    return {"out": pool(i, kernel_size=[height, height])} if height <= i["x"].shape[3] else {}


def _lowest(i: Inputs) -> np.ndarray:
    return -pool({**i, "x": -i["x"]})


def _largest_along(i: Inputs, axis: int) -> np.ndarray:
    return np.broadcast_to(pool(i).max(axis=axis, keepdims=True), pool(i).shape)


def _first(i: Inputs, axis: int) -> np.ndarray:
    """1 for the first sample (axis 0) or channel (axis 1), 0 for the others."""
    first = np.arange(i["x"].shape[axis]) == 0
    return first.reshape(-1, *(1,) * (3 - axis))


def _area(i: Inputs) -> int:
    return int(np.prod(pool_options(i)[0]))


def forward_only(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The same cases with x and pool_param alone."""
    return tuple(replace(case, draw=without(case.draw, "dout", "later_x", "later_param")) for case in cases)


CASES = (
    Case("windows of 2 by 3, stride 1", pooling((4, 5), (2, 3), 1)),
    Case("windows of 3 by 2, stride 2, rows and columns left over", pooling((3, 4), (3, 2), 2, left_over=(1, 1))),
    Case("windows of 2 by 4, stride 3, further apart than they are high", pooling((3, 2), (2, 4), 3, left_over=(2, 0))),
    Case("no value above -1e10", pooling((4, 3), (2, 3), 2, negative=True)),
    Case("float32, one channel", pooling((3, 4), (3, 2), 1, n=3, c=1, dtype="float32")),
    Case("views that are not contiguous", views(pooling((4, 3), (2, 2), 2, c=5), "x", "dout")),
    Case("all sizes 3", pooling((3, 3), (3, 3), 3, n=3)),
    Case("values that differ in the eighth digit", pooling((3, 4), (3, 2), 2, close=True)),
    Case("values that come again in other windows", pooling((3, 4), (2, 3), 2, again=True)),
)  # fmt: skip

FORWARD_CHECK = check(
    ASSIGNMENT, "max_pool_forward", 2,
    ("out, cache = max_pool_forward(x, pool_param)",),
    extra=True,
    outputs=(Output("out", CONVOLUTION),),
    cases=forward_only(CASES),
    reference=_forward,
    mistakes={
        "average for maximum": out(
            "Take the largest value of the window, not the mean.", lambda i: pool(i, "avg")
        ),
        "minimum for maximum": out("Take the largest value of the window, not the smallest.", _lowest),
        "maximum starts at 0": out(
            "Where all values of a window are negative the largest of them is wanted, not 0.",
            lambda i: np.maximum(pool(i), 0),
        ),
        "largest in size, whatever the sign": out(
            "Compare the values themselves, not their absolute values.", lambda i: np.maximum(pool(i), -_lowest(i))
        ),
        "stride ignored": out("The windows start `stride` values apart.", lambda i: pool(i, stride=1)),
        "stride is always the window's size": out(
            "pool_param has a stride of its own: windows may overlap or leave gaps.",
            lambda i: pool(i, stride=list(pool_options(i)[0])),
        ),
        **{name: _slipped(name) for name in (*walks.STARTS, *walks.EXTENTS)},
        "windows taken to lie side by side": Mistake(
            "The windows start `stride` values apart, not a window's size: they may overlap or leave gaps.",
            lambda i: walks.pooled(i, pool(i).shape, walks.SIDE_BY_SIDE),
        ),
        "the window's height for the stride": out(
            "The stride is a number of its own in pool_param: yours is pool_height.",
            lambda i: pool(i, stride=pool_options(i)[0][0]),
        ),
        "window taken for square": Mistake(
            "You use the window's height on both axes; its width is pool_width.", _square
        ),
        "window's height and width swapped": out(
            "The window has pool_height rows and pool_width columns.",
            lambda i: pool(i, kernel_size=list(pool_options(i)[0][::-1])),
        ),
        "place of the maximum for its value": out(
            "Return the largest value itself; yours is the index where it stands.",
            lambda i: _seen(i, walks.place_of_largest),
        ),
        "the window's first value": out(
            "Take the largest value of the window, not the one at its top left.",
            lambda i: _seen(i, lambda window: window[:, :, 0, 0]),
        ),
        "the window's last value": out(
            "Take the largest value of the window, not the one at its bottom right.",
            lambda i: _seen(i, lambda window: window[:, :, -1, -1]),
        ),
        "median for maximum": out(
            "Take the largest value of the window, not the one in the middle.",
            lambda i: _seen(i, lambda window: np.median(window, axis=(2, 3))),
        ),
        "the value furthest from 0": out(
            "Compare the values themselves, not their absolute values.", lambda i: _seen(i, walks.largest_in_size)
        ),
        "maximum over the channels too": out(
            "Pooling looks at each channel by itself.", lambda i: _largest_along(i, 1)
        ),
        "maximum over the batch too": out(
            "Pooling looks at each sample by itself.", lambda i: _largest_along(i, 0)
        ),
        "only the first sample": out(
            "The output is wrong from the second sample on: go through all.", lambda i: pool(i) * _first(i, 0)
        ),
        "summed, not maximised": out(
            "Take the largest value of the window, not the sum.", lambda i: pool(i, "avg") * _area(i)
        ),
        **POOL_SLIPS,
        **loop_mistakes(lambda name: of("out", functools.partial(loops.pooled, name)), pads=False),
        **but(size_mistakes(_geometry), *OF_PADDING),
    },
)  # fmt: skip


# --- backwards -----------------------------------------------------------------------------------------------


def _backward(i: Inputs) -> Arrays:
    return {"dx": convolution.max_pool_gradient(i["x"], i["dout"], *pool_options(i))}


def _corner(i: Inputs) -> np.ndarray:
    """The gradient sent to the top left value of each window: of an average over a window of one value."""
    (ph, pw), _ = pool_options(i)
    inner = {**i, "x": i["x"][:, :, : i["x"].shape[2] - ph + 1, : i["x"].shape[3] - pw + 1]}
    dx = np.zeros_like(i["x"], dtype=np.float64)
    dx[:, :, : inner["x"].shape[2], : inner["x"].shape[3]] = pool_gradient(inner, "avg", kernel_size=1)
    return dx


def _sent(name: str) -> Mistake:
    """The same slips as forwards: each window's gradient goes to the maximum of the wrong window."""
    advice, slip = (walks.STARTS | walks.EXTENTS)[name]
    return Mistake(advice, lambda i: walks.pooling_gradient(i, slip))


def _placed(advice: str, place: Callable[[int, int, int, int, int], tuple[int, int]]) -> Mistake:
    """The gradient sent to another place."""
    return Mistake(advice, lambda i: walks.misplaced(i, place))


def _divided(number: int, top: int, left: int, width: int) -> tuple[int, int]:
    """The place of a number that counts along rows of that width, from a window's start."""
    return top + number // width, left + number % width


def _largest_of_each(axis: int) -> Callable[[Inputs], np.ndarray]:
    """The gradient at the largest value of each row of a window, or of each column."""
    return lambda i: walks.weighted(i, lambda window: window == window.max(axis=axis, keepdims=True))


def _of_the_channel(i: Inputs) -> np.ndarray:
    """The gradient sent to the channel's largest value, by the windows over it alone."""
    top = i["x"].max(axis=(2, 3), keepdims=True)
    return walks.spread(i) * (i["x"] == top)


def _equal(i: Inputs) -> np.ndarray:
    """Each window's gradient at all values of the image that equal its maximum."""
    equal = i["x"][:, :, None, None] == pool(i).astype(i["x"].dtype)[..., None, None]
    return np.einsum("ncij,ncijab->ncab", i["dout"], equal)


STEPS = (
    "out, cache = max_pool_forward(x, pool_param)",
    "later_out, later_cache = max_pool_forward(later_x, later_param)",
    "dx = max_pool_backward(dout, cache)",
)
ONE_PARAM = tuple(call(step.replace("later_param", "pool_param")) for step in STEPS)

BACKWARD_CHECK = check(
    ASSIGNMENT, "max_pool_backward", 3,
    STEPS,
    extra=True,
    outputs=(Output("dx", CONVOLUTION),),
    cases=(
        *CASES,
        Case("one pool_param for both forward passes", without(pooling((3, 4), (2, 3), 1), "later_param"), ONE_PARAM),
        asked_twice("windows of 3 by 2, stride 1, the gradient asked for twice", pooling((2, 3), (3, 2), 1), STEPS),
    ),
    reference=_backward,
    rests_on=FORWARD_CHECK,
    mistakes={
        "the place of the maximum overwritten": dx(
            "A value may be the largest of several windows: add each window's gradient, do not assign it.",
            lambda i: windows_one_by_one(i, whole_window=False),
        ),
        "whole windows overwritten": dx(
            "A later window wipes out what an earlier one has written: add to dx.",
            lambda i: windows_one_by_one(i, whole_window=True),
        ),
        "gradient spread evenly": dx(
            "Only the largest value of a window has a gradient; this is average pooling's.",
            lambda i: walks.spread(i) / _area(i),
        ),
        "gradient sent to the whole window": dx(
            "Only the largest value of a window has a gradient.", walks.spread
        ),
        **{name: _sent(name) for name in (*walks.STARTS, *walks.EXTENTS)},
        "windows taken to lie side by side": Mistake(
            "The windows start `stride` values apart, not a window's size: they may overlap or leave gaps.",
            lambda i: walks.pooling_gradient(i, walks.SIDE_BY_SIDE),
        ),
        "one maximum for all channels": Mistake(
            "Each channel has a maximum of its own: compare within the channel.",
            lambda i: walks.pooling_gradient(i, walks.right_window, (1,)),
        ),
        "one maximum for the whole batch": Mistake(
            "Each sample has a maximum of its own: compare within the sample and the channel.",
            lambda i: walks.pooling_gradient(i, walks.right_window, (0, 1)),
        ),
        "one maximum for all samples": Mistake(
            "Each sample has a maximum of its own: compare within the sample.",
            lambda i: walks.pooling_gradient(i, walks.right_window, (0,)),
        ),
        **{
            f"the maximum of each {what} of a window": dx(
                "A window has one maximum, over both of its axes: yours has one for each row, or column.",
                _largest_of_each(axis),
            )
            for what, axis in (("row", 3), ("column", 2))
        },
        "the channel's maximum for each window's": dx(
            "Compare the window with its own maximum: yours is that of all windows, or of the whole channel.",
            _of_the_channel,
        ),
        "every value as large as the maximum": dx(
            "Only the place in its own window has the gradient: an equal value elsewhere in the image has none.", _equal
        ),
        "row and column of the maximum swapped": _placed(
            "argmax and unravel_index give the row first: the row in the window moves along axis 2.",
            lambda top, left, flat, h, w: (top + flat % w, left + flat // w),
        ),
        "row and column of the maximum swapped, within its window": _placed(
            "argmax and unravel_index give the row first: the row in the window moves along axis 2.",
            lambda top, left, flat, h, w: (
                (top + flat % w, left + flat // w) if flat % w < h and flat // w < w else (-1, -1)
            ),
        ),
        "place of the maximum read from the transposed window": _placed(
            "argmax counts along the rows of the window as it lies: do not transpose it before.",
            lambda top, left, flat, h, w: _divided(flat % w * h + flat // w, top, left, w),
        ),
        "the window's height for its width in argmax": _placed(
            "argmax counts through the flattened window, whose rows are pool_width long: divide by the width.",
            lambda top, left, flat, h, w: (top + flat // h, left + flat % h),
        ),
        "place in the window taken for a place in x": _placed(
            "argmax counts within the window: add where the window starts in x.",
            lambda top, left, flat, h, w: (flat // w, flat % w),
        ),
        "gradient sent to the window's corner": dx("The gradient goes to the largest value's place.", _corner),
        "gradient sent to the minimum": dx(
            "The gradient goes to the largest value's place.", lambda i: pool_gradient({**i, "x": -i["x"]})
        ),
        "gradient without dout": dx(
            "dx is dout's value where the maximum was, not 1.",
            lambda i: pool_gradient({**i, "dout": np.ones_like(i["dout"])}),
        ),
        "gradient multiplied by the maximum": dx(
            "dx is dout's value where the maximum was: the maximum itself is no factor.",
            lambda i: pool_gradient({**i, "dout": i["dout"] * pool(i)}),
        ),
        "gradient divided by the windows over a value": dx(
            "The windows that share their maximum add their gradients: nothing is averaged.",
            lambda i: pool_gradient(i) / walks.windows_over(i),
        ),
        "gradient divided by the window's size": dx(
            "All of dout goes to the maximum: nothing is averaged.", lambda i: pool_gradient(i) / _area(i)
        ),
        **POOL_BACKWARD_SLIPS,
        **loop_mistakes(lambda name: of("dx", functools.partial(loops.pooling_gradient, name)), pads=False),
        **spent(_backward),
        "nearly equal values taken for the maximum": dx(
            "A window has one maximum: compare values exactly, for others may lie near it.",
            lambda i: walks.weighted(i, lambda window: np.isclose(window, window.max(axis=(2, 3), keepdims=True))),
        ),
        "cache of a later forward pass": dx(
            "You use what the last forward pass left behind; the cache that comes in belongs to an earlier one.",
            lambda i: pool_gradient({**i, "x": i["later_x"]}),
        ),
        "a forward pass kept in pool_param": Mistake(
            "pool_param may go through another forward pass first: keep what the backward pass needs in the cache alone.",
            where(lambda i: "later_param" not in i, of("dx", lambda i: pool_gradient({**i, "x": i["later_x"]}))),
        ),
        "only the first sample": dx(
            "dx is wrong from the second sample on: go through all.", lambda i: pool_gradient(i) * _first(i, 0)
        ),
        "only the first channel": dx(
            "dx is wrong from the second channel on: go through all.", lambda i: pool_gradient(i) * _first(i, 1)
        ),
    },
)  # fmt: skip

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
