"""What enters each activation, and the gradient that reaches it, by layer and step."""

from itertools import product
from typing import Any

import numpy as np

from course.reference.framework import paddle
from course.studies.nets import build
from course.studies.probes import activations
from course.studies.record import Row, Settings, Study
from course.studies.training import sgd, train
from course.teaching.data import Images


def cases(settings: Settings) -> list[dict[str, Any]]:
    """Every start with every net."""
    starts = product(settings["starts"], settings["nets"])
    return [{"activation": activation, "std": std, "net": net} for (activation, std), net in starts]


def counts(values: np.ndarray, span: list[float], bins: int) -> list[float]:
    """The share of values in each of `bins` equal bins over `span`; what lies outside is in the outermost."""
    found, _ = np.histogram(np.clip(values, span[0], span[1]), bins=bins, range=(span[0], span[1]))
    return (found / values.size).round(4).tolist()


def summary(layer: dict[str, np.ndarray], settings: Settings) -> dict[str, Any]:
    """Shares by bin and a few numbers for one activation of one net at one step.

    `flat`: the share of values where the activation's slope is under a hundredth of its largest, so that the
    value passes next to no gradient back: |x| > 6 for the sigmoid, about; x <= 0 for ReLU.
    """
    entering, leaving, gradient = layer["input"], layer["output"], np.abs(layer["gradient"])
    slope = leaving * (1 - leaving) * 4 if settings["sigmoid"] else (leaving > 0)
    with np.errstate(divide="ignore"):
        exponent = np.log10(gradient)
    return {
        "mean_of_input": float(entering.mean()),
        "std_of_input": float(entering.std()),
        "flat": float((slope < 0.01).mean()),
        "gradient_rms": float(np.sqrt((gradient**2).mean())),
        "shares": counts(entering, settings["span"], settings["bins"]),
        "gradient_shares": counts(exponent, settings["gradient_span"], settings["bins"]),
    }


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Train one net and look at every activation at the watched steps, on the same validation images."""
    net = build(
        case["net"], images.x_train.shape[1], settings["hidden"], case["activation"], case["std"], seed
    )
    n = settings["looked_at"]
    x, y = paddle.to_tensor(images.x_val[:n]), paddle.to_tensor(images.y_val[:n])
    here = {**settings, "sigmoid": case["activation"] == "sigmoid"}
    rows: list[Row] = []

    def watch(step: int, loss: float) -> None:
        for number, layer in enumerate(activations(net, x, y), start=1):
            rows.append({**case, "seed": seed, "step": step, "layer": number, **summary(layer, here)})

    train(net, images, sgd(net, settings["learning_rate"]), batch=settings["batch"], seed=seed,
          watched=settings["watched"], watch=watch)  # fmt: skip
    return rows


STUDY = Study(
    name="histograms",
    question="What enters each activation, and how much gradient reaches it, with and without batch norm?",
    settings={
        "batch": 60,
        "bins": 40,
        "gradient_span": [-8.0, 1.0],
        "hidden": [128, 128, 128],
        "learning_rate": 0.01,
        "looked_at": 500,
        "nets": ["plain", "batch norm"],
        "span": [-6.0, 6.0],
        "starts": [["relu", 0.05], ["sigmoid", 0.05], ["sigmoid", 10.0]],
        "watched": [0, 100, 1000, 3000],
    },
    cases=cases,
    measure=measure,
    columns=(
        "activation", "std", "net", "seed", "step", "layer",
        "mean_of_input", "std_of_input", "flat", "gradient_rms", "shares", "gradient_shares",
    ),
)  # fmt: skip
