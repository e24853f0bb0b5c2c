"""ps4, layer norm: each row by its own mean and variance, and the gradients of that."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.forward_making import out_making
from course.autograder.checks.batch_norm.gradient_making import dx_making
from course.autograder.checks.batch_norm.gradient_parts import Parts, counted, dx_by, with_parts
from course.autograder.checks.batch_norm.gradient_paths import dx_mistakes
from course.autograder.checks.batch_norm.normalised import of_parts
from course.autograder.checks.batch_norm.normalising import apart, normalising, spreads, zero_epsilon
from course.autograder.checks.batch_norm.parameter_gradients import later_cache, parameter_mistakes
from course.autograder.checks.batch_norm.variants import output
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import Wrong, but, other_defaults, picked, where
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.centres import other_centres, out_of_order
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


def parts(i: Inputs) -> Parts:
    """The parts of a case's gradients."""
    x, dout, gamma = (i[name].astype(np.float64) for name in ("x", "dout", "gamma"))
    return Parts(x, dout, gamma, (-1,), _eps(i))


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


def _length(i: Inputs) -> Arrays:
    eps = _eps(i)
    p = parts({**i, "dout": i["x"]})
    return {"out": i["gamma"] * p.centred / np.sqrt(p.var * p.n + eps) + i["beta"]}


def _beside(mean: Callable[[np.ndarray], np.ndarray], var: Callable[[np.ndarray], np.ndarray]) -> Wrong:
    """A mean and a variance that run over values of their own."""

    def wrong(i: Inputs) -> Arrays:
        x = i["x"].astype(np.float64)
        return {"out": i["gamma"] * (x - mean(x)) / np.sqrt(var(x) + _eps(i)) + i["beta"]}

    return wrong


def _around(mean: Callable[[np.ndarray], np.ndarray]) -> Wrong:
    """A wrong mean that the variance is taken around as well."""

    def var(x: np.ndarray) -> np.ndarray:
        return np.asarray(((x - mean(x)) ** 2).mean(axis=-1, keepdims=True))

    return _beside(mean, var)


def _divided_by(axis: int) -> Wrong:
    """The row's sums divided by another size; the variance around the mean that this makes."""

    def mean(x: np.ndarray) -> np.ndarray:
        return np.asarray(x.sum(axis=-1, keepdims=True) / x.shape[axis])

    def var(x: np.ndarray) -> np.ndarray:
        return np.asarray(((x - mean(x)) ** 2).sum(axis=-1, keepdims=True) / x.shape[axis])

    return _beside(mean, var)


def _rows_mixed(i: Inputs) -> Arrays:
    """x reshaped to [D, rows], normalised down its columns, and transposed after that."""
    x = i["x"].astype(np.float64).reshape(i["x"].shape[-1], -1)
    x_hat = ((x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + _eps(i))).T
    return {"out": (i["gamma"] * x_hat + i["beta"]).reshape(i["x"].shape)}


def _along_samples(i: Inputs) -> Arrays:
    return {"out": i["gamma"][:, None] * parts({**i, "dout": i["x"]}).x_hat + i["beta"][:, None]}


def _reference(i: Inputs) -> Arrays:
    return {"out": normalizers.layer_norm(i["x"], i["gamma"], i["beta"], _eps(i))}


FORWARD = "out, cache = layernorm_forward(x, gamma, beta, ln_param)"

