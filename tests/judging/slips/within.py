"""Slips inside of a block's batch norm, in moments over too much, in sums that are assigned, along one axis alone."""

import numpy as np

from tests.judging import made_up as m
from tests.judging.slips import Slips

SLIPS = Slips()


def affine_block():
    """The block's right forward pass."""

    def fwd(x, w, b, g, be, q):
        z = x @ w + b
        mu, v = z.mean(0), z.var(0)
        eps = q.get("eps", 1e-5)
        mom = q.get("momentum", 0.9)
        if q["mode"] == "train":
            q["running_mean"] = mom * q.get("running_mean", np.zeros(len(g))) + (1 - mom) * mu
            q["running_var"] = mom * q.get("running_var", np.ones(len(g))) + (1 - mom) * v
        else:
            mu, v = q["running_mean"], q["running_var"]
        xh = (z - mu) / np.sqrt(v + eps)
        o = g * xh + be
        return np.maximum(o, 0), (x, w, xh, g, v, eps, o > 0, z, mu)

    return fwd


def block_back(slip):
    """Its gradients."""

    def f(d, c):
        x, w, xh, g, v, eps, mask, z, mu = c
        d = d * mask
        N = len(d)
        dg, db_ = (d * xh).sum(0), d.sum(0)
        sd = np.sqrt(v + eps)
        gg = d * g
        dz = (gg - gg.mean(0) - xh * (gg * xh).mean(0)) / sd
        if slip == "const stats":
            dz = gg / sd
        if slip == "no eps":
            dz = (gg - gg.mean(0) - xh * (gg * xh).mean(0)) / np.sqrt(v)
        if slip == "no var":
            dz = (gg - gg.mean(0)) / sd
        if slip == "gamma missing":
            dz = (d - d.mean(0) - xh * (d * xh).mean(0)) / sd
        if slip == "sums":
            dz = (gg - gg.sum(0) - xh * (gg * xh).sum(0)) / sd
        if slip == "dgamma z":
            dg = (d * z).sum(0)
        if slip == "dgamma mean":
            dg = dg / N
        if slip == "dbeta mean":
            db_ = db_ / N
        if slip == "sd missing":
            dz = dz * sd
        return dz @ w.T, x.T @ dz, dz.sum(0), dg, db_

    return f


for slip, name in {
    "const stats": "statistics taken for constants",
    "no eps": "epsilon missing in the last division",
    "no var": "gradient through the variance missing",
    "gamma missing": "gamma missing in dx",
    "sums": "sums over the batch not divided by n",
    "dgamma z": "dgamma with x instead of x_hat",
    "dgamma mean": "dgamma averaged",
    "dbeta mean": "dbeta averaged",
    "sd missing": "dx not divided by the standard deviation",
}.items():
    SLIPS.add("block " + slip, "affine_bn_relu_backward", affine_block(), block_back(slip), named=(name,))


