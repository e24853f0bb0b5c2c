"""Slips in convolution, written to measure how many get a name (docs/grading.md), without a look at the checks.

`NAMED` is what each gets now, read and found true.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.judging.odd import convolution
from tests.judging.slips import Slips

SLIPS = Slips()
NAMED: dict[str, tuple[str, ...]] = {
    "pad mean": (),
    "pad reflect": ("padded by reflection",),
    "pad top": ("padded twice as much",),
    "same size": ("output of the input's size",),
    "H for both": ("the output's height for its width",),
    "ceil": ("rounded up",),
    "b[n]": ("bias picked by the sample's number",),
    "no b": ("bias forgotten",),
    "w[n]": ("kernel picked by the sample's number",),
    "true conv": ("kernel flipped",),
    "mean c": ("averaged over the input channels",),
    "relu": ("cut off at 0",),
    "first row": ("only the first tap along the rows",),
    "kh for w": (),
    "overwrite c": ("only the last input channel",),
    "j no stride": ("stride forgotten along the columns",),
    "range -1": ("last row and column left out",),
    "dx last sample": ("dx of the last sample only",),
    "dw mean": ("dw averaged over all windows",),
    "db mean n": ("db averaged over the batch",),
    "dx flipped w": ("kernel flipped in dx",),
    "db max": (),
    "dx no channels sum": (),
    "db sum all": ("db of all output channels together",),
    "im2col rows": ("rows and columns swapped",),
    "im2col swapped k": ("kernel height and width swapped",),
    "im2col c last": ("channels inside the taps",),
    "im2col flipped": (),
}


def add(about: str, check: str, *functions: Callable[..., Any]) -> None:
    """One slip, with its true names."""
    SLIPS.add(about, check, *functions, named=NAMED[about])


def c3(k):
    """A function with the slip k."""

    def f(x, w, b, q):
        s, p = q["stride"], q["pad"]
        N_, C_, H, W = x.shape
        O, _, kh, kw = w.shape
        xp = convolution.padded(x, p)
        if k == "pad mean":
            xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="mean") if p else x
        if k == "pad reflect":
            xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="reflect") if p else x
        if k == "pad top":
            xp = np.pad(x, ((0, 0), (0, 0), (2 * p, 0), (2 * p, 0)))
        ho, wo = (H + 2 * p - kh) // s + 1, (W + 2 * p - kw) // s + 1
        if k == "same size":
            ho, wo = H, W
        if k == "H for both":
            wo = ho
        if k == "ceil":
            ho, wo = -(-(H + 2 * p - kh) // s) + 1, -(-(W + 2 * p - kw) // s) + 1
        if k == "s in range":
            ho, wo = (H + 2 * p - kh + s) // s, (W + 2 * p - kw + s) // s
        out = np.zeros((N_, O, ho, wo))
        for n in range(N_):
            for o in range(O):
                for i in range(ho):
                    for j in range(wo):
                        t = xp[n, :, i * s : i * s + kh, j * s : j * s + kw]
                        ww = w[o][:, : t.shape[1], : t.shape[2]]
                        val = (t * ww).sum() + b[o]
                        if k == "b[n]":
                            val = (t * ww).sum() + b[min(n, O - 1)]
                        if k == "no b":
                            val = (t * ww).sum()
                        if k == "w[n]":
                            val = (t * w[min(n, O - 1)]).sum() + b[o]
                        if k == "true conv":
                            val = (t * ww[:, ::-1, ::-1]).sum() + b[o]
                        if k == "mean c":
                            val = (t * ww).mean(0).sum() + b[o]
                        if k == "relu":
                            val = max(val, 0)
                        if k == "first row":
                            val = (t[:, 0] * ww[:, 0]).sum() + b[o]
                        if k == "kh for w":
                            val = (t[:, :, :kh] * ww[:, :, :kh]).sum() + b[o]
                        if k == "overwrite c":
                            val = (t[-1] * ww[-1]).sum() + b[o]
                        if k == "j no stride":
                            t = xp[n, :, i * s : i * s + kh, j : j + kw]
                            val = (t * ww).sum() + b[o]
                        out[n, o, i, j] = val
        if k == "range -1":
            out[:, :, -1] = 0
            out[:, :, :, -1] = 0
        return out, None

    return f


for k in [
    "pad mean",
    "pad reflect",
    "pad top",
    "same size",
    "H for both",
    "ceil",
    "b[n]",
    "no b",
    "w[n]",
    "true conv",
    "mean c",
    "relu",
    "first row",
    "kh for w",
    "overwrite c",
    "j no stride",
    "range -1",
]:
    add(k, "conv_forward_naive", c3(k))


def cb3(k):
    """A function with the slip k."""

    def f(d, c):
        dx, dw, db = convolution.scattered(d, c)
        x, w, b, s, p = c
        if k == "dx last sample":
            dx = np.zeros_like(dx)
            dx[-1] = convolution.scattered(d, c)[0][-1]
        if k == "dw mean":
            dw = dw / d[:, 0].size
        if k == "db mean n":
            db = db / len(x)
        if k == "dx flipped w":
            dx = convolution.scattered(d, c._replace(w=w[:, :, ::-1, ::-1]))[0]
        if k == "dw x unpadded" and p:
            dw = np.zeros_like(dw)
        if k == "db max":
            db = d.max((0, 2, 3))
        if k == "dx no channels sum":
            dx = np.repeat(dx.mean(1, keepdims=True), dx.shape[1], 1)
        if k == "db sum all":
            db = np.full_like(b, d.sum())
        return dx, dw, db

    return f


for k in [
    "dx last sample",
    "dw mean",
    "db mean n",
    "dx flipped w",
    "db max",
    "dx no channels sum",
    "db sum all",
]:
    add(k, "conv_backward_naive", convolution.remember, cb3(k))
add(
    "im2col rows",
    "im2col",
    lambda x, a, b, s, p: convolution.indices_by_broadcasting(x, a, b, s, p).transpose(0, 2, 1),
)
add("im2col swapped k", "im2col", lambda x, a, b, s, p: convolution.indices_by_broadcasting(x, b, a, s, p))
add(
    "im2col c last",
    "im2col",
    lambda x, a, b, s, p: (
        lambda v: v.reshape(len(x), x.shape[1], a * b, -1).transpose(0, 2, 1, 3).reshape(v.shape)
    )(convolution.indices_by_broadcasting(x, a, b, s, p)),
)
add(
    "im2col flipped",
    "im2col",
    lambda x, a, b, s, p: convolution.indices_by_broadcasting(x, a, b, s, p)[:, ::-1],
)