FORWARD_CHECK = check(
    v.ASSIGNMENT,
    "layernorm_forward",
    12,
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
        Case("as many samples as features", given((5, 5), eps=1e-4)),
        Case("all three axes alike", given((3, 3, 3), eps=1e-4)),
    ),
    reference=_reference,
    makings={"out": out_making(functools.partial(of_parts, parts), "ln_param")},
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
        "the mean of the samples": Mistake(
            "Mean and variance both run along the row; your mean runs down the samples.",
            _beside(lambda x: x.mean(axis=0), lambda x: x.var(axis=-1, keepdims=True)),
        ),
        "the variance of the samples": Mistake(
            "Mean and variance both run along the row; your variance runs down the samples.",
            _beside(lambda x: x.mean(axis=-1, keepdims=True), lambda x: x.var(axis=0)),
        ),
        "the mean of the whole array": Mistake(
            "Mean and variance both run along the row; your mean runs over everything.",
            _beside(lambda x: x.mean(), lambda x: x.var(axis=-1, keepdims=True)),
        ),
        "the variance of the whole array": Mistake(
            "Mean and variance both run along the row; your variance runs over everything.",
            _beside(lambda x: x.mean(axis=-1, keepdims=True), lambda x: x.var()),
        ),
        "median for mean": Mistake(
            "You take the row's median away, the value in the middle; it is the mean.",
            _beside(lambda x: np.median(x, axis=-1, keepdims=True), lambda x: x.var(axis=-1, keepdims=True)),
        ),
        "squares not centred": Mistake(
            "The variance averages the squares of x minus the mean; yours averages the squares of x.",
            _out(second=True),
        ),
        "root mean square of x": Mistake(
            "This divides x by the root of its mean square: subtract the mean first.",
            _out(second=True, centred=False),
        ),
        "divided by the length": Mistake(
            "Divide by the root of the MEAN of the squares; yours is the root of their sum.", _length
        ),
        "rows mixed by a reshape": Mistake(
            "To bring the features to the front take the transpose: a reshape deals the values out anew.",
            _rows_mixed,
        ),
        "parameters along the samples": Mistake(
            "gamma and beta run along the last axis; you lined them up with the samples.",
            where(lambda i: i["x"].ndim == 2 and len(i["x"]) == len(i["gamma"]), _along_samples),
        ),
        "variance around the mean of everything": Mistake(
            "Each row has a mean of its own; yours is that of everything, and the variance is taken around it.",
            _around(lambda x: np.asarray(x.mean())),
        ),
        "variance around the mean of the samples": Mistake(
            "The mean runs along the row; yours runs down the samples, and the variance is taken around it.",
            _around(lambda x: x.mean(axis=0)),
        ),
        **{
            f"moments divided by the size of axis {axis}": Mistake(
                f"A row has as many values as the LAST axis is long; you divide its sums by the size of axis {axis}.",
                where(condition, _divided_by(axis)),
            )
            for axis, condition in ((0, lambda i: True), (1, _more_axes))
        },
        **other_centres(_beside, (-1,)),
        **out_of_order(_reference, lambda i, name: i[name]),
        "gamma multiplied before normalising": Mistake(
            "Normalise x first: gamma multiplies x_hat, behind the division.",
            lambda i: _reference({**i, "x": i["gamma"] * i["x"], "gamma": np.ones_like(i["gamma"])}),
        ),
        **picked(apart(_out), "root of the deviation"),
        **zero_epsilon(_out, "ln_param"),
        **spreads(_out),
        **normalising(_out, "ln_param"),
        **other_defaults(_reference, "ln_param", eps=(1e-3, 1e-6, 1e-8)),
    },
)


# --- the backward pass ---


def _gradients(i: Inputs) -> Arrays:
    return normalizers.layer_norm_gradients(i["x"], i["gamma"], i["beta"], i["dout"], _eps(i))


def _parameters(i: Inputs, *axes: int) -> Arrays:
    p = parts(i)
    return {"dgamma": (p.dout * p.x_hat).sum(axis=axes), "dbeta": p.dout.sum(axis=axes)}


def _down_the_samples(p: Parts) -> np.ndarray:
    """Batch norm's closed form beside layer norm's x_hat and root."""
    return p.gamma * (p.dout - p.dout.mean(axis=0) - p.x_hat * (p.dout * p.x_hat).mean(axis=0))


def _sums_over_rows(p: Parts) -> np.ndarray:
    """The sums of g and g * x_hat over all axes but the last."""
    rows = tuple(range(p.x.ndim - 1))
    return p.g - (p.g.sum(axis=rows) + p.x_hat * (p.g * p.x_hat).sum(axis=rows)) / p.n


def _mean_down_the_samples(p: Parts) -> np.ndarray:
    """What arrives at x - mean, less its average down the samples."""
    centred = (p.g + p.by_var) / p.sd
    return p.sd * (centred - centred.mean(axis=0))


def _averages_over_samples(p: Parts) -> np.ndarray:
    """Averages over all axes but the first beside layer norm's x_hat and root."""
    rest = tuple(range(1, p.x.ndim))
    by_var = p.x_hat * (p.g * p.x_hat).mean(axis=rest, keepdims=True)
    return p.g - p.g.mean(axis=rest, keepdims=True) - by_var


