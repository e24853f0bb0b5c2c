"""ps2, the coins: a mask drawn from a generator, its share, its independence, and what a second call gives."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.dropout.chance import ADVICE, CALLS, batch_sharing, coin_flaws, related_calls
from course.autograder.checks.dropout.variants import ASSIGNMENT, drawn, numbered, seed_of, seeded
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Flaw, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.reference import dropout
from course.reference.dropout import drawing
from course.reference.framework import paddle

PATHS = numbered("mask", CALLS)


def case(name: str, shape: tuple[int, ...], p: float) -> Case:
    """A shape, p and a generator."""

    def draw(r: Generator) -> Inputs:
        return {"shape": shape, "p": p, "rng": seeded(r)}

    return Case(name, draw)


def _right(i: Inputs) -> Arrays:
    return dict(zip(PATHS, drawn(i, i["shape"], CALLS), strict=False))


def _observe(i: Inputs, got: Arrays) -> Inputs:
    if any(got[path].shape != i["shape"] for path in PATHS):
        return i
    return {**i, "kept": np.stack([got[path] != 0 for path in PATHS]), "answer": got["mask"]}


def _zeros_and_ones(array: np.ndarray) -> bool:
    return bool(np.isin(array, (0, 1)).all())


def _coins(i: Inputs, got: Arrays) -> list[Flaw]:
    if "kept" not in i or not _zeros_and_ones(got["mask"]):
        return []  # the comparison says so
    if not all(_zeros_and_ones(got[path]) for path in PATHS):
        return [Flaw("mask", "A later call returns other values than 0 and 1.")]
    return coin_flaws("mask", i["kept"], i["p"], batch_sharing(len(i["shape"])))


def fresh(make: Callable[[Inputs], list[np.ndarray] | None]) -> Callable[[Inputs], Arrays]:
    """A misconception that shows in how coins fall: its own draw, where no student's draw is looked at."""

    def wrong(i: Inputs) -> Arrays:
        made = None if "kept" in i else make(i)
        return {} if made is None else dict(zip(PATHS, made, strict=True))

    return wrong


def _tossed(toss: Callable[[Inputs], Any]) -> Callable[[Inputs], Arrays]:
    """One tensor for each call, drawn by Paddle."""

    def make(i: Inputs) -> list[np.ndarray]:
        with drawing(seed_of(i)):
            return [toss(i).astype("float64").numpy() for _ in range(CALLS)]

    return fresh(make)


def _sharing(name: str) -> Callable[[Inputs], Arrays]:
    """Paddle's dropout with an `axis` that makes values share a coin."""

    def make(i: Inputs) -> list[np.ndarray] | None:
        rank = len(i["shape"])
        shared = [axes for axes, called in batch_sharing(rank).items() if called[0] == name]
        if not shared:
            return None
        own = tuple(a for a in range(rank) if a not in shared[0])
        return dropout.masks(i["shape"], i["p"], seed_of(i), CALLS, own)

    return fresh(make)


def _exact_share(i: Inputs) -> Any:
    n = int(np.prod(i["shape"]))
    return (paddle.randperm(n) >= round(i["p"] * n)).reshape(list(i["shape"]))


def _uniform(i: Inputs) -> Arrays:
    if "kept" not in i:
        return _tossed(lambda i: paddle.rand(i["shape"], dtype="float64"))(i)
    answer = i["answer"].astype(np.float64)
    inside = bool(((answer >= 0) & (answer < 1)).all()) and len(np.unique(answer)) > 2
    return {"mask": answer} if inside else {}


def named(name: str, wrong: Callable[[Inputs], Arrays]) -> Misconception:
    """A misconception with the advice that its flaw gives."""
    return Misconception(name, ADVICE[name], wrong)


