"""Batch renormalisation, which Paddle does not have: built from Paddle's ops, with a layer for training.

Source: Ioffe 2017, arXiv 1702.03275, algorithm 1. Per channel, over every axis but 1:

    mean, std   = the batch's own, std = sqrt(biased variance + eps)
    r           = clip(std / running_std, 1 / r_max, r_max)                 a constant to the gradient
    d           = clip((mean - running_mean) / running_std, -d_max, d_max)  a constant to the gradient
    x_hat       = (x - mean) / std * r + d
    out         = gamma * x_hat + beta

As in the paper the running average is of the standard deviation, epsilon under its root, not of the
variance; at prediction x_hat = (x - running_mean) / running_std with no further epsilon. Momentum is
Paddle's: it weights the OLD value (the paper's alpha is 1 - momentum). Start: running mean 0, running
standard deviation 1. r and d are computed before the running values move on. With r_max = 1 and d_max = 0,
training is batch norm's.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course.reference.batch_norm import EPS, MOMENTUM, backward, tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle
from course.reference.remembering import remembering

Layer: Any = paddle.nn.Layer
R_MAX, D_MAX = 3.0, 5.0  # where the paper's schedules end (section 4)


@dataclass(frozen=True)
class Renormalized:
    """One train-mode step, as Paddle tensors: the output carries the graph, all else is detached."""

    out: Any
    mean: Any
    std: Any
    r: Any
    d: Any


def _by_channel(value: Any, rank: int) -> Any:
    """A (C,) against [N, C, ...]; [N, C] takes it as it is."""
    return value if rank == 2 else value.reshape([1, -1] + [1] * (rank - 2))


def correction(
    mean: Any, std: Any, running_mean: Any, running_std: Any, r_max: float = R_MAX, d_max: float = D_MAX
) -> tuple[Any, Any]:
    """(r, d), each (C,), detached, from tensors (C,)."""
    r = paddle.clip(std / running_std, 1.0 / r_max, r_max)
    d = paddle.clip((mean - running_mean) / running_std, -d_max, d_max)
    return r.detach(), d.detach()


def renormalize(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_std: Any,
    eps: float = EPS,
    r_max: float = R_MAX,
    d_max: float = D_MAX,
) -> Renormalized:
    """The train-mode step on tensors: x [N, C], [N, C, L] or [N, C, H, W], all else (C,). Differentiable."""
    axes = [a for a in range(x.ndim) if a != 1]
    mean = paddle.mean(x, axis=axes)
    centred = x - _by_channel(mean, x.ndim)
    std = paddle.sqrt(paddle.mean(centred * centred, axis=axes) + eps)
    r, d = correction(mean, std, running_mean, running_std, r_max, d_max)
    s, by_r, by_d, g, b = (_by_channel(v, x.ndim) for v in (std, r, d, gamma, beta))
    return Renormalized(g * (centred / s * by_r + by_d) + b, mean.detach(), std.detach(), r, d)


def predict(x: Any, gamma: Any, beta: Any, running_mean: Any, running_std: Any) -> Any:
    """Test mode on tensors: gamma * (x - running_mean) / running_std + beta. Differentiable."""
    m, s, g, b = (_by_channel(v, x.ndim) for v in (running_mean, running_std, gamma, beta))
    return g * (x - m) / s + b


class BatchRenorm(Layer):
    """Batch renormalisation as a layer, for [N, C], [N, C, L] and [N, C, H, W].

    Args:
        num_features: C.
        momentum: of the running values; weights the OLD one.
        epsilon: added to the variance under the root.
        r_max, d_max: bounds of the correction, plain attributes: the paper trains the first steps at 1 and 0,
            which is batch norm, and relaxes them to 3 and 5, and so may a training loop.
    """

    def __init__(
        self,
        num_features: int,
        momentum: float = MOMENTUM,
        epsilon: float = EPS,
        r_max: float = R_MAX,
        d_max: float = D_MAX,
    ) -> None:
        """Start gamma at 1, beta at 0, the running mean at 0 and the running standard deviation at 1."""
        super().__init__()
        self.momentum, self.epsilon, self.r_max, self.d_max = momentum, epsilon, r_max, d_max
        self.weight = self.create_parameter(
            [num_features], default_initializer=paddle.nn.initializer.Constant(1.0)
        )
        self.bias = self.create_parameter([num_features], is_bias=True)
        self.register_buffer("running_mean", paddle.zeros([num_features]))
        self.register_buffer("running_std", paddle.ones([num_features]))

    def forward(self, x: Any) -> Any:
        """Normalise by the corrected batch in training, and by the running values at prediction."""
        if not self.training:
            return predict(x, self.weight, self.bias, self.running_mean, self.running_std)
        step = renormalize(
            x,
            self.weight,
            self.bias,
            self.running_mean,
            self.running_std,
            self.epsilon,
            self.r_max,
            self.d_max,
        )
        old, new = self.momentum, 1 - self.momentum
        self.running_mean.set_value(old * self.running_mean + new * step.mean)
        self.running_std.set_value(old * self.running_std + new * step.std)
        return step.out


# --- the same on numpy arrays, for checks ---


def renorm_correction(
    mean: np.ndarray,
    std: np.ndarray,
    running_mean: np.ndarray,
    running_std: np.ndarray,
    r_max: float = R_MAX,
    d_max: float = D_MAX,
) -> dict[str, np.ndarray]:
    """{'r': (C,), 'd': (C,)} from statistics (C,)."""
    with on_device(device().name):
        m, s, rm, rs = (tensor(v) for v in (mean, std, running_mean, running_std))
        r, d = correction(m, s, rm, rs, r_max, d_max)
        return {"r": r.numpy(), "d": d.numpy()}


@remembering
def batch_renorm_train(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_std: np.ndarray,
    eps: float = EPS,
    momentum: float = MOMENTUM,
    r_max: float = R_MAX,
    d_max: float = D_MAX,
) -> dict[str, np.ndarray]:
    """One train-mode step: {'out': as x, 'running_mean': (C,), 'running_std': (C,)}."""
    with on_device(device().name):
        rm, rs = tensor(running_mean), tensor(running_std)
        step = renormalize(tensor(x), tensor(gamma), tensor(beta), rm, rs, eps, r_max, d_max)
        return {
            "out": step.out.numpy(),
            "running_mean": (momentum * rm + (1 - momentum) * step.mean).numpy(),
            "running_std": (momentum * rs + (1 - momentum) * step.std).numpy(),
        }


def batch_renorm_eval(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, running_mean: np.ndarray, running_std: np.ndarray
) -> np.ndarray:
    """Test mode: an array as x."""
    with on_device(device().name):
        return predict(*(tensor(v) for v in (x, gamma, beta, running_mean, running_std))).numpy()


@remembering
def batch_renorm_gradients(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    dout: np.ndarray,
    running_mean: np.ndarray,
    running_std: np.ndarray,
    eps: float = EPS,
    r_max: float = R_MAX,
    d_max: float = D_MAX,
) -> dict[str, np.ndarray]:
    """Gradients of sum(dout * out) in train mode, r and d held: {'dx', 'dgamma', 'dbeta'}."""
    with on_device(device().name):
        tx, tg, tb = (tensor(v, gradient=True) for v in (x, gamma, beta))
        step = renormalize(tx, tg, tb, tensor(running_mean), tensor(running_std), eps, r_max, d_max)
        found = backward(step.out, (tx, tg, tb), tensor(dout))
        return {name: grad.numpy() for name, grad in zip(("dx", "dgamma", "dbeta"), found, strict=True)}