def _by_parameter_gradients(p: Parts) -> np.ndarray:
    """dbeta and dgamma, which are sums over the rows, for the sums along each row."""
    rows = tuple(range(p.x.ndim - 1))
    return p.g - (p.dout.sum(axis=rows) + p.x_hat * (p.dout * p.x_hat).sum(axis=rows)) / p.n


def backward_case(name: str, draw: draws.Draw) -> Case:
    """A case with the x of a later forward pass."""
    return Case(name, draws.twice(draw, "x"))


STEPS = (
    FORWARD,
    "later_out, later_cache = layernorm_forward(later_x, gamma, beta, ln_param)",
    "dx, dgamma, dbeta = layernorm_backward(dout, cache)",
)

BACKWARD_CHECK = check(
    v.ASSIGNMENT,
    "layernorm_backward",
    16,
    STEPS,
    outputs=v.GRADIENTS,
    cases=(
        backward_case("seven samples of five features", given((7, 5), eps=1e-5)),
        asked_twice(
            "a spread of 0.05, the gradient asked for twice",
            draws.twice(given((4, 6), sd=0.05, eps=1e-3), "x"),
            STEPS,
        ),
        backward_case("sequences: three axes", given((3, 4, 5))),
        backward_case("a single sample", given((1, 6), eps=1e-4)),
        backward_case("float32 input", given((6, 9), dtype="float32", eps=1e-4)),
        backward_case("views that are not contiguous", draws.views(given((4, 5)), "x", "dout")),
        backward_case("as many samples as features", given((5, 5), sd=0.1, eps=1e-3)),
        backward_case("all three axes alike", given((4, 4, 4), eps=1e-3)),
        backward_case("a gamma of 0", draws.constant(given((6, 4), eps=1e-3), 1, 0.0, "gamma")),
    ),
    reference=_gradients,
    rests_on=FORWARD_CHECK,
    makings={"dx": dx_making(parts)},
    mistakes={
        "gamma taken out of the averages": Mistake(
            "gamma differs along each row, so it belongs inside the averages: take dout * gamma first.",
            v.gamma_outside(parts),
        ),
        "gradient of batch norm": Mistake(
            "Your dx is batch norm's: the averages in it run along each row, not down the samples.",
            dx_by(with_parts(parts, axes=(0,))),
        ),
        "averages down the samples": Mistake(
            "The averages in dx run along each row, over the values that share a mean; yours run down the samples.",
            dx_by(parts, _down_the_samples),
        ),
        "averages over all axes but the first": Mistake(
            "The averages in dx run along the last axis alone: in [N, T, D] over the D values of each of the N x T rows.",
            where(_more_axes, dx_by(parts, _averages_over_samples)),
        ),
        "the mean's gradient averaged over the samples": Mistake(
            "The mean is one of each row: average what flows to it along the row, not down the samples.",
            dx_by(parts, _mean_down_the_samples),
        ),
        "sums over the rows in dx": Mistake(
            "The sums in dx run along each row (axis -1); yours run over the rows, and are divided by D all the same.",
            dx_by(parts, _sums_over_rows),
        ),
        "dbeta and dgamma for the sums along the row": Mistake(
            "dbeta and dgamma are sums over the rows: dx needs the sums of g and g * x_hat along each row.",
            dx_by(parts, _by_parameter_gradients),
        ),
        "n is the number of samples": Mistake(
            "The averages in dx are over the D values of a row: you divided by the number of samples.",
            counted(parts, lambda i: len(i["x"])),
        ),
        **dx_mistakes(parts),
        "parameter gradients summed over the first axis alone": Mistake(
            "dgamma and dbeta collect from every row there is: sum over all axes but the last.",
            where(_more_axes, lambda i: _parameters(i, 0)),
        ),
        "parameter gradients summed along the row": Mistake(
            "gamma and beta run along the row: sum over the rows, and keep the last axis.",
            lambda i: _parameters(i, -1),
        ),
        **but(parameter_mistakes(parts, _gradients, axis=-1), "parameter gradients keep the summed axis"),
        "cache of a later forward pass": later_cache(_gradients, "x"),
        **spent(_gradients),
    },
)

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
