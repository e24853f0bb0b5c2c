"""Accuracy against batch size: the same images seen in all, cut into batches of 2 to 128, for five normalisers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.data import Images
from course.reference.batch_renorm import D_MAX, R_MAX, BatchRenorm
from course.reference.cross_iteration import CrossIterationBatchNorm
from course.reference.framework import paddle
from course.studies.nets import constant, linear
from course.studies.record import Row, Settings, Study
from course.studies.training import accuracy, sgd, train

nn = paddle.nn
Block = Callable[[Any, int, Settings], Any]


def followed_by(make: Callable[[int], Any]) -> Block:
    """The affine map, then a normaliser made for its number of outputs."""
    return lambda inner, features, settings: nn.Sequential(inner, make(features))


BLOCKS: dict[str, Block] = {
    "BN": followed_by(nn.BatchNorm2D),
    "GN": lambda inner, features, settings: nn.Sequential(inner, nn.GroupNorm(settings["groups"], features)),
    "LN": followed_by(lambda features: nn.GroupNorm(1, features)),
    "IN": followed_by(nn.InstanceNorm2D),
    "BRN": followed_by(BatchRenorm),
    "CBN": lambda inner, features, settings: CrossIterationBatchNorm(inner, features, k=settings["window"]),
}


def convolution(channels: int, features: int, stride: int, rng: np.random.Generator) -> Any:
    """A 3 x 3 convolution without bias, its weights from N(0, 2 / (9 * channels)) (He et al. 2015)."""
    weight = rng.normal(0, (2 / (9 * channels)) ** 0.5, (features, channels, 3, 3))
    return nn.Conv2D(
        channels, features, 3, stride=stride, padding=1, weight_attr=constant(weight), bias_attr=False
    )


def small_cnn(norm: str, side: int, settings: Settings, seed: int) -> Any:
    """Convolutions of stride 2, each with its normaliser and a ReLU, then one affine map; x [N, side * side]."""
    rng, channels, layers = np.random.default_rng(seed), 1, [Image(side)]
    for features in settings["channels"]:
        layers += [BLOCKS[norm](convolution(channels, features, 2, rng), features, settings), nn.ReLU()]
        channels, side = features, (side + 1) // 2
    inputs = channels * side * side
    return nn.Sequential(*layers, nn.Flatten(), linear(inputs, 10, inputs**-0.5, rng))


class Image(nn.Layer):
    """A flat image [N, side * side] as [N, 1, side, side]."""

    def __init__(self, side: int) -> None:
        """Take height and width."""
        super().__init__()
        self.side = side

    def forward(self, x: Any) -> Any:
        """Reshape."""
        return x.reshape([-1, 1, self.side, self.side])
