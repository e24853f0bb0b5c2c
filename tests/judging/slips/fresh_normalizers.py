"""Slips in ps4's normalizers, written to measure how many get a name (docs/grading.md), without a look at the checks.

`NAMED` is what each gets now, read and found true.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.judging.odd import normalizers
from tests.judging.slips import Slips

SLIPS = Slips()
NAMED: dict[str, tuple[str, ...]] = {
    "rows, axis 0": ("normalised over the samples",),
    "rows, axis 1": ("axis 1 for the last axis",),
    "rows, std": ("epsilon outside the root",),
    "rows, sum": ("divided by the length",),
    "rows, std no root": ("divided by the variance",),
    "rows, no mean": ("mean not subtracted",),
    "rows, eps 1e-6": ("eps is 1e-06 when absent",),
    "rows, swap": ("gamma and beta swapped",),
    "groups, mean over n": ("mean of the group in all samples",),
    "groups, var over n": ("variance of the group in all samples",),
    "groups, G per": ("G taken for the channels in a group",),
    "groups, axis 1": ("moments over the axes (1,) of the groups",),
    "groups, eps out": ("epsilon outside the root",),
    "groups, minus": ("sign reversed",),
    "groups, gamma squared": ("gamma applied twice",),
    "dg per sample": ("dgamma averaged over the samples",),
    "db mean": ("dbeta averaged",),
    "dg group": ("dgamma for the group",),
    "dx batch norm": ("batch norm's axes",),
    "swapped": ("dgamma and dbeta swapped",),
    "r missing": ("dx without r",),
    "dgamma z": ("dgamma without r and d",),
    "mom no update": ("averaged over the weights",),
    "lm unscaled": ("gradients not divided by N",),
}


def add(about: str, check: str, *functions: Callable[..., Any]) -> None:
    """One slip, with its true names."""
    SLIPS.add(about, check, *functions, named=NAMED[about])


def l4(k):
    """A function with the slip k."""

    def f(x, g, b, q):
        e = q.get("eps", 1e-5)
        kw = {"axis": -1, "keepdims": True}
        mu = x.mean(**kw)
        v = x.var(**kw)
        if k == "axis 0":
            mu, v = x.mean(0), x.var(0)
        if k == "axis 1":
            mu, v = x.mean(1, keepdims=True), x.var(1, keepdims=True)
        if k == "std":
            return g * (x - mu) / (x.std(**kw) + e) + b, None
        if k == "sum":
            v = v * x.shape[-1]
        if k == "std no root":
            return g * (x - mu) / (v + e) + b, None
        if k == "no mean":
            return g * x / np.sqrt(v + e) + b, None
        if k == "eps 1e-6":
            e = q.get("eps", 1e-6)
        if k == "swap":
            return b * (x - mu) / np.sqrt(v + e) + g, None
        return g * (x - mu) / np.sqrt(v + e) + b, None

    return f


for k in ["axis 0", "axis 1", "std", "sum", "std no root", "no mean", "eps 1e-6", "swap"]:
    add("rows, " + k, "layernorm_forward", l4(k))


def g4(k):
    """A function with the slip k."""

    def f(x, g, b, G, q):
        n, c, H, W = x.shape
        e = q.get("eps", 1e-5)
        y = x.reshape(n, G, -1)
        mu = y.mean(2, keepdims=True)
        v = y.var(2, keepdims=True)
        if k == "mean over n":
            mu = y.mean((0, 2), keepdims=True)
        if k == "var over n":
            v = y.var((0, 2), keepdims=True)
        if k == "G per":
            y = x.reshape(n, c // G, -1)
            mu = y.mean(2, keepdims=True)
            v = y.var(2, keepdims=True)
        if k == "axis 1":
            mu = y.mean(1, keepdims=True)
            v = y.var(1, keepdims=True)
        if k == "eps out":
            h = (y - mu) / (np.sqrt(v) + e)
        else:
            h = (y - mu) / np.sqrt(v + e)
        if k == "minus":
            h = -h
        h = h.reshape(x.shape)
        if k == "gamma squared":
            return h * (g * g)[:, None, None] + b[:, None, None], None
        return h * g[:, None, None] + b[:, None, None], None

    return f


for k in ["mean over n", "var over n", "G per", "axis 1", "eps out", "minus", "gamma squared"]:
    add("groups, " + k, "groupnorm_forward", g4(k))


def gb4(k):
    """A function with the slip k."""

    def f(d, c):
        dx, dg, db = normalizers.gn_in_loops(d, c)
        if k == "dg per sample":
            dg = dg / len(d)
        if k == "db mean":
            db = d.mean((0, 2, 3))
        if k == "dg group":
            dg = np.repeat(dg.reshape(c["G"], -1).sum(1), len(dg) // c["G"])
        if k == "dx batch norm":
            x = c["x"]
            mu = x.mean((0, 2, 3), keepdims=True)
            sd = np.sqrt(x.var((0, 2, 3), keepdims=True) + c["eps"])
            h = (x - mu) / sd
            G = d * c["gamma"][:, None, None]
            dx = (G - G.mean((0, 2, 3), keepdims=True) - h * (G * h).mean((0, 2, 3), keepdims=True)) / sd
        if k == "swapped":
            dg, db = db, dg
        return dx, dg, db

    return f


for k in ["dg per sample", "db mean", "dg group", "dx batch norm", "swapped"]:
    add(k, "groupnorm_backward", normalizers.gn, gb4(k))


def rb(k):
    """A function with the slip k."""

    def f(d, c):
        dx, dg, db = normalizers.renorm_back(d, c)
        x, mu, sd, r, dd, g = c
        ax = tuple(a for a in range(x.ndim) if a != 1)
        if k == "r missing":
            dx = dx / normalizers.wide(r, x)
        if k == "dgamma z":
            dg = (d * (x - normalizers.wide(mu, x)) / normalizers.wide(sd, x)).sum(ax)
        return dx, dg, db

    return f


for k in ["r missing", "dgamma z"]:
    add(k, "batch_renorm_backward", normalizers.renorm, rb(k))
add("mom no update", "compensate_moment", lambda m, g, a, b: m + (g * b - g * a).mean(0))
add(
    "lm unscaled",
    "linear_moments",
    lambda z, w: (
        lambda x: (x.mean(0), (x**2).mean(0), np.repeat(z.mean(0)[:, None], w.shape[1], 1), 2 * z.T @ x)
    )(z @ w),
)
