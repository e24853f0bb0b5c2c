"""ps2, the layer in training: the mask is read out of the student's own output, the rest is exactly Paddle's."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.chance import CALLS, batch_sharing, coin_flaws
from course.autograder.checks.dropout.masks import named
from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    TRAIN_FACTORS,
    calls,
    copies,
    drawn,
    factor_mistakes,
    nan_at_one,
    numbered,
    observe_survivors,
    param,
    product,
    same_factor,
    seed_of,
    settings,
    values,
)  # fmt: skip
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Flaw, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE, drawing
from course.reference.framework import paddle

OUTS = numbered("out", CALLS)


def layer_case(
    name: str, shape: tuple[int, ...], p: float, scaling: str | None, mode: str = "train", dtype: str = "float64",
    strided: bool = False, count: int = CALLS,
) -> Case:  # fmt: skip
    """An x for each call and one dropout_param for all."""

    def draw(r: Generator) -> Inputs:
        x = values(r, shape, dtype)
        return {
            **copies("x", Strided(x) if strided else x, count),
            "dropout_param": param(r, p, mode, scaling),
        }

    return Case(name, draw)


def outputs_with(i: Inputs, masks: list[np.ndarray], paths: tuple[str, ...] = OUTS) -> Arrays:
    """Paddle's outputs of a case's calls, each with its mask."""
    p, mode, scaling = settings(i)
    return {path: dropout.apply(i["x"], m, p, mode, scaling) for path, m in zip(paths, masks, strict=False)}


def right(i: Inputs) -> Arrays:
    """The outputs for the student's own masks; before there are any, for Paddle's."""
    return outputs_with(i, drawn(i, i["x"].shape, CALLS))


def _coins(i: Inputs, got: Arrays) -> list[Flaw]:
    if "kept" not in i:
        return []
    p, _, _ = settings(i)
    flaws = coin_flaws("out", i["kept"], p, batch_sharing(i["x"].ndim))
    if not same_factor(i, got, OUTS):
        flaws.append(Flaw("out", "Survivors are scaled unlike from call to call, or from value to value."))
    return flaws


def _fresh(make: Callable[[Inputs, float], list[np.ndarray] | None]) -> Callable[[Inputs], Arrays]:
    """A mistake that shows in how coins fall, its masks made from (inputs, p)."""

    def wrong(i: Inputs) -> Arrays:
        p, _, _ = settings(i)
        made = None if "kept" in i or not 0 < p < 1 else make(i, p)
        return {} if made is None else outputs_with(i, made)

    return wrong


def _shared(which: int) -> Callable[[Inputs, float], list[np.ndarray] | None]:
    """Paddle's dropout with the axis that makes all samples (0) or all values of a sample (1) share a coin."""

    def make(i: Inputs, p: float) -> list[np.ndarray] | None:
        shape = i["x"].shape
        own = ((0,), tuple(range(1, len(shape))))[1 - which]
        return dropout.masks(shape, p, seed_of(i), CALLS, own) if own and len(shape) > 1 else None

    return make


def _normal(i: Inputs, p: float) -> list[np.ndarray]:
    with drawing(seed_of(i)):
        return [(paddle.randn(i["x"].shape) >= p).astype("float64").numpy() for _ in range(CALLS)]


def _exact(i: Inputs, p: float) -> list[np.ndarray]:
    n = i["x"].size
    with drawing(seed_of(i)):
        tossed = [(paddle.randperm(n) >= round(p * n)).astype("float64").numpy() for _ in range(CALLS)]
    return [mask.reshape(i["x"].shape) for mask in tossed]


def _as_keep(i: Inputs) -> Arrays:
    """Keeps with probability p and divides by p: right in the courses whose p is the keep probability."""
    p, _, scaling = settings(i)
    if not 0 < p < 1:
        return {}
    masks = (
        drawn(i, i["x"].shape, CALLS)
        if "kept" in i
        else dropout.masks(i["x"].shape, 1 - p, seed_of(i), CALLS)
    )
    factor = 1 / p if scaling == UPSCALE else 1.0
    return {path: product(i["x"], m, factor) for path, m in zip(OUTS, masks, strict=False)}


def _all_outputs(i: Inputs, factor: float) -> Arrays:
    masks = drawn(i, i["x"].shape, CALLS)
    return {path: product(i["x"], m, factor) for path, m in zip(OUTS, masks, strict=False)}


def _happened(i: Inputs) -> Arrays:
    p, _, scaling = settings(i)
    if not 0 < p < 1 or scaling != UPSCALE:
        return {}
    masks = drawn(i, i["x"].shape, CALLS)
    if not all(m.any() for m in masks):
        return {}
    return {path: product(i["x"], m, 1 / float(m.mean())) for path, m in zip(OUTS, masks, strict=False)}


def _default_scaling(i: Inputs) -> Arrays:
    return _all_outputs(i, 1.0) if "scaling" not in i["dropout_param"] else {}


TRAIN_CHECK = Check(
    name="dropout_forward.train",
    assignment=ASSIGNMENT,
    points=10,
    functions=("dropout_forward",),
    steps=calls("dropout_forward", ("x", "dropout_param"), ("out", "cache"), CALLS),
    outputs=(Output("out", DROPOUT),),
    also=OUTS[1:],
    cases=(
        layer_case("upscale_in_train, p = 0.3", (14, 23), 0.3, UPSCALE),
        layer_case("downscale_in_infer, p = 0.8", (23, 14), 0.8, DOWNSCALE),
        layer_case("scaling not given, p = 0.2", (12, 27), 0.2, None),
        layer_case("upscale_in_train, p = 0.7, one axis", (311,), 0.7, UPSCALE),
        layer_case("downscale_in_infer, p = 0.1, images", (7, 5, 4, 3), 0.1, DOWNSCALE),
        layer_case("p = 0: nothing is dropped", (4, 5), 0.0, UPSCALE),
        layer_case("p = 1: everything is dropped", (5, 3), 1.0, UPSCALE),
        layer_case("float32 input", (9, 7, 5), 0.6, UPSCALE, dtype="float32"),
        layer_case("a view that is not contiguous", (13, 24), 0.25, UPSCALE, strided=True),
    ),
    reference=right,
    observe=observe_survivors(OUTS),
    properties=(_coins,),
    misconceptions=(
        Misconception(
            "default is the other scaling",
            "Where scaling is not given Paddle's default holds: upscale_in_train.",
            _default_scaling,
        ),
        *factor_mistakes(TRAIN_FACTORS, _all_outputs, "train", without=("p taken for the keep probability",)),
        named("p taken for the keep probability", _as_keep),
        named("one half instead of p", _fresh(lambda i, p: dropout.masks(i["x"].shape, 0.5, seed_of(i), CALLS))),
        named("normal instead of uniform", _fresh(_normal)),
        named("nothing is dropped", _fresh(lambda i, p: [np.ones(i["x"].shape)] * CALLS)),
        named("one mask for the whole batch", _fresh(_shared(0))),
        named("one draw for each sample", _fresh(_shared(1))),
        named(
            "the same mask on every call", _fresh(lambda i, p: dropout.masks(i["x"].shape, p, seed_of(i)) * CALLS)
        ),
        named("an exact share is dropped", _fresh(_exact)),
        Misconception(
            "scaled by the share that happened to be kept",
            "Divide by the probability 1 - p, not by the share of ones in this one mask.",
            _happened,
        ),
        nan_at_one("out", lambda i: i["x"].shape),
    ),
)  # fmt: skip

CHECKS = (TRAIN_CHECK,)
