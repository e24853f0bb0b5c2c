"""Batch renormalisation done wrong, in Paddle: one differentiable graph with a switch for each thing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.variants import (
    Switches,
    affine,
    axes_of,
    below,
    by_feature,
    centred,
    statistics,
)
from course.autograder.checks.language import Inputs, draws
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

DEFAULTS = {"eps": 1e-5, "momentum": 0.9, "r_max": 3.0, "d_max": 5.0}


@dataclass(frozen=True)
class Bounds:
    """The running values and the bounds that a correction is made with."""

    mean: Any
    std: Any
    r_max: float
    d_max: float


Part = Callable[[Any, Any, Bounds], Any]  # (batch mean, batch std, bounds) -> r or d

R: dict[str, Part] = {
    "right": lambda m, s, b: paddle.clip(s / b.std, 1 / b.r_max, b.r_max),
    "forgotten": lambda m, s, b: paddle.ones_like(s),
    "unclipped": lambda m, s, b: s / b.std,
    "upside down": lambda m, s, b: paddle.clip(b.std / s, 1 / b.r_max, b.r_max),
    "no lower bound": lambda m, s, b: paddle.clip(s / b.std, max=b.r_max),
    "at least 1": lambda m, s, b: paddle.clip(s / b.std, 1.0, b.r_max),
    "of variances": lambda m, s, b: paddle.clip(s * s / (b.std * b.std), 1 / b.r_max, b.r_max),
    "running variance": lambda m, s, b: paddle.clip(s / paddle.sqrt(b.std), 1 / b.r_max, b.r_max),
    "bounds swapped": lambda m, s, b: paddle.clip(s / b.std, -b.d_max, b.d_max),
    "around 1": lambda m, s, b: paddle.clip(s / b.std, 1 - b.r_max, 1 + b.r_max),
    "by d_max": lambda m, s, b: paddle.clip(
        paddle.clip(s / b.std, min=1 / b.d_max if b.d_max else 0.0), max=b.d_max
    ),
}

D: dict[str, Part] = {
    "right": lambda m, s, b: paddle.clip((m - b.mean) / b.std, -b.d_max, b.d_max),
    "forgotten": lambda m, s, b: paddle.zeros_like(m),
    "unclipped": lambda m, s, b: (m - b.mean) / b.std,
    "sign": lambda m, s, b: paddle.clip((b.mean - m) / b.std, -b.d_max, b.d_max),
    "by the batch's": lambda m, s, b: paddle.clip((m - b.mean) / s, -b.d_max, b.d_max),
    "not divided": lambda m, s, b: paddle.clip(m - b.mean, -b.d_max, b.d_max),
    "no lower bound": lambda m, s, b: paddle.clip((m - b.mean) / b.std, max=b.d_max),
    "not negative": lambda m, s, b: paddle.clip((m - b.mean) / b.std, 0.0, b.d_max),
    "clipped late": lambda m, s, b: paddle.clip(m - b.mean, -b.d_max, b.d_max) / b.std,
    "bounds swapped": lambda m, s, b: paddle.clip((m - b.mean) / b.std, 1 / b.r_max, b.r_max),
    "by the variance": lambda m, s, b: paddle.clip((m - b.mean) / (b.std * b.std), -b.d_max, b.d_max),
    "by r_max": lambda m, s, b: paddle.clip((m - b.mean) / b.std, -b.r_max, b.r_max),
}


def state(i: Inputs) -> dict[str, Any]:
    """bn_param with its defaults: the paper's bounds, a running mean of 0 and standard deviation of 1."""
    c = len(i["gamma"])
    return {**DEFAULTS, "running_mean": np.zeros(c), "running_std": np.ones(c), **i["bn_param"]}


def graph(
    s: dict[str, Any],
    *,
    r: str = "right",
    d: str = "right",
    detach_r: bool = True,
    detach_d: bool = True,
    shift_first: bool = False,
    **switches: Any,
) -> Callable[[Any, Any, Any], Any]:
    """The train-mode graph from a `state`, with one of `R`, one of `D` and the `Switches` of batch norm."""
    how = Switches(**switches)

    def norm(x: Any, gamma: Any, beta: Any) -> Any:
        mean, std = moments(x, s["eps"], how)
        bounds = Bounds(tensor(s["running_mean"]), tensor(s["running_std"]), s["r_max"], s["d_max"])
        by_r, by_d = R[r](mean, std, bounds), D[d](mean, std, bounds)
        by_r, by_d = by_r.detach() if detach_r else by_r, by_d.detach() if detach_d else by_d
        m, sd, by_r, by_d = (by_feature(v, x.ndim) for v in (mean, std, by_r, by_d))
        moved = centred(x, m, how)
        x_hat = moved / (sd if how.root else sd * sd) if how.divided else moved
        return affine((x_hat + by_d) * by_r if shift_first else x_hat * by_r + by_d, gamma, beta, how)

    return norm


def moments(x: Any, eps: float, how: Switches) -> tuple[Any, Any]:
    """(mean, std) of a batch, each (C,), with the switches for epsilon, for n - 1 and for the gradient."""
    mean, var = statistics(x, axes_of({"x": x}), how, keepdim=False)
    return mean, below(var, eps, replace(how, root=True))


# --- inputs of which some channels are corrected, and some more than the bounds allow ---

# powers of r_max and shares of d_max: inside and outside the bounds, both ways, within any four channels
POWERS = (-0.5, 1.5, -1.5, 0.5, -0.5, 0.5)
SHARES = (-0.5, 0.5, 1.5, -1.5, 0.5, -0.5)


def away(r: draws.Generator, mean: np.ndarray, std: np.ndarray, r_max: float, d_max: float) -> Inputs:
    """A running mean and standard deviation from which the batch's (C,) lie at `POWERS` and `SHARES`."""
    c = len(mean)
    order = r.permutation(c)
    powers = np.resize(POWERS, c)[order] * r.uniform(0.7, 1.2, c)
    shares = np.resize(SHARES, c)[order] * r.uniform(0.7, 1.2, c)
    running_std = std / r_max**powers
    return {"running_mean": mean - shares * d_max * running_std, "running_std": running_std}


@draws.draw
def given(
    r: draws.Generator, shape: tuple[int, ...], mode: str = "train", *, sd: float = 1.0, dtype: str = "float64",
    **settings: Any,
) -> Inputs:  # fmt: skip
    """x, gamma, beta, a gradient from above, and a bn_param with running values `away` from the batch."""
    c, s = shape[1], {**DEFAULTS, **settings}
    x = draws.batch(r, shape, sd, dtype)
    axes = axes_of({"x": x})
    mean, std = x.mean(axis=axes, dtype=np.float64), np.sqrt(x.var(axis=axes, dtype=np.float64) + s["eps"])
    kept = draws.as_type(away(r, mean, std, s["r_max"], s["d_max"]), dtype)
    gamma, beta, state = draws.scales(r, c), draws.shifts(r, c), {"mode": mode, **kept, **settings}
    given = {"x": x, "gamma": gamma, "beta": beta, "bn_param": state}
    return draws.as_type({**given, "dout": draws.upstream(r, shape, dtype)}, dtype)


def without_room(shape: tuple[int, ...]) -> draws.Draw:
    """r_max = 1 and d_max = 0: batch norm."""
    return draws.altered(
        given(shape, r_max=1.5, d_max=0.5),
        lambda i: {"bn_param": {**i["bn_param"], "r_max": 1.0, "d_max": 0.0}},
    )
