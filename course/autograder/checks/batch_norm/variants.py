"""Batch norm done wrong, in Paddle: one differentiable graph with a switch for each thing that can go wrong."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language import Arrays, Inputs
from course.reference import batch_norm
from course.reference.batch_norm import backward, tensor
from course.reference.device import Device, device, on_device
from course.reference.framework import paddle

RUNNING_MEAN, RUNNING_VAR = "bn_param.running_mean", "bn_param.running_var"
STATE = (RUNNING_MEAN, RUNNING_VAR)
LEAVES = ("x", "gamma", "beta")


@dataclass(frozen=True)
class Switches:
    """What one student gets wrong; every default is right.

    Attributes:
        axes: which axes the statistics run over.
        unbiased: divide the variance by n - 1.
        spread: '' for the root of the variance, or what stands for it: the mean 'absolute' deviation, the 'range', the
            'largest' magnitude.
        second: take the mean of the squares for the variance.
        eps: 'inside' the root, 'outside' it, 'twice' for both, 'squared', 'relative' to the variance, as a 'floor' under
            it, 'none', a number that stands for the one asked for, or one of `APART`.
        root: divide by the standard deviation; otherwise by the variance.
        var_squared: the square of the variance stands under the root.
        divided: divide at all.
        centred: subtract the mean.
        mean_added: add it.
        sign: of x less the mean.
        detach_mean, detach_var: keep the gradient from flowing through the statistic.
        gamma: 'right', 'forgotten', 'twice', 'over beta' (scales the shift as well), 'divides', 'plus one', or
            'exchanged' with beta.
        beta: 'right', 'forgotten', or 'subtracted'.
    """

    axes: tuple[int, ...] = (0,)
    unbiased: bool = False
    spread: str = ""
    second: bool = False
    eps: str | float = "inside"
    root: bool = True
    var_squared: bool = False
    divided: bool = True
    centred: bool = True
    mean_added: bool = False
    sign: float = 1.0
    detach_mean: bool = False
    detach_var: bool = False
    gamma: str = "right"
    beta: str = "right"


def by_feature(value: Any, rank: int) -> Any:
    """A tensor (C,) laid along axis 1 of [N, C, ...]; any other as it is."""
    return value.reshape([1, -1] + [1] * (rank - 2)) if value.ndim == 1 else value


def axes_of(i: Inputs) -> tuple[int, ...]:
    """Every axis of x but the features'."""
    return tuple(a for a in range(i["x"].ndim) if a != 1)


def eps_of(i: Inputs) -> float:
    """The case's epsilon."""
    return state(i)["eps"]


SPREADS = {
    "absolute": lambda x, centred, axes, keepdim: paddle.mean(
        paddle.abs(centred), axis=axes, keepdim=keepdim
    ),
    "range": lambda x, centred, axes, keepdim: (
        paddle.max(x, axis=axes, keepdim=keepdim) - paddle.min(x, axis=axes, keepdim=keepdim)
    ),
    "largest": lambda x, centred, axes, keepdim: paddle.max(paddle.abs(x), axis=axes, keepdim=keepdim),
}


@functools.lru_cache(maxsize=256)
def _divisor(number: int, on: Device) -> Any:
    return tensor(number)


def _variance(x: Any, axes: list[int], keepdim: bool, unbiased: bool) -> Any:
    """What `paddle.var` gives, on a CPU to the bit: that counts the values anew by half a dozen ops each time, and mistakes
    take thousands of variances of a few numbers each.
    """
    moved = x - paddle.mean(x, axis=axes, keepdim=True)
    n = math.prod(x.shape[axis] for axis in axes)
    total = paddle.sum(paddle.pow(moved, 2), axis=axes, keepdim=keepdim)
    return total / _divisor(n - unbiased, device())


def statistics(x: Any, axes: tuple[int, ...], how: Switches, keepdim: bool = True) -> tuple[Any, Any]:
    """Mean and variance of a tensor, with the switches for n - 1, for squares and for the gradient."""
    mean = paddle.mean(x, axis=list(axes), keepdim=keepdim)
    if how.spread:
        var = paddle.square(
            SPREADS[how.spread](x, x - paddle.mean(x, axis=list(axes), keepdim=True), list(axes), keepdim)
        )
    elif how.second:
        var = paddle.mean(paddle.square(x), axis=list(axes), keepdim=keepdim)
    else:
        var = _variance(x, list(axes), keepdim, how.unbiased)
    return mean.detach() if how.detach_mean else mean, var.detach() if how.detach_var else var


def graph(x: Any, gamma: Any, beta: Any, eps: float, how: Switches) -> Any:
    """The output tensor of a wrong batch norm. x [N, C, ...], gamma and beta (C,) are Paddle tensors."""
    return affine(standardized(x, *statistics(x, how.axes, how), eps, how), gamma, beta, how)


# What is divided by where root and reciprocal are taken of one summand alone, from variance and epsilon.
APART: dict[str | float, Callable[[Any, float], Any]] = {
    "roots": lambda var, eps: paddle.sqrt(var) + eps**0.5,
    "bracketless": lambda var, eps: var + eps**0.5,
    "reciprocal": lambda var, eps: 1 / (1 / paddle.sqrt(var) + eps),
    "inverse": lambda var, eps: 1 / paddle.sqrt(1 / var + eps),
    "deviation": lambda var, eps: paddle.sqrt(paddle.sqrt(var) + eps),
}


