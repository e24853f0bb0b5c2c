"""ps1, folding a batch norm in test mode into the convolution before it."""

import functools
from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm.fold_making import FOLD_MAKING
from course.autograder.checks.batch_norm.normalising import SHIFTS, Shift
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import Wrong, instead, negated, of, ones, swapped, where, zeros
from course.reference import batch_norm
from course.reference.batch_norm import tensor

ARGUMENTS = ("weight", "bias", "gamma", "beta", "mean", "var", "eps")


@draws.draw
def folding(
    r: draws.Generator, shape: tuple[int, int, int, int], eps: float, dtype: str = "float64"
) -> Inputs:
    """A convolution's weight [O, C, kh, kw] and bias, and a batch norm's parameters and running statistics."""
    o = shape[0]
    weight, bias = draws.away_from_zero(r, shape, 0.2, 1.0), draws.shifts(r, o)
    gamma, beta = draws.scales(r, o), draws.shifts(r, o) * 1.5
    arrays = (weight, bias, gamma, beta, draws.means(r, o), draws.variances(r, o))
    return draws.as_type(dict(zip(ARGUMENTS, (*arrays, eps), strict=True)), dtype)


def _folded(i: Inputs) -> Arrays:
    made = batch_norm.fold_batch_norm(*(i[k] for k in ARGUMENTS))
    return {"folded_weight": made["weight"], "folded_bias": made["bias"]}


def _variance(i: Inputs) -> np.ndarray:
    return i["var"].astype(np.float64)


def _along_the_inputs(i: Inputs) -> np.ndarray:
    return _folded({**i, "weight": i["weight"].swapaxes(0, 1)})["folded_weight"].swapaxes(0, 1)


def _factor(i: Inputs) -> np.ndarray:
    return i["gamma"] / np.sqrt(_variance(i) + i["eps"])


