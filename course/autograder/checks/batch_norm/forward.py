"""ps1, the forward pass in train mode: normalising by the batch, and keeping the running statistics."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward_making import out_making
from course.autograder.checks.batch_norm.normalised import by_mode
from course.autograder.checks.batch_norm.normalising import apart, normalising, zero_epsilon
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.running_making import AWAY, RUNNING_MAKINGS
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR, STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import Wrong, after, other_defaults, where


@draws.draw
def given(
    r: draws.Generator,
    shape: tuple[int, ...],
    mode: str,
    *,
    sd: float = 1.0,
    dtype: str = "float64",
    **state: Any,
) -> Inputs:
    """x, gamma, beta and a bn_param with running statistics far from where they start."""
    c = shape[1]
    bn_param = {
        "mode": mode,
        "running_mean": draws.means(r, c),
        "running_var": draws.variances(r, c),
        **state,
    }
    x = draws.batch(r, shape, sd, dtype)
    arrays = {"x": x, "gamma": draws.scales(r, c), "beta": draws.shifts(r, c)}
    return {**draws.as_type(arrays, dtype), "bn_param": draws.as_type(bn_param, dtype)}


def only_mode(mode: str, shape: tuple[int, ...], sd: float = 1.0) -> draws.Draw:
    """The draw of a Case whose bn_param leaves everything to its default."""
    return draws.altered(given(shape, mode, sd=sd), lambda i: {"bn_param": {"mode": mode}})


def no_gamma(draw: draws.Draw, feature: int = 1) -> draws.Draw:
    """The same draw with a gamma of 0."""
    return draws.constant(draw, feature, 0.0, "gamma")


def lacking(draw: draws.Draw, *keys: str) -> draws.Draw:
    """The same draw with a bn_param that lacks some keys: their defaults stand for them, whatever the others are."""
    return draws.altered(
        draw, lambda i: {"bn_param": {k: v for k, v in i["bn_param"].items() if k not in keys}}
    )


# --- mistakes in `out` that the train mode of every shape can make -------------------------------------------


def out(**switches: Any) -> Any:
    """A mistake in `out` alone, by the switches of `variants`."""
    return lambda i: {"out": v.forward(i, **switches)}


def _by_statistics(mean: str, var: str, source: Callable[[Inputs], Arrays]) -> Any:
    return lambda i: {"out": v.with_statistics(i, source(i)[mean], source(i)[var])}


NORMALISING = {
    **normalising(out, "bn_param"),
    "running statistics used in train mode": Mistake(
        "In train mode normalise by the batch's own moments; the running ones are for test mode.",
        _by_statistics("running_mean", "running_var", v.state),
    ),
    "updated running statistics used in train mode": Mistake(
        "You update the running statistics and then normalise by them; train mode normalises by the batch's own moments.",
        _by_statistics(RUNNING_MEAN, RUNNING_VAR, v.trained),
    ),
}


# --- mistakes in the running statistics ----------------------------------------------------------------------


def mixed(s: dict[str, Any], batch: Arrays, momentum: float | None = None) -> Arrays:
    """The running 'mean' and 'var' of a state with a batch's mixed in, of those that are given."""
    m = s["momentum"] if momentum is None else momentum
    return {name: m * s[f"running_{name}"] + (1 - m) * new for name, new in batch.items()}


Update = Callable[[Inputs, dict[str, Any], Arrays], Arrays]


def keep(update: Update) -> Wrong:
    """The running statistics of an update: {'mean', 'var'} or one of them, from (case, state, batch's moments)."""
    return lambda i: {
        f"bn_param.running_{name}": value for name, value in update(i, v.state(i), v.batch_part(i)).items()
    }


def _whole(i: Inputs) -> Arrays:
    return {"mean": i["x"].mean(dtype=np.float64), "var": i["x"].var(dtype=np.float64)}


def _of_out(i: Inputs, s: dict[str, Any], b: Arrays) -> Arrays:
    """The moments of gamma * x_hat + beta, which need no second look at x."""
    var = i["gamma"].astype(np.float64) ** 2 * b["var"] / (b["var"] + s["eps"])
    return {"mean": i["beta"].astype(np.float64), "var": var}


def fresh(i: Inputs) -> bool:
    """Whether bn_param comes without running statistics."""
    return "running_var" not in i["bn_param"]