def gn(mean_axes=(2, 3, 4), var_axes=(2, 3, 4), inter=""):
    """Group norm."""

    def f(x, g, b, G, q):
        N, C, H, W = x.shape
        eps = q.get("eps", 1e-5)
        y = x.reshape(N, G, C // G, H, W)
        if inter:
            y = x.reshape(N, C // G, G, H, W).transpose(0, 2, 1, 3, 4)
        mu = y.mean(mean_axes, keepdims=True)
        v = y.var(var_axes, keepdims=True)
        xh = (y - mu) / np.sqrt(v + eps)
        if inter == "back":
            xh = xh.transpose(0, 2, 1, 3, 4)
        xh = xh.reshape(x.shape)
        return g[:, None, None] * xh + b[:, None, None], None

    return f


for name, how in {
    "mean of the whole sample": {"mean_axes": (1, 2, 3, 4)},
    "variance of the whole sample": {"var_axes": (1, 2, 3, 4)},
    "batch included in the group": {"mean_axes": (0, 2, 3, 4), "var_axes": (0, 2, 3, 4)},
    "one mean and variance for the whole array": {"mean_axes": None, "var_axes": None},
    "mean of the whole array": {"mean_axes": None},
    "variance of the whole array": {"var_axes": None},
    "channels dealt to the groups in turn, and left so": {"inter": "there"},
    "channels dealt to the groups in turn": {"inter": "back"},
}.items():
    SLIPS.add(name, "groupnorm_forward", gn(**how), named=(name,))


def every(step):
    """Group norm over every so-manieth channel."""

    def f(x, g, b, G, q):
        out, s = np.empty_like(x), step(x.shape[1], G)
        for k in range(s):
            y = x[:, k::s]
            mu, v = y.mean((1, 2, 3), keepdims=True), y.var((1, 2, 3), keepdims=True)
            out[:, k::s] = (y - mu) / np.sqrt(v + q.get("eps", 1e-5))
        return g[:, None, None] * out + b[:, None, None], None

    return f


SLIPS.add(
    "every G-th channel",
    "groupnorm_forward",
    every(lambda C, G: G),
    named=("channels dealt to the groups in turn",),
)
SLIPS.add(
    "every C/G-th channel",
    "groupnorm_forward",
    every(lambda C, G: C // G),
    named=("channels dealt to C / G groups in turn",),
)


def cv(slip):
    """A convolution."""

    def f(x, w, b, q):
        s, p = q["stride"], q["pad"]
        N, C, H, W = x.shape
        O, _, kh, kw = w.shape
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        Ho, Wo = (H + 2 * p - kh) // s + 1, (W + 2 * p - kw) // s + 1
        out = np.zeros((N, O, Ho, Wo))
        for n in range(N):
            for o in range(O):
                for i in range(Ho):
                    for j in range(Wo):
                        win = xp[n, :, i * s : i * s + kh, j * s : j * s + kw]
                        if slip == "first channel x":
                            out[n, o, i, j] = (win[0] * w[o]).sum() + b[o]
                        elif slip == "first channel both":
                            out[n, o, i, j] = (win[0] * w[o, 0]).sum() + b[o]
                        elif slip == "first channel w":
                            out[n, o, i, j] = (win * w[o, 0]).sum() + b[o]
                        elif slip == "first sample":
                            out[n, o, i, j] = (
                                xp[0, :, i * s : i * s + kh, j * s : j * s + kw] * w[o]
                            ).sum() + b[o]
                        elif slip == "max":
                            out[n, o, i, j] = (win * w[o]).max() + b[o]
                        elif slip == "max of bias":
                            out[n, o, i, j] = (win * w[o] + b[o]).max()
                        elif slip == "sum over sum":
                            out[n, o, i, j] = win.sum() * w[o].sum() + b[o]
        return out, (x, w, b, q)

    return f


for slip, name in {
    "first channel x": "the first input channel for all",
    "first channel both": "only the first input channel",
    "first channel w": "the kernel's first channel for all",
    "first sample": "the first sample for all",
    "max": "largest product, not the sum",
    "max of bias": "largest product, not the sum",
    "sum over sum": "the window's sum times the kernel's",
}.items():
    SLIPS.add("conv " + slip, "conv_forward_naive", cv(slip), named=(name,))


def cb(kept):
    """A convolution's gradients, db of a part of dout."""

    def f(d, c):
        dx, dw, _ = m.conv_back(d, c)
        return dx, dw, d[kept].sum((0, 2, 3))

    return f


for what, kept in {
    "last place": np.s_[:, :, -1:, -1:],
    "last sample": np.s_[-1:],
    "last value": np.s_[-1:, :, -1:, -1:],
    "last row": np.s_[:, :, -1:],
    "last row of the last sample": np.s_[-1:, :, -1:],
    "last column": np.s_[..., -1:],
}.items():
    SLIPS.add(what, "conv_backward_naive", m.conv, cb(kept), named=(f"db of the {what} only",))


def ic(row_stride=1, column_stride=1, rows=1, columns=1):
    """im2col, of which each part can be left out along one axis."""

    def f(x, kh, kw, s, p):
        xp = np.pad(x, ((0, 0), (0, 0), (rows * p,) * 2, (columns * p,) * 2))
        v = np.lib.stride_tricks.sliding_window_view(xp, (kh, kw), (2, 3))
        v = v[:, :, :: s if row_stride else 1, :: s if column_stride else 1]
        N, C, a, b = v.shape[:4]
        return v.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * kh * kw, a * b)

    return f


for name, how in {
    "stride along the rows only": {"column_stride": 0},
    "stride along the columns only": {"row_stride": 0},
    "padded along the rows only": {"columns": 0},
    "padded along the columns only": {"rows": 0},
}.items():
    SLIPS.add(name, "im2col", ic(**how), named=(name,))
for eps in (1e-3, 1e-6, 1e-8):
    always = lambda x, g, b, q, eps=eps: m.layer(x, g, b, q, eps=eps)
    absent = lambda x, g, b, q, eps=eps: m.layer(x, g, b, q, eps=q.get("eps", eps))
    SLIPS.add(f"ln eps {eps:g}", "layernorm_forward", always, named=(f"epsilon hard-coded as {eps:g}",))
    SLIPS.add(f"ln eps {eps:g} absent", "layernorm_forward", absent, named=(f"eps is {eps:g} when absent",))
