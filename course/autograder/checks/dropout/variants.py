"""Dropout done wrong, in Paddle: factors that are not the right one, and what all checks of dropout share."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator, away_from_zero
from course.autograder.checks.language.protocol import Call, Seeded
from course.autograder.checks.language.spec import Arrays, Inputs, Misconception
from course.reference import dropout
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.dropout import DOWNSCALE, UPSCALE

ASSIGNMENT = "ps2_dropout"
Factor = Callable[[float, str], float | None]

P_AS_KEEP = "p taken for the keep probability"
NAN_AT_ONE = "0 divided by 0 at p = 1"

# What a kept value is multiplied by in training, by those who make the mistake; None where it does not show.
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
    "scaling modes swapped": (
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
    "scaling modes swapped": (
        TRAIN_FACTORS["scaling modes swapped"][0],
        lambda p, s: 1 - p if s == UPSCALE else 1.0,
    ),
}

NOT_HERE = (
    P_AS_KEEP,
    "scaling modes swapped",
)  # where the first has a mask of its own and the second shows as two


# --- inputs --------------------------------------------------------------------------------------------------


def values(r: Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Values of both signs, none near 0, so that a zero in an answer is a value that was dropped."""
    return away_from_zero(r, shape, 0.3, 2.0).astype(dtype)


def seeded(r: Generator) -> Seeded:
    """A generator of the student's own, as data."""
    return Seeded(int(r.integers(1, 2**31)))


def param(r: Generator, p: float, mode: str, scaling: str | None, **more: Any) -> dict[str, Any]:
    """dropout_param; without `scaling` where None is given, so that Paddle's default holds."""
    chosen = {} if scaling is None else {"scaling": scaling}
    return {"p": p, "mode": mode, **chosen, "rng": seeded(r), **more}


def settings(i: Inputs) -> tuple[float, str, str]:
    """(p, mode, scaling) of a case, from dropout_param or from the workspace itself."""
    s = i.get("dropout_param", i)
    return s["p"], s.get("mode", "train"), s.get("scaling", UPSCALE)


def numbered(name: str, count: int) -> tuple[str, ...]:
    """name, name2, name3, ..."""
    return (name, *(f"{name}{k}" for k in range(2, count + 1)))


def calls(
    function: str, arguments: tuple[str, ...], results: tuple[str, ...], count: int
) -> tuple[Call, ...]:
    """The same call `count` times, each with an x (the first argument) and results of its own."""
    first, *rest = arguments
    names = [numbered(result, count) for result in results]
    return tuple(
        Call(function, (x, *rest), tuple(n[k] for n in names)) for k, x in enumerate(numbered(first, count))
    )


def copies(name: str, array: Any, count: int) -> Inputs:
    """One array under the names that `calls` passes."""
    return dict.fromkeys(numbered(name, count), array)


# --- the student's own draw ----------------------------------------------------------------------------------


def survivors(out: np.ndarray) -> np.ndarray:
    """True where a value of an output was not dropped; what is not finite counts as dropped."""
    return np.isfinite(out) & (out != 0)


def observe_survivors(paths: tuple[str, ...]) -> Callable[[Inputs, Arrays], Inputs]:
    """Reads what each call kept out of its output: 'kept' [calls, *shape], where all have the shape of x."""

    def observe(i: Inputs, got: Arrays) -> Inputs:
        if any(got[path].shape != i["x"].shape for path in paths):
            return i
        return {**i, "kept": np.stack([survivors(got[path]) for path in paths])}

    return observe


def possible(kept: np.ndarray, p: float) -> np.ndarray:
    """The mask as numbers; where p leaves no choice, the only possible one."""
    return np.full(kept.shape, 1.0 - p) if p in (0, 1) else kept.astype(np.float64)


def drawn(
    i: Inputs, shape: tuple[int, ...], count: int = 1, axis: tuple[int, ...] | None = None
) -> list[np.ndarray]:
    """The masks of the calls by Paddle; of the first alone, the one compared, where a student's answer shows it."""
    p, _, _ = settings(i)
    if "kept" in i:
        return list(possible(i["kept"][:1], p))
    return dropout.masks(shape, p, seed_of(i), count, axis)


def all_kept(i: Inputs, count: int) -> list[np.ndarray]:
    """Masks of nothing but ones for the calls: what test time has."""
    return [np.ones(())] * (1 if "kept" in i or "answer" in i else count)


def seed_of(i: Inputs) -> int:
    """The number that a case's generator starts from."""
    return (i.get("rng") or i["dropout_param"]["rng"]).seed


def same_factor(i: Inputs, got: Arrays, paths: tuple[str, ...]) -> bool:
    """Whether survivors are multiplied alike in every call."""
    with np.errstate(all="ignore"):
        factors = np.concatenate([(got[path] / i["x"])[survivors(got[path])] for path in paths])
    return not factors.size or bool(np.ptp(factors) <= 1e-4 * np.abs(factors).max())


# --- wrong answers -------------------------------------------------------------------------------------------


def product(x: np.ndarray, mask: np.ndarray | float, factor: float) -> np.ndarray:
    """x times mask times factor, in Paddle."""
    with on_device(device().name):
        return (tensor(x) * tensor(mask) * factor).numpy()


def factor_mistakes(
    factors: dict[str, tuple[str, Factor]],
    outputs: Callable[[Inputs, float], Arrays],
    mode: str,
    *,
    without: tuple[str, ...] = (),
) -> tuple[Misconception, ...]:
    """A misconception for each wrong factor; `outputs` turns a case and a factor into what the student returns."""

    def mistake(factor: Factor) -> Callable[[Inputs], Arrays]:
        def wrong(i: Inputs) -> Arrays:
            p, at, scaling = settings(i)
            if at != mode or not 0 < p < 1:
                return {}
            found = factor(p, scaling)
            return {} if found is None else outputs(i, found)

        return wrong

    return tuple(
        Misconception(name, advice, mistake(factor))
        for name, (advice, factor) in factors.items()
        if name not in without
    )


def nan_at_one(output: str, shape: Callable[[Inputs], tuple[int, ...]]) -> Misconception:
    """The mistake of those who divide by 1 - p where it is 0."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, scaling = settings(i)
        return (
            {output: np.full(shape(i), math.nan)} if p == 1 and mode == "train" and scaling == UPSCALE else {}
        )

    advice = "At p = 1 everything is dropped and the result is 0; you divide 0 by 1 - p = 0 and get NaN."
    return Misconception(NAN_AT_ONE, advice, wrong)
