"""ps4, batch renormalisation forward: the training step and its running values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.normalising import normalising, spreads, zero_epsilon
from course.autograder.checks.batch_norm.variants import LEAVES, Switches, output
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import after, only, other_defaults, where
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.reference import batch_renorm
from course.reference.batch_norm import tensor

RUNNING_MEAN, RUNNING_STD = "bn_param.running_mean", "bn_param.running_std"
STATE = (RUNNING_MEAN, RUNNING_STD)
CHANNEL = (slice(None), 0)
KEPT = ("running_mean", "running_std")
SETTINGS = ("running_mean", "running_std", "eps", "momentum", "r_max", "d_max")


def _only_mode(r: draws.Generator) -> Inputs:
    i = rv.given((6, 5))(r)
    return {**i, "x": draws.batch(r, (6, 5)) * 4, "bn_param": {"mode": "train"}}


def _far_away(i: Inputs) -> Inputs:
    """A batch that lies beyond the default bounds of r and d on both sides, and nothing said but the mode."""
    spread = np.where(np.arange(i["x"].shape[1]) % 2, 5.0, 0.2)
    return {"x": spread * i["x"] + 8 * np.sign(i["gamma"]), "bn_param": {"mode": "train"}}


def step(i: Inputs, **changes: Any) -> Arrays:
    """A training step on the paths that a check compares, with some of the state changed."""
    a = {**i, **rv.state(i), **changes}
    found = batch_renorm.batch_renorm_train(*(a[name] for name in (*LEAVES, *SETTINGS)))
    return {"out": found["out"], RUNNING_MEAN: found["running_mean"], RUNNING_STD: found["running_std"]}


def mixed(s: dict[str, Any], new: Any, name: str = "running_std") -> Any:
    """A running value of a state with a batch's mixed in."""
    return s["momentum"] * s[name] + (1 - s["momentum"]) * new


def out(**how: Any) -> Any:
    """A mistake of the graph in `out`, and in the running deviation where the batch's own is wrong."""

    def wrong(i: Inputs) -> Arrays:
        s = rv.state(i)
        made = {"out": output(i, rv.graph(s, **how))}
        if {"eps", "unbiased"} & set(how):
            _, std = rv.moments(tensor(i["x"]), s["eps"], Switches(**how))
            made[RUNNING_STD] = mixed(s, std.numpy())
        return made

    return wrong


def _keep(change: Callable[[dict[str, Any], np.ndarray, np.ndarray], tuple[Any, Any]]) -> Any:
    """A mistake in both running values, from (state, batch mean, batch std with its eps)."""

    def wrong(i: Inputs) -> Arrays:
        s = rv.state(i)
        mean, std = rv.moments(tensor(i["x"]), s["eps"], Switches())
        return dict(zip(STATE, change(s, mean.numpy(), std.numpy()), strict=True))

    return wrong


def _keep_std(change: Callable[[dict[str, Any], np.ndarray], Any]) -> Any:
    """A mistake in the running deviation alone, from (state, batch std with its eps)."""
    return only(_keep(lambda s, mean, std: (None, change(s, std))), RUNNING_STD)


