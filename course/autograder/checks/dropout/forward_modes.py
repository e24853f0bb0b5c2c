"""ps2, the layer's generator and its test mode."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.forward import layer_case, outputs_with
from course.autograder.checks.dropout.masks import named, repeats
from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    TEST_FACTORS,
    drawn,
    factor_mistakes,
    observe_survivors,
    param,
    product,
    seed_of,
    settings,
    values,
)  # fmt: skip
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

# --- the generator -------------------------------------------------------------------------------------------


def twins(shape: tuple[int, ...], p: float, scaling: str) -> Callable[[Generator], Inputs]:
    """An x for each of three calls, and dropout_param twice from one seed."""

    def draw(r: Generator) -> Inputs:
        x, given = values(r, shape), param(r, p, "train", scaling)
        return {"x": x, "x2": x, "x3": x, "dropout_param": given, "twin_param": given}

    return draw


def _two_and_again(i: Inputs) -> Arrays:
    if "kept" in i:
        return {}
    p, _, _ = settings(i)
    first, second = dropout.masks(i["x"].shape, p, seed_of(i), 2)
    return outputs_with(i, [first, second, first], ("out", "second", "again"))


def _observe_two(i: Inputs, got: Arrays) -> Inputs:
    if any(array.shape != i["x"].shape for array in got.values()):
        return i
    return {**i, "kept": got["out"] != 0}


def _another_again(i: Inputs) -> Arrays:
    p, _, _ = settings(i)
    return {} if "kept" in i else outputs_with(i, dropout.masks(i["x"].shape, p, seed_of(i) + 1), ("again",))


GENERATOR_CHECK = Check(
    name="dropout_forward.generator",
    assignment=ASSIGNMENT,
    points=4,
    functions=("dropout_forward",),
    steps=(
        Call("dropout_forward", ("x", "dropout_param"), ("out", "cache")),
        Call("dropout_forward", ("x2", "dropout_param"), ("second", "cache2")),
        Call("dropout_forward", ("x3", "twin_param"), ("again", "cache3")),
    ),
    outputs=(Output("second", DROPOUT), Output("again", DROPOUT, guard=True)),
    also=("out",),
    cases=(
        Case("upscale_in_train, p = 0.3", twins((23, 31), 0.3, UPSCALE)),
        Case("downscale_in_infer, p = 0.8", twins((31, 23), 0.8, DOWNSCALE)),
    ),
    reference=_two_and_again,
    observe=_observe_two,
    properties=(repeats("out", "again"),),
    misconceptions=(
        named(
            "the same mask on every call", lambda i: {} if "kept" in i else {"second": _two_and_again(i)["out"]}
        ),
        named("generator ignored", _another_again),
    ),
)  # fmt: skip


# --- test mode -----------------------------------------------------------------------------------------------


def _random_at_test(i: Inputs) -> Arrays:
    """Training's output at test time, with the student's own mask where some values are missing."""
    p, _, scaling = settings(i)
    if not 0 < p < 1 or ("kept" in i and i["kept"].all()):
        return {}
    (mask,) = drawn(i, i["x"].shape)
    return {"out": product(i["x"], mask, 1 / (1 - p) if scaling == UPSCALE else 1.0)}


def _test_default(i: Inputs) -> Arrays:
    p, _, _ = settings(i)
    return {"out": product(i["x"], 1.0, 1 - p)} if "scaling" not in i["dropout_param"] else {}


TEST_CHECK = Check(
    name="dropout_forward.test",
    assignment=ASSIGNMENT,
    points=6,
    functions=("dropout_forward",),
    steps=(Call("dropout_forward", ("x", "dropout_param"), ("out", "cache")),),
    outputs=(Output("out", DROPOUT),),
    cases=(
        layer_case("upscale_in_train, p = 0.3", (7, 9), 0.3, UPSCALE, "test", count=1),
        layer_case("downscale_in_infer, p = 0.8", (9, 7), 0.8, DOWNSCALE, "test", count=1),
        layer_case("scaling not given, p = 0.4", (8, 10), 0.4, None, "test", count=1),
        layer_case("downscale_in_infer, p = 0.2, one axis", (60,), 0.2, DOWNSCALE, "test", count=1),
        layer_case("upscale_in_train, p = 0.7, images", (2, 3, 5, 4), 0.7, UPSCALE, "test", count=1),
        layer_case("downscale_in_infer, p = 1", (5, 3), 1.0, DOWNSCALE, "test", count=1),
        layer_case("upscale_in_train, p = 1", (3, 5), 1.0, UPSCALE, "test", count=1),
        layer_case("float32 input", (6, 5, 4), 0.6, DOWNSCALE, "test", dtype="float32", count=1),
    ),
    reference=lambda i: {"out": dropout.apply(i["x"], np.ones(()), *settings(i))},
    observe=observe_survivors(("out",)),
    misconceptions=(
        Misconception(
            "default is the other scaling",
            "Where scaling is not given Paddle's default holds: upscale_in_train, which leaves test time alone.",
            _test_default,
        ),
        *factor_mistakes(TEST_FACTORS, lambda i, f: {"out": product(i["x"], 1.0, f)}, "test"),
        Misconception(
            "random at test time",
            "Values are dropped at test time: there the layer is deterministic, only the scale of `scaling` is left.",
            _random_at_test,
        ),
    ),
)

CHECKS = (GENERATOR_CHECK, TEST_CHECK)
