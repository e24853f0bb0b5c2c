"""ps4, the piece that batch renormalisation adds: how far a batch lies from the running values, in bounds."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.formula import formula
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import swapped
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers.variants import ASSIGNMENT
from course.reference import batch_renorm

BOUNDED = ("mean", "std", "running_mean", "running_std", "r_max", "d_max")


@draws.draw
def statistics(r: draws.Generator, c: int, r_max: float, d_max: float, dtype: str = "float64") -> Inputs:
    """Moments and running values of c channels, on both sides of the bounds."""
    mean, std = r.normal(0.3, 1, c), r.uniform(0.6, 1.7, c)
    made = {"mean": mean, "std": std, **rv.away(r, mean, std, r_max, d_max)}
    return {**draws.as_type(made, dtype), "r_max": r_max, "d_max": d_max}


def _part(name: str, part: rv.Part) -> Any:
    return formula(name, *BOUNDED)(lambda mean, std, *running: part(mean, std, rv.Bounds(*running)))


def _r(kind: str) -> Any:
    return _part("r", rv.R[kind])


def _d(kind: str) -> Any:
    return _part("d", rv.D[kind])


def _both(kind: str) -> Any:
    return lambda i: {**_r(kind)(i), **_d(kind)(i)}


def _r_of(change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """r by something done to the ratio before it is clipped."""
    return lambda i: {"r": np.clip(change(i["std"] / i["running_std"]), 1 / i["r_max"], i["r_max"])}


def _d_of(bound: Callable[[np.ndarray, float], np.ndarray]) -> Any:
    """d by another way of bounding the quotient."""
    return lambda i: {"d": bound((i["mean"] - i["running_mean"]) / i["running_std"], i["d_max"])}


def _times_r(i: Inputs) -> Arrays:
    return {"d": _right(i)["d"] * _right(i)["r"]}


def _right(i: Inputs) -> Arrays:
    return batch_renorm.renorm_correction(*(i[k] for k in BOUNDED))


CORRECTION_CHECK = check(
    ASSIGNMENT,
    "renorm_correction",
    8,
    (f"r, d = renorm_correction({', '.join(BOUNDED)})",),
    outputs=(Output("r", BATCH_NORM), Output("d", BATCH_NORM)),
    cases=(
        Case("the paper's bounds, 3 and 5", statistics(9, 3.0, 5.0)),
        Case("narrow bounds", statistics(7, 1.5, 0.4)),
        Case(
            "no room: r_max = 1 and d_max = 0",
            draws.altered(statistics(5, 1.5, 0.4), lambda i: {"r_max": 1.0, "d_max": 0.0}),
        ),
        Case("float32 input", statistics(6, 2.0, 1.0, "float32")),
    ),
    reference=_right,
    mistakes={
        "r not clipped": Mistake(
            "r belongs between 1 / r_max and r_max; yours goes beyond.", _r("unclipped")
        ),
        "d not clipped": Mistake("d belongs between -d_max and d_max; yours goes beyond.", _d("unclipped")),
        "r between 1 - r_max and 1 + r_max": Mistake(
            "r's bounds are 1 / r_max and r_max: a ratio, not a distance from 1.", _r("around 1")
        ),
        "d divided by the running variance": Mistake(
            "d is counted in running standard deviations: divide by running_std, without a square.",
            _d("by the variance"),
        ),
        "r bounded by d_max": Mistake("r lies between 1 / r_max and r_max: d_max is for d.", _r("by d_max")),
        "d bounded by r_max": Mistake("d lies between -d_max and d_max: r_max is for r.", _d("by r_max")),
        "r upside down": Mistake(
            "r is the batch's standard deviation over the running one; yours is the other way round.",
            _r("upside down"),
        ),
        "r goes below 1 / r_max": Mistake(
            "r's lower bound is 1 / r_max; a ratio of deviations never comes down to -r_max.",
            _r("no lower bound"),
        ),
        "r at least 1": Mistake("r's lower bound is 1 / r_max, not 1.", _r("at least 1")),
        "ratio of variances": Mistake(
            "std is a standard deviation already: r is the plain ratio, without squares.", _r("of variances")
        ),
        "running_std taken for a variance": Mistake(
            "running_std is a standard deviation already: no root is taken of it.", _r("running variance")
        ),
        "sign of d": Mistake(
            "d is the batch's mean minus the running one; yours has the opposite sign.", _d("sign")
        ),
        "d divided by the batch's deviation": Mistake(
            "d is counted in running standard deviations: divide by running_std, not by std.",
            _d("by the batch's"),
        ),
        "d not divided": Mistake(
            "d is counted in running standard deviations: divide the difference by running_std.",
            _d("not divided"),
        ),
        "no lower bound for d": Mistake("d has a lower bound as well: -d_max.", _d("no lower bound")),
        "d not negative": Mistake("d may be negative, down to -d_max.", _d("not negative")),
        "d clipped before dividing": Mistake(
            "Divide by running_std first: the bound is for the quotient.", _d("clipped late")
        ),
        "1 / d_max for the lower bound of d": Mistake(
            "d lies between -d_max and d_max: 1 / d_max is how r's lower bound is made.",
            _d_of(lambda quotient, d_max: np.clip(quotient, 1 / d_max if d_max else 0.0, d_max)),
        ),
        "bounds of d exchanged in the clipping": Mistake(
            "Not above d_max and not below -d_max: the smaller of the two goes with d_max.",
            _d_of(lambda quotient, d_max: np.maximum(d_max, np.minimum(quotient, -d_max))),
        ),
        "d multiplied by r": Mistake("d stands for itself: r does not come into it.", _times_r),
        "quotient of the means": Mistake(
            "d is the DIFFERENCE of the means, counted in running deviations.",
            lambda i: {"d": np.clip(i["mean"] / i["running_mean"], -i["d_max"], i["d_max"])},
        ),
        "difference as a share of the running mean": Mistake(
            "d is the difference of the means counted in running DEVIATIONS: divide by running_std.",
            lambda i: {
                "d": np.clip((i["mean"] - i["running_mean"]) / i["running_mean"], -i["d_max"], i["d_max"])
            },
        ),
        "sign of d lost": Mistake(
            "d may be negative, down to -d_max: no absolute value is taken.",
            _d_of(lambda quotient, d_max: np.clip(np.abs(quotient), -d_max, d_max)),
        ),
        "root of the ratio": Mistake(
            "Both are standard deviations: no root is taken of their ratio.", _r_of(np.sqrt)
        ),
        "difference of the deviations": Mistake(
            "r is the RATIO of the standard deviations.",
            lambda i: {"r": np.clip(i["std"] - i["running_std"], 1 / i["r_max"], i["r_max"])},
        ),
        "one r for all channels": Mistake(
            "Each channel has its own r; you averaged the ratios.",
            _r_of(lambda ratio: np.full_like(ratio, ratio.mean())),
        ),
        "bounds swapped": Mistake(
            "r_max bounds r and d_max bounds d; yours are exchanged.", _both("bounds swapped")
        ),
        "r and d swapped": Mistake(
            "The order asked for is (r, d); you return (d, r).", swapped(_right, "r", "d")
        ),
    },
)

CHECKS = (CORRECTION_CHECK,)