MASK_CHECK = Check(
    name="dropout_mask",
    assignment=ASSIGNMENT,
    points=10,
    functions=("dropout_mask",),
    steps=tuple(Call("dropout_mask", ("shape", "p", "rng"), (path,)) for path in PATHS),
    outputs=(Output("mask", EXACT),),
    also=PATHS[1:],
    cases=(
        case("p = 0.3, a matrix", (16, 21), 0.3),
        case("p = 0.8, a matrix", (21, 16), 0.8),
        case("p = 0.2, one axis", (390,), 0.2),
        case("p = 0.7, three axes", (9, 7, 6), 0.7),
        case("p = 0.1, four axes", (8, 5, 4, 3), 0.1),
        case("p = 0: all are kept", (4, 5), 0.0),
        case("p = 1: all are dropped", (5, 3), 1.0),
    ),
    reference=_right,
    observe=_observe,
    properties=(_coins,),
    misconceptions=(
        named(
            "p taken for the keep probability",
            fresh(lambda i: dropout.masks(i["shape"], 1 - i["p"], seed_of(i), CALLS)),
        ),
        named("one half instead of p", fresh(lambda i: dropout.masks(i["shape"], 0.5, seed_of(i), CALLS))),
        named("normal instead of uniform", _tossed(lambda i: paddle.randn(i["shape"]) >= i["p"])),
        named("nothing is dropped", fresh(lambda i: [np.ones(i["shape"])] * CALLS)),
        named("one mask for the whole batch", _sharing("one mask for the whole batch")),
        named("one draw for each sample", _sharing("one draw for each sample")),
        named(
            "the same mask on every call",
            fresh(lambda i: dropout.masks(i["shape"], i["p"], seed_of(i)) * CALLS),
        ),
        named("an exact share is dropped", _tossed(_exact_share)),
        Misconception(
            "mask already scaled",
            "The mask holds 0 and 1; the division by 1 - p comes later, when it is applied.",
            lambda i: {path: m / (1 - i["p"]) for path, m in _right(i).items()} if 0 < i["p"] < 1 else {},
        ),
        Misconception(
            "uniform numbers, not a mask",
            "You return the numbers that were drawn; compare each with p, so that 0 or 1 comes out.",
            _uniform,
        ),
    ),
)


# --- the generator -------------------------------------------------------------------------------------------


def _two_and_again(i: Inputs) -> Arrays:
    if "kept" in i:
        return {}
    first, second = dropout.masks(i["shape"], i["p"], i["rng"].seed, 2)
    return {"mask": first, "second": second, "again": first}


def _observe_two(i: Inputs, got: Arrays) -> Inputs:
    if any(array.shape != i["shape"] for array in got.values()):
        return i
    return {**i, "kept": got["mask"] != 0}


def repeats(output: str, again: str) -> Callable[[Inputs, Arrays], list[Flaw]]:
    """Two calls with one generator must be unrelated, and a call with its twin the same as the first."""

    def property_(i: Inputs, got: Arrays) -> list[Flaw]:
        if "kept" not in i:
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


def twins(shape: tuple[int, ...], p: float) -> Callable[[Generator], Inputs]:
    """The same with a second generator of the same seed."""

    def draw(r: Generator) -> Inputs:
        rng = seeded(r)
        return {"shape": shape, "p": p, "rng": rng, "twin": rng}

    return draw


GENERATOR_CHECK = Check(
    name="dropout_mask.generator",
    assignment=ASSIGNMENT,
    points=4,
    functions=("dropout_mask",),
    steps=(
        Call("dropout_mask", ("shape", "p", "rng"), ("mask",)),
        Call("dropout_mask", ("shape", "p", "rng"), ("second",)),
        Call("dropout_mask", ("shape", "p", "twin"), ("again",)),
    ),
    outputs=(Output("second", EXACT), Output("again", EXACT, guard=True)),
    also=("mask",),
    cases=(
        Case("p = 0.3", twins((23, 31), 0.3)),
        Case("p = 0.8, four axes", twins((5, 7, 6, 4), 0.8)),
        Case("p = 0.15, one axis", twins((811,), 0.15)),
    ),
    reference=_two_and_again,
    observe=_observe_two,
    properties=(repeats("mask", "again"),),
    misconceptions=(
        named(
            "the same mask on every call",
            lambda i: {} if "kept" in i else {"second": _two_and_again(i)["mask"]},
        ),
        named(
            "generator ignored",
            lambda i: (
                {} if "kept" in i else {"again": dropout.masks(i["shape"], i["p"], i["rng"].seed + 1)[0]}
            ),
        ),
    ),
)

CHECKS = (MASK_CHECK, GENERATOR_CHECK)