def _without_mean(i: Inputs) -> bool:
    """Whether bn_param comes without a running mean."""
    return "running_mean" not in i["bn_param"]


def always(momentum: float) -> Update:
    """The same momentum whatever comes."""
    return lambda i, s, b: mixed(s, b, momentum)


# By name: the advice, and both running statistics after one batch.
UPDATES: dict[str, tuple[str, Update]] = {
    "momentum the other way round": (
        "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch.",
        lambda i, s, b: mixed(s, b, 1 - s["momentum"]),
    ),
    "unbiased running variance": (
        "Your running variance takes in the unbiased estimate, n/(n-1) too large; Paddle keeps the biased one.",
        lambda i, s, b: mixed(s, v.batch_part(i, unbiased=True)),
    ),
    "running standard deviation": (
        "You keep a running standard deviation; keep the variance, and take the root when you normalise.",
        lambda i, s, b: mixed(s, {**b, "var": np.sqrt(b["var"])}),
    ),
    "running statistics not updated": (
        "After a train step bn_param must hold the new running statistics: write them back.",
        lambda i, s, b: {"mean": s["running_mean"], "var": s["running_var"]},
    ),
    "running statistics overwritten by the batch": (
        "You store the batch's moments; mix them with the old running values by momentum.",
        lambda i, s, b: b,
    ),
    "momentum hard-coded": (
        "You use 0.9 whatever bn_param says: read momentum from it, and take 0.9 only when it is absent.",
        lambda i, s, b: mixed(s, b, 0.9),
    ),
    **{
        f"momentum hard-coded as {value:g}": (
            f"You use {value:g} whatever bn_param says: read momentum from it.",
            always(value),
        )
        for value in (0.99, 0.5, 0.1)
    },
    "running mean and variance swapped": (
        "The running mean stands where the running variance belongs, and the other way round.",
        lambda i, s, b: dict(zip(("var", "mean"), mixed(s, b).values(), strict=True)),
    ),
    "running mean in the running variance's update": (
        "Each running statistic goes on from itself: the running variance from the old running variance.",
        lambda i, s, b: {**mixed(s, b), "var": mixed({**s, "running_var": mixed(s, b)["mean"]}, b)["var"]},
    ),
    "epsilon in the running variance": (
        "The running variance is kept without epsilon; add it only when you normalise.",
        lambda i, s, b: mixed(s, {**b, "var": b["var"] + s["eps"]}),
    ),
    "running sum, not average": (
        "You add the batch's moments to the old ones without weighting the old ones by momentum.",
        lambda i, s, b: {name: s[f"running_{name}"] + (1 - s["momentum"]) * b[name] for name in b},
    ),
    "the batch's moments not weighted": (
        "The batch's moments come in with the weight 1 - momentum; yours come in whole.",
        lambda i, s, b: {name: s["momentum"] * s[f"running_{name}"] + b[name] for name in b},
    ),
    "momentum weights both": (
        "Momentum weights the old value alone; the batch's moments come in with 1 - momentum.",
        lambda i, s, b: {name: s["momentum"] * (s[f"running_{name}"] + b[name]) for name in b},
    ),
    "momentum squared": (
        "The old running value is weighted by momentum; in yours by its square, as after two moves in one call.",
        lambda i, s, b: mixed(s, b, s["momentum"] ** 2),
    ),
    "variance round the running mean": (
        "The batch's variance is taken round the batch's own mean, not round the running one.",
        lambda i, s, b: mixed(s, {**b, "var": b["var"] + (b["mean"] - s["running_mean"]) ** 2}),
    ),
    "the batch's mean in the running variance": (
        "You mix the batch's mean into the running variance: its variance belongs there.",
        lambda i, s, b: mixed(s, {**b, "var": b["mean"]}),
    ),
    "moments of x_hat kept": (
        "You keep the moments of the normalised x, which are always 0 and 1: keep those of x.",
        lambda i, s, b: mixed(s, {"mean": 0 * b["mean"], "var": b["var"] / (b["var"] + s["eps"])}),
    ),
    "mean of x_hat kept": (
        "You keep the mean of the normalised x, which is always 0: keep the mean of x.",
        lambda i, s, b: mixed(s, {**b, "mean": 0 * b["mean"]}),
    ),
    "moments of the output kept": (
        "You keep the moments of out; keep those of x, which the layer is given.",
        lambda i, s, b: mixed(s, _of_out(i, s, b)),
    ),
    "running standard deviation with epsilon": (
        "You keep the root that x is divided by; keep the variance, without epsilon and without the root.",
        lambda i, s, b: mixed(s, {**b, "var": np.sqrt(b["var"] + s["eps"])}),
    ),
    "variance round the new running mean": (
        "The batch's variance is taken round the batch's own mean, not round the running one.",
        lambda i, s, b: mixed(s, {**b, "var": b["var"] + (b["mean"] - mixed(s, b)["mean"]) ** 2}),
    ),
    "running mean stored for the running variance": (
        "You write the running mean under both names: running_var holds the running variance.",
        lambda i, s, b: dict.fromkeys(("mean", "var"), mixed(s, b)["mean"]),
    ),
    "running variance stored for the running mean": (
        "You write the running variance under both names: running_mean holds the running mean.",
        lambda i, s, b: dict.fromkeys(("mean", "var"), mixed(s, b)["var"]),
    ),
    "root of the running variance": (
        "You take the root of the running variance; keep it as it is, and take the root when you normalise.",
        lambda i, s, b: {**mixed(s, b), "var": np.sqrt(mixed(s, b)["var"])},
    ),
    "moved away from the batch": (
        AWAY,
        lambda i, s, b: {
            name: s[f"running_{name}"] - (1 - s["momentum"]) * (b[name] - s[f"running_{name}"]) for name in b
        },
    ),
    "distance of the means in the running variance": (
        "Momentum mixes the two variances and nothing else: the distance of the two means does not come in.",
        lambda i, s, b: {
            **mixed(s, b),
            "var": mixed(s, b)["var"]
            + s["momentum"] * (1 - s["momentum"]) * (b["mean"] - s["running_mean"]) ** 2,
        },
    ),
    "deviations averaged, then squared": (
        "Momentum mixes the variances themselves; yours mixes their roots, and squares the mixture.",
        lambda i, s, b: {
            **mixed(s, b),
            "var": mixed({**s, "running_var": np.sqrt(s["running_var"])}, {"var": np.sqrt(b["var"])})["var"]
            ** 2,
        },
    ),
    "the batch's variance squared": (
        "The running variance takes in the batch's variance, which is a square already; yours is squared again.",
        lambda i, s, b: mixed(s, {**b, "var": b["var"] ** 2}),
    ),
    "second moment in the running variance": (
        "You keep the mean of the squares of x: take the squared mean away, that is the variance.",
        lambda i, s, b: mixed(s, {**b, "var": b["var"] + b["mean"] ** 2}),
    ),
}