def _corrected(s: dict[str, Any], mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """The batch's mean times r, plus d."""
    r = np.clip(std / s["running_std"], 1 / s["r_max"], s["r_max"])
    d = np.clip((mean - s["running_mean"]) / s["running_std"], -s["d_max"], s["d_max"])
    return np.asarray(mean * r + d)


def _values(i: Inputs) -> int:
    """How many values a channel has."""
    return int(i["x"].size // i["x"].shape[1])


def updated(i: Inputs) -> dict[str, Any]:
    """The state as it is after the step."""
    after = step(i)
    return {**rv.state(i), "running_mean": after[RUNNING_MEAN], "running_std": after[RUNNING_STD]}


def _fresh(i: Inputs) -> bool:
    return "running_std" not in i["bn_param"]


def lacks(key: str, other: str) -> Callable[[Inputs], bool]:
    """Whether bn_param has only the other of two keys."""
    return lambda i: key not in i["bn_param"] and other in i["bn_param"]


def _with_bounds(**bounds: float) -> Any:
    """A training step by other bounds where bn_param has none."""
    return only(lambda i: step({**i, "bn_param": {**bounds, **i["bn_param"]}}), "out")


def _with_default(entry: str, value: float) -> Any:
    """A training step from a running value that was set back."""
    return lambda i: step(i, **{entry: np.full(len(i["gamma"]), value)})


def _started_by_the_first(i: Inputs) -> Arrays:
    """Running values that are not there started as the batch's own, with which they then mix."""
    mean, std = rv.moments(tensor(i["x"]), rv.state(i)["eps"], Switches())
    own = {RUNNING_MEAN: mean.numpy(), RUNNING_STD: std.numpy()}
    return {path: value for path, value in own.items() if path.split(".")[1] not in i["bn_param"]}


def _values64(i: Inputs) -> np.ndarray:
    return np.asarray(i["x"], dtype=np.float64)


def _mean(i: Inputs) -> np.ndarray:
    return _values64(i).mean(axis=(0, 2, 3))


def _mixed_rows(i: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of images read as rows without moving the channels."""
    rows = _values64(i).reshape(-1, i["x"].shape[1])
    return rows.mean(axis=0), rows.var(axis=0)


def _by_moments(i: Inputs, moments: tuple[np.ndarray, np.ndarray]) -> Arrays:
    """A training step by another mean and variance of the batch."""
    s, (mean, var) = rv.state(i), moments
    column, std = (1, -1, *[1] * (i["x"].ndim - 2)), np.sqrt(var + s["eps"])
    x_hat = (i["x"] - mean.reshape(column)) / std.reshape(column)
    return {
        "out": _from_x_hat(i, x_hat, *_factors(s, mean, std)),
        RUNNING_MEAN: mixed(s, mean, "running_mean"),
        RUNNING_STD: mixed(s, std),
    }


def _factors(s: dict[str, Any], mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """r and d."""
    r = np.clip(std / s["running_std"], 1 / s["r_max"], s["r_max"])
    return r, np.clip((mean - s["running_mean"]) / s["running_std"], -s["d_max"], s["d_max"])


def _from_x_hat(i: Inputs, x_hat: np.ndarray, r: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The output from what x is normalised to."""
    r, d, gamma, beta = (
        value.reshape(1, -1, *[1] * (x_hat.ndim - 2)) for value in (r, d, i["gamma"], i["beta"])
    )
    return np.asarray(gamma * (x_hat * r + d) + beta)


def _in_mixed_rows(i: Inputs) -> Arrays:
    """The output of images read as rows without moving the channels, all the way and back."""
    s, (mean, var) = rv.state(i), _mixed_rows(i)
    std = np.sqrt(var + s["eps"])
    x_hat = (_values64(i).reshape(-1, len(mean)) - mean) / std
    return {"out": _from_x_hat(i, x_hat, *_factors(s, mean, std)).reshape(i["x"].shape)}


def _moved_back(i: Inputs) -> Arrays:
    """x_hat with r and d in rows [N * H * W, C] that are reshaped to images."""
    plain = {"gamma": np.ones_like(i["gamma"]), "beta": np.zeros_like(i["beta"])}
    x_hat = step({**i, **plain})["out"].transpose(0, 2, 3, 1).reshape(i["x"].shape)
    gamma, beta = (i[name][:, None, None] for name in ("gamma", "beta"))
    return {"out": gamma * x_hat + beta}


def _corrected_last(i: Inputs) -> Arrays:
    """Batch norm's output times r, plus d."""
    s = rv.state(i)
    mean, std = (value.numpy() for value in rv.moments(tensor(i["x"]), s["eps"], Switches()))
    r, d = (value.reshape(1, -1, *[1] * (i["x"].ndim - 2)) for value in _factors(s, mean, std))
    return {"out": out(r="forgotten", d="forgotten")(i)["out"] * r + d}


def _d_after_gamma(i: Inputs) -> Arrays:
    """gamma * (x_hat * r) + d + beta."""
    plain = out(d="forgotten")(i)["out"]
    ones = out()({**i, "gamma": np.ones_like(i["gamma"])})["out"]
    without = out(d="forgotten")({**i, "gamma": np.ones_like(i["gamma"])})["out"]
    return {"out": plain + ones - without}


def _normalised_by(i: Inputs, deviation: Any = None, mean: Any = None) -> Arrays:
    """A training step with another mean or deviation in x_hat; r and d as they should be."""
    s = rv.state(i)
    batch_mean, batch_std = (value.numpy() for value in rv.moments(tensor(i["x"]), s["eps"], Switches()))
    column = (1, -1, *[1] * (i["x"].ndim - 2))
    r = np.clip(batch_std / s["running_std"], 1 / s["r_max"], s["r_max"])
    d = np.clip((batch_mean - s["running_mean"]) / s["running_std"], -s["d_max"], s["d_max"])
    m, sd = batch_mean if mean is None else s[mean], batch_std if deviation is None else s[deviation]
    x_hat = (i["x"] - np.reshape(m, column)) / np.reshape(sd, column) * r.reshape(column) + d.reshape(column)
    return {"out": i["gamma"].reshape(column) * x_hat + i["beta"].reshape(column)}


def _r_without_epsilon(i: Inputs) -> Arrays:
    s = rv.state(i)
    column = (1, -1, *[1] * (i["x"].ndim - 2))
    _, std = rv.moments(tensor(i["x"]), s["eps"], Switches())
    bare = np.sqrt(np.maximum(std.numpy() ** 2 - s["eps"], 0))
    right, other = (np.clip(sd / s["running_std"], 1 / s["r_max"], s["r_max"]) for sd in (std.numpy(), bare))
    unscaled = out(d="forgotten")(i)["out"] - i["beta"].reshape(column)
    return {"out": step(i)["out"] + unscaled * (other / right - 1).reshape(column)}


def _scaled_d(i: Inputs) -> Arrays:
    """A right step but for d, which is multiplied by the batch's deviation."""
    s = rv.state(i)
    column = (1, -1, *[1] * (i["x"].ndim - 2))
    mean, std = (value.numpy() for value in rv.moments(tensor(i["x"]), s["eps"], Switches()))
    d = np.clip((mean - s["running_mean"]) / s["running_std"], -s["d_max"], s["d_max"])
    return {"out": step(i)["out"] + (i["gamma"] * d * (std - 1)).reshape(column)}


def _by_the_running_deviation(i: Inputs) -> Arrays:
    return _normalised_by(i, deviation="running_std")


def _less_the_running_mean(i: Inputs) -> Arrays:
    return _normalised_by(i, mean="running_mean")


NOT_ABSENT = "A {} of 0 is one like any other: ask whether the key is there, not whether its value is true."


def _is_zero(i: Inputs, entry: str) -> bool:
    return bool(i["bn_param"].get(entry) == 0)


CORRECTING = {
    "batch norm: r and d left out": Mistake(
        "This is plain batch norm: multiply the normalised x by r and add d before gamma and beta.",
        out(r="forgotten", d="forgotten"),
    ),
    "r forgotten": Mistake("Multiply the normalised x by r before adding d.", out(r="forgotten")),
    "d forgotten": Mistake("Add d after multiplying by r, before gamma and beta.", out(d="forgotten")),
    "d added before r": Mistake("Multiply the normalised x by r first, then add d.", out(shift_first=True)),
    "d not multiplied by gamma": Mistake(
        "d is part of x_hat, so gamma multiplies it as well: add d before gamma and beta.", _d_after_gamma
    ),
    "r and d not clipped": Mistake(
        "Clip r to [1 / r_max, r_max] and d to [-d_max, d_max]: both go beyond in yours.",
        out(r="unclipped", d="unclipped"),
    ),
    "r not clipped": Mistake("Clip r to [1 / r_max, r_max].", out(r="unclipped")),
    "d not clipped": Mistake("Clip d to [-d_max, d_max].", out(d="unclipped")),
    "r goes below 1 / r_max": Mistake(
        "r's lower bound is 1 / r_max; a ratio of deviations never comes down to -r_max.",
        out(r="no lower bound"),
    ),
    "x_hat divided by r": Mistake(
        "x_hat is MULTIPLIED by the batch's deviation over the running one: you divide by it, or have r upside down.",
        out(r="upside down"),
    ),
    "sign of d": Mistake(
        "d is the batch's mean minus the running one; yours has the opposite sign.", out(d="sign")
    ),
    "d divided by the batch's deviation": Mistake(
        "d is counted in running standard deviations: divide by running_std.", out(d="by the batch's")
    ),
    "r without epsilon": Mistake(
        "r compares deviations that both have epsilon under their root: the batch's too.", _r_without_epsilon
    ),
    "running deviation for the batch's": Mistake(
        "In training divide by the batch's own standard deviation; running_std comes in through r and d.",
        _by_the_running_deviation,
    ),
    "running mean for the batch's": Mistake(
        "In training subtract the batch's own mean; running_mean comes in through d.", _less_the_running_mean
    ),
    "running_std taken for a variance": Mistake(
        "bn_param keeps a running standard deviation: no root is taken of it.", out(r="running variance")
    ),
    "r and d from the updated running values": Mistake(
        "Compute r and d before you update the running values, from those that came in.",
        lambda i: {"out": output(i, rv.graph(updated(i)))},
    ),
    "d times the batch's deviation": Mistake(
        "d is counted in deviations of x_hat already: add d itself.", _scaled_d
    ),
    **{
        name: Mistake(told, out(**how))
        for name, told, how in (
            ("r at least 1", "r's lower bound is 1 / r_max, not 1.", {"r": "at least 1"}),
            (
                "ratio of variances",
                "r is the ratio of the deviations, without squares.",
                {"r": "of variances"},
            ),
            (
                "d not divided",
                "d is counted in running standard deviations: divide the difference by running_std.",
                {"d": "not divided"},
            ),
            ("no lower bound for d", "d has a lower bound as well: -d_max.", {"d": "no lower bound"}),
            ("d not negative", "d may be negative, down to -d_max.", {"d": "not negative"}),
            (
                "d clipped before dividing",
                "Divide by running_std first: the bound is for the quotient.",
                {"d": "clipped late"},
            ),
            (
                "r_max and d_max exchanged",
                "r_max bounds r and d_max bounds d; yours are exchanged.",
                {"r": "by d_max", "d": "by r_max"},
            ),
            (
                "r and d of variances",
                "r and d are made of standard deviations; yours are made of their squares.",
                {"r": "of variances", "d": "by the variance"},
            ),
            (
                "d divided by the running variance",
                "d is counted in running deviations: divide without a square.",
                {"d": "by the variance"},
            ),
            (
                "bounds swapped",
                "r_max bounds r and d_max bounds d; yours are exchanged.",
                {"r": "bounds swapped", "d": "bounds swapped"},
            ),
        )
    },
    # First: where nothing but the mode is given, the two below give the same, and this is true of both.
    "r = 1 and d = 0 where only the mode is given": Mistake(
        "With the mode alone r and d are made from running values of 0 and 1, in the bounds 3 and 5: yours are 1 and 0.",
        where(lambda i: set(i["bn_param"]) == {"mode"}, out(r="forgotten", d="forgotten")),
    ),
    "r = 1 and d = 0 without running values": Mistake(
        "Where bn_param has no running values they are 0 and 1, and r and d are made from these like any others.",
        where(lambda i: "running_mean" not in i["bn_param"], out(r="forgotten", d="forgotten")),
    ),
    "r_max is 1 and d_max is 0 when absent": Mistake(
        "Where bn_param has no r_max it is 3, and where it has no d_max it is 5: yours are 1 and 0, which is batch norm.",
        _with_bounds(r_max=1.0, d_max=0.0),
    ),
    "d_max reset beside an absent r_max": Mistake(
        "Each key may be absent by itself: a d_max that is there counts without an r_max as well.",
        where(lacks("r_max", "d_max"), only(lambda i: step(i, d_max=5.0), "out")),
    ),
    "r_max reset beside an absent d_max": Mistake(
        "Each key may be absent by itself: an r_max that is there counts without a d_max as well.",
        where(lacks("d_max", "r_max"), only(lambda i: step(i, r_max=3.0), "out")),
    ),
    "r and d behind gamma and beta": Mistake(
        "r and d belong to x_hat: multiply and add them before gamma and beta come.", _corrected_last
    ),
    "bounds hard-coded": Mistake(
        "You clip to 3 and 5 whatever comes: read r_max and d_max from bn_param where it has them.",
        only(lambda i: step(i, r_max=3.0, d_max=5.0), "out"),
    ),
    "a d_max of 0 taken for none": Mistake(
        NOT_ABSENT.format("d_max"),
        where(lambda i: _is_zero(i, "d_max"), only(lambda i: step(i, d_max=5.0), "out")),
    ),
    "normalised along the features": Mistake(
        "You took each sample's moments along its features; go down the samples, as in batch norm.",
        where(lambda i: i["x"].ndim == 2, lambda i: {"out": output(i, v.layer(rv.state(i)["eps"]))}),
    ),
}

PER_IMAGE = {
    name: Mistake(advice, where(lambda i: i["x"].ndim == 4, wrong))
    for name, (advice, wrong) in {
        "channels of images mixed": (
            "The channels are on axis 1 of images: read as (-1, C), or from the last axis, the values of several mix.",
            lambda i: _by_moments(i, _mixed_rows(i)) | _in_mixed_rows(i),
        ),
        "moments of mixed channels": (
            "The moments of x.reshape(-1, C) are those of mixed channels: move axis 1 of images to the end first.",
            lambda i: _by_moments(i, _mixed_rows(i)),
        ),
        "variances of the images averaged": (
            "One variance over all N * H * W values of a channel: the images' means differ too.",
            lambda i: _by_moments(i, (_mean(i), _values64(i).var(axis=(2, 3)).mean(axis=0))),
        ),
        "variance of the images' means": (
            "The variance runs over all N * H * W values of a channel; yours is that of the images' means.",
            lambda i: _by_moments(i, (_mean(i), _values64(i).mean(axis=(2, 3)).var(axis=0))),
        ),
        "x_hat moved back without a transpose": (
            "Rows of channels become [N, H, W, C] first, and the C moves to axis 1 after that: reshape alone mixes them.",
            lambda i: _moved_back(i),
        ),
    }.items()
}

KEEPING = {
    "running variance kept": Mistake(
        "bn_param keeps a running standard deviation; you mixed in the variance.",
        _keep_std(lambda s, std: mixed(s, std**2)),
    ),
    "root of the averaged variances": Mistake(
        "You averaged variances and took the root; the standard deviations themselves are averaged.",
        _keep_std(lambda s, std: np.sqrt(mixed({**s, "running_std": s["running_std"] ** 2}, std**2))),
    ),
    "running deviation without epsilon": Mistake(
        "The deviation that is averaged has epsilon under its root, so that r is 1 when nothing changes.",
        _keep_std(lambda s, std: mixed(s, np.sqrt(np.maximum(std**2 - s["eps"], 0.0)))),
    ),
    "momentum the other way round": Mistake(
        "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch.",
        only(lambda i: step(i, momentum=1 - rv.state(i)["momentum"]), *STATE),
    ),
    "momentum hard-coded": Mistake(
        "You use 0.9 whatever comes: read momentum from bn_param; 0.9 is for when it is absent.",
        only(lambda i: step(i, momentum=0.9), *STATE),
    ),
    "a momentum of 0 taken for none": Mistake(
        NOT_ABSENT.format("momentum"),
        where(lambda i: _is_zero(i, "momentum"), only(lambda i: step(i, momentum=0.9), *STATE)),
    ),
    "running values not updated": Mistake(
        "After a train step bn_param must hold the new running values: write them back.",
        _keep(lambda s, mean, std: (s["running_mean"], s["running_std"])),
    ),
    "running values overwritten by the batch": Mistake(
        "You store the batch's own moments; mix them with the old running values by momentum.",
        _keep(lambda s, mean, std: (mean, std)),
    ),
    "running sum, not average": Mistake(
        "You add the batch's moments to the old values without weighting the old ones by momentum.",
        _keep(
            lambda s, mean, std: tuple(
                s[k] + (1 - s["momentum"]) * new for k, new in zip(KEPT, (mean, std), strict=True)
            )
        ),
    ),
    "the batch's moments not weighted": Mistake(
        "The batch's moments come in with the weight 1 - momentum; yours come in whole.",
        _keep(
            lambda s, mean, std: tuple(
                s["momentum"] * s[k] + new for k, new in zip(KEPT, (mean, std), strict=True)
            )
        ),
    ),
    "corrected mean kept": Mistake(
        "The batch's own mean is averaged, before any correction: r and d do not come into it.",
        only(
            _keep(lambda s, mean, std: (mixed(s, _corrected(s, mean, std), "running_mean"), None)),
            RUNNING_MEAN,
        ),
    ),
    "unbiased deviation kept": Mistake(
        "The deviation that is averaged is the biased one, of a sum divided by n; yours is divided by n - 1.",
        lambda i: (
            only(
                _keep_std(lambda s, std: mixed(s, std * np.sqrt(_values(i) / (_values(i) - 1)))), RUNNING_STD
            )(i)
            if _values(i) > 1
            else {}
        ),
    ),
    "corrected deviation kept": Mistake(
        "The batch's own deviation is averaged, before any correction: you multiplied it by r.",
        _keep_std(lambda s, std: mixed(s, std * np.clip(std / s["running_std"], 1 / s["r_max"], s["r_max"]))),
    ),
    "running deviation started at 0": Mistake(
        "Where bn_param has no running deviation it starts at 1, not at 0.",
        where(_fresh, _keep_std(lambda s, std: (1 - s["momentum"]) * std)),
    ),
    "running values keep the batch's axis": Mistake(
        "The values are right, an axis of length 1 is still there: running values have the shape of gamma.",
        after(step, *STATE, change=lambda value: value[None]),
    ),
    "running values keep all axes": Mistake(
        "The values are right, the summed axes are still there: running values have shape (C,), as gamma has.",
        where(
            lambda i: i["x"].ndim == 4, after(step, *STATE, change=lambda value: value.reshape(1, -1, 1, 1))
        ),
    ),
    "running values started from the first batch": Mistake(
        "Where bn_param has none they start at 0 and 1, and the first batch is mixed in like any other.",
        _started_by_the_first,
    ),
    "unbiased variance in the running deviation": Mistake(
        "The deviation that is averaged is the biased one, of a sum divided by n; yours is divided by n - 1.",
        where(
            lambda i: _values(i) > 1,
            lambda i: _keep_std(
                lambda s, std: mixed(
                    s, np.sqrt((std**2 - s["eps"]) * _values(i) / (_values(i) - 1) + s["eps"])
                )
            )(i),
        ),
    ),
    "old running values exchanged in the update": Mistake(
        "Each running value goes on from its own old value: the mean from running_mean, the deviation from running_std.",
        _keep(lambda s, mean, std: (mixed(s, mean), mixed(s, std, "running_mean"))),
    ),
    "running deviation reset beside an absent mean": Mistake(
        "Each key may be absent by itself: a running deviation that is there counts without a running mean as well.",
        where(lacks("running_mean", "running_std"), _with_default("running_std", 1.0)),
    ),
    "running mean reset beside an absent deviation": Mistake(
        "Each key may be absent by itself: a running mean that is there counts without a running deviation as well.",
        where(lacks("running_std", "running_mean"), _with_default("running_mean", 0.0)),
    ),
}

FORWARD = "out, cache = batch_renorm_forward(x, gamma, beta, bn_param)"

TRAIN_CHECK = check(
    v.ASSIGNMENT,
    "batch_renorm_forward.train",
    16,
    (FORWARD,),
    outputs=(Output("out", BATCH_NORM, 3), Output(RUNNING_MEAN, RUNNING), Output(RUNNING_STD, RUNNING)),
    cases=(
        Case("eight samples of six features", rv.given((8, 6), r_max=3.0, d_max=5.0, momentum=0.9, eps=1e-5)),
        Case("narrow bounds, another momentum", rv.given((7, 5), r_max=1.5, d_max=0.4, momentum=0.7)),
        Case("a spread of 0.01", rv.given((6, 4), sd=0.01, r_max=2.0, d_max=1.0, momentum=0.8)),
        Case("no room: r_max = 1 and d_max = 0", rv.without_room((5, 4))),
        Case("bn_param holds only the mode", _only_mode),
        Case("images: another epsilon", rv.given((2, 5, 3, 4), r_max=1.7, d_max=0.7, eps=1e-2)),
        Case("two samples", rv.given((2, 6), r_max=2.5, d_max=2.0)),
        Case("a single sample", rv.given((1, 5), r_max=2.0, d_max=1.0, eps=1e-3)),
        Case(
            "float32 input",
            rv.given((9, 5), dtype="float32", r_max=1.6, d_max=0.8, eps=1e-3, momentum=0.75),
        ),
        Case("a view that is not contiguous", draws.views(rv.given((6, 5), r_max=2.0, d_max=1.0), "x")),
        Case("as many samples as features", rv.given((5, 5), r_max=1.5, d_max=0.5, eps=1e-3)),
        Case("images, all four axes alike", rv.given((4, 4, 4, 4), r_max=1.5, d_max=0.5, eps=1e-3)),
        # As wide as the other that holds only the mode: running values that one call left to the next would show.
        Case(
            "only the mode, far from where the running values start",
            draws.altered(rv.given((7, 5)), _far_away),
        ),
        Case(
            "a channel that is constant",
            draws.constant(rv.given((6, 4), r_max=2.0, d_max=1.0, eps=1e-3), CHANNEL, 0.5),
        ),
    ),
    reference=step,
    mistakes={
        **KEEPING,
        **CORRECTING,
        **PER_IMAGE,
        **zero_epsilon(out, "bn_param"),
        **spreads(out),
        **normalising(out, "bn_param"),
        **other_defaults(
            step, "bn_param", eps=(1e-3, 1e-6, 1e-8), momentum=(0.99, 0.1), r_max=(1.0, 2.0), d_max=(0.0, 3.0)
        ),
    },
    may_change=STATE,
)

CHECKS = (TRAIN_CHECK,)
