"""Slips in max pooling and its gradient."""

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()


def pooled(slip=None):
    """Max pooling by loops."""

    def f(x, q):
        h, w, s = (q["pool_height"], q["pool_width"], q["stride"])
        N, C, H, W_ = x.shape
        Ho, Wo = (1 + (H - h) // s, 1 + (W_ - w) // s)
        if slip == "ceil":
            Ho, Wo = (-(-(H - h) // s) + 1, -(-(W_ - w) // s) + 1)
        if slip == "by pool":
            Ho, Wo = (H // h, W_ // w)
        if slip == "stride=pool":
            Ho, Wo = (1 + (H - h) // h, 1 + (W_ - w) // w)
        if slip == "no plus one":
            Ho, Wo = ((H - h) // s, (W_ - w) // s)
        if slip == "square":
            w = h
            Wo = max(1, 1 + (W_ - w) // s)
        out = np.zeros((N, C, Ho, Wo), x.dtype)
        for i in range(Ho):
            for j in range(Wo):
                a, b = (i * s, j * s)
                if slip in ("stride=pool", "by pool"):
                    a, b = (i * h, j * w)
                if slip == "no stride":
                    a, b = (i, j)
                win = x[:, :, a : a + h, b : b + w]
                if slip == "over channels":
                    out[:, :, i, j] = win.max((1, 2, 3))[:, None]
                    continue
                if slip == "mean":
                    out[:, :, i, j] = win.mean((2, 3))
                    continue
                if slip == "abs":
                    fl = win.reshape(N, C, -1)
                    out[:, :, i, j] = np.take_along_axis(fl, np.abs(fl).argmax(2)[..., None], 2)[..., 0]
                    continue
                if slip == "zero start":
                    out[:, :, i, j] = np.maximum(win.max((2, 3)), 0)
                    continue
                if slip == "min":
                    out[:, :, i, j] = win.min((2, 3))
                    continue
                if slip == "off by one":
                    win = x[:, :, a : a + h - 1 or 1, b : b + w - 1 or 1]
                if slip == "rows":
                    out[:, :, i, j] = x[:, :, a, b : b + w].max(2)
                    continue
                out[:, :, i, j] = win.max((2, 3))
        return (out, (x, q))

    return f


for slip, named in {
    "ceil": ("rounded up",),
    "by pool": ("stride is always the window's size",),
    "stride=pool": ("stride is always the window's size",),
    "no plus one": ("one output row and column too few",),
    "square": ("window taken for square",),
    "no stride": ("window's start not multiplied by the stride",),
    "over channels": ("maximum over the channels too",),
    "mean": ("average for maximum",),
    "abs": ("the value furthest from 0",),
    "zero start": ("maximum starts at 0",),
    "min": ("minimum for maximum",),
    "off by one": ("window one row and column short",),
    "rows": ("only the first row of each window",),
}.items():
    SLIPS.add("pool " + slip, "max_pool_forward", pooled(slip), named=named)


def pooling_gradient(slip):
    """Its gradient by loops."""

    def f(d, c):
        x, q = c
        h, w, s = (q["pool_height"], q["pool_width"], q["stride"])
        dx = np.zeros_like(x)
        if slip == "shape dout":
            pass
        for n, ch, i, j in np.ndindex(d.shape):
            a, b = (i * s, j * s)
            if slip == "no stride":
                a, b = (i, j)
            win = x[n, ch, a : a + h, b : b + w]
            m = win == win.max()
            g = d[n, ch, i, j]
            V = dx[n, ch, a : a + h, b : b + w]
            if slip == "=":
                V[...] = m * g
            elif slip == "= at max":
                V[m] = g
            elif slip == "everyone":
                V += g
            elif slip == "spread":
                V += g / m.size
            elif slip == "times max":
                V += m * g * win.max()
            elif slip == "ones":
                V += m
            elif slip == "argmax flat":
                k = win.argmax()
                r, cc = (k // h, k % h)
                if r < V.shape[0] and cc < V.shape[1]:
                    V[r, cc] += g
            elif slip == "swapped":
                r, cc = np.unravel_index(win.argmax(), win.shape)
                if cc < V.shape[0] and r < V.shape[1]:
                    V[cc, r] += g
            elif slip == "no offset":
                r, cc = np.unravel_index(win.argmax(), win.shape)
                dx[n, ch, r, cc] += g
            elif slip == "global value":
                dx[n, ch][x[n, ch] == win.max()] += g
            elif slip == "max over channels":
                W2 = x[n, :, a : a + h, b : b + w]
                dx[n, :, a : a + h, b : b + w] += (W2 == W2.max()) * g
            elif slip == "min":
                V += (win == win.min()) * g
            else:
                V += m * g
        return dx

    return f


for slip, named in {
    "no stride": ("window's start not multiplied by the stride",),
    "=": ("whole windows overwritten",),
    "= at max": ("the place of the maximum overwritten",),
    "everyone": ("gradient sent to the whole window",),
    "spread": ("gradient spread evenly",),
    "times max": ("gradient multiplied by the maximum",),
    "ones": ("gradient without dout",),
    "argmax flat": (),
    "swapped": ("row and column of the maximum swapped, within its window",),
    "no offset": ("place in the window taken for a place in x",),
    "global value": ("every value as large as the maximum",),
    "max over channels": (),
    "min": ("gradient sent to the minimum",),
}.items():
    SLIPS.add("poolb " + slip, "max_pool_backward", pooled(), pooling_gradient(slip), named=named)


def stretched(d, c):
    """The gradient by stretching the output."""

    x, q = c
    h, w = (q["pool_height"], q["pool_width"])
    up = d.repeat(h, 2).repeat(w, 3)
    o = pooled()(x, q)[0].repeat(h, 2).repeat(w, 3)
    r = np.zeros_like(x)
    H, W_ = (min(x.shape[2], up.shape[2]), min(x.shape[3], up.shape[3]))
    r[:, :, :H, :W_] = (x[:, :, :H, :W_] == o[:, :, :H, :W_]) * up[:, :, :H, :W_]
    return r


SLIPS.add("poolb repeat", "max_pool_backward", pooled(), stretched, named=())
