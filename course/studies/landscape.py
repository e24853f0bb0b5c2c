"""How far ahead a gradient can be trusted: the loss and the gradient met along its own direction.

At a training step, with gradient g at weights w: for lengths t, the loss at w - t g, and how far the gradient
there is from g. After Santurkar et al. 2018, arXiv 1805.11604, section 3.1 and figure 4.
"""

from itertools import product
from typing import Any

import numpy as np

from course.studies.nets import build
from course.studies.probes import loss_and_gradients, put_back
from course.studies.record import Row, Settings, Study
from course.studies.training import batches, sgd, train
from course.teaching.data import Images


def cases(settings: Settings) -> list[dict[str, Any]]:
    """Every start with every net."""
    return [{"std": std, "net": net} for std, net in product(settings["stds"], settings["nets"])]


def length(parts: list[np.ndarray]) -> float:
    """The Euclidean length of all parts together."""
    return float(np.sqrt(sum((part.astype(float) ** 2).sum() for part in parts)))


def along(net: Any, x: Any, y: Any, lengths: list[float]) -> dict[str, Any]:
    """Walk along the negative gradient and look.

    Returns:
        {'gradient': |g|, 'losses': the loss at t = 0 and at each t in `lengths`, 'distances': at each t, the
        length of the difference of the gradient there and g}.
    """
    parameters = [p for p in net.parameters() if not p.stop_gradient]
    with put_back(net):
        start = [p.numpy().copy() for p in parameters]
        here, g = loss_and_gradients(net, x, y, parameters)
        losses, distances = [here], []
        for t in lengths:
            for p, w, v in zip(parameters, start, g, strict=True):
                p.set_value(w - np.float32(t) * v)
            loss, h = loss_and_gradients(net, x, y, parameters)
            losses.append(loss)
            distances.append(length([a - b for a, b in zip(h, g, strict=True)]))
    return {"gradient": length(g), "losses": losses, "distances": distances}


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Train one net, and at the watched steps walk along the gradient of a fresh batch."""
    net = build(case["net"], images.x_train.shape[1], settings["hidden"], "relu", case["std"], seed)
    probe, rows = batches(images, settings["batch"], seed + 1000), list[Row]()

    def watch(step: int, loss: float) -> None:
        rows.append({**case, "seed": seed, "step": step, **along(net, *next(probe), settings["lengths"])})

    optimizer = sgd(net, settings["learning_rate"])
    stops = settings["watched"]
    train(net, images, optimizer, batch=settings["batch"], seed=seed, watched=stops, watch=watch)
    return rows


STUDY = Study(
    name="landscape",
    question="How far along its own direction does the gradient keep its word, with and without batch norm?",
    settings={
        "batch": 60,
        "hidden": [128, 128, 128],
        "learning_rate": 0.1,
        "lengths": [0.05, 0.1, 0.2, 0.4, 0.8],
        "nets": ["plain", "batch norm"],
        "stds": [0.05, None],
        "watched": [0, 10, 20, 30, *range(50, 1001, 50)],
    },
    cases=cases,
    measure=measure,
    columns=("std", "net", "seed", "step", "gradient", "losses", "distances"),
)
