"""ps1, the forward pass in test mode: the running statistics normalise, and stay as they are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import FORWARD, given
from course.autograder.checks.batch_norm.forward_making import out_making
from course.autograder.checks.batch_norm.normalised import by_mode
from course.autograder.checks.batch_norm.normalising import OTHERS, SHIFTS, Shift, apart, rooted, scaling
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT, far_away
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR, STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import Wrong, only, other_defaults, where
from course.reference import batch_norm

Statistics = Callable[[dict[str, Any], Arrays], tuple[np.ndarray, np.ndarray]]


def out(**switches: Any) -> Wrong:
    """A mistake in test mode's out: its switches, on the running statistics."""

    def wrong(i: Inputs) -> Arrays:
        s = v.state(i)
        return {"out": v.with_statistics(i, s["running_mean"], s["running_var"], **switches)}

    return wrong


def _by(statistics: Statistics) -> Wrong:
    """Test mode by other statistics, from (state, the batch's moments)."""
    return lambda i: {"out": v.with_statistics(i, *statistics(v.state(i), v.batch_part(i)))}


def several(i: Inputs) -> bool:
    """Whether a batch has more than one value of a feature, so that it has a variance."""
    return i["x"].size > len(i["gamma"])


def _longer(i: Inputs) -> Arrays:
    n, s = i["x"].size / len(i["gamma"]), v.state(i)
    return {"out": v.with_statistics(i, s["running_mean"], s["running_var"] * n / (n - 1))}


def _made_up_for(i: Inputs) -> Arrays:
    s = v.state(i)
    share = 1 - s["momentum"]
    return {"out": v.with_statistics(i, s["running_mean"] / share, s["running_var"] / share)}


def _variance_from_0(i: Inputs) -> Arrays:
    s = v.state(i)
    return {"out": v.with_statistics(i, s["running_mean"], 0 * s["running_var"])}


def _scaled_first(i: Inputs) -> Arrays:
    s = v.state(i)
    scaled = {**i, "x": batch_norm.scale_shift(i["x"], i["gamma"], i["beta"])}
    how = {"gamma": "forgotten", "beta": "forgotten"}
    return {"out": v.with_statistics(scaled, s["running_mean"], s["running_var"], **how)}


def _shifted(shift: Shift) -> Wrong:
    """x times the right factor, with another shift."""

    def wrong(i: Inputs) -> Arrays:
        s, x = v.state(i), i["x"].astype(np.float64)
        gamma, beta = (i[name].astype(np.float64) for name in ("gamma", "beta"))
        sd = np.sqrt(s["running_var"].astype(np.float64) + s["eps"])
        return {"out": x * (gamma / sd) + shift(s["running_mean"], gamma / sd, sd, beta)}

    return wrong


def small_variance(draw: draws.Draw, factor: float) -> draws.Draw:
    """The same draw with a running variance that much smaller."""

    def smaller(i: Inputs) -> Inputs:
        return {"bn_param": {**i["bn_param"], "running_var": i["bn_param"]["running_var"] * factor}}

    return draws.altered(draw, smaller)


def _flat_feature(i: Inputs) -> Inputs:
    """A feature that never changed in training: its running variance is 0, its running mean its value."""
    i["bn_param"]["running_var"][1] = 0.0
    i["x"][:, 1] = i["bn_param"]["running_mean"][1] + 0.01 * i["x"][:, 1]
    return i


