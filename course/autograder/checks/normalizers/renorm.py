"""ps4, batch renormalisation forward: the training step and its running values."""

from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator, batch
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM, RUNNING
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.reference import batch_renorm
from course.reference.batch_norm import tensor

RUNNING_MEAN, RUNNING_STD = "bn_param.running_mean", "bn_param.running_std"
STATE = (RUNNING_MEAN, RUNNING_STD)


# --- a training step ---


def drawn(shape: tuple[int, ...], mode: str = "train", **keywords: Any) -> Any:
    """`normalizers_renorm_variants.given` as the draw of a Case."""
    return lambda r: rv.given(r, shape, mode, **keywords)


def strided(shape: tuple[int, ...], **keywords: Any) -> Any:
    """The same with a view for x."""

    def draw(r: Generator) -> Inputs:
        i = rv.given(r, shape, "train", **keywords)
        return {**i, "x": Strided(i["x"])}

    return draw


def without_room(shape: tuple[int, ...]) -> Any:
    """r_max = 1 and d_max = 0: batch norm."""

    def draw(r: Generator) -> Inputs:
        i = rv.given(r, shape, "train", r_max=1.5, d_max=0.5)
        return {**i, "bn_param": {**i["bn_param"], "r_max": 1.0, "d_max": 0.0}}

    return draw


def _only_mode(r: Generator) -> Inputs:
    i = rv.given(r, (6, 5), "train")
    return {**i, "x": batch(r, (6, 5)) * 4, "bn_param": {"mode": "train"}}


def step(i: Inputs, **changes: Any) -> Arrays:
    """A training step on the paths that a check compares, with some of the state changed."""
    s = {**rv.state(i), **changes}
    found = batch_renorm.batch_renorm_train(
        i["x"],
        i["gamma"],
        i["beta"],
        s["running_mean"],
        s["running_std"],
        s["eps"],
        s["momentum"],
        s["r_max"],
        s["d_max"],
    )
    return {"out": found["out"], RUNNING_MEAN: found["running_mean"], RUNNING_STD: found["running_std"]}


def out(**how: Any) -> Any:
    """A mistake of the graph in `out`, and in the running deviation where the batch's own is wrong."""

    def wrong(i: Inputs) -> Arrays:
        s = rv.state(i)
        made = {"out": v.output(i, rv.graph(s, **how))}
        if {"eps", "unbiased"} & set(how):
            _, std = rv.moments(tensor(i["x"]), s["eps"], rv.Switches(**how))
            made[RUNNING_STD] = _mixed(s["running_std"], std.numpy(), s["momentum"])
        return made

    return wrong


def _mixed(old: Any, new: Any, momentum: float) -> Any:
    return momentum * old + (1 - momentum) * new


def _kept(change: Any) -> Any:
    """A mistake in the running values, from (state, batch mean, batch std with its eps)."""

    def wrong(i: Inputs) -> Arrays:
        s = rv.state(i)
        mean, std = rv.moments(tensor(i["x"]), s["eps"], rv.Switches())
        made = zip(STATE, change(s, mean.numpy(), std.numpy()), strict=True)
        return {path: value for path, value in made if value is not None}

    return wrong


def state_only(**changes: Any) -> Any:
    """A mistake in the running values alone, from a changed state."""
    return lambda i: {k: a for k, a in step(i, **changes).items() if k in STATE}


def _updated_first(i: Inputs) -> Arrays:
    after = step(i)
    moved = {**rv.state(i), "running_mean": after[RUNNING_MEAN], "running_std": after[RUNNING_STD]}
    return {"out": v.output(i, rv.graph(moved))}


def _fresh(i: Inputs) -> bool:
    return "running_std" not in i["bn_param"]


