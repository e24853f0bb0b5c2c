"""ps2, the coins: a mask drawn from a generator, its share, its independence, and what a second call gives."""

import numpy as np

from course.autograder.checks.chance.coins import SAME_MASK
from course.autograder.checks.chance.forms import Masked
from course.autograder.checks.chance.properties import Repeats, ZerosAndOnes
from course.autograder.checks.chance.readers import BETWEEN_0_AND_1, MaskItself, NotZero
from course.autograder.checks.dropout import chance
from course.autograder.checks.dropout.chance import (
    ADVICE,
    CALLS,
    EVERYTHING,
    IGNORED,
    NOTHING,
    P_AS_KEEP,
    batch_sharing,
)
from course.autograder.checks.dropout.draws import ASSIGNMENT, numbered, seed_of, seeded
from course.autograder.checks.dropout.layer import Layer, Masks, elementwise, told
from course.autograder.checks.language import EXACT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.seen import unseen
from course.autograder.checks.language.wrong import where
from course.reference import dropout
from course.reference.dropout import drawing
from course.reference.framework import paddle

PATHS = numbered("mask", CALLS)


def _outputs(i: Inputs, masks: Masks, factor: float | None) -> Answers:
    """The masks themselves."""
    scale = 1.0 if factor is None else factor
    ones = np.ones(i["shape"])
    return {p: elementwise(lambda mask: ones * mask * scale, m) for p, m in zip(PATHS, masks, strict=False)}


LAYER = Layer(shape=lambda i: i["shape"], outputs=_outputs, shows=lambda i: True)


@draw
def coins(r: Generator, shape: tuple[int, ...], p: float) -> Inputs:
    """A shape, p and a generator."""
    return {"shape": shape, "p": p, "rng": seeded(r)}


@draw
def twins(r: Generator, shape: tuple[int, ...], p: float) -> Inputs:
    """The same with a second generator of the same seed."""
    rng = seeded(r)
    return {"shape": shape, "p": p, "rng": rng, "twin": rng}


def _uniform(i: Inputs) -> Answers:
    if not unseen(i):
        return {"mask": Masked(np.ones(()), "answer", when=(BETWEEN_0_AND_1,))}
    with drawing(seed_of(i)):
        drawn = [paddle.rand(i["shape"], dtype="float64").numpy() for _ in range(CALLS)]
    return LAYER.outputs(i, drawn, None)


MASK_CHECK = check(
    ASSIGNMENT, "dropout_mask", 10,
    tuple(f"{path} = dropout_mask(shape, p, rng)" for path in PATHS),
    outputs=(Output("mask", EXACT),),
    also=PATHS[1:],
    cases=(
        Case("p = 0.3, a matrix", coins((16, 21), 0.3)),
        Case("p = 0.8, a matrix", coins((21, 16), 0.8)),
        Case("p = 0.2, one axis", coins((390,), 0.2)),
        Case("p = 0.7, three axes", coins((9, 7, 6), 0.7)),
        Case("p = 0.1, four axes", coins((8, 5, 4, 3), 0.1)),
        Case("p = 0.6, as many rows as columns", coins((18, 18), 0.6)),
        Case("p = 0: all are kept", coins((4, 5), 0.0)),
        Case("p = 1: all are dropped", coins((5, 3), 1.0)),
    ),
    reference=LAYER.right,
    observe=lambda i: MaskItself(PATHS, i["shape"]),
    properties=lambda i: (ZerosAndOnes(PATHS, chance.coins("mask", i["p"], batch_sharing(len(i["shape"])))),),
    mistakes={
        **told(P_AS_KEEP, LAYER.falling(lambda i: LAYER.masks(i, 1 - i["p"]))),
        **LAYER.coins(),
        "mask already scaled": Mistake(
            "The mask holds 0 and 1; the division by 1 - p comes later, when it is applied.",
            where(lambda i: 0 < i["p"] < 1, lambda i: LAYER.masked(i, 1 / (1 - i["p"]))),
        ),
        "uniform numbers, not a mask": Mistake(
            "You return the numbers that were drawn; compare each with p, so that 0 or 1 comes out.", _uniform
        ),
    },
)  # fmt: skip


# --- the generator -------------------------------------------------------------------------------------------


def _two_and_again(i: Inputs) -> Answers:
    first, second = dropout.masks(i["shape"], i["p"], i["rng"].seed, 2)
    return {"mask": first, "second": second, "again": first}


def repeats(output: str, again: str) -> Repeats:
    """Two calls with one generator must be unrelated, and a call with its twin the same as the first."""
    return Repeats(output, "second", again, ADVICE, (NOTHING, EVERYTHING), IGNORED)


GENERATOR_CHECK = check(
    ASSIGNMENT, "dropout_mask.generator", 4,
    (
        "mask = dropout_mask(shape, p, rng)",
        "second = dropout_mask(shape, p, rng)",
        "again = dropout_mask(shape, p, twin)",
    ),
    outputs=(Output("second", EXACT), Output("again", EXACT, guard=True)),
    also=("mask",),
    called={"second": "the second draw's mask", "again": "the mask of a generator with the same seed"},
    cases=(
        Case("p = 0.3", twins((23, 31), 0.3)),
        Case("p = 0.8, four axes", twins((5, 7, 6, 4), 0.8)),
        Case("p = 0.15, one axis", twins((811,), 0.15)),
    ),
    reference=where(unseen, _two_and_again),
    observe=lambda i: NotZero("mask", i["shape"]),
    properties=lambda i: (repeats("mask", "again"),),
    mistakes={
        **told(SAME_MASK, where(unseen, lambda i: {"second": _two_and_again(i)["mask"]})),
        **told(IGNORED, where(unseen, lambda i: {
            "again": dropout.masks(i["shape"], i["p"], i["rng"].seed + 1)[0]})),
    },
)  # fmt: skip

CHECKS = (MASK_CHECK, GENERATOR_CHECK)
