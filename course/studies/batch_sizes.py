"""Accuracy against batch size: the same number of images seen in all, cut into batches of 2 to 128.

In the fully connected net a statistic has one value of each sample to go by; in the convolutional one, each
sample brings a whole map of values. The learning rate grows with the batch, as in Wu and He 2018,
arXiv 1803.08494.
"""

from itertools import product
from typing import Any

from course.reference.framework import paddle
from course.studies.normalizers import KEEPERS, NETS
from course.studies.record import Row, Settings, Study
from course.studies.training import accuracy, sgd, train
from course.teaching.data import Images


def cases(settings: Settings) -> list[dict[str, Any]]:
    """Every normaliser of each net at every batch size."""
    pairs = [(net, norm) for net, norms in settings["norms"].items() for norm in norms]
    return [{"net": net, "norm": norm, "batch": b} for (net, norm), b in product(pairs, settings["batches"])]


def calibrate(net: Any, x: Any) -> None:
    """Replace the running statistics by those of all of x under the net as it is now."""
    for layer in net.sublayers():
        for name in ("momentum", "_momentum"):
            if hasattr(layer, name):
                setattr(layer, name, 0.0)
        if hasattr(layer, "r_max"):
            layer.r_max, layer.d_max = 1.0, 0.0
        if hasattr(layer, "history"):
            layer.k, layer.history = 1, []
    net.train()
    with paddle.no_grad():
        net(paddle.to_tensor(x))


def measure(settings: Settings, case: dict[str, Any], seed: int, images: Images) -> list[Row]:
    """Train one net; its accuracy as it comes, and after its running statistics are calibrated, on no images if 0."""
    batch, losses = case["batch"], list[float]()
    steps = settings["images_seen"][case["net"]] // batch
    seen = {**settings, "image_channels": images.channels}
    net = NETS[case["net"]](case["norm"], images.x_train.shape[1], seen, seed)

    def watch(step: int, loss: float) -> None:
        losses.append(loss)

    optimizer = sgd(net, settings["learning_rate_at_32"] * batch / 32)
    train(net, images, optimizer, batch=batch, seed=seed, watched=[steps - steps // 4, steps], watch=watch)
    right, calibrated = accuracy(net, images.x_val, images.y_val), None
    if case["norm"] in KEEPERS and settings["calibration_images"]:
        calibrate(net, images.x_train[: settings["calibration_images"]])
        calibrated = accuracy(net, images.x_val, images.y_val)
    return [
        {
            **case,
            "seed": seed,
            "steps": steps,
            "loss": losses[-1],
            "accuracy": right,
            "calibrated": calibrated,
        }
    ]


STUDY = Study(
    name="batch_sizes",
    question="How small may a batch get before batch norm falls apart, and what stands up better?",
    settings={
        "batches": [2, 4, 8, 16, 32, 64, 128],
        "calibration_images": 2000,
        "channels": [8, 16, 32],
        "groups": {"convolutional": 4, "fully connected": 8},
        "hidden": [64, 64, 64],
        "images_seen": {"convolutional": 8000, "fully connected": 16000},
        "learning_rate_at_32": 0.1,
        "norms": {
            "convolutional": ["BN", "GN", "LN", "IN"],
            "fully connected": ["plain", "BN", "GN", "LN", "BRN", "CBN"],
        },
        "window": 8,
    },
    cases=cases,
    measure=measure,
    columns=("net", "norm", "batch", "seed", "steps", "loss", "accuracy", "calibrated"),
)
