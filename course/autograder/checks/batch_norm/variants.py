"""Batch norm done wrong, in Paddle: one differentiable graph with a switch for each thing that can go wrong."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Arrays, Inputs
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle


@dataclass(frozen=True)
class Switches:
    """What one student gets wrong; every default is right.

    Attributes:
        axes: which axes the statistics run over.
        unbiased: divide the variance by n - 1.
        eps: 'inside' the root, 'outside' it, 'none', or a number that stands for the one asked for.
        root: divide by the standard deviation; otherwise by the variance.
        centred: subtract the mean.
        detach_mean, detach_var: keep the gradient from flowing through the statistic.
        gamma, beta: 'right', 'forgotten', or for gamma 'twice' and 'over beta' (scales the shift as well).
    """

    axes: tuple[int, ...] = (0,)
    unbiased: bool = False
    eps: str | float = "inside"
    root: bool = True
    centred: bool = True
    detach_mean: bool = False
    detach_var: bool = False
    gamma: str = "right"
    beta: str = "right"


def _by_feature(value: Any, rank: int) -> Any:
    return value.reshape([1, -1] + [1] * (rank - 2)) if value.ndim == 1 else value


def graph(x: Any, gamma: Any, beta: Any, eps: float, how: Switches) -> Any:
    """The output tensor of a wrong batch norm. x [N, C, ...], gamma and beta (C,) are Paddle tensors."""
    axes = list(how.axes)
    mean = paddle.mean(x, axis=axes, keepdim=True)
    var = paddle.var(x, axis=axes, keepdim=True, unbiased=how.unbiased)
    x_hat = standardized(
        x, mean.detach() if how.detach_mean else mean, var.detach() if how.detach_var else var, eps, how
    )
    return affine(x_hat, gamma, beta, how)


def standardized(x: Any, mean: Any, var: Any, eps: float, how: Switches) -> Any:
    """x_hat from given statistics, with the switches for epsilon, root and centre."""
    inside = eps if how.eps == "inside" else how.eps if isinstance(how.eps, float) else 0.0
    spread = var + inside
    below = paddle.sqrt(spread) if how.root else spread
    if how.eps == "outside":
        below = below + eps
    return (x - mean if how.centred else x) / below


def affine(x_hat: Any, gamma: Any, beta: Any, how: Switches) -> Any:
    """Scale and shift along axis 1, with the switches for gamma and beta."""
    g, b = _by_feature(gamma, x_hat.ndim), _by_feature(beta, x_hat.ndim)
    if how.gamma == "over beta":
        return (x_hat + b) * g
    out = x_hat
    for _ in range({"right": 1, "forgotten": 0, "twice": 2}[how.gamma]):
        out = out * g
    return out + b if how.beta == "right" else out


def forward(i: Inputs, epsilon: float, **switches: Any) -> np.ndarray:
    """`graph` on a case's x, gamma and beta, as numpy."""
    with on_device(device().name):
        return graph(
            tensor(i["x"]), tensor(i["gamma"]), tensor(i["beta"]), epsilon, Switches(**switches)
        ).numpy()


def with_statistics(
    i: Inputs, mean: np.ndarray, var: np.ndarray, epsilon: float, **switches: Any
) -> np.ndarray:
    """The same with statistics of another origin, each (C,)."""
    how = Switches(**switches)
    with on_device(device().name):
        rank = i["x"].ndim
        m, v = _by_feature(tensor(mean), rank), _by_feature(tensor(var), rank)
        return affine(
            standardized(tensor(i["x"]), m, v, epsilon, how), tensor(i["gamma"]), tensor(i["beta"]), how
        ).numpy()


def gradients(i: Inputs, epsilon: float, **switches: Any) -> Arrays:
    """Gradients of sum(dout * graph(x)): {'dx', 'dgamma', 'dbeta'}."""
    how = Switches(**switches)
    with on_device(device().name):
        leaves = [tensor(i[name], gradient=True) for name in ("x", "gamma", "beta")]
        out = graph(leaves[0], leaves[1], leaves[2], epsilon, how)
        found = paddle.grad([out], leaves, grad_outputs=[tensor(i["dout"])], allow_unused=True)
        zeros = (np.zeros(leaf.shape) for leaf in leaves)
        return {
            name: zero if grad is None else grad.numpy()
            for name, grad, zero in zip(("dx", "dgamma", "dbeta"), found, zeros, strict=True)
        }


def state(i: Inputs) -> dict[str, Any]:
    """bn_param with its defaults filled in: eps, momentum, running_mean and running_var as Paddle starts them."""
    c = i["x"].shape[1]
    defaults = {"eps": 1e-5, "momentum": 0.9, "running_mean": np.zeros(c), "running_var": np.ones(c)}
    return {**defaults, **i["bn_param"]}


def trained(i: Inputs, **changes: Any) -> dict[str, np.ndarray]:
    """`reference.batch_norm_train` on a case, with some of its arguments changed."""
    s = {
        **state(i),
        **{k: v for k, v in changes.items() if k in ("eps", "momentum", "running_mean", "running_var")},
    }
    given = {**i, **{k: v for k, v in changes.items() if k in ("x", "gamma", "beta")}}
    return batch_norm.batch_norm_train(
        given["x"],
        given["gamma"],
        given["beta"],
        s["running_mean"],
        s["running_var"],
        s["eps"],
        s["momentum"],
    )


def kept(step: dict[str, np.ndarray]) -> Arrays:
    """A train step's outputs by the paths that a check compares."""
    return {
        "out": step["out"],
        "bn_param.running_mean": step["running_mean"],
        "bn_param.running_var": step["running_var"],
    }


def batch_part(i: Inputs, *, unbiased: bool = False) -> dict[str, np.ndarray]:
    """The batch's own moments per feature, over every axis but 1."""
    axes = tuple(a for a in range(i["x"].ndim) if a != 1)
    return batch_norm.batch_moments(i["x"], axes, unbiased=unbiased)


__all__ = [
    "Switches", "affine", "batch_part", "forward", "gradients", "graph", "kept", "replace", "standardized", "state",
    "trained", "with_statistics",
]  # fmt: skip
