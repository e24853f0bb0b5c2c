"""ps1, the pieces: moments of a batch, normalising by given statistics, scale and shift."""

from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator, batch, means, scales, shifts, variances
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM, Tolerance, Tolerances
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

ASSIGNMENT = "ps1_batchnorm"
MOMENTS = Tolerances(Tolerance(1e-6, 1e-10), Tolerance(1e-4, 1e-6))


# --- batch_moments -------------------------------------------------------------------------------------------


def _moments(i: Inputs, axis: int | None = 0, **keywords: Any) -> Arrays:
    x = tensor(i["x"])
    unbiased = keywords.pop("unbiased", False)
    return {
        "mean": paddle.mean(x, axis=axis, **keywords).numpy(),
        "var": paddle.var(x, axis=axis, unbiased=unbiased, **keywords).numpy(),
    }


def _right_moments(i: Inputs) -> Arrays:
    return batch_norm.batch_moments(i["x"])


def _wrong_var(change: Any) -> Any:
    """A misconception of the variance alone, from (x, mean, var) as arrays of the reference."""

    def wrong(i: Inputs) -> Arrays:
        right = _right_moments(i)
        return {"var": change(tensor(i["x"]), right["mean"], right["var"])}

    return wrong


MOMENTS_CHECK = Check(
    name="batch_moments",
    assignment=ASSIGNMENT,
    points=5,
    functions=("batch_moments",),
    steps=(Call("batch_moments", ("x",), ("mean", "var")),),
    outputs=(Output("mean", MOMENTS), Output("var", MOMENTS)),
    cases=(
        Case("seven samples of five features", lambda r: {"x": batch(r, (7, 5))}),
        Case("a spread of 0.01", lambda r: {"x": batch(r, (6, 4), sd=0.01)}),
        Case("float32 input", lambda r: {"x": batch(r, (9, 4), dtype="float32")}),
        Case("a view that is not contiguous", lambda r: {"x": Strided(batch(r, (5, 3)))}),
    ),
    reference=_right_moments,
    misconceptions=(
        Misconception(
            "moments over the wrong axis",
            "You reduced over the features; batch norm reduces over the samples (axis 0) and keeps one value per feature.",
            lambda i: _moments(i, axis=1),
        ),
        Misconception(
            "one moment for the whole matrix",
            "You averaged over everything; each feature (column) has a mean and a variance of its own.",
            lambda i: _moments(i, axis=None),
        ),
        Misconception(
            "axes kept",
            "The values are right, but the reduced axis is still there: return shape (D,), not (1, D).",
            lambda i: _moments(i, keepdim=True),
        ),
        Misconception(
            "unbiased variance",
            "You divided by N - 1; batch norm normalises by the biased variance, divided by N.",
            lambda i: {"var": _moments(i, unbiased=True)["var"]},
        ),
        Misconception(
            "standard deviation for variance",
            "You returned the standard deviation; the variance is its square.",
            _wrong_var(lambda x, mean, var: np.sqrt(var)),
        ),
        Misconception(
            "variance not centred",
            "You averaged the squares of x itself; subtract the mean before squaring.",
            _wrong_var(lambda x, mean, var: paddle.mean(paddle.square(x), axis=0).numpy()),
        ),
        Misconception(
            "squares summed, not averaged",
            "Your variance is N times too large: average the squared deviations, do not add them up.",
            _wrong_var(lambda x, mean, var: var * x.shape[0]),
        ),
        Misconception(
            "absolute deviation for variance",
            "You averaged the absolute deviations; the variance averages their squares.",
            _wrong_var(lambda x, mean, var: paddle.mean(paddle.abs(x - tensor(mean)), axis=0).numpy()),
        ),
        Misconception(
            "sum for mean",
            "Your mean is N times too large: divide the sum by the number of samples.",
            lambda i: {"mean": paddle.sum(tensor(i["x"]), axis=0).numpy()},
        ),
        Misconception(
            "mean and variance swapped",
            "You return (var, mean); the order asked for is (mean, var).",
            lambda i: {"mean": _right_moments(i)["var"], "var": _right_moments(i)["mean"]},
        ),
        Misconception(
            "epsilon inside the moments",
            "You added epsilon here; it belongs in `normalize`, beside the variance under the root.",
            _wrong_var(lambda x, mean, var: var + batch_norm.EPS),
        ),
    ),
)


# --- normalize -----------------------------------------------------------------------------------------------


def _statistics(r: Generator, d: int, dtype: str = "float64") -> Inputs:
    return {"mean": means(r, d).astype(dtype), "var": variances(r, d).astype(dtype)}


def _normalize_case(shape: tuple[int, int], eps: float, sd: float = 1.0, dtype: str = "float64") -> Any:
    def draw(r: Generator) -> Inputs:
        given = _statistics(r, shape[1], dtype)
        given["var"] = (given["var"] * sd**2).astype(dtype)
        return {"x": batch(r, shape, sd, dtype), **given, "eps": eps}

    return draw


def _constant_feature(r: Generator) -> Inputs:
    i = _normalize_case((6, 4), 1e-5)(r)
    i["x"][:, 1], i["mean"][1], i["var"][1] = 2.5, 2.5, 0.0
    return i


