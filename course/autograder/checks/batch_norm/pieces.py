"""ps1, the pieces: moments of a batch, normalising by given statistics, scale and shift."""

from typing import Any

import numpy as np

from course.autograder.checks.formula import formula
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.tolerances import Tolerance, Tolerances
from course.autograder.checks.language.wrong import after, of, only, scaled, swapped, where
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

ASSIGNMENT = "ps1_batchnorm"
MOMENTS = Tolerances(Tolerance(1e-6, 1e-10), Tolerance(1e-4, 1e-6))


# --- batch_moments -------------------------------------------------------------------------------------------


def _moments(axis: int | None = 0, keepdim: bool = False, unbiased: bool = False) -> Any:
    def wrong(i: Inputs) -> Arrays:
        x = tensor(i["x"])
        var = paddle.var(x, axis=axis, unbiased=unbiased, keepdim=keepdim)
        return {"mean": paddle.mean(x, axis=axis, keepdim=keepdim).numpy(), "var": var.numpy()}

    return wrong


def _right_moments(i: Inputs) -> Arrays:
    return batch_norm.batch_moments(i["x"])


def _absolute(i: Inputs) -> np.ndarray:
    return paddle.mean(paddle.abs(tensor(i["x"]) - tensor(_right_moments(i)["mean"])), axis=0).numpy()


MOMENTS_CHECK = check(
    ASSIGNMENT,
    "batch_moments",
    5,
    ("mean, var = batch_moments(x)",),
    outputs=(Output("mean", MOMENTS), Output("var", MOMENTS)),
    cases=(
        Case("seven samples of five features", lambda r: {"x": draws.batch(r, (7, 5))}),
        Case("a spread of 0.01", lambda r: {"x": draws.batch(r, (6, 4), sd=0.01)}),
        Case("float32 input", lambda r: {"x": draws.batch(r, (9, 4), dtype="float32")}),
        Case("a view that is not contiguous", draws.views(lambda r: {"x": draws.batch(r, (5, 3))}, "x")),
    ),
    reference=_right_moments,
    mistakes={
        "moments over the wrong axis": Mistake(
            "You reduced over the features; batch norm reduces over the samples (axis 0) and keeps one value per feature.",
            _moments(axis=1),
        ),
        "one moment for the whole matrix": Mistake(
            "You averaged over everything; each feature (column) has a mean and a variance of its own.",
            _moments(axis=None),
        ),
        "axes kept": Mistake(
            "The values are right, but the reduced axis is still there: return shape (D,), not (1, D).",
            _moments(keepdim=True),
        ),
        "unbiased variance": Mistake(
            "You divided by N - 1; batch norm normalises by the biased variance, divided by N.",
            only(_moments(unbiased=True), "var"),
        ),
        "standard deviation for variance": Mistake(
            "You returned the standard deviation; the variance is its square.",
            after(_right_moments, "var", change=np.sqrt),
        ),
        "variance not centred": Mistake(
            "You averaged the squares of x itself; subtract the mean before squaring.",
            formula("var", "x")(lambda x: paddle.mean(paddle.square(x), axis=0)),
        ),
        "squares summed, not averaged": Mistake(
            "Your variance is N times too large: average the squared deviations, do not add them up.",
            scaled(_right_moments, "var", by=lambda i: len(i["x"])),
        ),
        "absolute deviation for variance": Mistake(
            "You averaged the absolute deviations; the variance averages their squares.", of("var", _absolute)
        ),
        "sum for mean": Mistake(
            "Your mean is N times too large: divide the sum by the number of samples.",
            formula("mean", "x")(lambda x: paddle.sum(x, axis=0)),
        ),
        "mean and variance swapped": Mistake(
            "You return (var, mean); the order asked for is (mean, var).",
            swapped(_right_moments, "mean", "var"),
        ),
        "epsilon inside the moments": Mistake(
            "You added epsilon here; it belongs in `normalize`, beside the variance under the root.",
            after(_right_moments, "var", change=lambda var: var + batch_norm.EPS),
        ),
    },
)


# --- normalize -----------------------------------------------------------------------------------------------


@draws.draw
def _given(
    r: draws.Generator, shape: tuple[int, int], eps: float, sd: float = 1.0, dtype: str = "float64"
) -> Inputs:
    mean, var = draws.means(r, shape[1]).astype(dtype), draws.variances(r, shape[1]).astype(dtype)
    var = (var * sd**2).astype(dtype)
    return {"x": draws.batch(r, shape, sd, dtype), "mean": mean, "var": var, "eps": eps}


def _constant_feature(i: Inputs) -> Inputs:
    for name, value in (("x", 2.5), ("mean", 2.5), ("var", 0.0)):
        i[name][..., 1] = value
    return i


_x_hat = formula("x_hat", "x", "mean", "var", "eps")

