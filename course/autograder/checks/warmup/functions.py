"""ps0: relu, and the L1 norm of each row."""

import numpy as np

from course.autograder.checks.language.draws import Generator, away_from_zero
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.stand_ins import Strided
from course.autograder.checks.language.tolerances import Tolerance, Tolerances
from course.autograder.checks.warmup import ASSIGNMENT
from course.reference import warmup

SUMS = Tolerances(Tolerance(1e-9, 1e-12), Tolerance(1e-5, 1e-6))


def values(r: Generator, shape: tuple[int, ...], dtype: str = "float64") -> Inputs:
    """Values of both signs, none near 0: the first is negative, the last positive, whatever is drawn."""
    x = away_from_zero(r, shape, 0.3, 2.0)
    x.flat[0], x.flat[-1] = -abs(x.flat[0]), abs(x.flat[-1])
    return {"x": x.astype(dtype)}


RELU = Check(
    name="relu",
    assignment=ASSIGNMENT,
    points=5,
    functions=("relu",),
    steps=(Call("relu", ("x",), ("out",)),),
    outputs=(Output("out", SUMS),),
    cases=(
        Case("three rows of four", lambda r: values(r, (3, 4))),
        Case("images [N, C, H, W]", lambda r: values(r, (2, 3, 4, 5))),
        Case("float32 input", lambda r: values(r, (5, 2), "float32")),
    ),
    reference=lambda i: {"out": warmup.relu(i["x"])},
    misconceptions=(
        Misconception(
            "nothing is cut off",
            "Negative values come back as they were; relu puts 0 in their place.",
            lambda i: {"out": i["x"]},
        ),
        Misconception(
            "absolute value",
            "Negative values come back positive; relu puts 0 in their place.",
            lambda i: {"out": np.abs(i["x"])},
        ),
        Misconception(
            "minimum for maximum",
            "You keep the negative values and cut off the positive ones; relu does it the other way round.",
            lambda i: {"out": -warmup.relu(-i["x"])},
        ),
        Misconception(
            "a step",
            "You return whether a value is positive; relu returns the value itself where it is.",
            lambda i: {"out": (i["x"] > 0) * 1.0},
        ),
    ),
)


L1_NORM = Check(
    name="l1_norm",
    assignment=ASSIGNMENT,
    points=5,
    functions=("l1_norm",),
    steps=(Call("l1_norm", ("x",), ("norms",)),),
    outputs=(Output("norms", SUMS),),
    cases=(
        Case("three rows of four", lambda r: values(r, (3, 4))),
        Case("as many rows as columns", lambda r: values(r, (4, 4))),
        Case("a view that is not contiguous", lambda r: {"x": Strided(values(r, (5, 3))["x"])}),
    ),
    reference=lambda i: {"norms": warmup.norm(i["x"])},
    misconceptions=(
        Misconception(
            "over the wrong axis",
            "You added down the columns: one norm for each feature. Add along each row, one norm for each sample.",
            lambda i: {"norms": warmup.norm(i["x"], axis=0)},
        ),
        Misconception(
            "axis kept",
            "The values are right, but the axis that you added along is still there: return shape (N,), not (N, 1).",
            lambda i: {"norms": warmup.norm(i["x"], keepdim=True)},
        ),
        Misconception(
            "one norm for the whole matrix",
            "You added over everything; each row has a norm of its own.",
            lambda i: {"norms": warmup.norm(i["x"], axis=None)},
        ),
        Misconception(
            "L2 norm",
            "This is the root of the sum of squares; the L1 norm adds absolute values.",
            lambda i: {"norms": warmup.norm(i["x"], p=2)},
        ),
        Misconception(
            "signs kept",
            "You added the values as they are; take their absolute values first.",
            lambda i: {"norms": i["x"].sum(axis=1)},
        ),
        Misconception(
            "absolute value of the sum",
            "You took the absolute value after adding; take it before.",
            lambda i: {"norms": np.abs(i["x"].sum(axis=1))},
        ),
        Misconception(
            "mean for sum",
            "You averaged the absolute values; the L1 norm adds them.",
            lambda i: {"norms": warmup.norm(i["x"]) / i["x"].shape[1]},
        ),
        Misconception(
            "largest for sum",
            "You took the largest absolute value of each row; the L1 norm adds them all.",
            lambda i: {"norms": warmup.norm(i["x"], p=np.inf)},
        ),
    ),
)

CHECKS = (RELU, L1_NORM)
