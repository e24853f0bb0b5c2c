"""ps2, the formula: a given mask applied in both modes and both scalings, exactly as Paddle applies its own."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    TEST_FACTORS,
    TRAIN_FACTORS,
    factor_mistakes,
    nan_at_one,
    product,
    seeded,
    settings,
    values,
)  # fmt: skip
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

STEPS = (Call("dropout_apply", ("x", "mask", "p", "mode", "scaling"), ("out",)),)


def mixed_mask(r: Generator, shape: tuple[int, ...], p: float) -> tuple[int, np.ndarray]:
    """A seed and Paddle's mask from it, of the first seed whose mask holds both 0 and 1, and not as many of each."""
    while True:
        seed = seeded(r).seed
        (mask,) = dropout.masks(shape, p, seed)
        if p in (0, 1) or 0 < mask.sum() < mask.size != 2 * mask.sum():
            return seed, mask


def apply_case(
    name: str,
    shape: tuple[int, ...],
    p: float,
    mode: str,
    scaling: str,
    dtype: str = "float64",
    strided: bool = False,
) -> Case:
    """x and Paddle's own mask for it, with the seed that makes Paddle draw it again."""

    def draw(r: Generator) -> Inputs:
        seed, mask = mixed_mask(r, shape, p)
        x, mask = values(r, shape, dtype), mask.astype(dtype)
        given = {"x": Strided(x), "mask": Strided(mask)} if strided else {"x": x, "mask": mask}
        return {**given, "p": p, "mode": mode, "scaling": scaling, "paddle_seed": seed}

    return Case(name, draw)


def _right(i: Inputs) -> Arrays:
    if i["mode"] == "train":
        return {"out": dropout.dropout(i["x"], i["p"], i["paddle_seed"], i["scaling"])}
    return {"out": dropout.apply(i["x"], i["mask"], i["p"], i["mode"], i["scaling"])}


def _in_training(change: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> Callable[[Inputs], Arrays]:
    """A mistake in training from (x, mask, the right factor)."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, scaling = settings(i)
        if mode != "train" or not 0 < p < 1:
            return {}
        return {"out": change(i["x"], i["mask"], 1 / (1 - p) if scaling == UPSCALE else 1.0)}

    return wrong


TRAIN_CHECK = Check(
    name="dropout_apply.train",
    assignment=ASSIGNMENT,
    points=8,
    functions=("dropout_apply",),
    steps=STEPS,
    outputs=(Output("out", DROPOUT),),
    cases=(
        apply_case("upscale_in_train, p = 0.3", (6, 5), 0.3, "train", UPSCALE),
        apply_case("downscale_in_infer, p = 0.8", (5, 7), 0.8, "train", DOWNSCALE),
        apply_case("upscale_in_train, p = 0.75, images", (2, 3, 4, 5), 0.75, "train", UPSCALE),
        apply_case("downscale_in_infer, p = 0.2, one axis", (11,), 0.2, "train", DOWNSCALE),
        apply_case("p = 0: nothing is dropped", (4, 3), 0.0, "train", UPSCALE),
        apply_case("p = 1: everything is dropped", (3, 4), 1.0, "train", UPSCALE),
        apply_case("float32 input", (7, 2, 3), 0.6, "train", UPSCALE, dtype="float32"),
        apply_case("a view that is not contiguous", (3, 8), 0.4, "train", UPSCALE, strided=True),
    ),
    reference=_right,
    misconceptions=(
        *factor_mistakes(TRAIN_FACTORS, lambda i, f: {"out": product(i["x"], i["mask"], f)}, "train"),
        Misconception(
            "mask ignored",
            "You scale, but nothing is dropped: the mask has to come in.",
            _in_training(lambda x, m, f: product(x, 1.0, f)),
        ),
        Misconception(
            "mask inverted",
            "A mask of 1 means kept; you drop those and keep the others.",
            _in_training(lambda x, m, f: product(x, 1.0 - m, f)),
        ),
        Misconception(
            "scaled by the share that happened to be kept",
            "Divide by the probability 1 - p, not by the share of ones in this one mask.",
            _in_training(lambda x, m, f: product(x, m, 1.0 / float(m.mean()) if f != 1 else 1.0)),
        ),
        nan_at_one("out", lambda i: i["x"].shape),
    ),
)


def _at_test(mistake: Callable[[float, str], tuple[bool, float]]) -> Callable[[Inputs], Arrays]:
    """A mistake at test time: whether the mask comes in, and the factor."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, scaling = settings(i)
        if mode != "test" or not 0 < p < 1:
            return {}
        masked, factor = mistake(p, scaling)
        return {"out": product(i["x"], i["mask"] if masked else 1.0, factor)}

    return wrong


TEST_CHECK = Check(
    name="dropout_apply.test",
    assignment=ASSIGNMENT,
    points=6,
    functions=("dropout_apply",),
    steps=STEPS,
    outputs=(Output("out", DROPOUT),),
    cases=(
        apply_case("upscale_in_train, p = 0.3", (5, 6), 0.3, "test", UPSCALE),
        apply_case("downscale_in_infer, p = 0.3", (6, 4), 0.3, "test", DOWNSCALE),
        apply_case("downscale_in_infer, p = 0.8, images", (2, 3, 5, 4), 0.8, "test", DOWNSCALE),
        apply_case("upscale_in_train, p = 0.7, one axis", (9,), 0.7, "test", UPSCALE),
        apply_case("downscale_in_infer, p = 1", (3, 5), 1.0, "test", DOWNSCALE),
        apply_case("upscale_in_train, p = 1", (5, 3), 1.0, "test", UPSCALE),
        apply_case("float32 input", (7, 2, 3), 0.6, "test", DOWNSCALE, dtype="float32"),
        apply_case("a view that is not contiguous", (3, 8), 0.4, "test", DOWNSCALE, strided=True),
    ),
    reference=_right,
    misconceptions=(
        *factor_mistakes(TEST_FACTORS, lambda i, f: {"out": product(i["x"], 1.0, f)}, "test"),
        Misconception(
            "mask applied at test time",
            "At test time nothing is dropped: the mask plays no part.",
            _at_test(lambda p, s: (True, 1.0 if s == UPSCALE else 1 - p)),
        ),
        Misconception(
            "mode ignored",
            "You do at test time what is done while training: look at `mode`.",
            _at_test(lambda p, s: (True, 1 / (1 - p) if s == UPSCALE else 1.0)),
        ),
    ),
)

CHECKS = (TRAIN_CHECK, TEST_CHECK)
