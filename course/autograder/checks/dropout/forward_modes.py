"""ps2, the layer's generator and its test mode."""

from functools import partial

import numpy as np

from course.autograder.checks.chance.coins import SAME_MASK
from course.autograder.checks.chance.readers import NotZero
from course.autograder.checks.dropout.chance import IGNORED
from course.autograder.checks.dropout.draws import (
    ASSIGNMENT,
    default,
    layer,
    param,
    seed_of,
    settings,
    values,
)
from course.autograder.checks.dropout.factors import factor_mistakes, product
from course.autograder.checks.dropout.forward import LAYER, outputs
from course.autograder.checks.dropout.layer import AGAIN_CALLED, Layer, observe_survivors, told
from course.autograder.checks.dropout.masks import repeats
from course.autograder.checks.language import DROPOUT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.seen import unseen
from course.autograder.checks.language.wrong import where
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

# --- the generator -------------------------------------------------------------------------------------------


@draw
def twins(r: Generator, shape: tuple[int, ...], p: float, scaling: str) -> Inputs:
    """An x for each of three calls, and dropout_param twice from one seed."""
    x, given = values(r, shape), param(r, p, "train", scaling)
    return {"x": x, "x2": x, "x3": x, "dropout_param": given, "twin_param": given}


def _two_and_again(i: Inputs) -> Answers:
    first, second = LAYER.masks(i, count=2)
    return outputs(i, [first, second, first], paths=("out", "second", "again"))


def _another_again(i: Inputs) -> Answers:
    return outputs(i, dropout.masks(i["x"].shape, settings(i).p, seed_of(i) + 1), paths=("again",))


GENERATOR_CHECK = check(
    ASSIGNMENT, "dropout_forward.generator", 4,
    (
        "out, cache = dropout_forward(x, dropout_param)",
        "second, cache2 = dropout_forward(x2, dropout_param)",
        "again, cache3 = dropout_forward(x3, twin_param)",
    ),
    outputs=(Output("second", DROPOUT), Output("again", DROPOUT, guard=True)),
    also=("out",),
    called={"second": "the output of the second draw", **AGAIN_CALLED},
    cases=(
        Case("upscale_in_train, p = 0.3", twins((23, 31), 0.3, UPSCALE)),
        Case("downscale_in_infer, p = 0.8", twins((31, 23), 0.8, DOWNSCALE)),
    ),
    reference=where(unseen, _two_and_again),
    observe=lambda i: NotZero("out", i["x"].shape),
    properties=lambda i: (repeats("out", "again"),),
    mistakes={
        **told(SAME_MASK, where(unseen, lambda i: {"second": _two_and_again(i)["out"]})),
        **told(IGNORED, where(unseen, _another_again)),
    },
)  # fmt: skip


# --- test mode -----------------------------------------------------------------------------------------------


TEST_CHECK = check(
    ASSIGNMENT, "dropout_forward.test", 6,
    ("out, cache = dropout_forward(x, dropout_param)",),
    outputs=(Output("out", DROPOUT),),
    cases=(
        Case("upscale_in_train, p = 0.3", layer((7, 9), 0.3, UPSCALE, "test", count=1)),
        Case("downscale_in_infer, p = 0.8", layer((9, 7), 0.8, DOWNSCALE, "test", count=1)),
        Case("scaling not given, p = 0.4", layer((8, 10), 0.4, None, "test", count=1)),
        Case("downscale_in_infer, p = 0.2, one axis", layer((60,), 0.2, DOWNSCALE, "test", count=1)),
        Case("upscale_in_train, p = 0.7, images", layer((2, 3, 5, 4), 0.7, UPSCALE, "test", count=1)),
        Case("downscale_in_infer, p = 1", layer((5, 3), 1.0, DOWNSCALE, "test", count=1)),
        Case("upscale_in_train, p = 1", layer((3, 5), 1.0, UPSCALE, "test", count=1)),
        Case("float32 input", layer((6, 5, 4), 0.6, DOWNSCALE, "test", dtype="float32", count=1)),
    ),
    reference=lambda i: {"out": dropout.apply(i["x"], np.ones(()), *settings(i))},
    observe=observe_survivors(("out",)),
    mistakes={
        "default is the other scaling": Mistake(
            "Where scaling is not given Paddle's default holds: upscale_in_train, which leaves test time alone.",
            where(default, lambda i: {"out": product(i["x"], 1.0, 1 - settings(i).p)}),
        ),
        **factor_mistakes("test", lambda i, f: {"out": product(i["x"], 1.0, f)}),
        **Layer(LAYER.shape, partial(outputs, paths=("out",))).random_at_test(
            "Values are dropped at test time: there the layer is deterministic, only the scale of `scaling` is left."),
    },
)  # fmt: skip

CHECKS = (GENERATOR_CHECK, TEST_CHECK)