def _x_hat(change: Any) -> Any:
    """A misconception of x_hat from tensors (x, mean, var) and the number eps."""

    def wrong(i: Inputs) -> Arrays:
        return {"x_hat": change(tensor(i["x"]), tensor(i["mean"]), tensor(i["var"]), i["eps"]).numpy()}

    return wrong


NORMALIZE_CHECK = Check(
    name="normalize",
    assignment=ASSIGNMENT,
    points=5,
    functions=("normalize",),
    steps=(Call("normalize", ("x", "mean", "var", "eps"), ("x_hat",)),),
    outputs=(Output("x_hat", BATCH_NORM),),
    cases=(
        Case("statistics that are not the batch's own", _normalize_case((7, 5), 1e-5)),
        Case("a spread of 0.01", _normalize_case((6, 4), 1e-5, sd=0.01)),
        Case("another epsilon", _normalize_case((5, 3), 1e-2)),
        Case("a feature with variance 0", _constant_feature),
        Case("float32 input", _normalize_case((9, 4), 1e-3, dtype="float32")),
    ),
    reference=lambda i: {"x_hat": batch_norm.normalize(i["x"], i["mean"], i["var"], i["eps"])},
    misconceptions=(
        Misconception(
            "epsilon outside the root",
            "You add epsilon after taking the root; it goes beside the variance, under the root.",
            _x_hat(lambda x, m, v, eps: (x - m) / (paddle.sqrt(v) + eps)),
        ),
        Misconception(
            "no epsilon",
            "Epsilon is missing: a feature with variance 0 divides by 0, one with a small variance comes out too large.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v)),
        ),
        Misconception(
            "epsilon hard-coded",
            "You use 1e-5 whatever comes in: take the argument eps.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v + 1e-5)),
        ),
        Misconception(
            "divided by the variance",
            "You divide by the variance; divide by its square root, so that the result has spread 1.",
            _x_hat(lambda x, m, v, eps: (x - m) / (v + eps)),
        ),
        Misconception(
            "multiplied by the standard deviation",
            "You multiply by the standard deviation; normalising divides by it.",
            _x_hat(lambda x, m, v, eps: (x - m) * paddle.sqrt(v + eps)),
        ),
        Misconception(
            "mean not subtracted",
            "The mean is still in there: subtract it before dividing.",
            _x_hat(lambda x, m, v, eps: x / paddle.sqrt(v + eps)),
        ),
        Misconception(
            "mean added",
            "You add the mean; normalising takes it away.",
            _x_hat(lambda x, m, v, eps: (x + m) / paddle.sqrt(v + eps)),
        ),
        Misconception(
            "statistics given are ignored",
            "You computed the moments of x anew; use the mean and var that are passed in (at test time they are others).",
            _x_hat(
                lambda x, m, v, eps: (
                    (x - x.mean(0)) / paddle.sqrt(paddle.var(x, axis=0, unbiased=False) + eps)
                )
            ),
        ),
        Misconception(
            "only the mean is removed",
            "You centred the features but did not divide by their standard deviation.",
            _x_hat(lambda x, m, v, eps: x - m),
        ),
    ),
)


# --- scale_shift ---------------------------------------------------------------------------------------------


def _scale_case(shape: tuple[int, int], dtype: str = "float64") -> Any:
    d = shape[1]
    return lambda r: {
        "x_hat": batch(r, shape, dtype=dtype),
        "gamma": scales(r, d).astype(dtype),
        "beta": shifts(r, d).astype(dtype),
    }


def _scaled(change: Any) -> Any:
    def wrong(i: Inputs) -> Arrays:
        return {"out": change(tensor(i["x_hat"]), tensor(i["gamma"]), tensor(i["beta"])).numpy()}

    return wrong


SCALE_CHECK = Check(
    name="scale_shift",
    assignment=ASSIGNMENT,
    points=3,
    functions=("scale_shift",),
    steps=(Call("scale_shift", ("x_hat", "gamma", "beta"), ("out",)),),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("six samples of four features", _scale_case((6, 4))),
        Case("as many samples as features", _scale_case((5, 5))),
        Case("float32 input", _scale_case((4, 7), "float32")),
    ),
    reference=lambda i: {"out": batch_norm.scale_shift(i["x_hat"], i["gamma"], i["beta"])},
    misconceptions=(
        Misconception(
            "gamma and beta swapped",
            "gamma multiplies and beta is added; you have it the other way round.",
            _scaled(lambda x, g, b: x * b + g),
        ),
        Misconception(
            "gamma scales beta too",
            "You add beta before multiplying by gamma; scale first, then shift.",
            _scaled(lambda x, g, b: (x + b) * g),
        ),
        Misconception("gamma forgotten", "gamma is not used: scale each feature by it.", _scaled(lambda x, g, b: x + b)),
        Misconception("beta forgotten", "beta is not used: shift each feature by it.", _scaled(lambda x, g, b: x * g)),
        Misconception(
            "beta subtracted", "beta is added, not taken away.", _scaled(lambda x, g, b: x * g - b)
        ),
        Misconception(
            "parameters along the samples",
            "gamma and beta run along the features (axis 1); you lined them up with the samples.",
            lambda i: _scaled(lambda x, g, b: x * g.unsqueeze(1) + b.unsqueeze(1))(i)
            if i["x_hat"].shape[0] == i["x_hat"].shape[1]
            else {},
        ),
    ),
)  # fmt: skip

CHECKS = (MOMENTS_CHECK, NORMALIZE_CHECK, SCALE_CHECK)