KEEPING = {
    **{name: Mistake(advice, keep(update)) for name, (advice, update) in UPDATES.items()},
    "running variance started at 0": Mistake(
        "When bn_param has no running variance it starts at 1, as Paddle's does, not at 0.",
        where(fresh, keep(lambda i, s, b: mixed({**s, "running_var": 0.0}, {"var": b["var"]}))),
    ),
    "running mean started at 1": Mistake(
        "When bn_param has no running mean it starts at 0; it is the variance that starts at 1.",
        where(_without_mean, keep(lambda i, s, b: mixed({**s, "running_mean": 1.0}, {"mean": b["mean"]}))),
    ),
    "a momentum of 0 taken for none": Mistake(
        "A momentum of 0 is a momentum like any other: ask whether the key is there, not whether its value is true.",
        keep(lambda i, s, b: mixed(s, b, s["momentum"] or 0.9)),
    ),
    "running statistics started from the first batch": Mistake(
        "When bn_param has none they start at 0 and 1, and the first batch is mixed in like any other.",
        keep(
            lambda i, s, b: {
                name: mixed(s, b)[name] if f"running_{name}" in i["bn_param"] else b[name] for name in b
            }
        ),
    ),
    "running variance reset beside an absent mean": Mistake(
        "Each key may be absent by itself: a running variance that is there counts without a running mean as well.",
        where(
            lambda i: _without_mean(i) and not fresh(i),
            keep(lambda i, s, b: mixed({**s, "running_var": 1.0}, {"var": b["var"]})),
        ),
    ),
    "running mean reset beside an absent variance": Mistake(
        "Each key may be absent by itself: a running mean that is there counts without a running variance as well.",
        where(
            lambda i: fresh(i) and not _without_mean(i),
            keep(lambda i, s, b: mixed({**s, "running_mean": 0.0}, {"mean": b["mean"]})),
        ),
    ),
    "running statistics keep the batch's axis": Mistake(
        "The values are right, an axis of length 1 is still there: running statistics have the shape of gamma.",
        after(v.trained, *STATE, change=lambda value: value[None]),
    ),
}


