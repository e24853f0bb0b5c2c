"""Batch normalisation by Paddle: forward, running statistics, gradients, and folding into a convolution.

Source: Ioffe and Szegedy 2015, arXiv 1502.03167, algorithms 1 and 2; `paddle.nn.functional.batch_norm`.
Conventions are Paddle's: momentum weights the OLD running value; the variance that normalises and the one
that is kept are both biased (divided by n); running mean starts at 0 and running variance at 1.
All results are numpy arrays in the device's reference dtype (float64 where it has it).
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.reference.device import Device, device, on_device
from course.reference.epsilon import held
from course.reference.framework import paddle
from course.reference.remembering import remembering

F = paddle.nn.functional
EPS = 1e-5
MOMENTUM = 0.9
CPU = paddle.CPUPlace()
# How Paddle makes a tensor, without the look at other ways to ask for one that `paddle.Tensor` takes each time.
_fill = getattr(paddle, "original_init", paddle.Tensor.__init__)


def tensor(value: Any, *, times: float = 1.0, gradient: bool = False) -> Any:
    """A Paddle tensor in the reference dtype, contiguous, on the chosen device; scaled, where epsilon asks for it."""
    array = np.ascontiguousarray(value, dtype=device().dtype)
    if times != 1.0:
        array = array * times
    if (
        device().name == "cpu"
    ):  # an empty tensor that takes a copy of the array: a third of what `to_tensor` takes for it
        made = paddle.Tensor.__new__(paddle.Tensor)
        _fill(made)
        made.get_tensor().set(array, CPU)
        if gradient:
            made.stop_gradient = False
        return made
    made = paddle.to_tensor(array)
    made.stop_gradient = not gradient
    return made


def backward(out: Any, leaves: Sequence[Any], dout: Any = None) -> list[Any]:
    """Gradients of sum(dout * out), or of sum(out), as tensors; None for a leaf that `out` does not depend on.

    By `paddle.autograd.backward`, which goes through the whole graph: `paddle.grad` first looks for the part of it that
    is asked for, and on a case of a check takes as long for that as for the gradients.

    Args:
        out: a tensor, whose graph is gone afterwards.
        leaves: tensors made for this alone, by `tensor(..., gradient=True)`: what was in their `grad` would be added.
        dout: as `out`.
    """
    paddle.autograd.backward([out], None if dout is None else [dout])
    return [leaf.grad for leaf in leaves]


@functools.lru_cache(maxsize=64)
def nobodys_state(features: int, on: Device) -> tuple[Any, Any]:
    """A running mean and variance for a train-mode step that nobody asks for them: the step writes them and never reads them.

    Args:
        features: how many.
        on: the device that computes.
    """
    return tensor(np.zeros(features)), tensor(np.ones(features))


def _layout(x: np.ndarray) -> str:
    return {2: "NC", 3: "NCL", 4: "NCHW"}[x.ndim]


@remembering
def batch_moments(
    x: np.ndarray, axis: tuple[int, ...] = (0,), *, unbiased: bool = False
) -> dict[str, np.ndarray]:
    """Mean and variance over `axis`: {'mean', 'var'}, one value for each feature that remains."""
    with on_device(device().name):
        t = tensor(x)
        mean, var = paddle.mean(t, axis=list(axis)), paddle.var(t, axis=list(axis), unbiased=unbiased)
        return {"mean": mean.numpy(), "var": var.numpy()}


def normalize(x: np.ndarray, mean: np.ndarray, var: np.ndarray, eps: float = EPS) -> np.ndarray:
    """(x - mean) / sqrt(var + eps) for x [N, D], by batch norm in eval mode with no scale and no shift."""
    ones, zeros = np.ones_like(mean), np.zeros_like(mean)
    return batch_norm_eval(x, ones, zeros, mean, var, eps)


def scale_shift(x_hat: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """gamma * x_hat + beta for x_hat [N, D]."""
    with on_device(device().name):
        return (tensor(gamma) * tensor(x_hat) + tensor(beta)).numpy()


@remembering
def batch_norm_train(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    eps: float = EPS,
    momentum: float = MOMENTUM,
) -> dict[str, np.ndarray]:
    """One train-mode step on [N, C], [N, C, L] or [N, C, H, W].

    Returns:
        {'out': as x, 'running_mean': (C,), 'running_var': (C,)}; the running variance holds the biased
        estimate on every device.
    """
    eps, f = held(eps)
    with on_device(device().name):
        rm, rv = tensor(running_mean, times=f), tensor(running_var, times=f * f)
        out = F.batch_norm(
            tensor(x, times=f), rm, rv, tensor(gamma), tensor(beta),
            training=True, momentum=momentum, epsilon=eps, data_format=_layout(x),
        )  # fmt: skip
        kept = rv.numpy() / (f * f)
    if device().running_variance == "unbiased":
        n = x.size // x.shape[1]
        old = momentum * np.asarray(running_var, dtype=kept.dtype)
        kept = old + (kept - old) * (n - 1) / n
    return {"out": out.numpy(), "running_mean": rm.numpy() / f, "running_var": kept}


def batch_norm_eval(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, var: np.ndarray, eps: float = EPS
) -> np.ndarray:
    """Eval mode: normalise by the given statistics. Shapes as in `batch_norm_train`; returns an array as x."""
    eps, f = held(eps)
    with on_device(device().name):
        out = F.batch_norm(
            tensor(x, times=f), tensor(mean, times=f), tensor(var, times=f * f), tensor(gamma), tensor(beta),
            training=False, epsilon=eps, data_format=_layout(x),
        )  # fmt: skip
        return out.numpy()


@remembering
def batch_norm_gradients(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dout: np.ndarray, eps: float = EPS
) -> dict[str, np.ndarray]:
    """Gradients of sum(dout * batch_norm(x)) in train mode: {'dx': as x, 'dgamma': (C,), 'dbeta': (C,)}.

    The three are asked for together: Paddle's kernel returns None for the parameters when x is not asked for.
    """
    eps, f = held(eps)
    with on_device(device().name):
        tx = tensor(x, times=f, gradient=True)
        tg, tb = (tensor(v, gradient=True) for v in (gamma, beta))
        out = F.batch_norm(
            tx, *nobodys_state(x.shape[1], device()), tg, tb,
            training=True, epsilon=eps, data_format=_layout(x),
        )  # fmt: skip
        dx, dgamma, dbeta = backward(out, (tx, tg, tb), tensor(dout))
        return {"dx": dx.numpy() * f, "dgamma": dgamma.numpy(), "dbeta": dbeta.numpy()}


def fold_batch_norm(
    weight: np.ndarray,
    bias: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray,
    var: np.ndarray,
    eps: float = EPS,
) -> dict[str, np.ndarray]:
    """Weight and bias of the one convolution that equals conv2d followed by batch norm in eval mode.

    Batch norm in eval mode is affine per output channel, so it acts on the kernel itself, output channels
    standing where the features do, without mean and shift; and on the bias with them.

    Args:
        weight: [O, C, kh, kw].
        bias: (O,).
        gamma, beta, mean, var: (O,).
        eps: added to var.

    Returns:
        {'weight': [O, C, kh, kw], 'bias': (O,)}.
    """
    zeros = np.zeros_like(mean)
    by_output = np.moveaxis(weight, 0, 1)
    folded = batch_norm_eval(by_output, gamma, zeros, zeros, var, eps)
    return {
        "weight": np.moveaxis(folded, 1, 0),
        "bias": batch_norm_eval(bias[None, :], gamma, beta, mean, var, eps)[0],
    }