def below(var: Any, eps: float, how: Switches) -> Any:
    """What is divided by, from a variance, with the switches for epsilon and root."""
    if how.eps in APART:
        return APART[how.eps](var, eps)
    var = var * var if how.var_squared else var
    if how.eps == "relative":
        return paddle.sqrt(var * (1 + eps))
    if how.eps == "floor":
        return paddle.sqrt(paddle.clip(var, min=eps))
    inside = {"inside": eps, "twice": eps, "squared": eps**2, "outside": 0.0, "none": 0.0}
    spread = var + (how.eps if isinstance(how.eps, float) else inside[how.eps])
    root = paddle.sqrt(spread) if how.root else spread
    return root + eps if how.eps in ("outside", "twice") else root


def centred(x: Any, mean: Any, how: Switches) -> Any:
    """x less a mean, with the switches for the centre and its sign."""
    if how.mean_added:
        return x + mean
    return how.sign * (x - mean) if how.centred else x


def standardized(x: Any, mean: Any, var: Any, eps: float, how: Switches) -> Any:
    """x_hat from given statistics, with the switches for epsilon, root, centre and sign."""
    moved = centred(x, mean, how)
    return moved / below(var, eps, how) if how.divided else moved


# What x_hat is multiplied by and shifted by, from gamma and beta (which are exchanged before, where they are).
FACTORS: dict[str, Callable[[Any], Any]] = {
    "forgotten": lambda g: 1.0,
    "twice": lambda g: g * g,
    "divides": lambda g: 1.0 / g,
    "plus one": lambda g: 1.0 + g,
    "exchanged": lambda g: g,
    "right": lambda g: g,
}
SHIFTS: dict[str, Callable[[Any], Any]] = {
    "right": lambda b: b,
    "forgotten": lambda b: 0.0,
    "subtracted": lambda b: -b,
}


def affine(x_hat: Any, gamma: Any, beta: Any, how: Switches) -> Any:
    """Scale and shift along axis 1, with the switches for gamma and beta."""
    g, b = by_feature(gamma, x_hat.ndim), by_feature(beta, x_hat.ndim)
    if how.gamma == "exchanged":
        g, b = b, g
    if how.gamma == "over beta":
        return (x_hat - b if how.beta == "subtracted" else x_hat + b) * g
    return x_hat * FACTORS[how.gamma](g) + SHIFTS[how.beta](b)


def output(i: Inputs, norm: Any) -> np.ndarray:
    """`norm`, a function of the tensors (x, gamma, beta), on a case, as numpy."""
    with on_device(device().name):
        return norm(*(tensor(i[name]) for name in LEAVES)).numpy()


def slopes(i: Inputs, norm: Any) -> Arrays:
    """Gradients of sum(dout * norm(x, gamma, beta)): {'dx', 'dgamma', 'dbeta'}, 0 where nothing flows."""
    with on_device(device().name):
        leaves = [tensor(i[name], gradient=True) for name in LEAVES]
        found = backward(norm(*leaves), leaves, tensor(i["dout"]))
        return {
            f"d{name}": np.zeros(leaf.shape) if grad is None else grad.numpy()
            for name, leaf, grad in zip(LEAVES, leaves, found, strict=True)
        }


def _graph_of(i: Inputs, switches: dict[str, Any]) -> Any:
    how = Switches(**{"axes": axes_of(i), **switches})
    return lambda x, gamma, beta: graph(x, gamma, beta, eps_of(i), how)


def forward(i: Inputs, **switches: Any) -> np.ndarray:
    """`graph` on a case's x, gamma and beta, as numpy."""
    return output(i, _graph_of(i, switches))


def gradients(i: Inputs, **switches: Any) -> Arrays:
    """The gradients of `graph` on a case."""
    return slopes(i, _graph_of(i, switches))


def with_statistics(i: Inputs, mean: np.ndarray, var: np.ndarray, **switches: Any) -> np.ndarray:
    """`forward` with statistics of another origin, each (C,)."""
    how = Switches(**switches)

    def norm(x: Any, gamma: Any, beta: Any) -> Any:
        m, v = by_feature(tensor(mean), x.ndim), by_feature(tensor(var), x.ndim)
        return affine(standardized(x, m, v, eps_of(i), how), gamma, beta, how)

    return output(i, norm)


def state(i: Inputs) -> dict[str, Any]:
    """bn_param with its defaults filled in: eps, momentum, running_mean and running_var as Paddle starts them."""
    c = len(i["gamma"])
    defaults = {"eps": 1e-5, "momentum": 0.9, "running_mean": np.zeros(c), "running_var": np.ones(c)}
    return {**defaults, **i["bn_param"]}


def trained(i: Inputs, **changes: Any) -> Arrays:
    """One train step by Paddle on the paths that a check compares, with some of x, gamma, beta or the state changed."""
    a = {**i, **state(i), **changes}
    step = batch_norm.batch_norm_train(
        *(a[name] for name in (*LEAVES, "running_mean", "running_var", "eps", "momentum"))
    )
    return {"out": step["out"], RUNNING_MEAN: step["running_mean"], RUNNING_VAR: step["running_var"]}


def served(i: Inputs) -> Arrays:
    """Eval mode by Paddle on those paths; the running statistics stay as they were given."""
    a = {**i, **state(i)}
    out = batch_norm.batch_norm_eval(*(a[name] for name in (*LEAVES, "running_mean", "running_var", "eps")))
    return {
        "out": out,
        RUNNING_MEAN: np.asarray(a["running_mean"]),
        RUNNING_VAR: np.asarray(a["running_var"]),
    }


def batch_part(i: Inputs, *, unbiased: bool = False) -> Arrays:
    """The batch's own moments per feature, over every axis but 1."""
    return batch_norm.batch_moments(i["x"], axes_of(i), unbiased=unbiased)
