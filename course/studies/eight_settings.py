"""Two weight scales, two learning rates, two activations; each net with and without batch norm."""

from itertools import product
from typing import Any

from course.studies.nets import build
from course.studies.record import Row, Settings, Study
from course.studies.training import accuracy, sgd, train
from course.teaching.data import Images

WATCHED = [0, *range(50, 1000, 50), *range(1000, 3000, 100), *range(3000, 20_001, 500)]
AXES = ("std", "learning_rate", "activation")
SHORT_RUNS = [[0.05, 0.01, "relu"], [0.05, 2.0, "relu"], [0.05, 2.0, "sigmoid"]]


def cases(settings: Settings) -> list[dict[str, Any]]:
    """The sixteen nets."""
    axes = product(settings["stds"], settings["learning_rates"], settings["activations"], settings["nets"])
    return [dict(zip((*AXES, "net"), c, strict=True)) for c in axes]


def watched(settings: Settings, case: dict[str, Any]) -> list[int]:
    """The steps at which this case is watched: the short runs end where what is asked of them is settled."""
    short = [case[a] for a in AXES] in settings["short_runs"]
    return [s for s in settings["watched"] if s <= settings["short_steps"] or not short]


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Train one net; a net whose weights are no numbers any more keeps its last accuracy to the end."""
    net = build(
        case["net"], images.x_train.shape[1], settings["hidden"], case["activation"], case["std"], seed
    )
    curve: list[float] = []
    losses: list[float | None] = []
    steps = watched(settings, case)

    def watch(step: int, loss: float) -> None:
        curve.append(accuracy(net, images.x_val, images.y_val))
        losses.append(loss)

    died = train(
        net, images, sgd(net, case["learning_rate"]),
        batch=settings["batch"], seed=seed, watched=steps, watch=watch,
    )  # fmt: skip
    missing = len(steps) - len(curve)
    row = {
        "seed": seed,
        "died": died,
        "accuracy": curve + curve[-1:] * missing,
        "loss": losses + [None] * missing,
    }
    return [{**case, **row}]


STUDY = Study(
    name="eight_settings",
    question="In which of eight settings does a net learn sooner with batch norm, or at all?",
    settings={
        "activations": ["relu", "sigmoid"],
        "batch": 60,
        "hidden": [128, 128, 128],
        "learning_rates": [0.01, 2.0],
        "nets": ["plain", "batch norm"],
        "short_runs": SHORT_RUNS,
        "short_steps": 3000,
        "stds": [0.05, 10.0],
        "watched": WATCHED,
    },
    cases=cases,
    measure=measure,
    columns=("std", "learning_rate", "activation", "net", "seed", "died", "accuracy", "loss"),
)
