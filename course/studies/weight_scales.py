"""How good a net of six affine maps gets from weights of twenty sizes, with and without batch norm."""

from dataclasses import replace
from itertools import product
from typing import Any

from course.reference.framework import paddle
from course.studies.nets import build
from course.studies.record import Row, Settings, Study
from course.studies.training import accuracy, train
from course.teaching.data import Images

SCALES = [float(f"{10 ** (-4 + 4 * i / 19):.4g}") for i in range(20)]


def cases(settings: Settings) -> list[dict[str, Any]]:
    """Every net at every scale."""
    return [{"net": net, "std": std} for net, std in product(settings["nets"], settings["stds"])]


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Train on a part of the images with Adam; keep the best accuracies and the last loss."""
    n = settings["training_images"]
    few = replace(images, x_train=images.x_train[:n], y_train=images.y_train[:n])
    net = build(case["net"], images.x_train.shape[1], settings["hidden"], "relu", case["std"], seed)
    optimizer = paddle.optimizer.Adam(learning_rate=settings["learning_rate"], parameters=net.parameters())
    seen: list[tuple[float, float, float]] = []

    def watch(step: int, loss: float) -> None:
        seen.append((accuracy(net, few.x_train, few.y_train), accuracy(net, few.x_val, few.y_val), loss))

    steps = range(settings["watch_every"], settings["steps"] + 1, settings["watch_every"])
    train(net, few, optimizer, batch=settings["batch"], seed=seed, watched=steps, watch=watch)
    fit, held, losses = zip(*seen, strict=True)
    row = {"seed": seed, "best_training": max(fit), "best_validation": max(held), "last_loss": losses[-1]}
    return [{**case, **row}]


STUDY = Study(
    name="weight_scales",
    question="How small, and how large, may a six-layer net's weights start for it to learn?",
    settings={
        "batch": 50,
        "hidden": [100] * 5,
        "learning_rate": 0.001,
        "nets": ["plain", "batch norm"],
        "stds": SCALES,
        "steps": 200,
        "training_images": 1000,
        "watch_every": 20,
    },
    cases=cases,
    measure=measure,
    columns=("net", "std", "seed", "best_training", "best_validation", "last_loss"),
)
