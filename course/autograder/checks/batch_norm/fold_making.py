"""A batch norm folded into a convolution, piece by piece: the factor of the weight, and the three parts of the bias."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.makings import Making, Piece, Stead


@dataclass(frozen=True)
class Folded:
    """What is folded, in float64, all vectors laid along the output channels.

    Attributes:
        weight: [O, C, kh, kw].
        bias, gamma, beta, mean, var: one value for each output channel.
        eps: added to the variance.
    """

    weight: np.ndarray
    bias: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    eps: float


def _folded(i: Inputs, lay: Callable[[np.ndarray], np.ndarray]) -> Folded:
    weight, bias, gamma, beta, mean, var = (
        i[name].astype(np.float64) for name in ("weight", "bias", "gamma", "beta", "mean", "var")
    )
    return Folded(weight, lay(bias), lay(gamma), lay(beta), lay(mean), lay(var), i["eps"])


def _vectors(i: Inputs) -> Folded:
    return _folded(i, lambda vector: vector)


def _along_kernels(i: Inputs) -> Folded:
    return _folded(i, lambda vector: vector[:, None, None, None])


def _gamma(what: str) -> Piece:
    return Piece(
        lambda f: f.gamma,
        {
            f"gamma missing at the {what}": Stead(
                "The factor is gamma over the standard deviation: yours has no gamma there.", lambda f: 1.0
            ),
            f"gamma twice at the {what}": Stead(
                "The factor is gamma over the standard deviation: yours has gamma twice there.", lambda f: f.gamma**2
            ),
            f"divided by gamma at the {what}": Stead(
                "The factor is gamma over the standard deviation: yours divides by gamma there.", lambda f: 1 / f.gamma
            ),
            f"beta for gamma at the {what}": Stead(
                "The factor is gamma over the standard deviation: yours has beta there.", lambda f: f.beta
            ),
        },
    )  # fmt: skip


def _deviation(what: str) -> Piece:
    """The power of (var + eps); epsilon may be missing, or stand outside of the root."""
    told = "The factor is gamma over sqrt(var + eps): yours {} there."
    return Piece(
        lambda f: 1 / np.sqrt(f.var + f.eps),
        {
            f"not divided by the deviation at the {what}": Stead(told.format("divides by nothing"), lambda f: 1.0),
            f"divided by the variance at the {what}": Stead(
                told.format("divides by var + eps"), lambda f: 1 / (f.var + f.eps)
            ),
            f"multiplied by the deviation at the {what}": Stead(
                told.format("multiplies by the root"), lambda f: np.sqrt(f.var + f.eps)
            ),
            f"no epsilon at the {what}": Stead(told.format("has no epsilon"), lambda f: 1 / np.sqrt(f.var)),
            f"epsilon outside the root at the {what}": Stead(
                told.format("has epsilon outside of the root"), lambda f: 1 / (np.sqrt(f.var) + f.eps)
            ),
        },
    )  # fmt: skip


SIGN = "The bias that is folded is (bias - mean) * factor + beta: yours has another sign."
FOLD_MAKING = {
    "folded_weight": Making(
        _along_kernels,
        {"weight": Piece(lambda f: f.weight, {}), "gamma": _gamma("weight"), "deviation": _deviation("weight")},
        lambda weight, gamma, deviation: np.asarray(weight * gamma * deviation),
    ),
    "folded_bias": Making(
        _vectors,
        {
            "bias": Piece(
                lambda f: f.bias,
                {
                    "old bias dropped": Stead(
                        "The convolution's own bias goes through batch norm as well; yours is gone.", lambda f: 0.0
                    ),
                    "sign of the old bias": Stead(SIGN, lambda f: -f.bias),
                },
            ),
            "bias_gamma": _gamma("old bias"),
            "bias_deviation": _deviation("old bias"),
            "mean": Piece(
                lambda f: -f.mean,
                {
                    "running mean forgotten in the bias": Stead(
                        "Batch norm subtracts the running mean: it goes through the factor into the bias.", lambda f: 0.0
                    ),
                    "running mean added": Stead(SIGN, lambda f: f.mean),
                },
            ),
            "mean_gamma": _gamma("running mean"),
            "mean_deviation": _deviation("running mean"),
            "beta": Piece(
                lambda f: f.beta,
                {
                    "beta forgotten": Stead("beta is not used: add it at the end.", lambda f: 0.0),
                    "beta subtracted": Stead("beta is added, not taken away.", lambda f: -f.beta),
                    "beta multiplied by gamma": Stead("beta is added as it is.", lambda f: f.beta * f.gamma),
                    "beta scaled too": Stead(
                        "beta is added as it is.", lambda f: f.beta * f.gamma / np.sqrt(f.var + f.eps)
                    ),
                },
            ),
        },
        lambda bias, bias_gamma, bias_deviation, mean, mean_gamma, mean_deviation, beta: np.asarray(
            bias * bias_gamma * bias_deviation + mean * mean_gamma * mean_deviation + beta
        ),
    ),
}  # fmt: skip
