"""Slips in batch norm, written to measure how many get a name (docs/grading.md), without a look at the checks.

`NAMED` is what each gets now, read and found true.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.judging.odd import batch_norm
from tests.judging.slips import Slips

SLIPS = Slips()
NAMED: dict[str, tuple[str, ...]] = {
    "x.var after centring twice": (),
    "abs eps": ("divided by the variance",),
    "eps under x": ("no epsilon",),
    "running of std": ("running standard deviation",),
    "cumulative": ("running sum, not average", "the batch's moments not weighted"),
    "ddof running": ("unbiased running variance",),
    "not stored": ("running statistics not updated",),
    "wrong key": ("running statistics not updated",),
    "g+1": ("gamma plus one",),
    "b only": ("gamma forgotten",),
    "neg b": ("beta subtracted",),
    "sum var": ("sum of squares for the variance",),
    "test x.mean": ("batch statistics at test time",),
    "test var unrooted": ("divided by the variance",),
    "test eps 1e-5": ("epsilon hard-coded",),
    "test no affine": ("gamma and beta forgotten",),
    "test plus mean": ("mean added",),
    "n forgotten": ("dout not multiplied by n",),
    "no gamma": ("gamma missing in dx",),
    "h missing": ("x_hat missing in the last term",),
    "no second": ("gradient through the mean missing",),
    "no third": ("gradient through the variance missing",),
    "N of rows": ("n counts the images only",),
    "plus third": ("sign of the variance's gradient",),
    "var for sd": ("dx divided by the variance",),
    "per image": ("parameter gradients per image",),
}


def add(about: str, check: str, *functions: Callable[..., Any]) -> None:
    """One slip, with its true names."""
    SLIPS.add(about, check, *functions, named=NAMED[about])


def st(q, c):
    """What is in bn_param, or stands for it."""
    return (
        q.get("running_mean", np.zeros(c)),
        q.get("running_var", np.ones(c)),
        q.get("momentum", 0.9),
        q.get("eps", 1e-5),
    )


def f1(k):
    """A function with the slip k."""

    def f(x, g, b, q):
        rm, rv, m, e = st(q, x.shape[1])
        ax = batch_norm.over(x)
        W = lambda v: batch_norm.wide(np.asarray(v), x)
        if q["mode"] == "train":
            mu, v = x.mean(ax), x.var(ax)
            if k == "x.var after centring twice":
                v = ((x - W(mu)) ** 2).mean() * np.ones_like(mu)
            if k == "abs eps":
                h = (x - W(mu)) / (W(v) + e)
            else:
                h = (x - W(mu)) / np.sqrt(W(v) + e)
            if k == "eps under x":
                h = (x - W(mu)) / np.sqrt(W(v))
            if k == "sum var":
                h = (x - W(mu)) / np.sqrt(W(v) * x.shape[0] + e)
            q["running_mean"] = m * rm + (1 - m) * mu
            q["running_var"] = m * rv + (1 - m) * v
            if k == "running of std":
                q["running_var"] = m * rv + (1 - m) * np.sqrt(v)
            if k == "cumulative":
                q["running_mean"] = rm + mu
                q["running_var"] = rv + v
            if k == "ddof running":
                q["running_var"] = m * rv + (1 - m) * v * (x.size / x.shape[1]) / (x.size / x.shape[1] - 1)
            if k == "not stored":
                q["running_mean"], q["running_var"] = rm, rv
            if k == "wrong key":
                q["running_mean"] = rm
                q["run_mean"] = m * rm + (1 - m) * mu
            if k == "g+1":
                return (1 + W(g)) * h + W(b), (x, g, e)
            if k == "b only":
                return h + W(b), (x, g, e)
            if k == "neg b":
                return W(g) * h - W(b), (x, g, e)
        else:
            h = (x - W(rm)) / np.sqrt(W(rv) + e)
            if k == "test x.mean":
                h = (x - W(x.mean(ax))) / np.sqrt(W(x.var(ax)) + e)
            if k == "test var unrooted":
                h = (x - W(rm)) / (W(rv) + e)
            if k == "test eps 1e-5":
                h = (x - W(rm)) / np.sqrt(W(rv) + 1e-5)
            if k == "test no affine":
                return h, None
            if k == "test plus mean":
                h = (x + W(rm)) / np.sqrt(W(rv) + e)
        return W(g) * h + W(b), (x, g, e)

    return f


for k in [
    "x.var after centring twice",
    "abs eps",
    "eps under x",
    "running of std",
    "cumulative",
    "ddof running",
    "not stored",
    "wrong key",
    "g+1",
    "b only",
    "neg b",
    "sum var",
]:
    add(k, "batchnorm_forward.train", f1(k))
for k in ["test x.mean", "test var unrooted", "test eps 1e-5", "test no affine", "test plus mean"]:
    add(k, "batchnorm_forward.test", f1(k))


def b1(k):
    """A function with the slip k."""

    def f(d, c):
        x, g, e = c
        ax = batch_norm.over(x)
        W = lambda v: batch_norm.wide(np.asarray(v), x)
        n = x.size // x.shape[1]
        mu, v = W(x.mean(ax)), W(x.var(ax))
        sd = np.sqrt(v + e)
        h = (x - mu) / sd
        G = W(g)
        S = lambda t: t.sum(ax, keepdims=True)
        dx = G / (n * sd) * (n * d - S(d) - h * S(d * h))
        dg = (d * h).sum(ax)
        db = d.sum(ax)
        if k == "n forgotten":
            dx = G / (n * sd) * (d - S(d) - h * S(d * h))
        if k == "no gamma":
            dx = 1 / (n * sd) * (n * d - S(d) - h * S(d * h))
        if k == "h missing":
            dx = G / (n * sd) * (n * d - S(d) - S(d * h))
        if k == "N of rows":
            dx = G / (len(x) * sd) * (len(x) * d - S(d) - h * S(d * h))
        if k == "no second":
            dx = G / (n * sd) * (n * d - h * S(d * h))
        if k == "no third":
            dx = G / (n * sd) * (n * d - S(d))
        if k == "plus third":
            dx = G / (n * sd) * (n * d - S(d) + h * S(d * h))
        if k == "var for sd":
            dx = G / (n * (v + e)) * (n * d - S(d) - h * S(d * h))
        if k == "per image":
            dg = (d * h).sum(tuple(a for a in ax if a)) if x.ndim > 2 else dg / 2
        return dx, dg, db

    return f


for k in ["n forgotten", "no gamma", "h missing", "no second", "no third"]:
    add(k, "batchnorm_backward_alt", batch_norm.forward, b1(k))
for k in ["N of rows", "plus third", "var for sd", "per image"]:
    add(k, "spatial_batchnorm_backward", batch_norm.forward, b1(k))
