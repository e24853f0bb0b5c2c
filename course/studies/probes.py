"""Looking into a net without changing it: its parameters and buffers put back, its layers' values kept."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from course.reference.framework import paddle
from course.studies.nets import ACTIVATIONS

F = paddle.nn.functional


@contextlib.contextmanager
def put_back(net: Any) -> Iterator[None]:
    """Whatever the block does to parameters and running statistics is undone."""
    kept = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    try:
        yield
    finally:
        for name, value in net.state_dict().items():
            value.set_value(kept[name])
        net.clear_gradients()


def affine_weights(net: Any) -> list[Any]:
    """The weights [D, C] of the affine maps, from the first layer to the last."""
    return [layer.weight for layer in net.sublayers() if isinstance(layer, paddle.nn.Linear)]


def loss_and_gradients(net: Any, x: Any, y: Any, parameters: list[Any]) -> tuple[float, list[np.ndarray]]:
    """Cross entropy in train mode on one batch, and its gradient for each parameter.

    Noise in the net is drawn alike in every call: two calls differ by what was done between them alone.
    """
    net.clear_gradients()
    noise = paddle.get_rng_state()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    found = [np.zeros(p.shape, np.float32) if p.grad is None else p.grad.numpy().copy() for p in parameters]
    net.clear_gradients()
    paddle.set_rng_state(noise)
    return float(loss), found


def gradient_map(seed: int, depth: int, side: int = 25, channels: int = 8, images: int = 32) -> np.ndarray:
    """Where the middle value of a random net of 3 x 3 convolutions looks: the mean size of its gradient, [side, side].

    Args:
        seed: of the weights (He's start) and of the images.
        depth: how many convolutions, each with padding 1 and a ReLU.
        side: of the images, odd.
        channels: of every layer.
        images: how many random ones to average over.
    """
    paddle.seed(seed)
    layers: list[Any] = []
    for read in [1] + [channels] * (depth - 1):
        start = paddle.nn.initializer.KaimingNormal()
        layers += [paddle.nn.Conv2D(read, channels, 3, padding=1, weight_attr=start), paddle.nn.ReLU()]
    x = paddle.randn([images, 1, side, side])
    x.stop_gradient = False
    (dx,) = paddle.grad(paddle.nn.Sequential(*layers)(x)[:, :, side // 2, side // 2].sum(), x)
    return np.asarray(dx.abs().mean(axis=[0, 1]).numpy())


def activations(net: Any, x: Any, y: Any) -> list[dict[str, np.ndarray]]:
    """By activation, in train mode: what enters, what leaves, the gradient for what enters; each [N, C].

    The gradient is of the summed loss: how much it weighs does not depend on the batch's size.
    """
    kinds, inputs, outputs = tuple(ACTIVATIONS.values()), [], []
    with put_back(net):
        out = x
        for layer in net:
            if isinstance(layer, kinds):
                inputs.append(out)
            out = layer(out)
            if isinstance(layer, kinds):
                outputs.append(out)
        gradients = paddle.grad([F.cross_entropy(out, y, reduction="sum")], inputs)
    found = zip(inputs, outputs, gradients, strict=True)
    return [{"input": i.numpy(), "output": o.numpy(), "gradient": g.numpy()} for i, o, g in found]
