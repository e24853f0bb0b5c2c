"""Internal covariate shift, measured two ways: moments that move, gradients that earlier layers' steps turn.

Ioffe and Szegedy 2015 (arXiv 1502.03167) speak of the change in the distribution of a layer's inputs during
training. Santurkar et al. 2018 (arXiv 1805.11604, definition 2.1) measure what it costs an optimiser: for one
layer, the gradient G at the present weights, and G' after the layers before it took their step.
"""

from typing import Any

import numpy as np

from course.reference.framework import paddle
from course.studies.nets import build
from course.studies.probes import activations, affine_weights, loss_and_gradients, put_back
from course.studies.record import Row, Settings, Study
from course.studies.training import accuracy, batches, sgd, train
from course.teaching.data import Images

TINY = 1e-12


def cases(settings: Settings) -> list[dict[str, Any]]:
    """The nets."""
    return [{"net": net} for net in settings["nets"]]


def turned(net: Any, x: Any, y: Any, learning_rate: float) -> list[tuple[float, float]]:
    """For each affine map but the first: (cosine of G and G', length of G' - G over the length of G)."""
    weights, found = affine_weights(net), []
    with put_back(net):
        _, before = loss_and_gradients(net, x, y, weights)
        for i in range(1, len(weights)):
            moved = weights[i - 1]
            moved.set_value(moved.numpy() - learning_rate * before[i - 1])
            _, after = loss_and_gradients(net, x, y, weights[i : i + 1])
            g, h = before[i].ravel().astype(float), after[0].ravel().astype(float)
            of_g, of_h, apart = (float(np.linalg.norm(v)) for v in (g, h, h - g))
            found.append((float(g @ h) / (of_g * of_h + TINY), apart / (of_g + TINY)))
    return found


def moments(net: Any, x: Any, y: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation of each unit's value before the activation, layer by layer."""
    return [(layer["input"].mean(axis=0), layer["input"].std(axis=0)) for layer in activations(net, x, y)]


def drift(old: list[tuple[np.ndarray, np.ndarray]], new: list[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """By layer, how far the median unit's mean went since the last look, in standard deviations as then."""
    return [float(np.median(np.abs(b - a) / (s + TINY))) for (a, s), (b, _) in zip(old, new, strict=True)]


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Train one net; at the watched steps measure the turn, and the drift over the step that follows."""
    net = build(case["net"], images.x_train.shape[1], settings["hidden"], "relu", settings["std"], seed)
    n, rate = settings["looked_at"], settings["learning_rate"]
    x, y = paddle.to_tensor(images.x_val[:n]), paddle.to_tensor(images.y_val[:n])
    probe = batches(images, settings["batch"], seed + 1000)
    rows: list[Row] = []
    last: list[Any] = []

    def watch(step: int, loss: float) -> None:
        now, turns = moments(net, x, y), turned(net, *next(probe), rate)
        gone = drift(last, now) if last else [None] * len(now)
        held = accuracy(net, images.x_val, images.y_val)
        for number, (cosine, change) in enumerate(turns, start=2):
            measured = {
                "cosine": float(cosine),
                "change": float(change),
                "drift": gone[number - 2],
                "accuracy": held,
            }
            rows.append({**case, "seed": seed, "step": step, "layer": number, **measured})
        last[:] = now

    train(
        net,
        images,
        sgd(net, rate),
        batch=settings["batch"],
        seed=seed,
        watched=settings["watched"],
        watch=watch,
    )
    return rows


STUDY = Study(
    name="covariate_shift",
    question="Does batch norm steady what a layer sees, and is that why it helps?",
    settings={
        "batch": 60,
        "hidden": [128, 128, 128],
        "learning_rate": 0.1,
        "looked_at": 500,
        "nets": ["plain", "batch norm", "noisy batch norm"],
        "std": 0.05,
        "watched": [0, *range(25, 1001, 25)],
    },
    cases=cases,
    measure=measure,
    columns=("net", "seed", "step", "layer", "cosine", "change", "drift", "accuracy"),
)
