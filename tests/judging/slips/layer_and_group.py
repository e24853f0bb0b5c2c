"""Slips in layer and group norm."""

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()


def layer_norm(slip=None):
    """Layer norm."""

    def f(x, g, b, q):
        eps = q.get("eps", 1e-05)
        mu = x.mean(-1, keepdims=True)
        v = x.var(-1, keepdims=True)
        if slip == "batch axis":
            mu, v = (x.mean(0), x.var(0))
        if slip == "all but first":
            ax = tuple(range(1, x.ndim))
            mu, v = (x.mean(ax, keepdims=True), x.var(ax, keepdims=True))
        if slip == "axis 1":
            mu, v = (x.mean(1, keepdims=True), x.var(1, keepdims=True))
        if slip == "ddof":
            v = x.var(-1, ddof=1, keepdims=True) if x.shape[-1] > 1 else v
        if slip == "eps outside":
            return (g * (x - mu) / (np.sqrt(v) + eps) + b, None)
        if slip == "eps 1e-6":
            v = v
            eps = 1e-06
        if slip == "std by var":
            return (g * (x - mu) / (v + eps) + b, None)
        if slip == "scalar":
            mu, v = (x.mean(), x.var())
        sd = np.sqrt(v + eps)
        xh = (x - mu) / sd
        return (g * xh + b, (xh, sd, g))

    return f


for slip, named in {
    "batch axis": ("normalised over the samples",),
    "all but first": ("normalised over all axes but the first",),
    "axis 1": ("axis 1 for the last axis",),
    "ddof": ("unbiased variance in normalising",),
    "eps outside": ("epsilon outside the root",),
    "eps 1e-6": ("epsilon hard-coded as 1e-06",),
    "std by var": ("divided by the variance",),
    "scalar": ("one mean and variance for the whole array",),
}.items():
    SLIPS.add("ln " + slip, "layernorm_forward", layer_norm(slip), named=named)


def layer_gradients(slip):
    """Its gradients."""

    def f(d, c):
        xh, sd, g = c
        r = tuple(range(d.ndim - 1))
        dg, db = ((d * xh).sum(r), d.sum(r))
        gg = d * g
        m = lambda t: t.mean(-1, keepdims=True)
        D = d.shape[-1]
        if slip == "gamma outside":
            return (g / sd * (d - m(d) - xh * m(d * xh)), dg, db)
        if slip == "params axis 0":
            return ((gg - m(gg) - xh * m(gg * xh)) / sd, (d * xh).sum(0), d.sum(0))
        if slip == "params last axis":
            return ((gg - m(gg) - xh * m(gg * xh)) / sd, (d * xh).sum(-1), d.sum(-1))
        if slip == "sum not mean":
            s = lambda t: t.sum(-1, keepdims=True)
            return ((gg - s(gg) - xh * s(gg * xh)) / sd, dg, db)
        if slip == "means over batch":
            m0 = lambda t: t.mean(0)
            return ((gg - m0(gg) - xh * m0(gg * xh)) / sd, dg, db)
        if slip == "divided by N":
            N = d.shape[0]
            s = lambda t: t.sum(-1, keepdims=True)
            return ((N * gg - s(gg) - xh * s(gg * xh)) / N / sd, dg, db)
        if slip == "no gamma":
            return ((d - m(d) - xh * m(d * xh)) / sd, dg, db)
        if slip == "no var path":
            return ((gg - m(gg)) / sd, dg, db)
        if slip == "no mean path":
            return ((gg - xh * m(gg * xh)) / sd, dg, db)
        if slip == "std missing":
            return (gg - m(gg) - xh * m(gg * xh), dg, db)
        if slip == "plus":
            return ((gg - m(gg) + xh * m(gg * xh)) / sd, dg, db)
        if slip == "dgamma mean":
            return ((gg - m(gg) - xh * m(gg * xh)) / sd, dg / d[..., 0].size, db)
        if slip == "mixed gamma":
            return ((gg - m(gg) - xh * m(d * xh)) / sd, dg, db)
        if slip == "mixed gamma 2":
            return ((gg - m(d) - xh * m(gg * xh)) / sd, dg, db)
        if slip == "std squared":
            return ((gg - m(gg) - xh * m(gg * xh)) / sd**2, dg, db)

    return f


