"""Dropout by Paddle: its own draws, its formulas for a given mask, gradients, and the relatives of dropout.

Source: Srivastava et al. 2014, JMLR 15, 1929-1958; `paddle.nn.functional.dropout`. `p` is the probability to DROP.

| scaling            | train         | test        |
|--------------------|---------------|-------------|
| upscale_in_train   | m x / (1 - p) | x           |
| downscale_in_infer | m x           | x (1 - p)   |

What is drawn here is drawn on the CPU, where Paddle's masks depend on the seed alone: not on dtype, data or mode.
All results are numpy arrays in the device's reference dtype (float64 where it has it).
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course.reference.batch_norm import backward, tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

F = paddle.nn.functional
UPSCALE, DOWNSCALE = "upscale_in_train", "downscale_in_infer"


@contextlib.contextmanager
def drawing(seed: int) -> Iterator[None]:
    """Draw with Paddle from `seed` on the CPU, and leave its generator as it was found."""
    before = paddle.get_rng_state("cpu")
    try:
        with on_device("cpu"):
            paddle.seed(seed % 2**31)
            yield
    finally:
        paddle.set_rng_state(before, "cpu")


def masks(
    shape: Sequence[int], p: float, seed: int, count: int = 1, axis: Sequence[int] | None = None
) -> list[np.ndarray]:
    """The masks of `count` successive dropouts of Paddle after one `paddle.seed`.

    Args:
        shape: of each mask.
        p: probability to drop.
        seed: what Paddle is seeded with.
        count: how many masks.
        axis: axes along which a mask varies, the others share it; None for all.

    Returns:
        Arrays of 0 and 1, float64.
    """
    with drawing(seed):
        ones = paddle.ones(list(shape), dtype="float64")
        along = None if axis is None else list(axis)
        return [F.dropout(ones, p, axis=along, mode=DOWNSCALE).numpy() for _ in range(count)]


def dropout(x: np.ndarray, p: float, seed: int, scaling: str = UPSCALE) -> np.ndarray:
    """Paddle's dropout of x in training, with the very mask that `masks(x.shape, p, seed)` returns."""
    with drawing(seed):
        return F.dropout(tensor(x), p, training=True, mode=scaling).numpy()


def scaled(t: Any, p: float, mode: str, scaling: str) -> Any:
    """The factor of the table above on a Paddle tensor whose dropped values are 0 already; 0 where p = 1 in training."""
    if mode == "train":
        if scaling == DOWNSCALE:
            return t
        return t / (1 - p) if p < 1 else t * 0
    # Paddle's kernel for this fails on one-dimensional tensors on the CPU.
    return F.dropout(t.reshape([1, -1]), p, training=False, mode=scaling).reshape(t.shape)


def apply(
    x: np.ndarray, mask: np.ndarray, p: float, mode: str = "train", scaling: str = UPSCALE
) -> np.ndarray:
    """Dropout of x with a given mask that broadcasts to x. In mode 'test' the mask plays no part."""
    with on_device(device().name):
        t = tensor(x) * tensor(mask) if mode == "train" else tensor(x)
        return scaled(t, p, mode, scaling).numpy()


def gradient(
    x: np.ndarray, dout: np.ndarray, mask: np.ndarray, p: float, mode: str = "train", scaling: str = UPSCALE
) -> np.ndarray:
    """The gradient of sum(dout * apply(x, mask, ...)) with respect to x, by Paddle's autograd."""
    with on_device(device().name):
        t = tensor(x, gradient=True)
        out = scaled(t * tensor(mask) if mode == "train" else t * 1, p, mode, scaling)
        (dx,) = backward(out, [t], tensor(dout))
        return dx.numpy()


def convert_weights(w: np.ndarray, p: float, from_scaling: str, to_scaling: str) -> np.ndarray:
    """Weights for a net served as `to_scaling` that predicts what w predicts served as `from_scaling`.

    A layer sees its dropped-out inputs times what Paddle's dropout makes of 1 at test time; the weights make up for
    the difference between the two. p < 1.
    """
    with on_device(device().name):
        one = tensor(np.ones((1, 1)))
        served = {s: F.dropout(one, p, training=False, mode=s) for s in (UPSCALE, DOWNSCALE)}
        return (tensor(w) * (served[from_scaling] / served[to_scaling]).reshape([1])).numpy()


def dropconnect(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    mask: np.ndarray,
    p: float,
    mode: str = "train",
    scaling: str = UPSCALE,
) -> np.ndarray:
    """A linear layer whose connections and biases are dropped, anew for each sample (Wan et al. 2013, section 2).

    Args:
        x: [N, D].
        w: [D, M].
        b: (M,).
        mask: [N, D + 1, M], the biases' in the last row.
        p, mode, scaling: as for dropout, acting on the weights.

    Returns:
        [N, M].
    """
    samples = len(x)
    with on_device(device().name):
        connections = paddle.concat([tensor(w), tensor(b).unsqueeze(0)]).unsqueeze(0).tile([samples, 1, 1])
        if mode == "train":
            connections = connections * tensor(mask)
        inputs = paddle.concat([tensor(x), tensor(np.ones((samples, 1)))], axis=1).unsqueeze(1)
        return paddle.bmm(inputs, scaled(connections, p, mode, scaling)).squeeze(1).numpy()


def affine_relu_dropout(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    dout: np.ndarray,
    mask: np.ndarray,
    p: float,
    mode: str,
    scaling: str,
) -> dict[str, np.ndarray]:
    """dropout(relu(x w + b)) for x [N, D], w [D, M], b (M,), mask and dout [N, M]: out and the three gradients."""
    with on_device(device().name):
        leaves = [tensor(v, gradient=True) for v in (x, w, b)]
        hidden = F.relu(F.linear(*leaves))
        out = scaled(hidden * tensor(mask) if mode == "train" else hidden * 1, p, mode, scaling)
        dx, dw, db = backward(out, leaves, tensor(dout))
        return {"out": out.numpy(), "dx": dx.numpy(), "dw": dw.numpy(), "db": db.numpy()}


def spread(predictions: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and standard deviation (divided by n) over the first axis of predictions [n, N, K]: {'mean', 'std'}."""
    with on_device(device().name):
        t = tensor(predictions)
        return {"mean": paddle.mean(t, axis=0).numpy(), "std": paddle.std(t, axis=0, unbiased=False).numpy()}