NORMALIZE_CHECK = check(
    ASSIGNMENT,
    "normalize",
    5,
    ("x_hat = normalize(x, mean, var, eps)",),
    outputs=(Output("x_hat", BATCH_NORM),),
    cases=(
        Case("statistics that are not the batch's own", _given((7, 5), 1e-5)),
        Case("a spread of 0.01", _given((6, 4), 1e-5, sd=0.01)),
        Case("another epsilon", _given((5, 3), 1e-2)),
        Case("a feature with variance 0", draws.altered(_given((6, 4), 1e-5), _constant_feature)),
        Case("float32 input", _given((9, 4), 1e-3, dtype="float32")),
    ),
    reference=lambda i: {"x_hat": batch_norm.normalize(i["x"], i["mean"], i["var"], i["eps"])},
    mistakes={
        "epsilon outside the root": Mistake(
            "You add epsilon after taking the root; it goes beside the variance, under the root.",
            _x_hat(lambda x, m, v, eps: (x - m) / (paddle.sqrt(v) + eps)),
        ),
        "no epsilon": Mistake(
            "Epsilon is missing: a feature with variance 0 divides by 0, one with a small variance comes out too large.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v)),
        ),
        "epsilon hard-coded": Mistake(
            "You use 1e-5 whatever comes in: take the argument eps.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v + 1e-5)),
        ),
        "divided by the variance": Mistake(
            "You divide by the variance; divide by its square root, so that the result has spread 1.",
            _x_hat(lambda x, m, v, eps: (x - m) / (v + eps)),
        ),
        "multiplied by the standard deviation": Mistake(
            "You multiply by the standard deviation; normalising divides by it.",
            _x_hat(lambda x, m, v, eps: (x - m) * paddle.sqrt(v + eps)),
        ),
        "mean not subtracted": Mistake(
            "The mean is still in there: subtract it before dividing.",
            _x_hat(lambda x, m, v, eps: x / paddle.sqrt(v + eps)),
        ),
        "mean added": Mistake(
            "You add the mean; normalising takes it away.",
            _x_hat(lambda x, m, v, eps: (x + m) / paddle.sqrt(v + eps)),
        ),
        "statistics given are ignored": Mistake(
            "You computed the moments of x anew; use the mean and var that are passed in (at test time they are others).",
            _x_hat(
                lambda x, m, v, eps: (x - x.mean(0)) / paddle.sqrt(paddle.var(x, 0, unbiased=False) + eps)
            ),
        ),
        "only the mean is removed": Mistake(
            "You centred the features but did not divide by their standard deviation.",
            _x_hat(lambda x, m, v, eps: x - m),
        ),
    },
)


# --- scale_shift ---------------------------------------------------------------------------------------------


@draws.draw
def _scale_case(r: draws.Generator, shape: tuple[int, int], dtype: str = "float64") -> Inputs:
    x_hat, gamma, beta = draws.batch(r, shape), draws.scales(r, shape[1]), draws.shifts(r, shape[1])
    return draws.as_type({"x_hat": x_hat, "gamma": gamma, "beta": beta}, dtype)


_out = formula("out", "x_hat", "gamma", "beta")
_along_samples = _out(lambda x, g, b: x * g.unsqueeze(1) + b.unsqueeze(1))

SCALE_CHECK = check(
    ASSIGNMENT,
    "scale_shift",
    3,
    ("out = scale_shift(x_hat, gamma, beta)",),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("six samples of four features", _scale_case((6, 4))),
        Case("as many samples as features", _scale_case((5, 5))),
        Case("float32 input", _scale_case((4, 7), "float32")),
    ),
    reference=lambda i: {"out": batch_norm.scale_shift(i["x_hat"], i["gamma"], i["beta"])},
    mistakes={
        "gamma and beta swapped": Mistake(
            "gamma multiplies and beta is added; you have it the other way round.",
            _out(lambda x, g, b: x * b + g),
        ),
        "gamma scales beta too": Mistake(
            "You add beta before multiplying by gamma; scale first, then shift.",
            _out(lambda x, g, b: (x + b) * g),
        ),
        "gamma forgotten": Mistake(
            "gamma is not used: scale each feature by it.", _out(lambda x, g, b: x + b)
        ),
        "beta forgotten": Mistake("beta is not used: shift each feature by it.", _out(lambda x, g, b: x * g)),
        "beta subtracted": Mistake("beta is added, not taken away.", _out(lambda x, g, b: x * g - b)),
        "parameters along the samples": Mistake(
            "gamma and beta run along the features (axis 1); you lined them up with the samples.",
            where(lambda i: i["x_hat"].shape[0] == i["x_hat"].shape[1], _along_samples),
        ),
    },
)

CHECKS = (MOMENTS_CHECK, NORMALIZE_CHECK, SCALE_CHECK)
