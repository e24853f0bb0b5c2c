"""Layer, group and instance normalisation by Paddle: forward and gradients.

Source: Ba, Kiros and Hinton 2016, arXiv 1607.06450; Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022;
Wu and He 2018, arXiv 1803.08494; `paddle.nn.functional.layer_norm`, `group_norm` and `instance_norm`. All
variances are biased, none of the three keeps running values, and each sample is normalised by itself:
training and prediction are the same.

Three gradients are always asked for together: on the CPU, Paddle's layer norm returns a wrong dx when
gamma's gradient is not wanted. Everything runs in the device's reference dtype: the CPU's group norm takes
its variance as the mean of squares less the squared mean, which in float32 loses everything where the mean
is large. Its gradient gets x_hat back from the output as (y - beta) / gamma and is wrong where gamma is 0:
gamma and beta are applied outside of it there. Paddle's layer norm takes epsilons up to 1e-3.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.reference.batch_norm import EPS, backward, tensor
from course.reference.device import device, on_device
from course.reference.epsilon import held
from course.reference.framework import paddle
from course.reference.remembering import remembering

F = paddle.nn.functional
Normalizer = Callable[[Any, Any, Any], Any]


def _layer(eps: float) -> Normalizer:
    eps, f = held(eps)
    return lambda x, gamma, beta: F.layer_norm(x * f, [x.shape[-1]], weight=gamma, bias=beta, epsilon=eps)


def _group(groups: int, eps: float) -> Normalizer:
    return lambda x, gamma, beta: F.group_norm(x, groups, epsilon=eps, weight=gamma, bias=beta)


def _forward(norm: Normalizer, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    with on_device(device().name):
        return norm(tensor(x), tensor(gamma), tensor(beta)).numpy()


def _gradients(
    norm: Normalizer, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dout: np.ndarray
) -> dict[str, np.ndarray]:
    with on_device(device().name):
        leaves = [tensor(v, gradient=True) for v in (x, gamma, beta)]
        found = backward(norm(*leaves), leaves, tensor(dout))
        return {name: grad.numpy() for name, grad in zip(("dx", "dgamma", "dbeta"), found, strict=True)}


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS) -> np.ndarray:
    """Normalise x [..., D] over its last axis, then scale and shift by gamma and beta (D,). An array as x."""
    return _forward(_layer(eps), x, gamma, beta)


@remembering
def layer_norm_gradients(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dout: np.ndarray, eps: float = EPS
) -> dict[str, np.ndarray]:
    """Gradients of sum(dout * layer_norm(x)): {'dx': as x, 'dgamma': (D,), 'dbeta': (D,)}."""
    return _gradients(_layer(eps), x, gamma, beta, dout)


def group_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, eps: float = EPS
) -> np.ndarray:
    """Normalise each sample of x [N, C, ...] over each of `groups` runs of C / groups neighbouring channels.

    groups = 1 is layer norm over everything but N; groups = C is instance norm. gamma and beta are (C,).
    Returns an array as x.
    """
    return _forward(_group(groups, eps), x, gamma, beta)


@remembering
def group_norm_gradients(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, dout: np.ndarray, eps: float = EPS
) -> dict[str, np.ndarray]:
    """Gradients of sum(dout * group_norm(x)): {'dx': as x, 'dgamma': (C,), 'dbeta': (C,)}."""
    along = (1, -1, *[1] * (x.ndim - 2))

    def norm(t: Any, g: Any, b: Any) -> Any:
        x_hat = _group(groups, eps)(t, paddle.ones_like(g), paddle.zeros_like(b))
        return x_hat * g.reshape(along) + b.reshape(along)

    return _gradients(norm, x, gamma, beta, dout)


def instance_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS) -> np.ndarray:
    """Normalise each sample and channel of x [N, C, H, W] by itself; gamma and beta (C,). An array as x."""
    eps, f = held(eps)
    return _forward(lambda t, g, b: F.instance_norm(t * f, weight=g, bias=b, eps=eps), x, gamma, beta)
