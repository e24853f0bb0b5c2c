"""Slips in dropout, written to measure how many get a name (docs/grading.md), without a look at the checks.

`NAMED` is what each gets now, read and found true.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.judging.odd import dropout
from tests.judging.slips import Slips

SLIPS = Slips()
NAMED: dict[str, tuple[str, ...]] = {
    "p<=u strict": ("p taken for the keep probability",),
    "rounded": ("one half instead of p",),
    "columns": ("one mask for the whole batch",),
    "one coin": (),
    "ints": ("one half instead of p",),
    "binomial p": ("p taken for the keep probability",),
    "uniform left": ("uniform numbers, not a mask",),
    "test both": ("scaled again at test time",),
    "test up": ("not scaled at test time", "training's scale at test time"),
    "test p": ("p taken for the keep probability",),
    "test drop": ("random at test time", "random at test time, without the scale"),
    "swap": ("scaling modes swapped",),
    "times": ("multiplied where it must be divided",),
    "p div": ("divided by p",),
    "always up": ("scaling ignored while training",),
    "never up": ("not scaled while training",),
    "mean scaled": ("scaled by the share that happened to be kept",),
    "back new mask": ("gradient masked at test time, without the scale",),
    "back mask of dout": ("gradient masked at test time, without the scale",),
    "back times out": (),
    "back neg": (),
    "spatial per pixel": ("every value has its own draw",),
    "connect on units": ("bias kept", "inputs dropped", "bias not scaled at test time"),
    "connect one mask": ("one mask for the whole batch",),
}


def add(about: str, check: str, *functions: Callable[..., Any]) -> None:
    """One slip, with its true names."""
    SLIPS.add(about, check, *functions, named=NAMED[about])


def m2(k):
    """A function with the slip k."""

    return {
        "p<=u strict": lambda s, p, r: r.random(s) > 1 - p,
        "rounded": lambda s, p, r: np.round(r.random(s)),
        "columns": lambda s, p, r: np.broadcast_to(r.random(s[-1:]) >= p, s),
        "one coin": lambda s, p, r: np.full(s, float(r.random() >= p)),
        "ints": lambda s, p, r: r.integers(0, 2, s),
        "binomial p": lambda s, p, r: r.binomial(1, p, s),
        "uniform left": lambda s, p, r: r.random(s),
    }[k]


for k in ["p<=u strict", "rounded", "columns", "one coin", "ints", "binomial p", "uniform left"]:
    add(k, "dropout_mask", m2(k))


def fw(k):
    """A function with the slip k."""

    def f(x, q):
        p = q["p"]
        up = q.get("scaling", "upscale_in_train") == "upscale_in_train"
        if q["mode"] == "test":
            if k == "test both":
                return x * (1 - p), None
            if k == "test up":
                return (x / (1 - p) if p < 1 and up else x), None
            if k == "test p":
                return (x if up else x * p), None
            if k == "test drop":
                return x * (q["rng"].random(x.shape) >= p), None
            return (x if up else x * (1 - p)), np.ones_like(x) * (1 if up else 1 - p)
        m = (q["rng"].random(x.shape) >= p) * 1.0
        if k == "swap":
            return x * m / (1 - p if p < 1 and not up else 1), m
        if k == "times":
            return x * m * (1 - p if up else 1), m
        if k == "p div":
            return x * m / (p if p > 0 and up else 1), m
        if k == "always up":
            return x * m / (1 - p if p < 1 else 1), m
        if k == "never up":
            return x * m, m
        if k == "mean scaled":
            return x * m / (m.mean() if up and m.any() else 1), m
        return x * m / (1 - p if up and p < 1 else 1), m / (1 - p if up and p < 1 else 1)

    return f


for k in ["test both", "test up", "test p", "test drop"]:
    add(k, "dropout_forward.test", fw(k))
for k in ["swap", "times", "p div", "always up", "never up", "mean scaled"]:
    add(k, "dropout_forward.train", fw(k))
for k, g in {
    "back new mask": lambda d, c: d * (np.random.default_rng(1).random(d.shape) > 0.5),
    "back mask of dout": lambda d, c: d * (d > 0),
    "back times out": lambda d, c: d * np.abs(c) ** 0.5,
    "back neg": lambda d, c: -d * c,
}.items():
    add(k, "dropout_backward", fw(""), g)
add("spatial per pixel", "spatial_dropout_forward", lambda x, q: dropout.forward(x, q)[0])
add("connect on units", "dropconnect_forward", lambda x, w, b, q: dropout.forward(x, q)[0] @ w + b)
add(
    "connect one mask",
    "dropconnect_forward",
    lambda x, w, b, q: x @ dropout.forward(w, q)[0] + dropout.forward(b, q)[0],
)
