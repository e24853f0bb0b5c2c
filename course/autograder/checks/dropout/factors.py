"""Wrong factors: what values are multiplied by, in training and at test time, by those who make a mistake."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.chance.forms import Drawn, Masked
from course.autograder.checks.dropout.chance import P_AS_KEEP
from course.autograder.checks.dropout.draws import settings
from course.autograder.checks.language import Answers, Arrays, Inputs, Mistake, Mistakes
from course.autograder.checks.language.wrong import Wrong, but
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.dropout import DOWNSCALE, UPSCALE

Factor = Callable[[float, str], float | None]  # from p and scaling; None where it does not show

BY_P = "divided by p"
SWAPPED = "scaling modes swapped"
NONE_LEFT = "everything dropped at test time where p is 1"

TRAIN_FACTORS: dict[str, tuple[str, Factor]] = {
    "not scaled while training": (
        "With upscale_in_train the values that survive are divided by 1 - p, so that the expectation stays.",
        lambda p, s: 1.0 if s == UPSCALE else None,
    ),
    "scaled twice": (
        "You divide by 1 - p twice; once keeps the expectation.",
        lambda p, s: (1 - p) ** -2 if s == UPSCALE else None,
    ),
    P_AS_KEEP: (
        "p is the probability to DROP: a value survives with probability 1 - p, and that is what the scale is made of.",
        lambda p, s: 1 / p if s == UPSCALE else None,
    ),
    "multiplied where it must be divided": (
        "Survivors must grow to make up for the dropped ones: divide by 1 - p, do not multiply.",
        lambda p, s: 1 - p if s == UPSCALE else None,
    ),
    "scaling ignored while training": (
        "You scale whatever `scaling` says; with downscale_in_infer nothing is scaled while training.",
        lambda p, s: 1 / (1 - p) if s == DOWNSCALE else None,
    ),
    "test-time scale while training": (
        "The factor 1 - p of downscale_in_infer belongs to test time; while training nothing is scaled.",
        lambda p, s: 1 - p if s == DOWNSCALE else None,
    ),
    "divided by the root of 1 - p": (
        "Divide by 1 - p itself: that keeps the mean of the values, its root would keep their mean square.",
        lambda p, s: (1 - p) ** -0.5 if s == UPSCALE else None,
    ),
    "1 + p for 1 / (1 - p)": (
        "To make up for a share p that is lost, divide by 1 - p; 1 + p is another number.",
        lambda p, s: 1 + p if s == UPSCALE and p < 1 else None,
    ),
    SWAPPED: (
        "You have the two scalings the wrong way round: upscale_in_train acts while training, downscale_in_infer later.",
        lambda p, s: 1.0 if s == UPSCALE else 1 / (1 - p),
    ),
}

# The same at test time, where nothing is dropped.
TEST_FACTORS: dict[str, tuple[str, Factor]] = {
    "scaled again at test time": (
        "With upscale_in_train all scaling was done while training: at test time x goes through as it is.",
        lambda p, s: 1 - p if s == UPSCALE else None,
    ),
    NONE_LEFT: (
        "At test time nothing is dropped, not at p = 1 either: with upscale_in_train x goes through as it is.",
        lambda p, s: 0.0 if s == UPSCALE and p == 1 else None,
    ),
    "not scaled at test time": (
        "With downscale_in_infer the values are multiplied by 1 - p at test time.",
        lambda p, s: 1.0 if s == DOWNSCALE else None,
    ),
    P_AS_KEEP: (
        "p is the probability to DROP: the share that was there while training is 1 - p.",
        lambda p, s: p if s == DOWNSCALE else None,
    ),
    "divided at test time": (
        "At test time more values are there than while training, so they shrink or stay; you divide by 1 - p.",
        lambda p, s: 1 / (1 - p),
    ),
    "training's scale at test time": (
        "With upscale_in_train the division by 1 - p belongs to training alone: at test time x goes through as it is.",
        lambda p, s: (1 / (1 - p) if p < 1 else 0.0) if s == UPSCALE else None,
    ),
    "scaled twice at test time": (
        "You multiply by 1 - p twice; once gives the expectation of training.",
        lambda p, s: (1 - p) ** 2 if s == DOWNSCALE and p < 1 else None,
    ),
    "divided by 1 + p at test time": (
        "A share p of the values was missing while training: multiply by 1 - p; 1 / (1 + p) is another number.",
        lambda p, s: 1 / (1 + p) if s == DOWNSCALE and p < 1 else None,
    ),
    "multiplied by the root of 1 - p at test time": (
        "Multiply by 1 - p itself: the mean of the values is kept, not their mean square.",
        lambda p, s: (1 - p) ** 0.5 if s == DOWNSCALE and p < 1 else None,
    ),
    SWAPPED: (TRAIN_FACTORS[SWAPPED][0], lambda p, s: 1 - p if s == UPSCALE else 1.0),
}


def product(x: np.ndarray, mask: np.ndarray | float | Drawn, factor: float) -> Any:
    """x times mask times factor, in Paddle; a form where the mask is a student's own."""
    if isinstance(mask, Drawn):
        return Masked(multiple(x, 1.0, factor), mask.name)
    return multiple(x, mask, factor)


def multiple(x: np.ndarray, mask: np.ndarray | float, factor: float) -> np.ndarray:
    """The same of a mask that is known."""
    with on_device(device().name):
        result: np.ndarray = (tensor(x) * tensor(mask) * factor).numpy()
        return result


def _factor(factor: Factor, p: float, scaling: str) -> float | None:
    """A wrong factor, where there is one: at p = 0 all are 1, at p = 1 some are a division by 0."""
    try:
        return factor(p, scaling) if p > 0 else None
    except ZeroDivisionError:
        return None


def factor_mistakes(mode: str, outputs: Callable[[Inputs, float], Answers]) -> Mistakes:
    """A mistake for each wrong factor of a mode; `outputs` turns a case and a factor into what the student returns."""

    def by(factor: Factor) -> Wrong:
        def wrong(i: Inputs) -> Answers:
            p, at, scaling = settings(i)
            found = _factor(factor, p, scaling) if at == mode else None
            return {} if found is None else outputs(i, found)

        return wrong

    table = TRAIN_FACTORS if mode == "train" else TEST_FACTORS
    return {name: Mistake(advice, by(factor)) for name, (advice, factor) in table.items()}


def layer_factors(
    masked: Callable[[Inputs, float], Answers], whole: Callable[[Inputs, float], Answers]
) -> Mistakes:
    """The wrong factors of a layer with both modes: in training its outputs are `masked`, at test time `whole`.

    The keep probability is left out, which has a mask of its own in a layer, and so are the swapped scalings, which
    show as two mistakes.
    """
    train, test = factor_mistakes("train", masked), factor_mistakes("test", whole)
    return {**but(train, P_AS_KEEP, SWAPPED), **but(test, P_AS_KEEP, SWAPPED)}


def nan_at_one(output: str, shape: Callable[[Inputs], tuple[int, ...]]) -> Mistakes:
    """The mistake of those who divide by 1 - p where it is 0."""

    def wrong(i: Inputs) -> Arrays:
        nan = settings(i) == (1, "train", UPSCALE)
        return {output: np.full(shape(i), math.nan)} if nan else {}

    advice = "At p = 1 everything is dropped and the result is 0; you divide 0 by 1 - p = 0 and get NaN."
    return {"0 divided by 0 at p = 1": Mistake(advice, wrong)}
