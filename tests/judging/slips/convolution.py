"""Slips in the convolution and its gradients."""

import numpy as np

from tests.judging.slips import Slips

sliding = np.lib.stride_tricks.sliding_window_view

SLIPS = Slips()


def convolved(slip=None):
    """A convolution by loops over the output."""

    def f(x, w, b, q):
        s, p = (q["stride"], q["pad"])
        N, C, H, W_ = x.shape
        F, _, HH, WW = w.shape
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        if slip == "pads one side":
            xp = np.pad(x, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p)))
        if slip == "pads edge":
            xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="edge")
        if slip == "pads batch and channels":
            xp = np.pad(x, p)
        Ho, Wo = (1 + (H + 2 * p - HH) // s, 1 + (W_ + 2 * p - WW) // s)
        if slip == "ceil":
            Ho, Wo = (-(-(H + 2 * p - HH) // s) + 1, -(-(W_ + 2 * p - WW) // s) + 1)
        if slip == "forgot plus one":
            Ho, Wo = ((H + 2 * p - HH) // s, (W_ + 2 * p - WW) // s)
        if slip == "single pad in size":
            Ho, Wo = (1 + (H + p - HH) // s, 1 + (W_ + p - WW) // s)
        if slip == "sizes swapped":
            Ho, Wo = (Wo, Ho)
        out = np.zeros((N, F, Ho, Wo), x.dtype)
        for i in range(Ho):
            for j in range(Wo):
                a, c = (i * s, j * s)
                if slip == "stride on rows only":
                    c = j
                if slip == "start i":
                    a, c = (i, j)
                if slip == "i j swapped":
                    a, c = (j * s, i * s)
                win = xp[:, :, a : a + HH, c : c + WW]
                k = w[:, :, : win.shape[2], : win.shape[3]]
                if slip == "flip":
                    k = k[:, :, ::-1, ::-1]
                if slip == "first channel":
                    win, k = (win[:, :1], k[:, :1])
                if slip == "kernel transposed":
                    k = k.transpose(0, 1, 3, 2) if HH == WW else k
                v = np.einsum("ncab,fcab->nf", win, k)
                if slip == "mean":
                    v = v / k[0].size
                if slip == "bias each channel":
                    v = v + (C - 1) * b
                out[:, :, i, j] = v + b
                if slip == "overwrites":
                    pass
                if slip == "bias first":
                    out[:, :, i, j] = v + b[0]
                if slip == "last sample":
                    pass
        if slip == "last kernel":
            for k in range(F):
                out[:, k] = out[:, F - 1]
        if slip == "no bias sum":
            pass
        return (out, (x, w, b, q))

    return f


for slip, named in {
    "pads one side": ("padded at the end only",),
    "pads edge": ("padded with the edge's values",),
    "ceil": ("rounded up",),
    "forgot plus one": ("one output row and column too few",),
    "single pad in size": ("padding counted once in the size",),
    "sizes swapped": ("output's height and width swapped",),
    "stride on rows only": ("stride forgotten along the columns",),
    "start i": ("window's start not multiplied by the stride",),
    "i j swapped": ("row and column of the windows swapped",),
    "flip": ("kernel flipped",),
    "first channel": ("only the first input channel",),
    "kernel transposed": ("kernel transposed",),
    "mean": ("averaged, not summed",),
    "bias each channel": ("bias added for each input channel",),
    "bias first": ("one bias for all output channels",),
    "last kernel": ("the last output channel in all",),
}.items():
    SLIPS.add("conv " + slip, "conv_forward_naive", convolved(slip), named=named)


def convolution_gradients(slip=None):
    """Its gradients by loops."""

    def f(d, c):
        x, w, b, q = c
        s, p = (q["stride"], q["pad"])
        N, C, H, W_ = x.shape
        F, _, HH, WW = w.shape
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        dxp = np.zeros_like(xp)
        dw = np.zeros_like(w)
        db = d.sum((0, 2, 3))
        for n in range(N):
            for f_ in range(F):
                for i in range(d.shape[2]):
                    for j in range(d.shape[3]):
                        a, e = (i * s, j * s)
                        if slip == "no stride":
                            a, e = (i, j)
                        if slip == "rows/cols swapped":
                            a, e = (min(j * s, xp.shape[2] - HH), min(i * s, xp.shape[3] - WW))
                        sl = np.s_[:, a : a + HH, e : e + WW]
                        g = d[n, f_, i, j]
                        win = xp[n][sl]
                        if slip == "dw from dxp":
                            win = dxp[n][sl]
                        if slip == "dw =":
                            dw[f_] = g * win
                        else:
                            dw[f_] += g * win
                        if slip == "dx =":
                            dxp[n][sl] = g * w[f_]
                        elif slip == "dx flipped":
                            dxp[n][sl] += g * w[f_][:, ::-1, ::-1]
                        elif slip == "dx with x":
                            dxp[n][sl] += g * win
                        elif slip == "dx first kernel":
                            dxp[n][sl] += g * w[0]
                        else:
                            dxp[n][sl] += g * w[f_]
                        if slip == "dw all samples":
                            pass
        if slip == "dw mean":
            dw = dw / N
        if slip == "dw averaged windows":
            dw = dw / (d.shape[2] * d.shape[3])
        if slip == "db mean":
            db = d.mean((0, 2, 3))
        if slip == "db over batch":
            db = d.sum(0)
        if slip == "crop -p:":
            return (dxp[:, :, p:-p, p:-p], dw, db)
        if slip == "no crop":
            return (dxp, dw, db)
        if slip == "crop front":
            return (dxp[:, :, 2 * p :, 2 * p :], dw, db)
        if slip == "crop end":
            return (dxp[:, :, :H, :W_], dw, db)
        if slip == "crop pad 1":
            return (dxp[:, :, 1 : 1 + H, 1 : 1 + W_] if p else dxp, dw, db)
        if slip == "swapped":
            return (dxp[:, :, p : p + H, p : p + W_], dw[:, :, ::-1, ::-1], db)
        if slip == "dx last sample":
            dxp[:-1] = 0
        return (dxp[:, :, p : p + H, p : p + W_], dw, db)

    return f


for slip, named in {
    "no stride": ("window's start not multiplied by the stride",),
    # Its windows stop at the edge besides: only on square outputs is it the swap alone.
    "rows/cols swapped": ("rows and columns of dout swapped",),
    "dw =": ("dw overwritten by each window",),
    "dx =": ("dx overwritten by each kernel",),
    "dx flipped": ("kernel flipped in dx",),
    "dx with x": ("dx made of the window",),
    "dx first kernel": ("one kernel's taps for all in dx",),
    "dw mean": ("dw averaged over the batch",),
    "dw averaged windows": ("dw averaged over the places",),
    "db mean": ("db averaged",),
    "db over batch": ("db not summed over the places",),
    "crop -p:": ("dx cropped to nothing without padding",),
    "no crop": ("dx with its padding",),
    "crop front": ("dx cropped at the beginning only",),
    "crop end": ("dx cropped at the end only",),
    "swapped": ("kernel flipped in dw",),
    "dx last sample": ("dx of the last sample only",),
}.items():
    SLIPS.add("convb " + slip, "conv_backward_naive", convolved(), convolution_gradients(slip), named=named)


def unpadded_gradients(d, c):
    """Gradients with x as it is, not padded."""

    x, w, b, q = c
    s, p = (q["stride"], q["pad"])
    F, _, HH, WW = w.shape
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    for i in range(d.shape[2]):
        for j in range(d.shape[3]):
            win = x[:, :, i * s : i * s + HH, j * s : j * s + WW]
            h, v = win.shape[2:]
            dw[:, :, :h, :v] += np.einsum("nf,ncab->fcab", d[:, :, i, j], win)
            dx[:, :, i * s : i * s + HH, j * s : j * s + WW] += np.einsum(
                "nf,fcab->ncab", d[:, :, i, j], w[:, :, :h, :v]
            )
    return (dx, dw, d.sum((0, 2, 3)))


SLIPS.add(
    "convb unpadded",
    "conv_backward_naive",
    convolved(),
    unpadded_gradients,
    named=("padding left out of the backward pass",),
)


def full_correlation(d, c):
    """dx as a full correlation with the kernel turned round."""

    x, w, b, q = c
    s, p = (q["stride"], q["pad"])
    F, _, HH, WW = w.shape
    r = convolution_gradients()(d, c)
    dp = np.pad(d, ((0, 0), (0, 0), (HH - 1, HH - 1), (WW - 1, WW - 1)))
    v = sliding(dp, (HH, WW), (2, 3))
    full = np.einsum("nfijab,fcab->ncij", v, w[:, :, ::-1, ::-1])
    full = full[:, :, p : p + x.shape[2], p : p + x.shape[3]]
    out = np.zeros_like(x)
    out[:, :, : full.shape[2], : full.shape[3]] = full
    return (out, r[1], r[2])


SLIPS.add(
    "convb full correlation, no dilation",
    "conv_backward_naive",
    convolved(),
    full_correlation,
    named=("window's start not multiplied by the stride",),
)
