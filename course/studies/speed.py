"""Batches a second with and without batch norm, in turn, so that what slows one slows the other."""

import time
from typing import Any

from course.reference.framework import paddle
from course.studies.nets import build
from course.studies.record import Row, Settings, Study
from course.studies.training import batches, sgd
from course.teaching.data import Images

F = paddle.nn.functional


def cases(settings: Settings) -> list[dict[str, Any]]:
    """One case for each activation; the nets take turns inside it."""
    return [{"activation": a} for a in settings["activations"]]


def block(net: Any, optimizer: Any, source: Any, steps: int) -> float:
    """Batches per second of processor time over some training steps."""
    begun = time.process_time()
    for _ in range(steps):
        x, y = next(source)
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
        optimizer.clear_grad()
    return steps / (time.process_time() - begun)


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Blocks of steps in turn; the first block of each net warms up and is not counted."""
    shape = (images.x_train.shape[1], settings["hidden"], case["activation"], settings["std"])
    nets = {n: build(n, *shape, seed) for n in settings["nets"]}
    optimizers = {n: sgd(net, settings["learning_rate"]) for n, net in nets.items()}
    source = batches(images, settings["batch"], seed)
    rates: dict[str, list[float]] = {n: [] for n in nets}
    for _ in range(settings["blocks"] + 1):
        for n, net in nets.items():
            rates[n].append(block(net, optimizers[n], source, settings["steps"]))
    return [{**case, "net": n, "seed": seed, "batches_per_second": r[1:]} for n, r in rates.items()]


STUDY = Study(
    name="speed",
    question="What does batch norm cost in batches a second of one core?",
    settings={
        "activations": ["relu", "sigmoid"],
        "batch": 60,
        "blocks": 7,
        "hidden": [128, 128, 128],
        "learning_rate": 0.01,
        "nets": ["plain", "batch norm"],
        "std": 0.05,
        "steps": 200,
    },
    cases=cases,
    measure=measure,
    columns=("activation", "net", "seed", "batches_per_second"),
    timed=("batches_per_second",),
)
