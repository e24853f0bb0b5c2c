"""ps2, the coins: a mask drawn from a generator, its share, its independence, and what a second call gives."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.chance import ADVICE, CALLS, batch_sharing, coin_flaws, related_calls
from course.autograder.checks.dropout.draws import ASSIGNMENT, numbered, seed_of, seeded
from course.autograder.checks.dropout.factors import P_AS_KEEP
from course.autograder.checks.dropout.layer import Layer, Masks, told, unseen
from course.autograder.checks.language import EXACT, Arrays, Case, Flaw, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.wrong import where
from course.reference import dropout
from course.reference.dropout import drawing
from course.reference.framework import paddle

PATHS = numbered("mask", CALLS)
LAYER = Layer(
    shape=lambda i: i["shape"],
    outputs=lambda i, masks, factor: {
        path: m * (factor or 1.0) for path, m in zip(PATHS, masks, strict=False)
    },
    shows=lambda i: True,
)


@draw
def coins(r: Generator, shape: tuple[int, ...], p: float) -> Inputs:
    """A shape, p and a generator."""
    return {"shape": shape, "p": p, "rng": seeded(r)}


@draw
def twins(r: Generator, shape: tuple[int, ...], p: float) -> Inputs:
    """The same with a second generator of the same seed."""
    rng = seeded(r)
    return {"shape": shape, "p": p, "rng": rng, "twin": rng}


def _observe(i: Inputs, got: Arrays) -> Inputs:
    if any(got[path].shape != i["shape"] for path in PATHS):
        return i
    return {**i, "kept": np.stack([got[path] != 0 for path in PATHS]), "answer": got["mask"]}


def _zeros_and_ones(array: np.ndarray) -> bool:
    return bool(np.isin(array, (0, 1)).all())


def _coins(i: Inputs, got: Arrays) -> list[Flaw]:
    if unseen(i) or not _zeros_and_ones(got["mask"]):
        return []  # the comparison says so
    if not all(_zeros_and_ones(got[path]) for path in PATHS):
        return [Flaw("mask", "A later call returns other values than 0 and 1.")]
    return coin_flaws("mask", i["kept"], i["p"], batch_sharing(len(i["shape"])))


def _uniform(i: Inputs) -> Arrays:
    if unseen(i):
        with drawing(seed_of(i)):
            drawn: Masks = [paddle.rand(i["shape"], dtype="float64").numpy() for _ in range(CALLS)]
        return LAYER.outputs(i, drawn, None)
    answer = i["answer"].astype(np.float64)
    inside = bool(((answer >= 0) & (answer < 1)).all()) and len(np.unique(answer)) > 2
    return {"mask": answer} if inside else {}


def _scaled(i: Inputs) -> Arrays:
    """The masks divided by 1 - p, in the precision of the student's own where there is one: they are compared exactly."""
    dtype = np.float64 if unseen(i) else i["answer"].dtype
    return {path: (m / (1 - i["p"])).astype(dtype) for path, m in LAYER.right(i).items()}


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
    observe=_observe,
    properties=(_coins,),
    mistakes={
        **told(P_AS_KEEP, LAYER.falling(lambda i: LAYER.masks(i, 1 - i["p"]))),
        **LAYER.coins(),
        "mask already scaled": Mistake(
            "The mask holds 0 and 1; the division by 1 - p comes later, when it is applied.",
            where(lambda i: 0 < i["p"] < 1, _scaled),
        ),
        "uniform numbers, not a mask": Mistake(
            "You return the numbers that were drawn; compare each with p, so that 0 or 1 comes out.", _uniform
        ),
    },
)  # fmt: skip


# --- the generator -------------------------------------------------------------------------------------------


def _two_and_again(i: Inputs) -> Arrays:
    first, second = dropout.masks(i["shape"], i["p"], i["rng"].seed, 2)
    return {"mask": first, "second": second, "again": first}


def _observe_two(i: Inputs, got: Arrays) -> Inputs:
    if any(array.shape != i["shape"] for array in got.values()):
        return i
    return {**i, "kept": got["mask"] != 0}


def repeats(output: str, again: str) -> Callable[[Inputs, Arrays], list[Flaw]]:
    """Two calls with one generator must be unrelated, and a call with its twin the same as the first."""

    def property_(i: Inputs, got: Arrays) -> list[Flaw]:
        if unseen(i):
            return []
        flaws = []
        first, second = i["kept"], got["second"] != 0
        if np.array_equal(first, second):
            constant = "nothing is dropped" if first.all() else "everything is dropped"
            name = "the same mask on every call" if 0 < first.sum() < first.size else constant
            flaws.append(Flaw("second", ADVICE[name], name))
        elif related_calls(first, second):
            flaws.append(Flaw("second", "The second mask is related to the first."))
        if not np.array_equal(got[output], got[again]):
            flaws.append(Flaw(again, ADVICE["generator ignored"], "generator ignored"))
        return flaws

    return property_


GENERATOR_CHECK = check(
    ASSIGNMENT, "dropout_mask.generator", 4,
    (
        "mask = dropout_mask(shape, p, rng)",
        "second = dropout_mask(shape, p, rng)",
        "again = dropout_mask(shape, p, twin)",
    ),
    outputs=(Output("second", EXACT), Output("again", EXACT, guard=True)),
    also=("mask",),
    cases=(
        Case("p = 0.3", twins((23, 31), 0.3)),
        Case("p = 0.8, four axes", twins((5, 7, 6, 4), 0.8)),
        Case("p = 0.15, one axis", twins((811,), 0.15)),
    ),
    reference=where(unseen, _two_and_again),
    observe=_observe_two,
    properties=(repeats("mask", "again"),),
    mistakes={
        **told("the same mask on every call", where(unseen, lambda i: {"second": _two_and_again(i)["mask"]})),
        **told("generator ignored", where(unseen, lambda i: {
            "again": dropout.masks(i["shape"], i["p"], i["rng"].seed + 1)[0]})),
    },
)  # fmt: skip

CHECKS = (MASK_CHECK, GENERATOR_CHECK)
