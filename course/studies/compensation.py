"""How wrong remembered moments are after some steps of training, as they were and corrected to first order."""

from typing import Any

import numpy as np

from course.reference.cross_iteration import compensated, moments_of, record
from course.reference.framework import paddle
from course.studies.nets import build
from course.studies.training import batches, sgd
from course.teaching.data import Images

F = paddle.nn.functional


def entering(net: Any, x: Any) -> list[Any]:
    """What leaves each affine map but the last, before batch norm: [N, C] for every hidden layer."""
    found, out = [], x
    for layer in net:
        out = layer(out)
        if isinstance(layer, paddle.nn.Linear):
            found.append(out)
    return found[:-1]


def hidden_maps(net: Any) -> list[Any]:
    """The affine maps of the hidden layers."""
    return [layer for layer in net if isinstance(layer, paddle.nn.Linear)][:-1]


def apart(mean: Any, truth: Any, deviation: Any) -> float:
    """The mean distance of two means, in deviations."""
    return float(((mean - truth).abs() / deviation).mean())


def moment_errors(
    images: Images, seed: int, *, window: int = 8, steps: int = 100, batch: int = 8, rate: float = 0.1
) -> np.ndarray:
    """Train a net with batch norm, and at each step compare what the last batches' means were with what they are.

    The truth is the same old batch sent through the net as it is now.

    Args:
        images: to train on.
        seed: of weights and batches.
        window: how many steps back to look, less one.
        steps: of training.
        batch: its size.
        rate: the learning rate.

    Returns:
        [hidden layer, (remembered, corrected), j - 1] for j = 1 .. window - 1 steps back: the error of a mean in
        deviations, averaged over units and steps.
    """
    net = build("batch norm", images.x_train.shape[1], [32, 32], "relu", None, seed)
    optimizer, source = sgd(net, rate), batches(images, batch, seed)
    past: list[tuple[Any, list[Any]]] = []
    found = []
    for _ in range(steps):
        x, y = next(source)
        notes = [record(z, m.weight) for z, m in zip(entering(net, x), hidden_maps(net), strict=True)]
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
        optimizer.clear_grad()
        past = [(x, notes), *past][: window - 1]
        if len(past) == window - 1:
            with paddle.no_grad():
                found.append([errors_of(net, old, kept) for old, kept in past])
    return np.moveaxis(np.mean(found, axis=0), 0, -1)


def errors_of(net: Any, x: Any, notes: list[Any]) -> list[tuple[float, float]]:
    """(remembered, corrected) for each hidden layer, for one old batch."""
    errors = []
    for z, layer, note in zip(entering(net, x), hidden_maps(net), notes, strict=True):
        truth, second = moments_of(z)
        deviation = paddle.sqrt(second - truth * truth + 1e-12)
        corrected = compensated(note, "mean", layer.weight.detach())
        errors.append((apart(note["mean"], truth, deviation), apart(corrected, truth, deviation)))
    return errors
