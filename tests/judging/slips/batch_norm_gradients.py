"""Slips in the gradients of batch norm."""

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()


def norm(x, gamma, beta, bn_param, xcache=False):
    """Batch norm by named steps, all of which the backward pass gets."""

    eps, m = (bn_param.get("eps", 1e-05), bn_param.get("momentum", 0.9))
    rm = bn_param.get("running_mean", np.zeros(x.shape[1], x.dtype))
    rv = bn_param.get("running_var", np.ones(x.shape[1], x.dtype))
    if bn_param["mode"] == "train":
        mu = x.mean(0)
        xmu = x - mu
        var = (xmu**2).mean(0)
        sq = np.sqrt(var + eps)
        ivar = 1 / sq
        xhat = xmu * ivar
        bn_param["running_mean"] = m * rm + (1 - m) * mu
        bn_param["running_var"] = m * rv + (1 - m) * var
        return (gamma * xhat + beta, (xhat, gamma, xmu, ivar, sq, var, eps))
    xhat = (x - rm) / np.sqrt(rv + eps)
    return (gamma * xhat + beta, None)


def by_steps(slip):
    """Its gradients, a line for each step of the graph."""

    def f(dout, cache):
        xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
        N, D = dout.shape
        dbeta = dout.sum(0)
        dgamma = (dout * xhat).sum(0)
        dxhat = dout * gamma
        divar = (dxhat * xmu).sum(0)
        dxmu1 = dxhat * ivar
        if slip == "xhat for xmu":
            divar = (dxhat * xhat).sum(0)
        dsqrtvar = -1.0 / sqrtvar**2 * divar
        if slip == "no square":
            dsqrtvar = -1.0 / sqrtvar * divar
        dvar = 0.5 / np.sqrt(var + eps) * dsqrtvar
        if slip == "half forgotten":
            dvar = 1 / np.sqrt(var + eps) * dsqrtvar
        if slip == "eps forgotten in root":
            dvar = 0.5 / np.sqrt(var) * dsqrtvar
        dsq = np.ones((N, D)) / N * dvar
        if slip == "no 1/N in dsq":
            dsq = np.ones((N, D)) * dvar
        dxmu2 = 2 * xmu * dsq
        if slip == "no 2":
            dxmu2 = xmu * dsq
        dx1 = dxmu1 + dxmu2
        dmu = -(dxmu1 + dxmu2).sum(0)
        if slip == "dmu plus":
            dmu = (dxmu1 + dxmu2).sum(0)
        if slip == "dmu only first over dout":
            dmu = -(dout * ivar).sum(0)
        if slip == "dmu mean":
            dmu = -(dxmu1 + dxmu2).mean(0)
        dx2 = np.ones((N, D)) / N * dmu
        if slip == "dx2 no N":
            dx2 = np.ones((N, D)) * dmu
        dx = dx1 + dx2
        if slip == "dx only dx1":
            dx = dx1
        if slip == "dxhat without gamma":
            pass
        return (dx, dgamma, dbeta)

    return f


for slip, named in {
    "xhat for xmu": ("the variance's gradient divided by the deviation again",),
    "no square": ("the variance's gradient not divided by the deviation",),
    "half forgotten": ("factor 1/2 of the root forgotten",),
    "eps forgotten in root": ("epsilon missing in the root's derivative",),
    "no 1/N in dsq": ("the variance's gradient not divided by n",),
    "no 2": ("factor 2 of the square forgotten",),
    "dmu plus": ("sign of the mean's gradient",),
    "dmu only first over dout": ("gamma missing on the path through the mean",),
    "dmu mean": ("the mean's gradient divided by n twice",),
    "dx2 no N": ("the mean's gradient not divided by n",),
}.items():
    SLIPS.add("kratzert " + slip, "batchnorm_backward", norm, by_steps(slip), named=named)


def closed(slip):
    """Its gradients in closed form."""

    def f(dout, cache):
        xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
        N = len(dout)
        db = dout.sum(0)
        dg = (dout * xhat).sum(0)
        if slip == "N-1 in means":
            dx = gamma * ivar * (dout - db / (N - 1) - xhat * dg / (N - 1))
        if slip == "x_hat squared":
            dx = gamma * ivar * (dout - db / N - xhat**2 * dg / N)
        if slip == "sum not mean":
            dx = gamma * ivar * (dout - db - xhat * dg)
        if slip == "var for std":
            dx = gamma / (var + eps) * (dout - db / N - xhat * dg / N)
        if slip == "dgamma of dxhat":
            d = dout * gamma
            dg = (d * xhat).sum(0)
            dx = ivar * (d - d.mean(0) - xhat * (d * xhat).mean(0))
        if slip == "mean over axis 1":
            dx = gamma * ivar * (dout - dout.mean(1, keepdims=True) - xhat * (dout * xhat).mean(0))
        if slip == "xmu for xhat":
            dx = gamma * ivar * (dout - db / N - xmu * dg / N)
        if slip == "parenthesis":
            dx = gamma * ivar * dout - db / N - xhat * dg / N
        if slip == "divided by N whole":
            dx = gamma * ivar / N * (dout - db / N - xhat * dg / N)
        if slip == "times N missing":
            dx = gamma * ivar / N * (dout - db - xhat * dg)
        return (dx, dg, db)

    return f


for slip, named in {
    "N-1 in means": ("n - 1 for n in the averages",),
    "x_hat squared": ("x_hat squared in the last term",),
    "sum not mean": ("sums over the batch not divided by n",),
    "var for std": ("dx divided by the variance",),
    "dgamma of dxhat": ("dgamma multiplied by gamma",),
    "mean over axis 1": ("dout averaged over the features",),
    "xmu for xhat": ("the variance's gradient not divided by the deviation",),
    "parenthesis": ("only the first term has gamma and the root",),
    "divided by N whole": ("dx divided by n once more",),
    "times N missing": ("dout not multiplied by n",),
}.items():
    SLIPS.add("alt " + slip, "batchnorm_backward_alt", norm, closed(slip), named=named)
