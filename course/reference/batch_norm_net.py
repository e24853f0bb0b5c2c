"""Batch norm at work, by Paddle: the affine - batch norm - ReLU block, and a six-layer net made of five of them."""

from typing import Any

import numpy as np

from course.reference.batch_norm import EPS, MOMENTUM, F, backward, nobodys_state, tensor
from course.reference.device import device, on_device
from course.reference.epsilon import held
from course.reference.framework import paddle
from course.reference.remembering import remembering

LAYERS = 6


def block(
    x: Any, w: Any, b: Any, gamma: Any, beta: Any, state: tuple[Any, Any], eps: float, momentum: float
) -> Any:
    """relu(batch_norm(x @ w + b)) in train mode on tensors.

    `state`, the running mean and variance, is updated: in the units of `course/reference/epsilon.py`, times its factor and
    the factor's square.
    """
    eps, f = held(eps)
    z = F.linear(x, w, b)
    z = z if f == 1 else z * f
    return F.relu(F.batch_norm(z, *state, gamma, beta, training=True, epsilon=eps, momentum=momentum))


@remembering
def affine_bn_relu(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    dout: np.ndarray,
    eps: float = EPS,
    momentum: float = MOMENTUM,
) -> dict[str, np.ndarray]:
    """The block forward and back in train mode.

    Args:
        x: [N, D]. w: [D, M]. b, gamma, beta, running_mean, running_var: (M,). dout: [N, M].

    Returns:
        {'out', 'running_mean', 'running_var', 'dx', 'dw', 'db', 'dgamma', 'dbeta'}, each shaped as what it belongs to.
        The running variance is as the device keeps it; see `Device.running_variance`.
    """
    with on_device(device().name):
        leaves = [tensor(value, gradient=True) for value in (x, w, b, gamma, beta)]
        f = held(eps)[1]
        state = (tensor(running_mean, times=f), tensor(running_var, times=f * f))
        tx, tw, tb, tg, tbeta = leaves
        out = block(tx, tw, tb, tg, tbeta, state, eps, momentum)
        grads = backward(out, leaves, tensor(dout))
        named = {
            f"d{name}": grad.numpy()
            for name, grad in zip(("x", "w", "b", "gamma", "beta"), grads, strict=True)
        }
        return {"out": out.numpy(), "running_mean": state[0].numpy() / f, **named}


def six_layer_loss(
    x: np.ndarray,
    y: np.ndarray,
    params: dict[str, np.ndarray],
    *,
    reduction: str = "mean",
    normalised: bool = True,
) -> dict[str, np.ndarray]:
    """Loss and gradients of five affine - batch norm - ReLU blocks and a last affine layer under cross entropy.

    Args:
        x: [N, D]. y: (N,) int64 labels.
        params: 'W1'..'W6' [in, out], 'b1'..'b6' (out,), 'gamma1'..'gamma5', 'beta1'..'beta5' (out,).
        reduction: of the cross entropy over the batch.
        normalised: whether the batch norms are there.

    Returns:
        {'loss': (), and a gradient for each parameter by its name}.
    """
    with on_device(device().name):
        leaves = {name: tensor(value, gradient=True) for name, value in params.items()}
        h = tensor(x)
        for layer in range(1, LAYERS):
            w, b, gamma, beta = (leaves[f"{name}{layer}"] for name in ("W", "b", "gamma", "beta"))
            m = w.shape[1]
            if normalised:
                h = block(
                    h,
                    w,
                    b,
                    gamma,
                    beta,
                    state=nobodys_state(m, device()),
                    eps=EPS,
                    momentum=MOMENTUM,
                )
            else:
                h = F.relu(F.linear(h, w, b))
        scores = F.linear(h, leaves[f"W{LAYERS}"], leaves[f"b{LAYERS}"])
        loss = F.cross_entropy(scores, paddle.to_tensor(np.asarray(y, dtype=np.int64)), reduction=reduction)
        found = backward(loss, list(leaves.values()))
        grads = {
            name: np.zeros_like(params[name]) if grad is None else grad.numpy()
            for name, grad in zip(leaves, found, strict=True)
        }
        return {"loss": loss.numpy(), **grads}