def _mean_over_features(i: Inputs) -> Arrays:
    """The sum over the samples divided by D, and the variance about that."""
    x = i["x"].astype(np.float64)
    mean = x.sum(axis=0) / x.shape[1]
    var = ((x - mean) ** 2).mean(axis=0)
    kept = mixed(v.state(i), {"mean": mean, "var": var})
    return {"out": v.with_statistics(i, mean, var), RUNNING_MEAN: kept["mean"], RUNNING_VAR: kept["var"]}


FORWARD = "out, cache = batchnorm_forward(x, gamma, beta, bn_param)"

TRAIN_CHECK = check(
    ASSIGNMENT,
    "batchnorm_forward.train",
    10,
    (FORWARD,),
    outputs=(Output("out", BATCH_NORM, 3), Output(RUNNING_MEAN, RUNNING), Output(RUNNING_VAR, RUNNING)),
    cases=(
        Case("seven samples of five features", given((7, 5), "train", eps=1e-5, momentum=0.9)),
        Case("a spread of 0.01", given((6, 4), "train", sd=0.01, eps=1e-5, momentum=0.8)),
        Case("another epsilon and momentum", given((9, 3), "train", eps=1e-2, momentum=0.6)),
        Case("bn_param holds only the mode", only_mode("train", (6, 5))),
        Case("float32 input", given((8, 3), "train", dtype="float32", eps=1e-3, momentum=0.75)),
        Case("a view that is not contiguous", draws.views(given((5, 4), "train"), "x")),
        Case("as many samples as features", given((5, 5), "train", eps=1e-3, momentum=0.7)),
        # As wide as the other that holds only the mode: running values that one call left to the next would show.
        Case("bn_param holds only the mode, and a spread of 0.01", only_mode("train", (7, 5), sd=0.01)),
        Case("a momentum of 0 and a gamma of 0", no_gamma(given((6, 4), "train", eps=1e-3, momentum=0.0))),
        Case(
            "bn_param holds a running variance and no running mean",
            lacking(given((4, 6), "train"), "running_mean"),
        ),
        Case("a single feature, two samples", given((2, 1), "train", eps=1e-2, momentum=0.6)),
    ),
    reference=v.trained,
    makings={"out": out_making(by_mode, "bn_param"), **RUNNING_MAKINGS},
    mistakes={
        "the running mean beside the batch's variance": Mistake(
            "In train mode both statistics are the batch's own; the mean that you subtract is the running one.",
            lambda i: {"out": v.with_statistics(i, v.state(i)["running_mean"], v.batch_part(i)["var"])},
        ),
        "the new running mean beside the batch's variance": Mistake(
            "In train mode both statistics are the batch's own; the mean that you subtract is the running one, updated.",
            lambda i: {"out": v.with_statistics(i, v.trained(i)[RUNNING_MEAN], v.batch_part(i)["var"])},
        ),
        "the running variance beside the batch's mean": Mistake(
            "In train mode both statistics are the batch's own; the variance that you divide by is the running one.",
            lambda i: {"out": v.with_statistics(i, v.batch_part(i)["mean"], v.state(i)["running_var"])},
        ),
        "mean divided by the number of features": Mistake(
            "The mean is over the N samples, x.shape[0] of them; you divided their sum by the number of features.",
            _mean_over_features,
        ),
        "normalised along the features": Mistake(
            "You normalise each sample over its features (that is layer norm); batch norm reduces over the samples.",
            out(axes=(1,)),
        ),
        "one mean and variance for the whole matrix": Mistake(
            "You normalise by the moments of the whole matrix; each feature has its own.", out(axes=(0, 1))
        ),
        **NORMALISING,
        **zero_epsilon(out, "bn_param"),
        **apart(out),
        **KEEPING,
        **other_defaults(v.trained, "bn_param", eps=(1e-3, 1e-6, 1e-8), momentum=(0.99, 0.1)),
        "running statistics of the whole matrix": Mistake(
            "The running statistics hold one value per feature; yours average over the features too.",
            keep(lambda i, s, b: mixed(s, _whole(i))),
        ),
    },
    may_change=STATE,
)

CHECKS = (TRAIN_CHECK,)