CORRECTING = (
    Misconception(
        "batch norm: r and d left out",
        "This is plain batch norm: multiply the normalised x by r and add d before gamma and beta.",
        out(r="forgotten", d="forgotten"),
    ),
    Misconception("r forgotten", "Multiply the normalised x by r before adding d.", out(r="forgotten")),
    Misconception("d forgotten", "Add d after multiplying by r, before gamma and beta.", out(d="forgotten")),
    Misconception(
        "d added before r", "Multiply the normalised x by r first, then add d.", out(shift_first=True)
    ),
    Misconception(
        "r and d not clipped",
        "Clip r to [1 / r_max, r_max] and d to [-d_max, d_max]: both go beyond in yours.",
        out(r="unclipped", d="unclipped"),
    ),
    Misconception("r not clipped", "Clip r to [1 / r_max, r_max].", out(r="unclipped")),
    Misconception("d not clipped", "Clip d to [-d_max, d_max].", out(d="unclipped")),
    Misconception("no lower bound for r", "r has a lower bound as well: 1 / r_max.", out(r="no lower bound")),
    Misconception(
        "r upside down",
        "r is the batch's standard deviation over the running one; yours is the other way round.",
        out(r="upside down"),
    ),
    Misconception(
        "sign of d",
        "d is the batch's mean minus the running one; yours has the opposite sign.",
        out(d="sign"),
    ),
    Misconception(
        "d divided by the batch's deviation",
        "d is counted in running standard deviations: divide by running_std.",
        out(d="by the batch's"),
    ),
    Misconception(
        "running_std taken for a variance",
        "bn_param keeps a running standard deviation: no root is taken of it.",
        out(r="running variance"),
    ),
    Misconception(
        "r and d from the updated running values",
        "Compute r and d before you update the running values, from those that came in.",
        _updated_first,
    ),
    Misconception(
        "bounds hard-coded",
        "You clip to 3 and 5 whatever comes: read r_max and d_max from bn_param where it has them.",
        lambda i: {"out": step(i, r_max=3.0, d_max=5.0)["out"]},
    ),
    Misconception(
        "normalised along the features",
        "You took each sample's moments along its features; go down the samples, as in batch norm.",
        lambda i: {"out": v.output(i, v.layer(rv.state(i)["eps"]))} if i["x"].ndim == 2 else {},
    ),
)

KEEPING = (
    Misconception(
        "running variance kept",
        "bn_param keeps a running standard deviation; you mixed in the variance.",
        _kept(lambda s, m, std: (None, _mixed(s["running_std"], std**2, s["momentum"]))),
    ),
    Misconception(
        "root of the averaged variances",
        "You averaged variances and took the root; the standard deviations themselves are averaged.",
        _kept(lambda s, m, std: (None, np.sqrt(_mixed(s["running_std"] ** 2, std**2, s["momentum"])))),
    ),
    Misconception(
        "running deviation without epsilon",
        "The deviation that is averaged has epsilon under its root, so that r is 1 when nothing changes.",
        _kept(
            lambda s, m, std: (
                None,
                _mixed(s["running_std"], np.sqrt(np.maximum(std**2 - s["eps"], 0.0)), s["momentum"]),
            )
        ),
    ),
    Misconception(
        "momentum the other way round",
        "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch.",
        lambda i: state_only(momentum=1 - rv.state(i)["momentum"])(i),
    ),
    Misconception(
        "momentum hard-coded",
        "You use 0.9 whatever comes: read momentum from bn_param; 0.9 is for when it is absent.",
        state_only(momentum=0.9),
    ),
    Misconception(
        "running values not updated",
        "After a train step bn_param must hold the new running values: write them back.",
        _kept(lambda s, m, std: (s["running_mean"], s["running_std"])),
    ),
    Misconception(
        "running values overwritten by the batch",
        "You store the batch's own moments; mix them with the old running values by momentum.",
        _kept(lambda s, m, std: (m, std)),
    ),
    Misconception(
        "running values started from the first batch",
        "Where bn_param has none they start at 0 and 1, and the first batch is mixed in like any other.",
        lambda i: _kept(lambda s, m, std: (m, std))(i) if _fresh(i) else {},
    ),
)

FORWARD = Call("batch_renorm_forward", ("x", "gamma", "beta", "bn_param"), ("out", "cache"))

TRAIN_CHECK = Check(
    name="batch_renorm_forward.train",
    assignment=v.ASSIGNMENT,
    points=11,
    functions=("batch_renorm_forward",),
    steps=(FORWARD,),
    outputs=(Output("out", BATCH_NORM, 3), Output(RUNNING_MEAN, RUNNING), Output(RUNNING_STD, RUNNING)),
    cases=(
        Case("eight samples of six features", drawn((8, 6), r_max=3.0, d_max=5.0, momentum=0.9, eps=1e-5)),
        Case("narrow bounds, another momentum", drawn((7, 5), r_max=1.5, d_max=0.4, momentum=0.7)),
        Case("a spread of 0.01", drawn((6, 4), sd=0.01, r_max=2.0, d_max=1.0, momentum=0.8)),
        Case("no room: r_max = 1 and d_max = 0", without_room((5, 4))),
        Case("bn_param holds only the mode", _only_mode),
        Case("images: another epsilon", drawn((2, 5, 3, 4), r_max=1.7, d_max=0.7, eps=1e-2)),
        Case("two samples", drawn((2, 6), r_max=2.5, d_max=2.0)),
        Case("float32 input", drawn((9, 5), dtype="float32", r_max=1.6, d_max=0.8, eps=1e-3, momentum=0.75)),
        Case("a view that is not contiguous", strided((6, 5), r_max=2.0, d_max=1.0)),
    ),
    reference=step,
    misconceptions=(*KEEPING, *CORRECTING, *v.normalising(out, "bn_param")),
    may_change=STATE,
)

CHECKS = (TRAIN_CHECK,)
