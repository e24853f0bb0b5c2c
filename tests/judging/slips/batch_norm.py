"""Slips in batch norm's running statistics, its pieces and what is built on it."""

import numpy as np

from tests.judging.slips import Slips
from tests.judging.slips.batch_norm_gradients import norm
from tests.judging.slips.channels import right_closed

SLIPS = Slips()


def running(slip):
    """Batch norm with its running statistics."""

    def f(x, gamma, beta, bn_param):
        eps, m = (bn_param.get("eps", 1e-05), bn_param.get("momentum", 0.9))
        rm = bn_param.get("running_mean", np.zeros(x.shape[1]))
        rv = bn_param.get("running_var", np.ones(x.shape[1]))
        if slip == "running_var starts at zero":
            rv = bn_param.get("running_var", np.zeros(x.shape[1]))
        if slip == "momentum 0.1 default":
            m = bn_param.get("momentum", 0.1)
        if slip == "eps 1e-8 default":
            eps = bn_param.get("eps", 1e-08)
        if bn_param["mode"] == "train":
            mu, var = (x.mean(0), x.var(0))
            if slip == "std kept":
                var2 = np.sqrt(var)
            elif slip == "running var of running mean":
                var2 = ((x - rm) ** 2).mean(0)
            else:
                var2 = var
            nm = m * rm + (1 - m) * mu
            nv = m * rv + (1 - m) * var2
            if slip == "normalises by new running":
                mu, var = (nm, nv)
            if slip == "stores batch":
                nm, nv = (mu, var)
            if slip == "running mean twice":
                nm = m * nm + (1 - m) * mu
            xh = (x - mu) / np.sqrt(var + eps)
            if slip == "not written":
                return (gamma * xh + beta, None)
            if slip == "only if present":
                if "running_mean" in bn_param:
                    bn_param["running_mean"], bn_param["running_var"] = (nm, nv)
                else:
                    bn_param["running_mean"], bn_param["running_var"] = (mu, var)
                return (gamma * xh + beta, None)
            bn_param["running_mean"], bn_param["running_var"] = (nm, nv)
        else:
            xh = (x - rm) / np.sqrt(rv + eps)
            if slip == "test centred by batch":
                xh = (x - x.mean(0)) / np.sqrt(rv + eps)
            if slip == "test sqrt missing":
                xh = (x - rm) / (rv + eps)
            if slip == "test updates":
                bn_param["running_mean"] = m * rm + (1 - m) * x.mean(0)
                bn_param["running_var"] = m * rv + (1 - m) * x.var(0)
            if slip == "test gamma missing":
                return (xh + beta, None)
        return (gamma * xh + beta, None)

    return f


for slip, check, named in (
    ("running_var starts at zero", "batchnorm_forward.train", ("running variance started at 0",)),
    ("momentum 0.1 default", "batchnorm_forward.train", ("momentum is 0.1 when absent",)),
    ("eps 1e-8 default", "batchnorm_forward.train", ("eps is 1e-08 when absent",)),
    ("std kept", "batchnorm_forward.train", ("running standard deviation",)),
    ("running var of running mean", "batchnorm_forward.train", ("variance round the running mean",)),
    (
        "normalises by new running",
        "batchnorm_forward.train",
        ("updated running statistics used in train mode",),
    ),
    ("stores batch", "batchnorm_forward.running", ("running statistics overwritten by the batch",)),
    ("running mean twice", "batchnorm_forward.running", ("momentum squared",)),
    ("not written", "batchnorm_forward.running", ("running statistics not updated",)),
    ("only if present", "batchnorm_forward.train", ("running statistics started from the first batch",)),
    ("test centred by batch", "batchnorm_forward.test", ("the batch's mean beside the running variance",)),
    ("test sqrt missing", "batchnorm_forward.test", ("divided by the variance",)),
    ("test updates", "batchnorm_forward.test", ("test mode moves the running statistics",)),
    ("test gamma missing", "batchnorm_forward.test", ("gamma forgotten",)),
):
    SLIPS.add("fwd " + slip, check, running(slip), named=named)

SLIPS.add(
    "spatialb N only",
    "spatial_batchnorm_backward",
    lambda x, g, b, q: (
        lambda mu, v: (
            g[:, None, None] * (x - mu) / np.sqrt(v + q.get("eps", 1e-05)) + b[:, None, None],
            ((x - mu) / np.sqrt(v + q.get("eps", 1e-05)), np.sqrt(v + q.get("eps", 1e-05)), g),
        )
    )(x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)),
    lambda d, c: (
        lambda g, N: (
            g
            / N
            / c[1]
            * (N * d - d.sum((0, 2, 3), keepdims=True) - c[0] * (d * c[0]).sum((0, 2, 3), keepdims=True)),
            (d * c[0]).sum((0, 2, 3)),
            d.sum((0, 2, 3)),
        )
    )(c[2][:, None, None], len(d)),
    named=("n counts the images only",),
)
SLIPS.add(
    "fold bias unscaled",
    "fold_batchnorm",
    lambda w, b, g, be, m, v, e: (
        w * (g / np.sqrt(v + e))[:, None, None, None],
        b - m * g / np.sqrt(v + e) + be,
    ),
    named=("old bias not scaled",),
)
SLIPS.add(
    "fold wrong axis",
    "fold_batchnorm",
    lambda w, b, g, be, m, v, e: (
        w * (g / np.sqrt(v + e)) if w.shape[-1] == len(g) else w * np.resize(g / np.sqrt(v + e), w.shape[-1]),
        (b - m) * g / np.sqrt(v + e) + be,
    ),
    named=(),
)
SLIPS.add(
    "fold mean plus",
    "fold_batchnorm",
    lambda w, b, g, be, m, v, e: (
        w * (g / np.sqrt(v + e))[:, None, None, None],
        (b + m) * g / np.sqrt(v + e) + be,
    ),
    named=("running mean added",),
)
SLIPS.add(
    "fold var no root",
    "fold_batchnorm",
    lambda w, b, g, be, m, v, e: (w * (g / (v + e))[:, None, None, None], (b - m) * g / (v + e) + be),
    named=("divided by the variance",),
)


