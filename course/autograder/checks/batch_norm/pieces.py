"""ps1, the pieces: moments of a batch, normalising by given statistics, scale and shift."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import ASSIGNMENT as ASSIGNMENT
from course.autograder.checks.batch_norm import variants
from course.autograder.checks.batch_norm.forward_making import out_making
from course.autograder.checks.batch_norm.moment_loops import MOMENT_LOOPS
from course.autograder.checks.batch_norm.moments_making import MOMENTS_MAKING
from course.autograder.checks.batch_norm.normalised import given_statistics
from course.autograder.checks.batch_norm.normalising import apart, rooted, scaling
from course.autograder.checks.batch_norm.one_alone import one_alone
from course.autograder.checks.formula import formula
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.tolerances import Tolerance, Tolerances
from course.autograder.checks.language.wrong import after, of, of_shape, only, scaled, swapped, where
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

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


def _by_features(i: Inputs) -> Arrays:
    """Divided by the number of columns: the mean, and the variance about that mean."""
    x = i["x"].astype(np.float64)
    mean = x.sum(axis=0) / x.shape[1]
    return {"mean": mean, "var": ((x - mean) ** 2).sum(axis=0) / x.shape[1]}


def _by_median(i: Inputs) -> Arrays:
    """The median, and the squares around it."""
    x = i["x"].astype(np.float64)
    middle = np.median(x, axis=0)
    return {"mean": middle, "var": ((x - middle) ** 2).mean(axis=0)}


def _short_mean(i: Inputs) -> Arrays:
    n = len(i["x"])
    return scaled(_right_moments, "mean", by=n / (n - 1))(i) if n > 1 else {}


def _absolute(i: Inputs) -> np.ndarray:
    return paddle.mean(paddle.abs(tensor(i["x"]) - tensor(_right_moments(i)["mean"])), axis=0).numpy()


def _second(i: Inputs) -> np.ndarray:
    return np.square(i["x"].astype(np.float64)).mean(axis=0)


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
        Case("as many samples as features", lambda r: {"x": draws.batch(r, (5, 5))}),
        Case("a single feature", lambda r: {"x": draws.batch(r, (6, 1))}),
    ),
    reference=_right_moments,
    makings=MOMENTS_MAKING,
    mistakes={
        "moments over the wrong axis": Mistake(
            "You reduced over the features; batch norm reduces over the samples (axis 0) and keeps one value per feature.",
            _moments(axis=1),
        ),
        "one moment for the whole matrix": Mistake(
            "You averaged over everything; each feature (column) has a mean and a variance of its own.",
            _moments(axis=None),
        ),
        "one moment for the whole matrix, repeated": Mistake(
            "You averaged over everything; each feature (column) has a mean and a variance of its own.",
            lambda i: {
                name: np.full(i["x"].shape[1], value) for name, value in _moments(axis=None)(i).items()
            },
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
        "unbiased standard deviation for variance": Mistake(
            "You returned a standard deviation, and divided by N - 1: the variance is its square, divided by N.",
            after(only(_moments(unbiased=True), "var"), "var", change=np.sqrt),
        ),
        "covariance matrix for the variances": Mistake(
            "np.cov gives a matrix of every feature with every other; the variances are its diagonal, with bias=True.",
            where(lambda i: i["x"].shape[1] > 1, of("var", lambda i: of_shape((i["x"].shape[1],) * 2))),
        ),
        "variance not centred": Mistake(
            "You averaged the squares of x itself; subtract the mean before squaring.",
            formula("var", "x")(lambda x: paddle.mean(paddle.square(x), axis=0)),
        ),
        "variance with the opposite sign": Mistake(
            "The variance is the mean of the squares minus the square of the mean; yours has them the other way round.",
            scaled(_right_moments, "var", by=-1),
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
        "divided by the number of features": Mistake(
            "You divided by the number of features; each mean is over the N samples, x.shape[0] of them.",
            _by_features,
        ),
        "variance divided by the number of features": Mistake(
            "The mean of the squares is over the N samples, x.shape[0] of them, not over the features.",
            scaled(_right_moments, "var", by=lambda i: len(i["x"]) / i["x"].shape[1]),
        ),
        "variance round the mean of everything": Mistake(
            "Each feature's variance is taken round its own mean; yours round the mean of the whole matrix.",
            lambda i: {"var": ((i["x"] - i["x"].mean(dtype=np.float64)) ** 2).mean(axis=0)},
        ),
        "median for mean": Mistake(
            "You took the median, the value in the middle; the mean is the sum divided by N.", _by_median
        ),
        "mean divided by N - 1": Mistake(
            "A mean of N values is their sum divided by N, not by N - 1.", _short_mean
        ),
        "deviations not squared": Mistake(
            "The deviations themselves average to 0: square them first.",
            after(_right_moments, "var", change=np.zeros_like),
        ),
        "mean not squared before it is subtracted": Mistake(
            "The mean of the squares less the SQUARE of the mean is the variance; you subtracted the mean itself.",
            lambda i: {
                "var": _right_moments(i)["var"] + _right_moments(i)["mean"] ** 2 - _right_moments(i)["mean"]
            },
        ),
        "mean added before squaring": Mistake(
            "A deviation is x minus the mean; yours is x plus the mean.",
            lambda i: {"var": _right_moments(i)["var"] + 4 * _right_moments(i)["mean"] ** 2},
        ),
        "variance of the means": Mistake(
            "You took the variance of the means; each feature has a variance over its own samples.",
            lambda i: {"var": np.var(_right_moments(i)["mean"])},
        ),
        "moments as columns": Mistake(
            "The values are right: return shape (D,), not (D, 1).",
            after(_right_moments, "mean", "var", change=lambda moment: moment[:, None]),
        ),
        "epsilon inside the moments": Mistake(
            "You added epsilon here; it belongs in `normalize`, beside the variance under the root.",
            after(_right_moments, "var", change=lambda var: var + batch_norm.EPS),
        ),
        "square of the mean of everything": Mistake(
            "Of each feature's mean square its own squared mean is taken away, not that of the whole matrix.",
            lambda i: {"var": _second(i) - i["x"].mean(dtype=np.float64) ** 2},
        ),
        "absolute deviations averaged, then squared": Mistake(
            "Square each deviation first, and average the squares.", lambda i: {"var": _absolute(i) ** 2}
        ),
        **MOMENT_LOOPS,
        **one_alone(_right_moments, "mean", "var", features=0),
    },
)


# --- normalize -----------------------------------------------------------------------------------------------


@draws.draw
def normalizing(
    r: draws.Generator, shape: tuple[int, int], eps: float, sd: float = 1.0, dtype: str = "float64"
) -> Inputs:
    """x, with statistics that are not its own."""
    mean, var = draws.means(r, shape[1]).astype(dtype), draws.variances(r, shape[1]).astype(dtype)
    var = (var * sd**2).astype(dtype)
    return {"x": draws.batch(r, shape, sd, dtype), "mean": mean, "var": var, "eps": eps}


def _constant_feature(i: Inputs) -> Inputs:
    for name, value in (("x", 2.5), ("mean", 2.5), ("var", 0.0)):
        i[name][..., 1] = value
    return i


def far_away(i: Inputs) -> Inputs:
    """Samples that lie 30 times as far out: whoever cuts large values off changes them."""
    return {"x": 30 * i["x"]}


def _no_variance(i: Inputs) -> Inputs:
    return {"var": np.where(np.arange(len(i["var"])) == 1, 0.0, i["var"])}


_x_hat = formula("x_hat", "x", "mean", "var", "eps")


def _switched(**switches: Any) -> Any:
    return _x_hat(lambda x, m, v, eps: variants.standardized(x, m, v, eps, variants.Switches(**switches)))


def _square(name: str) -> Any:
    """Whether a matrix has as many rows as columns, so that a vector can be lined up with either."""
    return lambda i: i[name].shape[0] == i[name].shape[1]


def _along_samples(x: Any, m: Any, v: Any, eps: float) -> Any:
    return (x - m.unsqueeze(1)) / paddle.sqrt(v.unsqueeze(1) + eps)


def _rows(x: Any, m: Any, v: Any, eps: float) -> Any:
    mean, var = variants.statistics(x, (1,), variants.Switches())
    return (x - mean) / paddle.sqrt(var + eps)


def _normalized(i: Inputs) -> Arrays:
    return {"x_hat": batch_norm.normalize(i["x"], i["mean"], i["var"], i["eps"])}


NORMALIZE_CHECK = check(
    ASSIGNMENT,
    "normalize",
    5,
    ("x_hat = normalize(x, mean, var, eps)",),
    outputs=(Output("x_hat", BATCH_NORM),),
    cases=(
        Case("statistics that are not the batch's own", normalizing((7, 5), 1e-5)),
        Case("a spread of 0.01", normalizing((6, 4), 1e-5, sd=0.01)),
        Case("another epsilon", normalizing((5, 3), 1e-2)),
        Case("a feature with variance 0", draws.altered(normalizing((6, 4), 1e-5), _constant_feature)),
        Case(
            "a variance of 0 that is not the samples' own",
            draws.altered(normalizing((5, 3), 1e-2), _no_variance),
        ),
        Case("float32 input", normalizing((9, 4), 1e-3, dtype="float32")),
        Case("as many samples as features", normalizing((5, 5), 1e-2)),
        Case("a single feature", normalizing((6, 1), 1e-2)),
        Case(
            "fewer samples than features, far from the mean, a view",
            draws.views(draws.altered(normalizing((3, 7), 1e-3), far_away), "x"),
        ),
    ),
    reference=_normalized,
    makings={"x_hat": out_making(given_statistics, "the arguments", scaled=False)},
    mistakes={
        **rooted(_switched, "the arguments"),
        **apart(_switched),
        "no epsilon": Mistake(
            "Epsilon is missing: a feature with variance 0 divides by 0, one with a small variance comes out too large.",
            _switched(eps="none"),
        ),
        "epsilon hard-coded": Mistake(
            "You use 1e-5 whatever comes in: take the argument eps.", _switched(eps=1e-5)
        ),
        "epsilon subtracted": Mistake(
            "Epsilon is added to the variance, not taken away.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v - eps)),
        ),
        "epsilon added to the quotient": Mistake(
            "Without brackets epsilon is added after the division: it goes beside the variance, under the root.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v) + eps),
        ),
        "only the mean is divided": Mistake(
            "Without brackets only the mean is divided: subtract first, then divide the difference.",
            _x_hat(lambda x, m, v, eps: x - m / paddle.sqrt(v + eps)),
        ),
        "multiplied by the standard deviation": Mistake(
            "You multiply by the standard deviation; normalising divides by it.",
            _x_hat(lambda x, m, v, eps: (x - m) * paddle.sqrt(v + eps)),
        ),
        "statistics given are ignored": Mistake(
            "You computed the moments of x anew; use the mean and var that are passed in (at test time they are others).",
            _x_hat(
                lambda x, m, v, eps: (x - x.mean(0)) / paddle.sqrt(paddle.var(x, 0, unbiased=False) + eps)
            ),
        ),
        "moments of the whole matrix": Mistake(
            "You computed one mean and one variance over all of x; use the mean and var that are passed in.",
            _x_hat(lambda x, m, v, eps: (x - x.mean()) / paddle.sqrt(paddle.var(x, unbiased=False) + eps)),
        ),
        "the batch's own mean": Mistake(
            "You subtract the mean of x; use the mean that is passed in.",
            _x_hat(lambda x, m, v, eps: (x - x.mean(0)) / paddle.sqrt(v + eps)),
        ),
        "the batch's own variance": Mistake(
            "You divide by the deviation of x; use the var that is passed in.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(paddle.var(x, 0, unbiased=False) + eps)),
        ),
        "mean and var exchanged": Mistake(
            "The mean is subtracted and the root of the variance divides; yours are in each other's place.",
            _x_hat(lambda x, m, v, eps: (x - v) / paddle.sqrt(m + eps)),
        ),
        "epsilon in the numerator": Mistake(
            "Epsilon keeps the division safe: it stands under the root alone, and not above the bar.",
            _x_hat(lambda x, m, v, eps: (x - m + eps) / paddle.sqrt(v + eps)),
        ),
        **one_alone(_normalized, "x_hat", samples=0, features=1),
        "one variance for all features": Mistake(
            "Each feature is divided by its own deviation: var has one value for each, and is not averaged.",
            _x_hat(lambda x, m, v, eps: (x - m) / paddle.sqrt(v.mean() + eps)),
        ),
        "one mean for all features": Mistake(
            "From each feature its own mean is taken: mean has one value for each, and is not averaged.",
            _x_hat(lambda x, m, v, eps: (x - m.mean()) / paddle.sqrt(v + eps)),
        ),
        "normalised along the rows": Mistake(
            "You normalise each sample by its own moments; use the mean and var that are passed in.",
            _x_hat(_rows),
        ),
        "statistics along the samples": Mistake(
            "mean and var run along the features (axis 1); you lined them up with the samples.",
            where(_square("x"), _x_hat(_along_samples)),
        ),
    },
)


# --- scale_shift ---------------------------------------------------------------------------------------------


@draws.draw
def scaled_and_shifted(r: draws.Generator, shape: tuple[int, int], dtype: str = "float64") -> Inputs:
    """x_hat, gamma and beta."""
    x_hat, gamma, beta = draws.batch(r, shape), draws.scales(r, shape[1]), draws.shifts(r, shape[1])
    return draws.as_type({"x_hat": x_hat, "gamma": gamma, "beta": beta}, dtype)


def _nothing(i: Inputs) -> Inputs:
    """Large values, a gamma of 0 and, for another feature, a beta of 0."""
    at = np.arange(len(i["gamma"]))
    return {
        "x_hat": 30 * i["x_hat"],
        "gamma": np.where(at == 1, 0.0, i["gamma"]),
        "beta": np.where(at == 2, 0.0, i["beta"]),
    }


_out = formula("out", "x_hat", "gamma", "beta")


def _affine(**switches: Any) -> Any:
    return _out(lambda x, g, b: variants.affine(x, g, b, variants.Switches(**switches)))


def _scaled_and_shifted(i: Inputs) -> Arrays:
    return {"out": batch_norm.scale_shift(i["x_hat"], i["gamma"], i["beta"])}


SCALE_CHECK = check(
    ASSIGNMENT,
    "scale_shift",
    3,
    ("out = scale_shift(x_hat, gamma, beta)",),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("six samples of four features", scaled_and_shifted((6, 4))),
        Case("as many samples as features", scaled_and_shifted((5, 5))),
        Case("float32 input", scaled_and_shifted((4, 7), "float32")),
        Case("a single feature", scaled_and_shifted((5, 1))),
        Case(
            "a gamma of 0 and a beta of 0, a view",
            draws.views(draws.altered(scaled_and_shifted((3, 6)), _nothing), "x_hat"),
        ),
    ),
    reference=_scaled_and_shifted,
    mistakes={
        **scaling(_affine),
        "beta multiplied": Mistake("beta is added, not multiplied.", _out(lambda x, g, b: x * g * b)),
        "sign of gamma lost": Mistake("gamma may be negative.", _out(lambda x, g, b: x * g.abs() + b)),
        "beta multiplied too": Mistake(
            "beta is added to the product; yours multiplies x_hat as well.", _out(lambda x, g, b: x * (g + b))
        ),
        "one gamma and beta for all features": Mistake(
            "Each feature has its own gamma and beta; you use the first of each for all.",
            _out(lambda x, g, b: x * g[0] + b[0]),
        ),
        "gamma and beta averaged": Mistake(
            "Each feature has its own gamma and beta; you average them over the features.",
            _out(lambda x, g, b: x * g.mean() + b.mean()),
        ),
        "features added up": Mistake(
            "Multiply feature by feature: a matrix product adds the features up.",
            _out(lambda x, g, b: paddle.matmul(x, g)),
        ),
        "features added up, beta behind it": Mistake(
            "Multiply feature by feature: a matrix product adds the features up.",
            where(
                lambda i: 1 in i["x_hat"].shape or i["x_hat"].shape[0] == i["x_hat"].shape[1],
                of("out", lambda i: i["x_hat"].astype(np.float64) @ i["gamma"] + i["beta"]),
            ),
        ),
        "gamma in beta's place too": Mistake(
            "beta is added; yours adds gamma once more.", _out(lambda x, g, b: x * g + g)
        ),
        "beta in gamma's place too": Mistake(
            "gamma multiplies; yours multiplies by beta, and adds it.", _out(lambda x, g, b: x * b + b)
        ),
        **one_alone(_scaled_and_shifted, "out", samples=0, features=1),
        "features added up in each row": Mistake(
            "Multiply feature by feature: yours adds the features of a sample up, and gives each of them the sum.",
            _out(lambda x, g, b: paddle.matmul(x, g).unsqueeze(1) + b),
        ),
        "parameters along the samples": Mistake(
            "gamma and beta run along the features (axis 1); you lined them up with the samples.",
            where(_square("x_hat"), _out(lambda x, g, b: x * g.unsqueeze(1) + b.unsqueeze(1))),
        ),
    },
)

CHECKS = (MOMENTS_CHECK, NORMALIZE_CHECK, SCALE_CHECK)
