"""A normaliser's dx, piece by piece: three paths, each with its factors, and what all of them are divided by."""

import numpy as np

from course.autograder.checks.batch_norm.gradient_parts import Parts, PartsOf
from course.autograder.checks.batch_norm.gradient_paths import ROADS
from course.autograder.checks.language.makings import Making, Piece, Stead, Value


def _as_told(values: dict[str, Value]) -> dict[str, Stead]:
    """Mistakes that have their names and advice in `ROADS` already."""
    return {name: Stead(ROADS[name][0], value) for name, value in values.items()}


def _one_less(p: Parts) -> float:
    return p.n / max(p.n - 1, 1)


ONE = lambda p: 1.0  # noqa: E731

DIRECT = Piece(
    lambda p: p.g,
    {
        **_as_told(
            {
                "direct gradient missing": lambda p: 0.0,
                "dout on the direct path without gamma": lambda p: p.dout,
                "direct gradient not divided by the deviation": lambda p: p.g * p.sd,
                "direct gradient multiplied by the deviation": lambda p: p.g * p.sd**2,
                "dout not multiplied by n": lambda p: p.g / p.n,
            }
        ),
        "direct gradient divided by the deviation again": Stead(
            "All three terms are divided by the standard deviation once; in yours the first is divided twice.",
            lambda p: p.g / p.sd,
        ),
        "gamma twice on the direct path": Stead(
            "gamma multiplies dout once; on the direct path it is there twice.", lambda p: p.g * p.gamma
        ),
        "sign of the direct gradient": Stead(
            "x reaches x_hat directly with a plus; in yours the direct term has the wrong sign.",
            lambda p: -p.g,
        ),
        "direct gradient multiplied by n": Stead(
            "The direct term is dout * gamma over the standard deviation; yours is n times that beside the other two.",
            lambda p: p.g * p.n,
        ),
    },
)

MEAN_TIMES = Piece(
    ONE,
    {
        **_as_told(
            {
                "gradient through the mean missing": lambda p: 0.0,
                "sign of the mean's gradient": lambda p: -1.0,
                "the mean's gradient not divided by n": lambda p: p.n,
                "the mean's gradient divided by n twice": lambda p: 1 / p.n,
            }
        ),
        "n - 1 for n in the mean's gradient": Stead(
            "The mean is over n values, and so is the average on its path: yours is divided by n - 1.",
            _one_less,
        ),
        "the mean's gradient twice as large": Stead(
            "The path through the mean has no factor 2: yours is twice as large.", lambda p: 2.0
        ),
        "the mean's gradient half as large": Stead(
            "The path through the mean has no factor 1/2: yours is half as large.", lambda p: 0.5
        ),
    },
)

MEAN_OF = Piece(
    lambda p: p.by_mean,
    {
        **_as_told(
            {
                "gamma missing on the path through the mean": lambda p: -p.mean(p.dout),
                "the mean's gradient not divided by the deviation": lambda p: p.by_mean * p.sd,
                "the mean's gradient divided by the deviation again": lambda p: p.by_mean / p.sd,
                "the mean's gradient not summed": lambda p: -p.g / p.n,
                "the mean's gradient of the last value only": lambda p: -p.last(p.g) / p.n,
            }
        ),
        "the mean's gradient summed over everything": Stead(
            "Each mean has values of its own: sum its gradient over these alone.",
            lambda p: -p.g.sum() / p.n,
        ),
        "the mean's gradient made from dout * x_hat": Stead(
            "The path through the mean averages dout * gamma alone; yours averages its product with x_hat.",
            lambda p: -p.mean(p.g * p.x_hat),
        ),
        "the mean's gradient averaged over everything": Stead(
            "Each mean hands back the gradient of its own values; yours averages over all there are.",
            lambda p: -p.g.mean(),
        ),
        "gamma twice on the path through the mean": Stead(
            "gamma multiplies dout once; on the path through the mean it is there twice.",
            lambda p: -p.mean(p.g * p.gamma),
        ),
    },
)

