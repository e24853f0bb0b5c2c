"""Slips in batch norm per channel."""

import numpy as np

from tests.judging.slips import Slips
from tests.judging.slips.batch_norm_gradients import norm

SLIPS = Slips()


def per_channel(slip):
    """Batch norm per channel, by rows of channels."""

    def f(x, gamma, beta, q):
        N, C, H, W_ = x.shape
        if slip == "reshape only":
            out, c = norm(x.reshape(-1, C), gamma, beta, q)
            return (out.reshape(x.shape), c)
        if slip == "transposed back wrong":
            out, c = norm(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, q)
            return (out.reshape(N, C, H, W_), c)
        if slip == "per image":
            o = np.stack([norm(xi.reshape(C, -1).T, gamma, beta, q)[0].T.reshape(C, H, W_) for xi in x])
            return (o, None)
        if slip == "H and W swapped on return":
            out, c = norm(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, q)
            return (out.reshape(N, W_, H, C).transpose(0, 3, 2, 1), c)

    return f


for slip, named in {
    "reshape only": ("reshaped without moving the channels last",),
    "transposed back wrong": ("moved back without a transpose",),
    "per image": ("statistics per image and channel",),
    "H and W swapped on return": ("height and width swapped on the way back",),
}.items():
    SLIPS.add("spatial " + slip, "spatial_batchnorm_forward", per_channel(slip), named=named)


def right_per_channel(x, gamma, beta, q):
    """The same without a slip."""

    N, C, H, W_ = x.shape
    out, c = norm(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, q)
    return (out.reshape(N, H, W_, C).transpose(0, 3, 1, 2), c)


def right_closed(dout, cache):
    """The right closed form."""

    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N = len(dout)
    return (
        gamma * ivar * (dout - dout.mean(0) - xhat * (dout * xhat).mean(0)),
        (dout * xhat).sum(0),
        dout.sum(0),
    )


def channel_gradients(slip):
    """The gradients per channel."""

    def f(dout, cache):
        N, C, H, W_ = dout.shape
        if slip == "dout reshaped only":
            dx, dg, db = right_closed(dout.reshape(-1, C), cache)
        else:
            dx, dg, db = right_closed(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
        if slip == "dx back wrong":
            return (dx.reshape(N, C, H, W_), dg, db)
        return (
            dx.reshape(N, H, W_, C).transpose(0, 3, 1, 2),
            dg / (H * W_ if slip == "dgamma per pixel mean" else 1),
            db,
        )

    return f


for slip, named in {
    "dout reshaped only": ("reshaped without moving the channels last",),
    "dx back wrong": ("moved back without a transpose",),
    "dgamma per pixel mean": ("dgamma averaged over the pixels",),
}.items():
    SLIPS.add(
        "spatialb " + slip,
        "spatial_batchnorm_backward",
        right_per_channel,
        channel_gradients(slip),
        named=named,
    )