for slip, named in {
    "gamma outside": ("gamma taken out of the averages",),
    "params axis 0": ("parameter gradients summed over the first axis alone",),
    "params last axis": ("parameter gradients summed along the row",),
    "sum not mean": ("sums over the batch not divided by n",),
    "means over batch": ("averages down the samples",),
    "divided by N": ("n is the number of samples",),
    "no gamma": ("gamma missing in dx",),
    "no var path": ("gradient through the variance missing",),
    "no mean path": ("gradient through the mean missing",),
    "std missing": ("dx not divided by the standard deviation",),
    "plus": ("sign of the variance's gradient",),
    "dgamma mean": ("dgamma averaged",),
    "mixed gamma": ("gamma missing on the path through the variance",),
    "mixed gamma 2": ("gamma missing on the path through the mean",),
    "std squared": ("dx divided by the variance",),
}.items():
    SLIPS.add("lnb " + slip, "layernorm_backward", layer_norm(), layer_gradients(slip), named=named)


def group_norm(slip=None):
    """Group norm."""

    def f(x, g, b, G, q):
        N, C, H, W_ = x.shape
        eps = q.get("eps", 1e-05)
        g, b = (g[:, None, None], b[:, None, None])
        if slip == "strided groups":
            xr = x.reshape(N, C // G, G, H, W_)
            mu, v = (xr.mean((1, 3, 4), keepdims=True), xr.var((1, 3, 4), keepdims=True))
        elif slip == "C//G and G swapped":
            xr = x.reshape(N, C // G, G, H, W_)
            mu, v = (xr.mean((2, 3, 4), keepdims=True), xr.var((2, 3, 4), keepdims=True))
        elif slip == "batch too":
            xr = x.reshape(N, G, C // G, H, W_)
            mu, v = (xr.mean((0, 2, 3, 4), keepdims=True), xr.var((0, 2, 3, 4), keepdims=True))
        elif slip == "pixelwise":
            xr = x.reshape(N, G, C // G, H, W_)
            mu, v = (xr.mean(2, keepdims=True), xr.var(2, keepdims=True))
        elif slip == "instance":
            xr = x
            mu, v = (x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True))
        elif slip == "layer":
            xr = x
            mu, v = (x.mean((1, 2, 3), keepdims=True), x.var((1, 2, 3), keepdims=True))
        elif slip == "NG reshape wrong":
            xr = x.reshape(N * G, -1)
            mu, v = (xr.mean(0), xr.var(0))
        else:
            xr = x.reshape(N, G, C // G, H, W_)
            mu, v = (xr.mean((2, 3, 4), keepdims=True), xr.var((2, 3, 4), keepdims=True))
        if slip == "ddof":
            v = v * xr[0, 0].size / max(1, xr[0, 0].size - 1)
        sd = np.sqrt(v + (eps if slip != "eps fixed" else 1e-05))
        xh = ((xr - mu) / sd).reshape(x.shape)
        if slip == "gamma per group":
            gg = np.repeat(g.reshape(G, -1)[:, 0], C // G)[:, None, None]
            return (gg * xh + b, None)
        return (g * xh + b, (xh, sd, g, G, N, C, H, W_))

    return f


for slip, named in {
    "strided groups": ("channels dealt to the groups in turn",),
    "C//G and G swapped": ("G taken for the channels in a group",),
    "batch too": ("batch included in the group",),
    "pixelwise": ("each position by itself",),
    "instance": ("one group for each channel whatever G is",),
    "layer": ("one group whatever G is",),
    "NG reshape wrong": ("statistics down the groups",),
    "ddof": ("unbiased variance in normalising",),
    "eps fixed": ("epsilon hard-coded",),
    "gamma per group": ("gamma of the group's first channel",),
}.items():
    SLIPS.add("gn " + slip, "groupnorm_forward", group_norm(slip), named=named)


def group_gradients(slip):
    """Its gradients."""

    def f(d, c):
        xh, sd, g, G, N, C, H, W_ = c
        ax = (0, 2, 3)
        dg, db = ((d * xh).sum(ax), d.sum(ax))
        r = lambda t: t.reshape(N, G, C // G, H, W_)
        m = lambda t: t.mean((2, 3, 4), keepdims=True)
        gg, X = (r(d * g), r(xh))
        if slip == "gamma outside":
            gg = r(d)
            dx = r(np.broadcast_to(g, d.shape)) / sd * (gg - m(gg) - X * m(gg * X))
        elif slip == "per channel means":
            m2 = lambda t: t.mean((3, 4), keepdims=True)
            dx = (gg - m2(gg) - X * m2(gg * X)) / sd
        elif slip == "batch means":
            m2 = lambda t: t.mean((0, 2, 3, 4), keepdims=True)
            dx = (gg - m2(gg) - X * m2(gg * X)) / sd
        elif slip == "whole sample":
            m2 = lambda t: t.mean((1, 2, 3, 4), keepdims=True)
            dx = (gg - m2(gg) - X * m2(gg * X)) / sd
        elif slip == "n=H*W":
            n = H * W_
            s = lambda t: t.sum((2, 3, 4), keepdims=True)
            dx = (n * gg - s(gg) - X * s(gg * X)) / n / sd
        elif slip == "n=C*H*W":
            n = C * H * W_
            s = lambda t: t.sum((2, 3, 4), keepdims=True)
            dx = (n * gg - s(gg) - X * s(gg * X)) / n / sd
        elif slip == "no gamma":
            gg = r(d)
            dx = (gg - m(gg) - X * m(gg * X)) / sd
        elif slip == "no var":
            dx = (gg - m(gg)) / sd
        elif slip == "direct only":
            dx = gg / sd
        elif slip == "strided":
            r2 = lambda t: t.reshape(N, C // G, G, H, W_)
            m2 = lambda t: t.mean((1, 3, 4), keepdims=True)
            s2 = np.repeat(sd.reshape(N, G), C // G, 1)[:, :, None, None]
            a, b = (r2(d * g), r2(xh))
            dx = (a - m2(a) - b * m2(a * b)).reshape(d.shape) / s2
        else:
            dx = (gg - m(gg) - X * m(gg * X)) / sd
        if slip == "dgamma no batch":
            dg, db = ((d * xh).sum((2, 3)), d.sum((2, 3)))
        if slip == "dgamma keepdims":
            dg, db = ((d * xh).sum(ax, keepdims=True), d.sum(ax, keepdims=True))
        if slip == "dgamma per group":
            dg = np.repeat(r(d * xh).sum((0, 2, 3, 4)), C // G)
        if slip == "dgamma with gamma":
            dg = (d * g * xh).sum(ax)
        if slip == "dx 5d":
            return (dx, dg, db)
        return (dx.reshape(d.shape), dg, db)

    return f


for slip, named in {
    "gamma outside": ("gamma taken out of the averages",),
    "per channel means": ("averages over each channel alone",),
    "batch means": ("averages over the samples too",),
    "whole sample": ("averages over the whole sample",),
    "n=H*W": ("n counts one channel",),
    "n=C*H*W": ("n counts all channels",),
    "no gamma": ("gamma missing in dx",),
    "no var": ("gradient through the variance missing",),
    "direct only": ("statistics taken for constants",),
    "strided": ("averages over channels dealt in turn",),
    "dgamma no batch": ("parameter gradients per sample",),
    "dgamma keepdims": ("parameter gradients keep all axes",),
    "dgamma per group": ("dgamma for the group",),
    "dgamma with gamma": ("dgamma multiplied by gamma",),
    "dx 5d": ("dx left in groups",),
}.items():
    SLIPS.add("gnb " + slip, "groupnorm_backward", group_norm(), group_gradients(slip), named=named)