VAR_SIGN = Piece(ONE, _as_told({"sign of the variance's gradient": lambda p: -1.0}))

VAR_OVER_N = Piece(
    ONE,
    {
        **_as_told(
            {
                "the variance's gradient not divided by n": lambda p: p.n,
                "the variance's gradient divided by n twice": lambda p: 1 / p.n,
            }
        ),
        "n - 1 for n in the variance's gradient": Stead(
            "The variance is over n values, and so is the average on its path: yours is divided by n - 1.",
            _one_less,
        ),
    },
)

VAR_TIMES = Piece(
    ONE,
    {
        **_as_told(
            {
                "gradient through the variance missing": lambda p: 0.0,
                "factor 2 of the square forgotten": lambda p: 0.5,
                "factor 1/2 of the root forgotten": lambda p: 2.0,
            }
        ),
        "the variance's gradient four times as large": Stead(
            "On the path through the variance stand a 2, of the square, and a 1/2, of the root: where the 1/2 belongs yours has a 2.",
            lambda p: 4.0,
        ),
        "the variance's gradient a quarter as large": Stead(
            "On the path through the variance stand a 2, of the square, and a 1/2, of the root: yours has two factors 1/2.",
            lambda p: 0.25,
        ),
    },
)

VAR_BEFORE = Piece(
    lambda p: -p.x_hat,
    {
        **_as_told(
            {
                "x for the x_hat before the bar": lambda p: -p.x,
                "x not centred where the variance hands on": lambda p: -p.x / p.sd,
                "x_hat missing in the last term": lambda p: -1.0,
                "x_hat squared in the last term": lambda p: -(p.x_hat**2),
            }
        ),
        "the absolute x_hat in the last term": Stead(
            "The last term is x_hat times an average, with its sign.", lambda p: -np.abs(p.x_hat)
        ),
        "dout for the x_hat before the bar": Stead(
            "The last term is x_hat times the average of dout * x_hat; the x_hat before the average is dout in yours.",
            lambda p: -p.dout,
        ),
        "dout * gamma for the x_hat before the bar": Stead(
            "The last term is x_hat times the average of dout * x_hat; before the average yours has what comes in from above.",
            lambda p: -p.g,
        ),
    },
)

VAR_UNDER = Piece(
    lambda p: p.mean(p.g * p.x_hat),
    {
        **_as_told(
            {
                "gamma missing on the path through the variance": lambda p: p.mean(p.dout * p.x_hat),
                "x for the x_hat under the bar": lambda p: p.mean(p.g * p.x),
                "x not centred in the variance's gradient": lambda p: p.mean(p.g * p.x) / p.sd,
                "the variance's gradient not summed": lambda p: p.g * p.x_hat / p.n,
                "the variance's gradient of the last value only": lambda p: p.last(p.g * p.x_hat) / p.n,
                "the variance's gradient without what arrives there": lambda p: -p.sd / p.n,
            }
        ),
        "dout alone under the bar": Stead(
            "The last term is x_hat times the average of dout * x_hat; the x_hat under the average is missing.",
            lambda p: p.mean(p.g),
        ),
        "the variance's gradient averaged over everything": Stead(
            "Each variance hands back the gradient of its own values; yours averages over all there are.",
            lambda p: (p.g * p.x_hat).mean(),
        ),
        "the variance's gradient summed over everything": Stead(
            "Each variance has a gradient of its own: sum it over the values of that variance alone.",
            lambda p: (p.g * p.x_hat).sum() / p.n,
        ),
        "x_hat squared under the bar": Stead(
            "The last term is x_hat times the average of dout * x_hat; the x_hat under the average has no square.",
            lambda p: p.mean(p.g * p.x_hat**2),
        ),
        "a product of two averages under the bar": Stead(
            "The average is of the products dout * x_hat; yours multiplies two averages.",
            lambda p: p.mean(p.g) * p.mean(p.x),
        ),
        "gamma twice on the path through the variance": Stead(
            "gamma multiplies dout once; on the path through the variance it is there twice.",
            lambda p: p.mean(p.g * p.gamma * p.x_hat),
        ),
    },
)

