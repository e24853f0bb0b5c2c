"""The nets that the studies compare: affine maps and activations, with something between them or nothing."""

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course.reference.framework import paddle

# Paddle's batch norm says this whenever it trains; in a notebook it would stand under every figure.
warnings.filterwarnings("ignore", message="When training, we now always track global mean and variance")

nn = paddle.nn
Layer: Any = paddle.nn.Layer
Initializer: Any = paddle.nn.initializer.Initializer
ACTIVATIONS: dict[str, type] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}
Between = Callable[[int], Any]


class Given(Initializer):
    """Starts a parameter at an array's values; Paddle's own `Assign` makes a Python number of each of them first."""

    def __init__(self, values: np.ndarray) -> None:
        """Take the values, which become float32."""
        super().__init__()
        self.values = np.asarray(values, dtype=np.float32)

    def forward(self, var: Any, block: Any = None) -> Any:
        """Fill the parameter."""
        var.set_value(self.values)
        return var


def constant(values: np.ndarray) -> Any:
    """A parameter attribute that starts a parameter at these values (as float32)."""
    return paddle.ParamAttr(initializer=Given(values))


def linear(
    fan_in: int, fan_out: int, std: float | None, rng: np.random.Generator, *, bias: bool = True
) -> Any:
    """`nn.Linear` with weights [fan_in, fan_out] from N(0, std**2) and a bias of zeros, or none.

    `std` None stands for sqrt(2 / fan_in), made for ReLU (He et al. 2015, arXiv 1502.01852).
    """
    std = (2 / fan_in) ** 0.5 if std is None else std
    weight = constant(rng.normal(0, std, (fan_in, fan_out)))
    return nn.Linear(
        fan_in, fan_out, weight_attr=weight, bias_attr=constant(np.zeros(fan_out)) if bias else False
    )


def mlp(
    sizes: Sequence[int], activation: str, std: float | None, seed: int, between: Between | None = None
) -> Any:
    """affine, `between`, activation, again and again; the last affine map stands alone.

    The same seed gives the same weights whatever stands between, so that two nets start from one place.

    Args:
        sizes: inputs, hidden layers, classes: (784, 128, 128, 128, 10).
        activation: 'relu' or 'sigmoid'.
        std: standard deviation of the weights; None for that of He et al.
        seed: of the weights.
        between: makes the layer before the activation from its number of features; takes the bias.

    Returns:
        An `nn.Sequential`; x [N, sizes[0]] -> logits [N, sizes[-1]].
    """
    rng = np.random.default_rng(seed)
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers.append(linear(fan_in, fan_out, std, rng, bias=between is None))
        if between is not None:
            layers.append(between(fan_out))
        layers.append(ACTIVATIONS[activation]())
    return nn.Sequential(*layers, linear(sizes[-2], sizes[-1], std, rng))


class NoisyBatchNorm(Layer):
    """Batch norm whose output is at once moved and stretched at random, otherwise at every step.

    While training, each feature gets a mean from U(-0.5, 0.5) and a scale from U(1, 1.25) for this step, and
    each value its own draw within 0.1 of them. What batch norm computes stays, and the steadiness of the next
    layer's input goes. The noise is Paddle's: `paddle.seed` settles it. After
    Santurkar et al. 2018, arXiv 1805.11604, section 2.2.
    """

    def __init__(self, features: int) -> None:
        """Take the number of features."""
        super().__init__()
        self.norm = nn.BatchNorm1D(features)

    def forward(self, x: Any) -> Any:
        """X [N, C] -> [N, C]."""
        out = self.norm(x)
        if not self.training:
            return out
        n, c = x.shape
        shift = paddle.uniform([c], min=-0.5, max=0.5) + paddle.uniform([n, c], min=-0.1, max=0.1)
        scale = paddle.uniform([c], min=1.0, max=1.25) + 0.1 * paddle.randn([n, c])
        return out * scale + shift


KINDS: dict[str, Between | None] = {
    "plain": None,
    "batch norm": nn.BatchNorm1D,
    "noisy batch norm": NoisyBatchNorm,
}


def build(
    kind: str, inputs: int, hidden: Sequence[int], activation: str, std: float | None, seed: int
) -> Any:
    """`mlp` with ten classes, one of `KINDS`, and Paddle's own random numbers settled by the same seed."""
    paddle.seed(seed)
    return mlp((inputs, *hidden, 10), activation, std, seed, KINDS[kind])
