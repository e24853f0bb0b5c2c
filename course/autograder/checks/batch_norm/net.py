"""ps1, at work: the six-layer net."""

from itertools import pairwise
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import after, only
from course.reference import batch_norm_net

SHOWN = ("W1", "gamma1", "beta3", "W4", "gamma5", "W6", "b6")
PATHS = tuple(f"grads.{name}" for name in SHOWN)


@draws.draw
def _given(r: draws.Generator, n: int, sizes: tuple[int, ...], dtype: str = "float64") -> Inputs:
    params: dict[str, np.ndarray] = {}
    for layer, (d, m) in enumerate(pairwise(sizes), start=1):
        params[f"W{layer}"], params[f"b{layer}"] = (
            draws.away_from_zero(r, (d, m), 0.1, 0.8),
            draws.shifts(r, m),
        )
        if layer < batch_norm_net.LAYERS:
            params[f"gamma{layer}"], params[f"beta{layer}"] = (
                abs(draws.scales(r, m)),
                abs(draws.shifts(r, m)) / 2,
            )
    labels = r.permutation(np.arange(n) % sizes[-1]).astype(np.int64)
    x = r.normal(size=(n, sizes[0])).astype(dtype)
    return {"x": x, "y": labels, "params": draws.as_type(params, dtype)}


def _net(i: Inputs, **how: Any) -> Arrays:
    found = batch_norm_net.six_layer_loss(i["x"], i["y"], i["params"], **how)
    return {"loss": found["loss"], **{f"grads.{name}": found[name] for name in SHOWN}}


SIX_LAYERS = check(
    ASSIGNMENT,
    "six_layer_net",
    4,
    ("loss, grads = six_layer_net(x, y, params)",),
    outputs=(Output("loss", BATCH_NORM, 3), *(Output(path, BATCH_NORM) for path in PATHS)),
    cases=(
        Case("eight samples, layers of 5 to 7 units", _given(8, (4, 6, 5, 7, 6, 5, 3))),
        Case("another width in each layer", _given(11, (3, 5, 8, 4, 7, 6, 5))),
        Case("float32 input", _given(9, (5, 4, 6, 5, 4, 6, 4), "float32")),
    ),
    reference=_net,
    mistakes={
        "batch norm missing": Mistake(
            "This is the net without batch norm: build the five hidden layers from your affine_bn_relu block.",
            only(
                lambda i: _net(i, normalised=False),
                "loss",
                *(path for path in PATHS if ".W" in path or ".b6" in path),
            ),
        ),
        "loss summed over the batch": Mistake(
            "The loss is a mean over the batch; yours, or its gradient, is N times that.",
            lambda i: _net(i, reduction="sum"),
        ),
        "averaged over the batch twice": Mistake(
            "The loss's own gradient is averaged already: do not divide the gradients by N again.",
            lambda i: after(_net, *PATHS, change=lambda gradient: gradient / len(i["y"]))(i),
        ),
    },
)

CHECKS = (SIX_LAYERS,)
