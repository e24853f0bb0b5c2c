"""ps1, the forward pass in train mode: normalising by the batch, and keeping the running statistics."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR, STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import exchanged, only, where


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


def only_mode(mode: str, shape: tuple[int, ...]) -> draws.Draw:
    """The draw of a Case whose bn_param leaves everything to its default."""
    return draws.altered(given(shape, mode), lambda i: {"bn_param": {"mode": mode}})


# --- mistakes in `out` that the train mode of every shape can make -------------------------------------------


def out(**switches: Any) -> Any:
    """A mistake in `out` alone, by the switches of `variants`."""
    return lambda i: {"out": v.forward(i, **switches)}


def _by_statistics(mean: str, var: str, source: Callable[[Inputs], Arrays]) -> Any:
    return lambda i: {"out": v.with_statistics(i, source(i)[mean], source(i)[var])}


NORMALISING = {
    "unbiased variance in normalising": Mistake(
        "You normalise by the variance divided by n - 1; batch norm uses the biased one, divided by n.",
        out(unbiased=True),
    ),
    "epsilon outside the root": Mistake(
        "You add epsilon after taking the root; it goes beside the variance, under the root.",
        out(eps="outside"),
    ),
    "no epsilon": Mistake("Epsilon is missing: add it to the variance under the root.", out(eps="none")),
    "epsilon hard-coded": Mistake(
        "You use 1e-5 whatever bn_param says: read eps from it, and take 1e-5 only when it is absent.",
        out(eps=1e-5),
    ),
    "divided by the variance": Mistake(
        "You divide by the variance; divide by its square root.", out(root=False)
    ),
    "mean not subtracted": Mistake(
        "The batch's mean is still in there: subtract it before dividing.", out(centred=False)
    ),
    "gamma forgotten": Mistake("gamma is not used: scale each feature by it.", out(gamma="forgotten")),
    "beta forgotten": Mistake("beta is not used: shift each feature by it.", out(beta="forgotten")),
    "gamma applied twice": Mistake("gamma multiplies once; yours multiplies twice.", out(gamma="twice")),
    "gamma scales beta too": Mistake(
        "You add beta before multiplying by gamma; scale first, then shift.", out(gamma="over beta")
    ),
    "gamma and beta swapped": Mistake(
        "gamma multiplies and beta is added; you have it the other way round.",
        exchanged(out(), "gamma", "beta"),
    ),
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


def _keep(change: Callable[[Inputs, dict[str, Any], Arrays], Arrays]) -> Any:
    """A mistake in the running statistics: {'mean', 'var'}, or one of them, from (case, state, batch's moments)."""
    return lambda i: {
        f"bn_param.running_{name}": value for name, value in change(i, v.state(i), v.batch_part(i)).items()
    }


def _whole(i: Inputs) -> Arrays:
    return {"mean": i["x"].mean(dtype=np.float64), "var": i["x"].var(dtype=np.float64)}


def fresh(i: Inputs) -> bool:
    """Whether bn_param comes without running statistics."""
    return "running_var" not in i["bn_param"]


KEEPING = {
    "momentum the other way round": Mistake(
        "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch.",
        only(lambda i: v.trained(i, momentum=1 - v.state(i)["momentum"]), *STATE),
    ),
    "unbiased running variance": Mistake(
        "Your running variance takes in the unbiased estimate, n/(n-1) too large; Paddle keeps the biased one.",
        _keep(lambda i, s, b: mixed(s, {"var": v.batch_part(i, unbiased=True)["var"]})),
    ),
    "running standard deviation": Mistake(
        "You keep a running standard deviation; keep the variance, and take the root when you normalise.",
        _keep(lambda i, s, b: mixed(s, {"var": np.sqrt(b["var"])})),
    ),
    "running statistics not updated": Mistake(
        "After a train step bn_param must hold the new running statistics: write them back.",
        _keep(lambda i, s, b: {"mean": s["running_mean"], "var": s["running_var"]}),
    ),
    "running statistics overwritten by the batch": Mistake(
        "You store the batch's moments; mix them with the old running values by momentum.",
        _keep(lambda i, s, b: b),
    ),
    "momentum hard-coded": Mistake(
        "You use 0.9 whatever bn_param says: read momentum from it, and take 0.9 only when it is absent.",
        only(lambda i: v.trained(i, momentum=0.9), *STATE),
    ),
    "running variance started at 0": Mistake(
        "When bn_param has no running variance it starts at 1, as Paddle's does, not at 0.",
        where(fresh, _keep(lambda i, s, b: mixed({**s, "running_var": 0.0}, {"var": b["var"]}))),
    ),
    "running statistics started from the first batch": Mistake(
        "When bn_param has none they start at 0 and 1, and the first batch is mixed in like any other.",
        where(fresh, _keep(lambda i, s, b: b)),
    ),
    "epsilon in the running variance": Mistake(
        "The running variance is kept without epsilon; add it only when you normalise.",
        _keep(lambda i, s, b: mixed(s, {"var": b["var"] + s["eps"]})),
    ),
    "running sum, not average": Mistake(
        "You add the batch's moments to the old ones without weighting the old ones by momentum.",
        _keep(
            lambda i, s, b: {
                name: s[f"running_{name}"] + (1 - s["momentum"]) * b[name] for name in ("mean", "var")
            }
        ),
    ),
}

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
    ),
    reference=v.trained,
    mistakes={
        "normalised along the features": Mistake(
            "You normalise each sample over its features (that is layer norm); batch norm reduces over the samples.",
            out(axes=(1,)),
        ),
        "one mean and variance for the whole matrix": Mistake(
            "You normalise by the moments of the whole matrix; each feature has its own.", out(axes=(0, 1))
        ),
        **NORMALISING,
        **KEEPING,
        "running statistics of the whole matrix": Mistake(
            "The running statistics hold one value per feature; yours average over the features too.",
            _keep(lambda i, s, b: mixed(s, _whole(i))),
        ),
    },
    may_change=STATE,
)

CHECKS = (TRAIN_CHECK,)
