"""ps4, layer norm: each row by its own mean and variance, and the gradients of that."""

from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator, away_from_zero, scales, shifts
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.autograder.checks.normalizers import variants as v
from course.reference import normalizers


def _eps(i: Inputs) -> float:
    return i["ln_param"].get("eps", 1e-5)


# --- the forward pass ---


def given(
    r: Generator, shape: tuple[int, ...], *, sd: float = 1.0, dtype: str = "float64", **ln_param: Any
) -> Inputs:
    """x with rows of unlike means and spreads; gamma and beta off their defaults; a gradient from above."""
    d = shape[-1]
    dout = r.normal(size=shape) + away_from_zero(r, (*shape[:-1], 1), 0.3, 0.9)
    return {
        "x": v.groups_of(r, (int(np.prod(shape[:-1])), d), 1, sd, dtype).reshape(shape),
        "gamma": scales(r, d).astype(dtype),
        "beta": shifts(r, d).astype(dtype),
        "ln_param": ln_param,
        "dout": dout.astype(dtype),
    }


def drawn(shape: tuple[int, ...], **keywords: Any) -> Any:
    """`given` as the draw of a Case."""
    return lambda r: given(r, shape, **keywords)


def strided(shape: tuple[int, ...]) -> Any:
    """The same with a view for x."""

    def draw(r: Generator) -> Inputs:
        i = given(r, shape)
        return {**i, "x": Strided(i["x"])}

    return draw


def _constant_row(r: Generator) -> Inputs:
    i = given(r, (5, 4), eps=1e-4)
    i["x"][2] = 1.75
    return i


def _out(**switches: Any) -> Any:
    return lambda i: {"out": v.output(i, v.layer(_eps(i), **switches))}


def _x_hat(x: np.ndarray, norm: v.Graph, features: int) -> np.ndarray:
    return v.output({"x": x, "gamma": np.ones(features), "beta": np.zeros(features)}, norm)


def _whole_sample(i: Inputs) -> Arrays:
    """All axes but the first in one mean: the same as right on a matrix."""
    if i["x"].ndim == 2:
        return {}
    x_hat = _x_hat(i["x"], v.group(1, _eps(i)), 1)
    return {"out": i["gamma"] * x_hat + i["beta"]}


def _second_axis(i: Inputs) -> Arrays:
    """Axis 1 where the last is meant: the same as right on a matrix."""
    if i["x"].ndim == 2:
        return {}
    turned = np.swapaxes(i["x"], 1, -1)
    x_hat = _x_hat(turned, v.layer(_eps(i)), turned.shape[-1])
    return {"out": i["gamma"] * np.swapaxes(x_hat, 1, -1) + i["beta"]}


FORWARD = Call("layernorm_forward", ("x", "gamma", "beta", "ln_param"), ("out", "cache"))

FORWARD_CHECK = Check(
    name="layernorm_forward",
    assignment=v.ASSIGNMENT,
    points=8,
    functions=("layernorm_forward",),
    steps=(FORWARD,),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("seven samples of five features", drawn((7, 5), eps=1e-5)),
        Case("a spread of 0.01 and no eps given", drawn((4, 6), sd=0.01)),
        Case("sequences: three axes", drawn((3, 4, 5), eps=2e-5)),
        Case("another epsilon beside a small spread", drawn((5, 7), sd=0.03, eps=1e-3)),
        Case("a single sample", drawn((1, 6), eps=1e-5)),
        Case("a row that is constant", _constant_row),
        Case("float32 input", drawn((6, 9), dtype="float32", eps=1e-4)),
        Case("a view that is not contiguous", strided((4, 5))),
    ),
    reference=lambda i: {"out": normalizers.layer_norm(i["x"], i["gamma"], i["beta"], _eps(i))},
    misconceptions=(
        Misconception(
            "normalised over the samples",
            "You took the moments down the samples (batch norm); layer norm takes them along each row.",
            _out(axes=(0,)),
        ),
        Misconception(
            "one mean and variance for the whole array",
            "You normalise by the moments of everything; each row has a mean and a variance of its own.",
            _out(axes=(0, 1)),
        ),
        Misconception(
            "normalised over all axes but the first",
            "Layer norm here reduces over the last axis alone: in [N, T, D], N x T rows, each on its own.",
            _whole_sample,
        ),
        Misconception(
            "axis 1 for the last axis",
            "You reduced over axis 1; the features are on the last axis, which in [N, T, D] is axis 2.",
            _second_axis,
        ),
        *v.normalising(_out, "ln_param"),
    ),
)


# --- the backward pass ---


def _slopes(**switches: Any) -> Any:
    return lambda i: v.gradients(i, v.layer(_eps(i), **switches))


def _gamma_outside(i: Inputs) -> Arrays:
    """gamma pulled out of the averages, which is right in batch norm, where it is one number per average."""
    return {"dx": i["gamma"] * _slopes(gamma="forgotten")(i)["dx"]}


BACKWARD_CHECK = Check(
    name="layernorm_backward",
    assignment=v.ASSIGNMENT,
    points=11,
    functions=("layernorm_forward", "layernorm_backward"),
    steps=(FORWARD, Call("layernorm_backward", ("dout", "cache"), ("dx", "dgamma", "dbeta"))),
    outputs=(Output("dx", BATCH_NORM, 2), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM)),
    cases=(
        Case("seven samples of five features", drawn((7, 5), eps=1e-5)),
        Case("a spread of 0.05", drawn((4, 6), sd=0.05, eps=1e-3)),
        Case("sequences: three axes", drawn((3, 4, 5))),
        Case("a single sample", drawn((1, 6), eps=1e-4)),
        Case("float32 input", drawn((6, 9), dtype="float32", eps=1e-4)),
        Case("a view that is not contiguous", strided((4, 5))),
    ),
    reference=lambda i: normalizers.layer_norm_gradients(i["x"], i["gamma"], i["beta"], i["dout"], _eps(i)),
    rests_on=FORWARD_CHECK,
    misconceptions=(
        Misconception(
            "gamma taken out of the averages",
            "gamma differs along each row, so it belongs inside the averages: take dout * gamma first.",
            _gamma_outside,
        ),
        Misconception(
            "gradient of batch norm",
            "Your dx is batch norm's: the averages in it run along each row, not down the samples.",
            lambda i: {"dx": _slopes(axes=(0,))(i)["dx"]},
        ),
        *v.backward_mistakes(_slopes, lambda x, gamma, beta: gamma * x + beta),
    ),
)

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
