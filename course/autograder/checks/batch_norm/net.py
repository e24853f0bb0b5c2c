"""ps1, at work: the six-layer net."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.language import (
    BATCH_NORM,
    CANCELLING,
    Arrays,
    Case,
    Inputs,
    Mistake,
    Output,
    check,
    draws,
)
from course.autograder.checks.language.wrong import Wrong, instead, only, scaled, where
from course.reference import batch_norm_net

LAYERS = batch_norm_net.LAYERS
NAMES = tuple(
    f"{name}{k}"
    for k in range(1, LAYERS + 1)
    for name in ("W", "b", "gamma", "beta")
    if k < LAYERS or name in "Wb"
)
EARNING = ("W1", "gamma1", "beta3", "W4", "gamma5", "W6", "b6")  # the others have to be right too
BEFORE_BATCH_NORM = tuple(f"b{k}" for k in range(1, LAYERS))  # a shift that batch norm takes out again
PATHS = tuple(f"grads.{name}" for name in NAMES)


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
    return {"loss": found["loss"], **{f"grads.{name}": found[name] for name in NAMES if name in found}}


def _normalised(z: np.ndarray, gamma: Any = 1.0, beta: Any = 0.0, eps: float = 1e-5) -> np.ndarray:
    return gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + eps) + beta


def _all_alike(i: Inputs) -> bool:
    """Whether all hidden layers have one width."""
    return len({len(i["params"][f"gamma{k}"]) for k in range(1, LAYERS)}) == 1


def _the_first_for_all(i: Inputs) -> dict[str, np.ndarray]:
    first = {k: i["params"][f"{k[:-1]}1"] for k in i["params"] if k[:-1] in ("gamma", "beta")}
    return {**i["params"], **first}


def _in_test_mode(z: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """By running statistics that were never set."""
    return gamma * z / np.sqrt(1 + 1e-5) + beta


def _loss(
    norm: Callable[..., np.ndarray] = _normalised,
    last: Callable[[np.ndarray], np.ndarray] = lambda scores: scores,
    with_bias: bool = True,
) -> Wrong:
    """The loss of a net with another normaliser, with something done to its scores, or without the last bias."""

    def wrong(i: Inputs) -> Arrays:
        p, h = draws.as_type(i["params"], "float64"), i["x"].astype(np.float64)
        for k in range(1, LAYERS):
            h = np.maximum(norm(h @ p[f"W{k}"] + p[f"b{k}"], p[f"gamma{k}"], p[f"beta{k}"]), 0)
        scores = last(h @ p[f"W{LAYERS}"] + with_bias * p[f"b{LAYERS}"])
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return {"loss": -log_p[np.arange(len(i["y"])), i["y"]].mean()}

    return wrong


def _exchanged(i: Inputs) -> Arrays:
    """gamma's and beta's gradients under each other's names."""
    right = _net(i)
    other = {"gamma": "beta", "beta": "gamma"}
    named = {name: other[name[:-1]] + name[-1] for name in NAMES if name[:-1] in other}
    return {f"grads.{name}": right[f"grads.{instead}"] for name, instead in named.items()}


def _b_for_beta(i: Inputs) -> Arrays:
    right = _net(i)
    pairs = [(f"grads.b{k}", f"grads.beta{k}") for k in range(1, LAYERS)]
    return {a: right[b] for one, other in pairs for a, b in ((one, other), (other, one))}


def _handed_exchanged(i: Inputs) -> Arrays:
    """Each layer scaled by its beta and shifted by its gamma, each gradient under the name of what it belongs to."""
    other = {"gamma": "beta", "beta": "gamma"}
    name = {k: other.get(k[:-1], k[:-1]) + k[-1] for k in i["params"]}
    found = _net({**i, "params": {k: i["params"][name[k]] for k in i["params"]}})
    return {"loss": found["loss"], **{f"grads.{k}": found[f"grads.{name[k]}"] for k in NAMES}}


SIX_LAYERS = check(
    ASSIGNMENT,
    "six_layer_net",
    4,
    ("loss, grads = six_layer_net(x, y, params)",),
    outputs=(
        Output("loss", BATCH_NORM, 3),
        *(
            Output(
                f"grads.{name}",
                CANCELLING if name in BEFORE_BATCH_NORM else BATCH_NORM,
                weight=float(name in EARNING),
            )
            for name in NAMES
        ),
    ),
    cases=(
        Case("eight samples, layers of 5 to 7 units", _given(8, (4, 6, 5, 7, 6, 5, 3))),
        Case("another width in each layer", _given(11, (3, 5, 8, 4, 7, 6, 5))),
        Case("float32 input", _given(9, (5, 4, 6, 5, 4, 6, 4), "float32")),
        Case("all layers as wide as the batch", _given(6, (6,) * 7)),
        Case("fewer samples than units and classes", _given(5, (4, 7, 6, 8, 6, 7, 6))),
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
        "net run in test mode": Mistake(
            "Each block is in train mode: bn_param is {'mode': 'train'}.", _loss(_in_test_mode)
        ),
        "batch norm after the last layer": Mistake(
            "The last layer stays as it is: no batch norm after it.", _loss(last=_normalised)
        ),
        "ReLU after the last layer": Mistake(
            "The last layer stays as it is: no ReLU after it.",
            _loss(last=lambda scores: np.maximum(scores, 0)),
        ),
        "another epsilon in the blocks": Mistake(
            "bn_param says nothing of epsilon, so that it is 1e-5: yours is 1e-3.",
            _loss(lambda z, gamma, beta: _normalised(z, gamma, beta, 1e-3)),
        ),
        "gamma1 and beta1 in every layer": Mistake(
            "Each block has a gamma and a beta of its own, gamma1 to gamma5: yours has the first for all.",
            where(_all_alike, instead(_net, params=_the_first_for_all)),
        ),
        "last bias forgotten": Mistake("The last layer adds b6.", _loss(with_bias=False)),
        "loss summed over the batch": Mistake(
            "The loss is a mean over the batch; yours, or its gradient, is N times that.",
            lambda i: _net(i, reduction="sum"),
        ),
        "averaged over the batch twice": Mistake(
            "The loss's own gradient is averaged already: do not divide the gradients by N again.",
            scaled(_net, *PATHS, by=lambda i: 1 / len(i["y"])),
        ),
        "b's and beta's gradients swapped": Mistake(
            "The block returns (dx, dw, db, dgamma, dbeta): the gradients of b and beta stand under each other's names.",
            _b_for_beta,
        ),
        "gamma and beta exchanged in the layers": Mistake(
            "The block takes gamma before beta; yours are handed over in each other's place.",
            _handed_exchanged,
        ),
        "gamma's and beta's gradients swapped": Mistake(
            "The block returns (dx, dw, db, dgamma, dbeta): yours stand under each other's names.", _exchanged
        ),
    },
)

CHECKS = (SIX_LAYERS,)
