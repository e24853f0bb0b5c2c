"""The same net with one or another normaliser after each affine map or convolution."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from course.reference.batch_renorm import BatchRenorm
from course.reference.cross_iteration import CrossIterationBatchNorm
from course.reference.framework import paddle
from course.studies.nets import constant, linear
from course.studies.record import Settings

nn = paddle.nn
Layer: Any = paddle.nn.Layer
Make = Callable[[int], Any]
KEEPERS = ("BN", "BRN", "CBN", "naive CBN")  # these predict by running statistics


def normalizer(norm: str, features: int, groups: int, maps: bool) -> Any:
    """The layer for [N, C] or, with `maps`, for [N, C, H, W]; LN is GN with one group, over C or C·H·W."""
    made: dict[str, Make] = {
        "plain": lambda c: nn.Identity(),
        "BN": nn.BatchNorm2D if maps else nn.BatchNorm1D,
        "GN": lambda c: nn.GroupNorm(groups, c),
        "LN": lambda c: nn.GroupNorm(1, c),
        "IN": nn.InstanceNorm2D,
        "BRN": BatchRenorm,
    }
    return made[norm](features)


def block(norm: str, inner: Any, features: int, groups: int, window: int, maps: bool) -> Any:
    """`inner`, its normaliser and a ReLU; cross-iteration batch norm holds `inner`, whose weight it reads."""
    if norm in ("CBN", "naive CBN"):
        rho = 0.0 if norm == "naive CBN" else 1.0  # the naive form takes remembered moments as they were
        return nn.Sequential(CrossIterationBatchNorm(inner, features, k=window, rho=rho), nn.ReLU())
    return nn.Sequential(inner, normalizer(norm, features, groups, maps), nn.ReLU())


def fully_connected(norm: str, inputs: int, settings: Settings, seed: int) -> Any:
    """Affine maps with weights after He et al.; x [N, inputs] -> logits [N, 10]."""
    rng, groups = np.random.default_rng(seed), settings["groups"]["fully connected"]
    layers = [
        block(norm, linear(a, b, None, rng, bias=False), b, groups, settings["window"], maps=False)
        for a, b in pairwise([inputs, *settings["hidden"]])
    ]
    last = settings["hidden"][-1]
    return nn.Sequential(*layers, linear(last, 10, last**-0.5, rng))


class Image(Layer):
    """A flat image [N, channels * side * side] as [N, channels, side, side]."""

    def __init__(self, channels: int, side: int) -> None:
        """Take the number of channels, and the height and width."""
        super().__init__()
        self.channels, self.side = channels, side

    def forward(self, x: Any) -> Any:
        """Reshape."""
        return x.reshape([-1, self.channels, self.side, self.side])


def convolution(channels: int, features: int, rng: np.random.Generator) -> Any:
    """A 3 x 3 convolution with stride 2 and padding 1, without bias, its weights after He et al."""
    weight = rng.normal(0, (2 / (9 * channels)) ** 0.5, (features, channels, 3, 3))
    return nn.Conv2D(
        channels, features, 3, stride=2, padding=1, weight_attr=constant(weight), bias_attr=False
    )


def convolutional(norm: str, inputs: int, settings: Settings, seed: int) -> Any:
    """Convolutions that halve the image each time, then one affine map; x [N, inputs] -> logits [N, 10]."""
    rng, groups = np.random.default_rng(seed), settings["groups"]["convolutional"]
    colours = settings.get("image_channels", 1)
    side = round((inputs / colours) ** 0.5)
    layers: list[Any] = [Image(colours, side)]
    for a, b in pairwise([colours, *settings["channels"]]):
        layers.append(block(norm, convolution(a, b, rng), b, groups, settings["window"], maps=True))
        side = (side + 1) // 2
    flat = side * side * settings["channels"][-1]
    return nn.Sequential(*layers, nn.Flatten(), linear(flat, 10, flat**-0.5, rng))


NETS: dict[str, Callable[[str, int, Settings, int], Any]] = {
    "convolutional": convolutional,
    "fully connected": fully_connected,
}