def _weight(change: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Wrong:
    """The weight alone, from it and the factor of its output channels."""
    return lambda i: {
        "folded_weight": change(i["weight"].astype(np.float64), _factor(i)[:, None, None, None])
    }


def _bias(change: Callable[[Inputs, np.ndarray], np.ndarray]) -> Wrong:
    """The bias alone, from the inputs and the factor."""
    return lambda i: {"folded_bias": change(i, _factor(i))}


def _shifted(shift: Shift, i: Inputs, factor: np.ndarray) -> np.ndarray:
    """The old bias scaled, and another shift than the right one."""
    sd = np.sqrt(_variance(i) + i["eps"])
    return np.asarray(i["bias"] * factor + shift(i["mean"], factor, sd, i["beta"]))


def _as_columns(weight: np.ndarray) -> np.ndarray:
    """The kernels' taps dealt out in columns, each column taken for a kernel."""
    return weight.reshape(-1, len(weight)).T.reshape(weight.shape)


def _bias_not_scaled(i: Inputs) -> np.ndarray:
    without = _folded({**i, "bias": np.zeros_like(i["bias"])})["folded_bias"]
    return (tensor(without) + tensor(i["bias"])).numpy()


FOLD = check(
    ASSIGNMENT,
    "fold_batchnorm",
    6,
    (f"folded_weight, folded_bias = fold_batchnorm({', '.join(ARGUMENTS)})",),
    outputs=(Output("folded_weight", BATCH_NORM), Output("folded_bias", BATCH_NORM)),
    cases=(
        Case("four kernels over three channels", folding((4, 3, 2, 5), 1e-5)),
        Case("as many kernels as channels", folding((3, 3, 2, 4), 1e-3)),
        Case("another epsilon", folding((5, 2, 3, 1), 1e-1)),
        Case("float32 parameters", folding((2, 4, 3, 3), 1e-2, "float32")),
        Case("all four axes alike", folding((3, 3, 3, 3), 1e-1)),
        Case(
            "views, a gamma of 0",
            draws.views(draws.constant(folding((3, 5, 2, 2), 1e-2), 1, 0.0, "gamma"), "weight"),
        ),
        Case(
            "small variances", draws.altered(folding((4, 2, 3, 1), 1e-2), lambda i: {"var": i["var"] / 1000})
        ),
    ),
    reference=_folded,
    makings=FOLD_MAKING,
    mistakes={
        "epsilon forgotten": Mistake(
            "The layer being folded divides by sqrt(var + eps): without eps the two nets differ.",
            instead(_folded, eps=0.0),
        ),
        "epsilon outside the root": Mistake(
            "Epsilon goes beside the variance, under the root.",
            instead(_folded, var=lambda i: (np.sqrt(_variance(i)) + i["eps"]) ** 2 - i["eps"]),
        ),
        "divided by the variance": Mistake(
            "Divide by the standard deviation, the root of the variance.",
            instead(_folded, var=lambda i: (_variance(i) + i["eps"]) ** 2 - i["eps"]),
        ),
        "gamma forgotten": Mistake(
            "gamma scales each output channel: it goes into the weight, and into the bias.",
            instead(_folded, gamma=ones("gamma")),
        ),
        "scaled along the input channels": Mistake(
            "gamma and var belong to the OUTPUT channels, axis 0 of the weight.",
            where(
                lambda i: i["weight"].shape[0] == i["weight"].shape[1], of("folded_weight", _along_the_inputs)
            ),
        ),
        "factors along the kernels' width": Mistake(
            "gamma and var belong to the output channels, axis 0 of the weight: give the factor three more axes of length 1.",
            where(
                lambda i: i["weight"].shape[3] in (1, len(i["weight"])),
                lambda i: {"folded_weight": i["weight"].astype(np.float64) * _factor(i)},
            ),
        ),
        "factors dealt out in turn": Mistake(
            "One kernel must become one row: reshape to (O, -1), for in rows of O values the factors go round from value to value.",
            lambda i: {
                "folded_weight": (
                    i["weight"].astype(np.float64).reshape(-1, len(i["weight"])) * _factor(i)
                ).reshape(i["weight"].shape)
            },
        ),
        "sign of gamma lost": Mistake(
            "gamma may be negative: its square's root has lost the sign.",
            instead(_folded, gamma=lambda i: np.abs(i["gamma"])),
        ),
        "beta and mean exchanged in the bias": Mistake(
            "The mean is subtracted before the scaling and beta is added after it; yours are in each other's place.",
            instead(_folded, "folded_bias", beta=lambda i: i["mean"], mean=lambda i: i["beta"]),
        ),
        "weight not scaled": Mistake(
            "You left the weight as it was: each output channel's kernel is scaled too.",
            lambda i: {"folded_weight": i["weight"]},
        ),
        "running mean forgotten in the bias": Mistake(
            "Batch norm subtracts its mean: the new bias must carry that.",
            instead(_folded, "folded_bias", mean=zeros("bias")),
        ),
        "running mean added": Mistake(
            "The mean is subtracted before scaling; your bias adds it.",
            instead(_folded, "folded_bias", mean=negated("mean")),
        ),
        "old bias dropped": Mistake(
            "The convolution's own bias goes through batch norm as well; yours is gone.",
            instead(_folded, "folded_bias", bias=zeros("bias")),
        ),
        "old bias not scaled": Mistake(
            "The convolution's own bias is scaled by batch norm like everything before it.",
            of("folded_bias", _bias_not_scaled),
        ),
        "epsilon hard-coded": Mistake(
            "You use 1e-5 whatever comes: take the argument eps.", instead(_folded, eps=1e-5)
        ),
        "weight divided by the factor": Mistake(
            "Batch norm multiplies by gamma / sqrt(var + eps); your weight is divided by it.",
            _weight(lambda weight, factor: weight / factor),
        ),
        "mean subtracted from the weight": Mistake(
            "The mean is subtracted from the convolution's output: that goes into the bias, not into the weight.",
            lambda i: _weight(lambda weight, factor: (weight - i["mean"][:, None, None, None]) * factor)(i),
        ),
        "gamma twice": Mistake(
            "gamma multiplies once.", instead(_folded, "folded_weight", gamma=lambda i: i["gamma"] ** 2)
        ),
        "mean minus bias": Mistake(
            "It is the bias minus the mean; yours has the opposite sign.",
            _bias(lambda i, factor: (i["mean"] - i["bias"]) * factor + i["beta"]),
        ),
        "running mean not scaled": Mistake(
            "The mean is subtracted before the scaling: it is scaled with the rest.",
            _bias(lambda i, factor: i["bias"] * factor - i["mean"] + i["beta"]),
        ),
        **{
            name: Mistake(advice, _bias(functools.partial(_shifted, shift)))
            for name, (advice, shift) in SHIFTS.items()
        },
        "multiplied by the deviation": Mistake(
            "Batch norm divides by the standard deviation; you multiply by it.",
            instead(_folded, var=lambda i: 1 / (_variance(i) + i["eps"]) - i["eps"]),
        ),
        "weight reshaped the wrong way": Mistake(
            "One kernel must become one row: reshape to (O, -1), not to (-1, O).",
            _weight(lambda weight, factor: _as_columns(weight) * factor),
        ),
        "beta scaled too": Mistake(
            "beta is added after the scaling: leave it out of the bracket.",
            _bias(lambda i, factor: (i["bias"] - i["mean"] + i["beta"]) * factor),
        ),
        "beta subtracted": Mistake(
            "beta is added to the scaled bias; yours is subtracted.",
            instead(_folded, "folded_bias", beta=negated("beta")),
        ),
        "bias left as it was": Mistake(
            "The convolution's bias goes through batch norm as well; yours is as it came.",
            _bias(lambda i, factor: i["bias"]),
        ),
        "weight and bias swapped": Mistake(
            "The order asked for is (folded_weight, folded_bias).",
            swapped(_folded, "folded_weight", "folded_bias"),
        ),
        "beta forgotten": Mistake(
            "beta is added at the end: it belongs to the new bias.",
            instead(_folded, "folded_bias", beta=zeros("beta")),
        ),
    },
)

CHECKS = (FOLD,)
