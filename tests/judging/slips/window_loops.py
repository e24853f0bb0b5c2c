"""Loops over windows that run too far or end too soon, paddings of their own, and values where gradients are asked for.

Convolution forwards and backwards, max pooling and im2col, as loops with a slip in them.
"""

import numpy as np

from course.autograder.judging.answers import functions_of
from tests.judging.slips import Slips

SLIPS = Slips()

RIGHT = functions_of("ps3_conv")
FORWARD, BACKWARD = "conv_forward_naive", "conv_backward_naive"
POOL, POOL_BACK = "max_pool_forward", "max_pool_backward"


def pad_by(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def windows(n, k, s, p):
    return (n + 2 * p - k) // s + 1


# --- where loops go along an axis: (length, window, stride, pad) -> pairs of an output's place and a window's start ---


def by_stride(stop):
    """for i in range(0, stop, stride), written to i // stride where that is there and the window fits."""

    def visits(n, k, s, p):
        found = [(i // s, i) for i in range(0, stop(n, k, s, p), s)]
        return [(o, i) for o, i in found if o < windows(n, k, s, p) and i + k <= n + 2 * p]

    return visits


LOOPS = {
    "to the image's end": (
        by_stride(lambda n, k, s, p: n), "loops over the image without its padding"
    ),
    "to the last window without padding": (
        by_stride(lambda n, k, s, p: n - k + 1), "loops that end as if there were no padding"
    ),
    "to the last window, left out": (
        by_stride(lambda n, k, s, p: n + 2 * p - k), "loops that end one short of the last window"
    ),
    "over the output by the stride": (
        lambda n, k, s, p: [(i, i) for i in range(0, windows(n, k, s, p), s)], "output counted in steps of the stride"
    ),
    "over the output by the stride, and times it": (
        lambda n, k, s, p: [(i, i * s) for i in range(0, windows(n, k, s, p), s)],
        "output counted in steps of the stride, window and all",
    ),
}  # fmt: skip
UNPADDED = ("to the image's end", "to the last window without padding")


def every(visits, sizes, kernel, s, p):
    rows, columns = (visits(n, k, s, p) for n, k in zip(sizes, kernel, strict=True))
    for i, top in rows:
        for j, left in columns:
            yield i, j, np.s_[:, :, top : top + kernel[0], left : left + kernel[1]]


def convolved(visits):
    def conv_forward_naive(x, w, b, q):
        s, p = q["stride"], q["pad"]
        out = np.zeros(
            (len(x), len(w), *(windows(n, k, s, p) for n, k in zip(x.shape[2:], w.shape[2:], strict=True)))
        )
        padded = pad_by(x, p)
        for i, j, window in every(visits, x.shape[2:], w.shape[2:], s, p):
            out[:, :, i, j] = np.einsum("nchw,ochw->no", padded[window], w) + b
        return out, (x, w, b, q)

    return conv_forward_naive


def gradients(visits):
    def conv_backward_naive(dout, cache):
        x, w, b, q = cache
        s, p = q["stride"], q["pad"]
        padded = pad_by(x, p)
        dx, dw = np.zeros_like(padded), np.zeros_like(w)
        for i, j, window in every(visits, x.shape[2:], w.shape[2:], s, p):
            dw += np.einsum("no,nchw->ochw", dout[:, :, i, j], padded[window])
            dx[window] += np.einsum("no,ochw->nchw", dout[:, :, i, j], w)
        return dx[:, :, p : p + x.shape[2], p : p + x.shape[3]], dw, dout.sum((0, 2, 3))

    return conv_backward_naive


def pooled(visits):
    def max_pool_forward(x, q):
        kernel, s = (q["pool_height"], q["pool_width"]), q["stride"]
        out = np.zeros(
            (*x.shape[:2], *(windows(n, k, s, 0) for n, k in zip(x.shape[2:], kernel, strict=True)))
        )
        for i, j, window in every(visits, x.shape[2:], kernel, s, 0):
            out[:, :, i, j] = x[window].max((2, 3))
        return out, (x, q)

    return max_pool_forward


def pooling_gradient(visits):
    def max_pool_backward(dout, cache):
        x, q = cache
        kernel, dx = (q["pool_height"], q["pool_width"]), np.zeros_like(cache[0])
        for i, j, window in every(visits, x.shape[2:], kernel, q["stride"], 0):
            top = x[window] == x[window].max((2, 3), keepdims=True)
            dx[window] += top * dout[:, :, i : i + 1, j : j + 1]
        return dx

    return max_pool_backward


def columns(visits):
    def im2col(x, kh, kw, s, p):
        sizes = (windows(n, k, s, p) for n, k in zip(x.shape[2:], (kh, kw), strict=True))
        out = np.zeros((len(x), x.shape[1] * kh * kw, int(np.prod(list(sizes)))))
        padded = pad_by(x, p)
        for t, (_, _, window) in enumerate(every(visits, x.shape[2:], (kh, kw), s, p)):
            out[:, :, t] = padded[window].reshape(len(x), -1)
        return out

    return im2col


for _about, (_visits, _name) in LOOPS.items():
    SLIPS.add(f"loops {_about}", FORWARD, convolved(_visits), named=(_name,))
    SLIPS.add(f"loops {_about}", BACKWARD, RIGHT[FORWARD], gradients(_visits), named=(_name,))
    if _about not in UNPADDED:
        SLIPS.add(f"loops {_about}", POOL, pooled(_visits), named=(_name,))
        SLIPS.add(f"loops {_about}", POOL_BACK, RIGHT[POOL], pooling_gradient(_visits), named=(_name,))
SLIPS.add("the last column never made", "im2col", columns(LOOPS["to the last window, left out"][0]),
          named=("loops that end one short of the last window",))  # fmt: skip


# --- windows that hang over the edge ---


def hanging(end):
    """An output value for each step, of whatever lies under the window."""

    def conv_forward_naive(x, w, b, q):
        s, p = q["stride"], q["pad"]
        padded = np.pad(x, ((0, 0), (0, 0), (p, p + w.shape[2]), (p, p + w.shape[3])))
        rows, across = (range(0, end(n, p), s) for n in x.shape[2:])
        out = np.zeros((len(x), len(w), len(rows), len(across)))
        for a, i in enumerate(rows):
            for c, j in enumerate(across):
                window = padded[:, :, i : i + w.shape[2], j : j + w.shape[3]]
                out[:, :, a, c] = np.einsum("nchw,ochw->no", window, w) + b
        return out, (x, w, b, q)

    return conv_forward_naive


SLIPS.add("a window at each step of the padded image", FORWARD, hanging(lambda n, p: n + 2 * p),
          named=("a window for each step on the padded input",))  # fmt: skip
SLIPS.add("a window at each step of the image", FORWARD, hanging(lambda n, p: n),
          named=("a window for each step on the input",))  # fmt: skip


def pooled_at_each_step(x, q):
    ph, pw, s = q["pool_height"], q["pool_width"], q["stride"]
    rows, across = (range(0, n, s) for n in x.shape[2:])
    values = [[x[:, :, i : i + ph, j : j + pw].max((2, 3)) for j in across] for i in rows]
    return np.array(values).transpose(2, 3, 0, 1), (x, q)


SLIPS.add("a window at each step", POOL, pooled_at_each_step, named=("a window for each step on the input",))


# --- paddings of their own ---


def with_pad(pad):
    return lambda x, w, b, q: RIGHT[FORWARD](x, w, b, {**q, "pad": pad(w)})


SLIPS.add("padding of 1", FORWARD, with_pad(lambda w: 1), named=("padding of 1, the output's size with it",))
SLIPS.add("padding of half the kernel", FORWARD, with_pad(lambda w: w.shape[2] // 2),
          named=("half the kernel's height for the padding",))  # fmt: skip
SLIPS.add("padding of the kernel less 1", FORWARD, with_pad(lambda w: w.shape[2] - 1),
          named=("the kernel's height less 1 for the padding",))  # fmt: skip


def shares(dout, cache, places, padded_by=0, cut=None):
    """Gradients of windows that lie at these places of x, as far as there is something of x under them."""
    x, w, _, q = cache
    x = pad_by(x, padded_by)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(dout.shape[2:]):
        at = places(i * q["stride"], j * q["stride"], q["pad"], w.shape[2:], x.shape[2:])
        if at is None:
            continue
        window = np.s_[:, :, at[0] : at[0] + w.shape[2], at[1] : at[1] + w.shape[3]]
        height, width = x[window].shape[2:]
        dw[:, :, :height, :width] += np.einsum("no,nchw->ochw", dout[:, :, i, j], x[window])
        dx[window] += np.einsum("no,ochw->nchw", dout[:, :, i, j], w[:, :, :height, :width])
    return dx[:, :, cut, cut] if cut else dx, dw, dout.sum((0, 2, 3))


def padded_by_one(dout, cache):
    return shares(dout, cache, lambda top, left, *_: (top, left), 1, slice(1, -1))


def moved_into_the_image(dout, cache):
    return shares(dout, cache, lambda top, left, p, *_: (max(top - p, 0), max(left - p, 0)))


def inner_windows_alone(dout, cache):
    def places(top, left, p, kernel, sizes):
        at = top - p, left - p
        inside = min(at) >= 0 and all(a + k <= n for a, k, n in zip(at, kernel, sizes, strict=True))
        return at if inside else None

    return shares(dout, cache, places)


def laid_on_the_image(dout, cache):
    def places(top, left, p, kernel, sizes):
        fits = all(a + k <= n for a, k, n in zip((top, left), kernel, sizes, strict=True))
        return (top, left) if fits else None

    return RIGHT[BACKWARD](dout, cache)[0], *shares(dout, cache, places)[1:]


for _slip, _name in (
    (padded_by_one, "padding of 1 whatever pad says"),
    (moved_into_the_image, "windows moved into the image at its edges"),
    (inner_windows_alone, "windows that hang over the edges left out"),
    (laid_on_the_image, "windows laid on the image without its padding"),
):
    SLIPS.add(_slip.__name__.replace("_", " "), BACKWARD, RIGHT[FORWARD], _slip, named=(_name,))


# --- rows left over ---


def dilated(dout, s):
    n, o, rows, across = dout.shape
    found = np.zeros((n, o, (rows - 1) * s + 1, (across - 1) * s + 1))
    found[:, :, ::s, ::s] = dout
    return found


def dw_as_large_as_it_comes(dout, cache):
    x, _, _, q = cache
    dx, _, db = RIGHT[BACKWARD](dout, cache)
    spread = dilated(dout, q["stride"])
    met = np.lib.stride_tricks.sliding_window_view(pad_by(x, q["pad"]), spread.shape[2:], (2, 3))
    return dx, np.einsum("nchwab,noab->ochw", met, spread), db


def dx_as_large_as_it_comes(dout, cache):
    _, w, _, q = cache
    _, dw, db = RIGHT[BACKWARD](dout, cache)
    kh, kw, p = *w.shape[2:], q["pad"]
    spread = np.pad(dilated(dout, q["stride"]), ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    met = np.lib.stride_tricks.sliding_window_view(spread, (kh, kw), (2, 3))
    full = np.einsum("nohwab,ocab->nchw", met, w[:, :, ::-1, ::-1])
    return full[:, :, p : full.shape[2] - p, p : full.shape[3] - p], dw, db


SLIPS.add("dw as large as it comes", BACKWARD, RIGHT[FORWARD], dw_as_large_as_it_comes,
          named=("dw with the rows left over",))  # fmt: skip
SLIPS.add("dx as large as it comes", BACKWARD, RIGHT[FORWARD], dx_as_large_as_it_comes,
          named=("dx without the rows left over",))  # fmt: skip


# --- pooling: values and places where gradients are asked for ---


def written(value, *, added=True, at_top=True):
    """dx of something made of the window: at its maximum, or everywhere in it."""

    def max_pool_backward(dout, cache):
        x, q = cache
        ph, pw, s = q["pool_height"], q["pool_width"], q["stride"]
        dx = np.zeros_like(x)
        for n, c, i, j in np.ndindex(dout.shape):
            window = x[n, c, i * s : i * s + ph, j * s : j * s + pw]
            here = dx[n, c, i * s : i * s + ph, j * s : j * s + pw]
            where = window == window.max() if at_top else np.ones_like(window, dtype=bool)
            here[where] = value(window, dout[n, c, i, j])[where] + (here[where] if added else 0)
        return dx

    return max_pool_backward


def alike(window, value):
    return np.full_like(window, value)


for _about, _value, _how, _name in (
    ("the maximum added", lambda w, g: w, {}, "the maximum for its gradient"),
    ("the maximum assigned", lambda w, g: w, {"added": False}, "the maximum for its gradient, assigned"),
    ("the index added", lambda w, g: alike(w, w.argmax()), {}, "the place of the maximum for its gradient"),
    ("the maximum everywhere", lambda w, g: alike(w, w.max()), {"added": False, "at_top": False},
     "the maximum in its whole window"),
    ("the mask assigned", lambda w, g: 1.0 * (w == w.max()), {"added": False, "at_top": False},
     "the mask for the gradient, windows overwritten"),
    ("the largest in size", lambda w, g: g * (np.abs(w) == np.abs(w).max()), {"at_top": False},
     "gradient sent to the value furthest from 0"),
    ("all that is positive", lambda w, g: g * (w > 0), {"at_top": False}, "gradient sent to all positive values"),
):  # fmt: skip
    SLIPS.add(_about, POOL_BACK, RIGHT[POOL], written(_value, **_how), named=(_name,))
SLIPS.add("as large as dout", POOL_BACK, RIGHT[POOL], lambda dout, cache: dout + 0.0,
          named=("dx in the shape of dout",))  # fmt: skip


def index_in_the_image(x, q):
    out, cache = RIGHT[POOL](x, q)
    s, found = q["stride"], np.zeros_like(out)
    for n, c, i, j in np.ndindex(out.shape):
        window = x[n, c, i * s : i * s + q["pool_height"], j * s : j * s + q["pool_width"]]
        row, column = np.unravel_index(window.argmax(), window.shape)
        found[n, c, i, j] = (i * s + row) * x.shape[3] + j * s + column
    return found, cache


SLIPS.add("index in the image", POOL, index_in_the_image,
          named=("place of the maximum in the image for its value",))  # fmt: skip
