"""ps4, batch renormalisation in test mode: the running values alone, as they are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.forward import lacking
from course.autograder.checks.batch_norm.normalising import scaling
from course.autograder.checks.batch_norm.variants import LEAVES, Switches, affine, output
from course.autograder.checks.language import BATCH_NORM, RUNNING, Put, call, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import Wrong, of, only, where
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.renorm import (
    FORWARD,
    KEEPING,
    RUNNING_MEAN,
    RUNNING_STD,
    STATE,
    lacks,
    out,
    step,
)
from course.reference import batch_norm, batch_renorm
from course.reference.batch_norm import tensor


def _served(i: Inputs) -> np.ndarray:
    return batch_renorm.batch_renorm_eval(*(i[name] for name in (*LEAVES, "running_mean", "running_std")))


def _reference(i: Inputs) -> Arrays:
    s = rv.state(i)
    return {"out": _served({**i, **s}), RUNNING_MEAN: s["running_mean"], RUNNING_STD: s["running_std"]}


def _divided_by(deviation: Callable[[np.ndarray, float], np.ndarray]) -> Wrong:
    """A mistake in what x is divided by, from (running_std, eps)."""

    def wrong(i: Inputs) -> Arrays:
        s = rv.state(i)
        return {"out": _served({**i, **s, "running_std": deviation(s["running_std"], s["eps"])})}

    return wrong


def _unnormalised(i: Inputs) -> np.ndarray:
    nothing = 0 * i["gamma"]
    return batch_norm.batch_norm_eval(i["x"], i["gamma"], i["beta"], nothing, nothing + 1, 0.0)


def _scaled(**switches: Any) -> Wrong:
    """A mistake in gamma and beta, by the switches of batch norm."""

    def wrong(i: Inputs) -> Arrays:
        x_hat = _served(
            {**i, **rv.state(i), "gamma": np.ones_like(i["gamma"]), "beta": np.zeros_like(i["beta"])}
        )
        return {
            "out": output(i, lambda x, gamma, beta: affine(tensor(x_hat), gamma, beta, Switches(**switches)))
        }

    return wrong


def _times_r(i: Inputs) -> Arrays:
    s = rv.state(i)
    _, std = rv.moments(tensor(i["x"]), s["eps"], Switches())
    r = np.clip(std.numpy() / s["running_std"], 1 / s["r_max"], s["r_max"])
    return {"out": _served({**i, **s, "running_std": s["running_std"] / r})}


def _times_r_plus_d(i: Inputs) -> Arrays:
    s = rv.state(i)
    mean, _ = rv.moments(tensor(i["x"]), s["eps"], Switches())
    d = np.clip((mean.numpy() - s["running_mean"]) / s["running_std"], -s["d_max"], s["d_max"])
    shift = (i["gamma"] * d).reshape(1, -1, *[1] * (i["x"].ndim - 2))
    return {"out": _times_r(i)["out"] + shift}


def _clipped(i: Inputs) -> np.ndarray:
    """x_hat between -d_max and d_max."""
    s, column = rv.state(i), (1, -1, *[1] * (i["x"].ndim - 2))
    x_hat = (i["x"] - s["running_mean"].reshape(column)) / s["running_std"].reshape(column)
    bounded = np.clip(x_hat, -s["d_max"], s["d_max"])
    return np.asarray(i["gamma"].reshape(column) * bounded + i["beta"].reshape(column))


def _batch(i: Inputs) -> Arrays:
    mean, std = rv.moments(tensor(i["x"]), rv.state(i)["eps"], Switches())
    return {RUNNING_MEAN: mean.numpy(), RUNNING_STD: std.numpy()}


# Test mode may write the defaults into bn_param or leave it as it came: on this case only `out` is asked about.
# One object for both cases: the engine compares the steps of cases that follow each other, and arrays do not compare.
_NO_MEAN = Put(RUNNING_MEAN, np.zeros(3))
_WITH_DEFAULTS = (call(FORWARD), _NO_MEAN, Put(RUNNING_STD, np.ones(3)))

TEST_CHECK = check(
    v.ASSIGNMENT,
    "batch_renorm_forward.test",
    6,
    (FORWARD,),
    outputs=(
        Output("out", BATCH_NORM, 4),
        Output(RUNNING_MEAN, RUNNING, guard=True),
        Output(RUNNING_STD, RUNNING, guard=True),
    ),
    cases=(
        Case("seven samples of five features", rv.given((7, 5), "test", r_max=1.5, d_max=0.4)),
        Case(
            "a single sample",
            draws.altered(rv.given((6, 4), "test", r_max=2.0, d_max=1.0), lambda i: {"x": i["x"][:1].copy()}),
        ),
        Case("a spread of 0.01", rv.given((6, 4), "test", sd=0.01, r_max=1.5, d_max=0.4)),
        Case("images: another epsilon", rv.given((2, 5, 3, 4), "test", eps=1e-2, r_max=2.0, d_max=1.0)),
        Case("float32 input", rv.given((5, 6), "test", dtype="float32", r_max=1.5, d_max=0.4)),
        Case("as many samples as features", rv.given((5, 5), "test", r_max=1.5, d_max=0.4, eps=1e-2)),
        Case(
            "running values never set: bn_param holds only the mode",
            draws.altered(rv.given((4, 3), "test"), lambda i: {"bn_param": {"mode": "test"}}),
            _WITH_DEFAULTS,
        ),
        Case(
            "bn_param holds no running mean",
            lacking(rv.given((4, 3), "test"), "running_mean"),
            (call(FORWARD), _NO_MEAN),
        ),
        Case(
            "bn_param holds no running deviation",
            lacking(rv.given((3, 2), "test"), "running_std"),
            (call(FORWARD), Put(RUNNING_STD, np.ones(2))),
        ),
    ),
    reference=_reference,
    mistakes={
        "corrected batch at test time": Mistake(
            "In test mode normalise by the running values; you took the batch's, corrected as in training.",
            only(step, "out"),
        ),
        "batch statistics at test time": Mistake(
            "In test mode normalise by the running values; you used the batch's own.",
            out(r="forgotten", d="forgotten"),
        ),
        "test mode moves the running values": Mistake(
            "Test mode only reads the running values; yours changed after the call.", only(step, *STATE)
        ),
        "epsilon added again": Mistake(
            "The running deviation has epsilon in it already: divide by it as it is.",
            _divided_by(lambda std, eps: np.sqrt(std**2 + eps)),
        ),
        "epsilon added to the deviation": Mistake(
            "The running deviation has epsilon under its root already: divide by it as it is.",
            _divided_by(lambda std, eps: std + eps),
        ),
        "running_std taken for a variance": Mistake(
            "bn_param keeps a running standard deviation: divide by it, without a root.",
            _divided_by(lambda std, eps: np.sqrt(std)),
        ),
        "root of running_std plus epsilon": Mistake(
            "bn_param keeps a running standard deviation, epsilon included: divide by it as it is.",
            _divided_by(lambda std, eps: np.sqrt(std + eps)),
        ),
        "running mean not subtracted": Mistake(
            "Subtract the running mean first.",
            lambda i: {"out": _served({**i, **rv.state(i), "running_mean": 0 * i["gamma"]})},
        ),
        "not normalised in test mode": Mistake(
            "You only scaled and shifted x; normalise it by the running values first.",
            of("out", _unnormalised),
        ),
        "divided by the square of running_std": Mistake(
            "bn_param keeps a running standard deviation: divide by it as it is, without a square.",
            _divided_by(lambda std, eps: std**2),
        ),
        "corrected by r at test time": Mistake(
            "r and d belong to training: in test mode only the running values count.", _times_r
        ),
        "corrected by r and d at test time": Mistake(
            "r and d belong to training: in test mode only the running values count.", _times_r_plus_d
        ),
        "clipped at test time": Mistake(
            "In test mode nothing is clipped: d_max bounds the correction while training.",
            of("out", _clipped),
        ),
        "test mode stores the batch's values": Mistake(
            "Test mode only reads the running values; you put the batch's own into bn_param.",
            only(_batch, *STATE),
        ),
        "running deviation reset beside an absent mean": Mistake(
            KEEPING["running deviation reset beside an absent mean"].advice,
            where(
                lacks("running_mean", "running_std"),
                _divided_by(lambda std, eps: np.ones_like(std)),
            ),
        ),
        "running mean reset beside an absent deviation": Mistake(
            KEEPING["running mean reset beside an absent deviation"].advice,
            where(
                lacks("running_std", "running_mean"),
                lambda i: {"out": _served({**i, **rv.state(i), "running_mean": 0 * i["gamma"]})},
            ),
        ),
        **scaling(_scaled),
    },
)

CHECKS = (TEST_CHECK,)