def block(x, w, b, g, be, q):
    """Affine, batch norm, ReLU."""

    z, c = norm(x @ w + b, g, be, q)
    return (np.maximum(z, 0), (x, w, c, z > 0, x @ w + b))


def block_gradients(slip):
    """Back through the three."""

    def f(d, c):
        x, w, bc, pos, a = c
        if slip == "mask of preactivation":
            d = d * (a > 0)
        elif slip == "relu forgotten":
            pass
        elif slip == "relu after bn":
            da, dg, db = right_closed(d, bc)
            da = da * pos
            return (da @ w.T, x.T @ da, da.sum(0), dg, db)
        else:
            d = d * pos
        da, dg, db = right_closed(d, bc)
        if slip == "bias = dbeta":
            return (da @ w.T, x.T @ da, db, dg, db)
        if slip == "db mean":
            return (da @ w.T, x.T @ da, da.mean(0) + 1, dg, db)
        if slip == "swapped dgamma dbeta":
            return (da @ w.T, x.T @ da, da.sum(0), db, dg)
        if slip == "dw from dout":
            return (da @ w.T, x.T @ d, da.sum(0), dg, db)
        return (da @ w.T, x.T @ da, da.sum(0), dg, db)

    return f


for slip, named in {
    "mask of preactivation": ("ReLU's mask from the affine output",),
    "relu forgotten": ("ReLU's mask missing",),
    "relu after bn": ("ReLU's mask after batch norm",),
    "bias = dbeta": ("batch norm skipped on the way back",),
    "swapped dgamma dbeta": ("dgamma and dbeta swapped",),
    "dw from dout": ("batch norm skipped on the way back",),
}.items():
    SLIPS.add("block " + slip, "affine_bn_relu_backward", block, block_gradients(slip), named=named)
SLIPS.add(
    "blockf relu first",
    "affine_bn_relu_forward",
    lambda x, w, b, g, be, q: norm(np.maximum(x @ w + b, 0), g, be, q),
    named=("ReLU before batch norm",),
)

SLIPS.add(
    "moments ddof",
    "batch_moments",
    lambda x: (x.mean(0), x.var(0, ddof=1) if len(x) > 1 else x.var(0)),
    named=("unbiased variance",),
)
SLIPS.add(
    "moments second", "batch_moments", lambda x: (x.mean(0), (x**2).mean(0)), named=("variance not centred",)
)
SLIPS.add(
    "moments sumsq",
    "batch_moments",
    lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).sum(0)),
    named=("squares summed, not averaged",),
)
SLIPS.add(
    "moments scalar",
    "batch_moments",
    lambda x: (x.mean(), x.var()),
    named=("one moment for the whole matrix",),
)
SLIPS.add(
    "moments keepdims",
    "batch_moments",
    lambda x: (x.mean(0, keepdims=True), x.var(0, keepdims=True)),
    named=("axes kept",),
)
SLIPS.add(
    "norm std plus eps",
    "normalize",
    lambda x, m, v, e: (x - m) / (np.sqrt(v) + e),
    named=("epsilon outside the root",),
)
SLIPS.add("norm var", "normalize", lambda x, m, v, e: (x - m) / (v + e), named=("divided by the variance",))
SLIPS.add(
    "norm precedence",
    "normalize",
    lambda x, m, v, e: x - m / np.sqrt(v + e),
    named=("only the mean is divided",),
)
SLIPS.add(
    "norm eps sq", "normalize", lambda x, m, v, e: (x - m) / np.sqrt(v + e**2), named=("epsilon squared",)
)
SLIPS.add(
    "norm own",
    "normalize",
    lambda x, m, v, e: (x - x.mean(0)) / np.sqrt(x.var(0) + e),
    named=("statistics given are ignored",),
)


def block_of(slip):
    """The block with a slip in the batch norm that it repeats."""

    def f(x, w, b, gamma, beta, bn_param):
        z, momentum = x @ w + b, bn_param.get("momentum", 0.9)
        mean, var = bn_param["running_mean"], bn_param["running_var"]
        if bn_param["mode"] == "train":
            if slip == "momentum":
                momentum = 1 - momentum
            kept = z.var(0, ddof=1) if slip == "n - 1" else z.var(0)
            bn_param["running_mean"] = momentum * mean + (1 - momentum) * z.mean(0)
            bn_param["running_var"] = momentum * var + (1 - momentum) * kept
            mean, var = z.mean(0), z.var(0)
        x_hat = (z - mean) / np.sqrt(var + bn_param.get("eps", 1e-5))
        shifted = gamma * (x_hat + beta) if slip == "beta first" else gamma * x_hat + beta
        return np.maximum(shifted, 0), None

    return f


for slip, name in (
    ("momentum", "momentum the other way round"),
    ("n - 1", "unbiased running variance"),
    ("beta first", "gamma scales beta too"),
):
    SLIPS.add(f"block's batch norm: {slip}", "affine_bn_relu_forward", block_of(slip), named=(name,))
