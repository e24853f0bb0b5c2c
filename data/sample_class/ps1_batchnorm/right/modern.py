"""Type hints, Greek names, the walrus, match, keyword-only helpers and a frozen dataclass for a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def batch_moments(x: Array, /) -> tuple[Array, Array]:
    return (μ := x.mean(axis=0)), np.square(x - μ).mean(axis=0)


def normalize(x: Array, mean: Array, var: Array, eps: float = 1e-5, *, out: Array | None = None) -> Array:
    return np.divide(x - mean, np.sqrt(var + eps), out=out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    x̂: Array
    σ: Array
    γ: Array


def batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> tuple[Array, Memory]:
    ε, momentum = (bn_param.get(key, default) for key, default in {"eps": 1e-5, "momentum": 0.9}.items())
    running = {
        "running_mean": bn_param.get("running_mean", np.zeros(x.shape[1], x.dtype)),
        "running_var": bn_param.get("running_var", np.ones(x.shape[1], x.dtype)),
    }
    match bn_param:
        case {"mode": "train"}:
            μ, σ2 = batch_moments(x)
            running |= {
                key: momentum * running[key] + (1 - momentum) * value
                for key, value in zip(running, (μ, σ2), strict=True)
            }
        case {"mode": "test"}:
            μ, σ2 = running.values()
        case {"mode": other}:
            raise ValueError(f"unknown mode {other!r}")
    bn_param |= running
    memory = Memory(x̂=normalize(x, μ, σ2, ε), σ=np.sqrt(σ2 + ε), γ=gamma)
    return scale_shift(memory.x̂, gamma, beta), memory


def _grads(dout: Array, *, memory: Memory) -> tuple[Array, Array, Array]:
    γ, σ, x̂ = memory.γ, memory.σ, memory.x̂
    dγ, dβ = (dout * x̂).sum(axis=0), dout.sum(axis=0)
    return γ / σ * (dout - (dβ + x̂ * dγ) / len(dout)), dγ, dβ


def batchnorm_backward(dout: Array, cache: Memory) -> tuple[Array, Array, Array]:
    return _grads(dout, memory=cache)


def batchnorm_backward_alt(dout: Array, cache: Memory) -> tuple[Array, Array, Array]:
    return _grads(dout, memory=cache)


def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    return weight * (k := gamma / np.sqrt(var + eps)).reshape(-1, 1, 1, 1), k * (bias - mean) + beta
