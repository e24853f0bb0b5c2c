"""ps4, the piece that batch renormalisation adds: how far a batch lies from the running values, in bounds."""

from typing import Any

from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.reference import batch_renorm
from course.reference.batch_norm import tensor

BOUNDED = ("mean", "std", "running_mean", "running_std", "r_max", "d_max")


def statistics(c: int, r_max: float, d_max: float, dtype: str = "float64") -> Any:
    """Moments and running values of c channels, on both sides of the bounds, as the draw of a Case."""

    def draw(r: Generator) -> Inputs:
        mean, std = r.normal(0.3, 1, c), r.uniform(0.6, 1.7, c)
        made = {"mean": mean, "std": std, **rv.away(r, mean, std, r_max, d_max)}
        return {**{k: a.astype(dtype) for k, a in made.items()}, "r_max": r_max, "d_max": d_max}

    return draw


def _part(name: str, table: dict[str, rv.Part], kind: str) -> Any:
    """A mistake in r or in d, by its entry in the table."""

    def wrong(i: Inputs) -> Arrays:
        mean, std, running_mean, running_std = (tensor(i[k]) for k in BOUNDED[:4])
        bounds = rv.Bounds(running_mean, running_std, i["r_max"], i["d_max"])
        return {name: table[kind](mean, std, bounds).numpy()}

    return wrong


def _both(kind: str) -> Any:
    return lambda i: {**_part("r", rv.R, kind)(i), **_part("d", rv.D, kind)(i)}


def _right(i: Inputs) -> Arrays:
    return batch_renorm.renorm_correction(*(i[k] for k in BOUNDED))


CORRECTION_CHECK = Check(
    name="renorm_correction",
    assignment=v.ASSIGNMENT,
    points=5,
    functions=("renorm_correction",),
    steps=(Call("renorm_correction", BOUNDED, ("r", "d")),),
    outputs=(Output("r", BATCH_NORM), Output("d", BATCH_NORM)),
    cases=(
        Case("the paper's bounds, 3 and 5", statistics(9, 3.0, 5.0)),
        Case("narrow bounds", statistics(7, 1.5, 0.4)),
        Case(
            "no room: r_max = 1 and d_max = 0",
            lambda r: {**statistics(5, 1.5, 0.4)(r), "r_max": 1.0, "d_max": 0.0},
        ),
        Case("float32 input", statistics(6, 2.0, 1.0, "float32")),
    ),
    reference=_right,
    misconceptions=(
        Misconception(
            "r and d not clipped",
            "r belongs between 1 / r_max and r_max, d between -d_max and d_max; yours go beyond.",
            _both("unclipped"),
        ),
        Misconception(
            "r upside down",
            "r is the batch's standard deviation over the running one; yours is the other way round.",
            _part("r", rv.R, "upside down"),
        ),
        Misconception(
            "no lower bound for r",
            "r has a lower bound as well: 1 / r_max.",
            _part("r", rv.R, "no lower bound"),
        ),
        Misconception("r at least 1", "r's lower bound is 1 / r_max, not 1.", _part("r", rv.R, "at least 1")),
        Misconception(
            "ratio of variances",
            "std is a standard deviation already: r is the plain ratio, without squares.",
            _part("r", rv.R, "of variances"),
        ),
        Misconception(
            "running_std taken for a variance",
            "running_std is a standard deviation already: no root is taken of it.",
            _part("r", rv.R, "running variance"),
        ),
        Misconception(
            "sign of d",
            "d is the batch's mean minus the running one; yours has the opposite sign.",
            _part("d", rv.D, "sign"),
        ),
        Misconception(
            "d divided by the batch's deviation",
            "d is counted in running standard deviations: divide by running_std, not by std.",
            _part("d", rv.D, "by the batch's"),
        ),
        Misconception(
            "d not divided",
            "d is counted in running standard deviations: divide the difference by running_std.",
            _part("d", rv.D, "not divided"),
        ),
        Misconception(
            "no lower bound for d", "d has a lower bound as well: -d_max.", _part("d", rv.D, "no lower bound")
        ),
        Misconception(
            "d not negative", "d may be negative, down to -d_max.", _part("d", rv.D, "not negative")
        ),
        Misconception(
            "d clipped before dividing",
            "Divide by running_std first: the bound is for the quotient.",
            _part("d", rv.D, "clipped late"),
        ),
        Misconception(
            "bounds swapped",
            "r_max bounds r and d_max bounds d; yours are exchanged.",
            _both("bounds swapped"),
        ),
        Misconception(
            "r and d swapped",
            "The order asked for is (r, d); you return (d, r).",
            lambda i: {"r": _right(i)["d"], "d": _right(i)["r"]},
        ),
    ),
)

CHECKS = (CORRECTION_CHECK,)
