"""ps4, batch renormalisation in test mode: the running values alone, as they are."""

from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM, RUNNING
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.renorm import (
    FORWARD,
    RUNNING_MEAN,
    RUNNING_STD,
    drawn,
    out,
    state_only,
    step,
)
from course.reference import batch_norm, batch_renorm


def _single(r: Generator) -> Inputs:
    i = rv.given(r, (6, 4), "test", r_max=2.0, d_max=1.0)
    return {**i, "x": i["x"][:1].copy()}


def _tested(**changes: Any) -> Any:
    """Test mode with other running values, gamma or beta."""

    def wrong(i: Inputs) -> Arrays:
        g = {**i, **rv.state(i), **{k: f(i) if callable(f) else f for k, f in changes.items()}}
        out = batch_renorm.batch_renorm_eval(
            g["x"], g["gamma"], g["beta"], g["running_mean"], g["running_std"]
        )
        return {"out": out}

    return wrong


def _test_reference(i: Inputs) -> Arrays:
    s = rv.state(i)
    return {**_tested()(i), RUNNING_MEAN: s["running_mean"], RUNNING_STD: s["running_std"]}


TEST_CHECK = Check(
    name="batch_renorm_forward.test",
    assignment=v.ASSIGNMENT,
    points=4,
    functions=("batch_renorm_forward",),
    steps=(FORWARD,),
    outputs=(
        Output("out", BATCH_NORM, 4),
        Output(RUNNING_MEAN, RUNNING, guard=True),
        Output(RUNNING_STD, RUNNING, guard=True),
    ),
    cases=(
        Case("seven samples of five features", drawn((7, 5), "test", r_max=1.5, d_max=0.4)),
        Case("a single sample", _single),
        Case("a spread of 0.01", drawn((6, 4), "test", sd=0.01, r_max=1.5, d_max=0.4)),
        Case("images: another epsilon", drawn((2, 5, 3, 4), "test", eps=1e-2, r_max=2.0, d_max=1.0)),
        Case("float32 input", drawn((5, 6), "test", dtype="float32", r_max=1.5, d_max=0.4)),
    ),
    reference=_test_reference,
    misconceptions=(
        Misconception(
            "corrected batch at test time",
            "In test mode normalise by the running values; you took the batch's, corrected as in training.",
            lambda i: {"out": step(i)["out"]},
        ),
        Misconception(
            "batch statistics at test time",
            "In test mode normalise by the running values; you used the batch's own.",
            out(r="forgotten", d="forgotten"),
        ),
        Misconception(
            "test mode moves the running values",
            "Test mode only reads the running values; yours changed after the call.",
            state_only(),
        ),
        Misconception(
            "epsilon added again",
            "The running deviation has epsilon in it already: divide by it as it is.",
            _tested(running_std=lambda i: np.sqrt(rv.state(i)["running_std"] ** 2 + rv.state(i)["eps"])),
        ),
        Misconception(
            "epsilon added to the deviation",
            "The running deviation has epsilon under its root already: divide by it as it is.",
            _tested(running_std=lambda i: rv.state(i)["running_std"] + rv.state(i)["eps"]),
        ),
        Misconception(
            "running_std taken for a variance",
            "bn_param keeps a running standard deviation: divide by it, without a root.",
            _tested(running_std=lambda i: np.sqrt(rv.state(i)["running_std"])),
        ),
        Misconception(
            "root of running_std plus epsilon",
            "bn_param keeps a running standard deviation, epsilon included: divide by it as it is.",
            _tested(running_std=lambda i: np.sqrt(rv.state(i)["running_std"] + rv.state(i)["eps"])),
        ),
        Misconception(
            "running mean not subtracted",
            "Subtract the running mean first.",
            _tested(running_mean=lambda i: 0 * i["gamma"]),
        ),
        Misconception(
            "not normalised in test mode",
            "You only scaled and shifted x; normalise it by the running values first.",
            lambda i: {
                "out": batch_norm.batch_norm_eval(
                    i["x"], i["gamma"], i["beta"], 0 * i["gamma"], 0 * i["gamma"] + 1, 0.0
                )
            },
        ),
        Misconception(
            "gamma forgotten", "gamma scales in test mode too.", _tested(gamma=lambda i: 0 * i["gamma"] + 1)
        ),
        Misconception(
            "beta forgotten", "beta shifts in test mode too.", _tested(beta=lambda i: 0 * i["gamma"])
        ),
    ),
)

CHECKS = (TEST_CHECK,)