VAR_POWER = Piece(
    ONE,
    {
        **_as_told(
            {
                "the variance's gradient not divided by the deviation": lambda p: p.sd,
                "the variance's gradient divided by the deviation again": lambda p: 1 / p.sd,
                "the variance's gradient not divided by the variance": lambda p: p.sd**2,
                "power -3 in the variance's gradient": lambda p: p.sd**-3,
                "root's derivative multiplied by 2 sd": lambda p: 4 * p.sd**2,
                "epsilon missing in the root's derivative": lambda p: p.sd / np.sqrt(p.var),
                "epsilon missing in the variance's gradient": lambda p: (p.sd / np.sqrt(p.var)) ** 3,
            }
        ),
        "power -1.5 of the deviation": Stead(
            "The power -1.5 is that of var + eps, which is -3 of the standard deviation; yours has -1.5 of the latter.",
            lambda p: p.sd**1.5,
        ),
        "no power of the deviation in the variance's gradient": Stead(
            "The derivative of 1 / sqrt(var + eps) has the power -1.5 of var + eps: yours has no such factor.",
            lambda p: p.sd**3,
        ),
        "the variance's gradient divided by the variance again": Stead(
            "The path through the variance is divided by the variance once too often.", lambda p: p.sd**-2
        ),
    },
)

WHOLE = Piece(
    lambda p: p.factor / p.sd,
    {
        **_as_told(
            {
                "dx not divided by the standard deviation": lambda p: p.factor,
                "dx divided by the variance": lambda p: p.factor / p.sd**2,
                "dx multiplied by the standard deviation": lambda p: p.factor * p.sd,
                "factor 1/n forgotten": lambda p: p.factor * p.n / p.sd,
                "dx divided by n once more": lambda p: p.factor / p.n / p.sd,
                "n - 1 for n": lambda p: p.factor * _one_less(p) / p.sd,
                "epsilon missing in the last division": lambda p: p.factor / np.sqrt(p.var),
                "epsilon outside the root in the last division": lambda p: (
                    p.factor / (np.sqrt(p.var) + p.eps)
                ),
            }
        ),
        "sign of dx": Stead("dx has the wrong sign as a whole.", lambda p: -p.factor / p.sd),
        "dx twice as large": Stead(
            "dx as a whole is twice as large: no factor 2 is left in the end.", lambda p: 2 * p.factor / p.sd
        ),
        "dx half as large": Stead(
            "dx as a whole is half as large: no factor 1/2 is left in the end.",
            lambda p: p.factor / (2 * p.sd),
        ),
    },
)


def _combined(
    direct: np.ndarray,
    mean_times: np.ndarray,
    mean_of: np.ndarray,
    var_sign: np.ndarray,
    var_over_n: np.ndarray,
    var_times: np.ndarray,
    var_before: np.ndarray,
    var_under: np.ndarray,
    var_power: np.ndarray,
    whole: np.ndarray,
) -> np.ndarray:
    by_var = var_sign * var_over_n * var_times * var_before * var_under * var_power
    return whole * (direct + mean_times * mean_of + by_var)


def dx_making(parts: PartsOf) -> Making:
    """How dx is made, from the parts of a case."""
    pieces = {
        "direct": DIRECT,
        "mean_times": MEAN_TIMES,
        "mean_of": MEAN_OF,
        "var_sign": VAR_SIGN,
        "var_over_n": VAR_OVER_N,
        "var_times": VAR_TIMES,
        "var_before": VAR_BEFORE,
        "var_under": VAR_UNDER,
        "var_power": VAR_POWER,
        "whole": WHOLE,
    }
    return Making(parts, pieces, _combined, shape=lambda p: p.x.shape)
