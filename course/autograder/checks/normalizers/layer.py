"""ps4, layer norm: each row by its own mean and variance, and the gradients of that."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.variants import output, slopes
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import only, where
from course.autograder.checks.normalizers import variants as v
from course.reference import normalizers


def _eps(i: Inputs) -> float:
    return i["ln_param"].get("eps", 1e-5)


# --- the forward pass ---


@draws.draw
def given(
    r: draws.Generator, shape: tuple[int, ...], *, sd: float = 1.0, dtype: str = "float64", **ln_param: Any
) -> Inputs:
    """x with rows of unlike means and spreads; gamma and beta off their defaults; a gradient from above."""
    d = shape[-1]
    dout = r.normal(size=shape) + draws.away_from_zero(r, (*shape[:-1], 1), 0.3, 0.9)
    x = v.groups_of(r, (int(np.prod(shape[:-1])), d), 1, sd, dtype).reshape(shape)
    gamma, beta = draws.scales(r, d), draws.shifts(r, d)
    return draws.as_type({"x": x, "gamma": gamma, "beta": beta, "ln_param": ln_param, "dout": dout}, dtype)


def _out(**switches: Any) -> Any:
    return lambda i: {"out": output(i, v.layer(_eps(i), **switches))}


def _x_hat(x: np.ndarray, norm: v.Graph, features: int) -> np.ndarray:
    return output({"x": x, "gamma": np.ones(features), "beta": np.zeros(features)}, norm)


def _more_axes(i: Inputs) -> bool:
    """Where x is no matrix: on one, all axes but the first are the last, and so is axis 1."""
    return i["x"].ndim > 2


def _whole_sample(i: Inputs) -> Arrays:
    return {"out": i["gamma"] * _x_hat(i["x"], v.group(1, _eps(i)), 1) + i["beta"]}


def _second_axis(i: Inputs) -> Arrays:
    turned = np.swapaxes(i["x"], 1, -1)
    x_hat = _x_hat(turned, v.layer(_eps(i)), turned.shape[-1])
    return {"out": i["gamma"] * np.swapaxes(x_hat, 1, -1) + i["beta"]}


FORWARD = "out, cache = layernorm_forward(x, gamma, beta, ln_param)"

FORWARD_CHECK = check(
    v.ASSIGNMENT,
    "layernorm_forward",
    8,
    (FORWARD,),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("seven samples of five features", given((7, 5), eps=1e-5)),
        Case("a spread of 0.01 and no eps given", given((4, 6), sd=0.01)),
        Case("sequences: three axes", given((3, 4, 5), eps=2e-5)),
        Case("another epsilon beside a small spread", given((5, 7), sd=0.03, eps=1e-3)),
        Case("a single sample", given((1, 6), eps=1e-5)),
        Case("a row that is constant", draws.constant(given((5, 4), eps=1e-4), 2, 1.75)),
        Case("float32 input", given((6, 9), dtype="float32", eps=1e-4)),
        Case("a view that is not contiguous", draws.views(given((4, 5)), "x")),
    ),
    reference=lambda i: {"out": normalizers.layer_norm(i["x"], i["gamma"], i["beta"], _eps(i))},
    mistakes={
        "normalised over the samples": Mistake(
            "You took the moments down the samples (batch norm); layer norm takes them along each row.",
            _out(axes=(0,)),
        ),
        "one mean and variance for the whole array": Mistake(
            "You normalise by the moments of everything; each row has a mean and a variance of its own.",
            _out(axes=(0, 1)),
        ),
        "normalised over all axes but the first": Mistake(
            "Layer norm here reduces over the last axis alone: in [N, T, D], N x T rows, each on its own.",
            where(_more_axes, _whole_sample),
        ),
        "axis 1 for the last axis": Mistake(
            "You reduced over axis 1; the features are on the last axis, which in [N, T, D] is axis 2.",
            where(_more_axes, _second_axis),
        ),
        **v.normalising(_out, "ln_param"),
    },
)


# --- the backward pass ---


def _gradients(**switches: Any) -> Any:
    return lambda i: slopes(i, v.layer(_eps(i), **switches))


BACKWARD_CHECK = check(
    v.ASSIGNMENT,
    "layernorm_backward",
    11,
    (FORWARD, "dx, dgamma, dbeta = layernorm_backward(dout, cache)"),
    outputs=v.GRADIENTS,
    cases=(
        Case("seven samples of five features", given((7, 5), eps=1e-5)),
        Case("a spread of 0.05", given((4, 6), sd=0.05, eps=1e-3)),
        Case("sequences: three axes", given((3, 4, 5))),
        Case("a single sample", given((1, 6), eps=1e-4)),
        Case("float32 input", given((6, 9), dtype="float32", eps=1e-4)),
        Case("a view that is not contiguous", draws.views(given((4, 5)), "x")),
    ),
    reference=lambda i: normalizers.layer_norm_gradients(i["x"], i["gamma"], i["beta"], i["dout"], _eps(i)),
    rests_on=FORWARD_CHECK,
    mistakes={
        "gamma taken out of the averages": Mistake(
            "gamma differs along each row, so it belongs inside the averages: take dout * gamma first.",
            v.gamma_outside(_gradients, -1),
        ),
        "gradient of batch norm": Mistake(
            "Your dx is batch norm's: the averages in it run along each row, not down the samples.",
            only(_gradients(axes=(0,)), "dx"),
        ),
        **v.backward_mistakes(_gradients, lambda x, gamma, beta: gamma * x + beta),
    },
)

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