OUT = {
    "batch statistics at test time": Mistake(
        "In test mode normalise by the running statistics; you used the batch's own.",
        lambda i: {"out": v.forward(i)},
    ),
    "not normalised in test mode": Mistake(
        "You only scaled and shifted x; subtract the running mean and divide by the running deviation first.",
        lambda i: {"out": batch_norm.scale_shift(i["x"], i["gamma"], i["beta"])},
    ),
    "running statistics ignored": Mistake(
        "You normalised by mean 0 and variance 1; read running_mean and running_var from bn_param.",
        _by(lambda s, b: (0 * s["running_mean"], 0 * s["running_var"] + 1)),
    ),
    "x returned as it came": Mistake(
        "The output is x itself: test mode normalises too, only by other statistics.",
        lambda i: {"out": i["x"]},
    ),
    "the batch's variance beside the running mean": Mistake(
        "Both statistics are the running ones in test mode; your variance is the batch's own.",
        _by(lambda s, b: (s["running_mean"], b["var"])),
    ),
    "the batch's mean beside the running variance": Mistake(
        "Both statistics are the running ones in test mode; your mean is the batch's own.",
        _by(lambda s, b: (b["mean"], s["running_var"])),
    ),
    "running mean under the root": Mistake(
        "Under the root stands the running variance beside epsilon; yours has the running mean there.",
        _by(lambda s, b: (s["running_mean"], s["running_mean"])),
    ),
    "magnitude of the running mean under the root": Mistake(
        "Under the root stands the running variance beside epsilon; yours has the running mean there.",
        _by(lambda s, b: (s["running_mean"], np.abs(s["running_mean"]))),
    ),
    "running variance made longer by n / (n - 1)": Mistake(
        "The running variance is used as it is: no n / (n - 1) in test mode.", where(several, _longer)
    ),
    "running statistics divided by 1 - momentum": Mistake(
        "The running statistics are used as they are: nothing makes up for how they started.", _made_up_for
    ),
    "scaled and shifted before normalising": Mistake(
        "Normalise first: gamma and beta come last, after the division by the running deviation.",
        _scaled_first,
    ),
    "running variance started at 0": Mistake(
        "Where bn_param has no running variance it stands at 1, as Paddle's does, not at 0.",
        where(lambda i: "running_var" not in i["bn_param"], _variance_from_0),
    ),
    "divided by the variance, without epsilon": Mistake(
        "Divide by the root of the running variance and epsilon; you divide by the running variance itself.",
        out(root=False, eps="none"),
    ),
    "running mean not scaled": Mistake(
        "The running mean is subtracted before the scaling: it is scaled as x is.",
        _shifted(lambda mean, factor, sd, beta: beta - mean),
    ),
    **{name: Mistake(advice, _shifted(shift)) for name, (advice, shift) in SHIFTS.items()},
    **rooted(out, "bn_param"),
    **apart(out),
    **scaling(out),
}

MOVED = {
    "test mode moves the running statistics": Mistake(
        "Test mode only reads the running statistics; yours changed after the call.",
        where(several, only(v.trained, *STATE)),
    ),
    "test mode stores the batch's statistics": Mistake(
        "Test mode only reads the running statistics; you put the batch's own into bn_param.",
        where(several, lambda i: dict(zip(STATE, v.batch_part(i).values(), strict=True))),
    ),
}

TEST_CHECK = check(
    ASSIGNMENT,
    "batchnorm_forward.test",
    6,
    (FORWARD,),
    outputs=(
        Output("out", BATCH_NORM, 4),
        Output(RUNNING_MEAN, RUNNING, guard=True),
        Output(RUNNING_VAR, RUNNING, guard=True),
    ),
    cases=(
        Case("seven samples of five features", given((7, 5), "test", momentum=0.9)),
        Case("a single sample", given((1, 4), "test")),
        Case("a running variance near 0.0001", small_variance(given((6, 4), "test", sd=0.01), 1e-4)),
        Case("another epsilon", given((5, 3), "test", eps=1e-2)),
        Case("float32 input", given((6, 4), "test", dtype="float32", eps=1e-3)),
        Case("as many samples as features", given((5, 5), "test", eps=1e-2)),
        Case(
            "a feature whose running variance is 0",
            draws.altered(given((6, 3), "test", eps=1e-3), _flat_feature),
        ),
        Case("a single feature", given((4, 1), "test", eps=1e-3)),
        Case(
            "fewer samples than features, far from the running mean",
            draws.altered(given((3, 5), "test", eps=1e-3), far_away),
        ),
    ),
    reference=v.served,
    makings={"out": out_making(by_mode, "bn_param")},
    mistakes={
        **OUT,
        **MOVED,
        "the batch's statistics where none are kept": Mistake(
            "Where bn_param has no running statistics they stand at 0 and 1; you took the batch's own.",
            where(lambda i: "running_var" not in i["bn_param"], lambda i: {"out": v.forward(i)}),
        ),
        **other_defaults(only(v.served, "out"), "bn_param", eps=OTHERS),
    },
)

CHECKS = (TEST_CHECK,)
