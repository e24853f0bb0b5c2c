"""ps1, the forward pass: train mode, running statistics over several batches, test mode."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.language.draws import Generator, batch, means, scales, shifts, variances
from course.autograder.checks.language.protocol import Call, Put, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM, RUNNING, Tolerances
from course.reference import batch_norm

ASSIGNMENT = "ps1_batchnorm"
RUNNING_MEAN, RUNNING_VAR = "bn_param.running_mean", "bn_param.running_var"
STATE = (RUNNING_MEAN, RUNNING_VAR)
# Paddle keeps 1 - momentum in single precision: an answer served from its running statistics is no nearer than they are.
SERVED = Tolerances(RUNNING.float64, BATCH_NORM.float32)


def given(
    r: Generator, shape: tuple[int, ...], mode: str, *, sd: float = 1.0, dtype: str = "float64", **state: Any
) -> Inputs:
    """x, gamma, beta and a bn_param with running statistics far from where they start."""
    c = shape[1]
    bn_param = {"mode": mode, "running_mean": means(r, c), "running_var": variances(r, c), **state}
    return {
        "x": batch(r, shape, sd, dtype),
        "gamma": scales(r, c).astype(dtype),
        "beta": shifts(r, c).astype(dtype),
        "bn_param": {k: a.astype(dtype) if isinstance(a, np.ndarray) else a for k, a in bn_param.items()},
    }


def drawn(shape: tuple[int, ...], mode: str, **keywords: Any) -> Any:
    """`given` as the draw of a Case."""
    return lambda r: given(r, shape, mode, **keywords)


def only_mode(mode: str, shape: tuple[int, ...]) -> Any:
    """The draw of a Case whose bn_param leaves everything to its default."""

    def draw(r: Generator) -> Inputs:
        return {**given(r, shape, mode), "bn_param": {"mode": mode}}

    return draw


def _strided(shape: tuple[int, ...], mode: str) -> Any:
    def draw(r: Generator) -> Inputs:
        i = given(r, shape, mode)
        return {**i, "x": Strided(i["x"])}

    return draw


# --- mistakes that the train mode of every shape can make ----------------------------------------------------


def _out(**switches: Any) -> Any:
    """A mistake in `out` alone, by the switches of `batch_norm_variants`."""

    def wrong(i: Inputs) -> Arrays:
        axes = tuple(a for a in range(i["x"].ndim) if a != 1)
        return {"out": v.forward(i, v.state(i)["eps"], **{"axes": axes, **switches})}

    return wrong


def _running(change: Any) -> Any:
    """A mistake in the running statistics, from (case, state, the batch's moments)."""

    def wrong(i: Inputs) -> Arrays:
        mean, var = change(i, v.state(i), v.batch_part(i))
        return {
            path: value for path, value in ((RUNNING_MEAN, mean), (RUNNING_VAR, var)) if value is not None
        }

    return wrong


def _mixed(old: Any, new: Any, momentum: float) -> Any:
    return momentum * old + (1 - momentum) * new


def _from_zero(i: Inputs, s: dict[str, Any], b: dict[str, np.ndarray]) -> tuple[Any, Any]:
    if "running_var" in i["bn_param"]:
        return None, None
    return None, _mixed(0.0, b["var"], s["momentum"])


def _from_first_batch(i: Inputs, s: dict[str, Any], b: dict[str, np.ndarray]) -> tuple[Any, Any]:
    return (None, None) if "running_var" in i["bn_param"] else (b["mean"], b["var"])


NORMALISING = (
    Misconception(
        "unbiased variance in normalising",
        "You normalise by the variance divided by n - 1; batch norm uses the biased one, divided by n.",
        _out(unbiased=True),
    ),
    Misconception(
        "epsilon outside the root",
        "You add epsilon after taking the root; it goes beside the variance, under the root.",
        _out(eps="outside"),
    ),
    Misconception(
        "no epsilon",
        "Epsilon is missing: add it to the variance under the root.",
        _out(eps="none"),
    ),
    Misconception(
        "epsilon hard-coded",
        "You use 1e-5 whatever bn_param says: read eps from it, and take 1e-5 only when it is absent.",
        _out(eps=1e-5),
    ),
    Misconception(
        "divided by the variance",
        "You divide by the variance; divide by its square root.",
        _out(root=False),
    ),
    Misconception(
        "mean not subtracted",
        "The batch's mean is still in there: subtract it before dividing.",
        _out(centred=False),
    ),
    Misconception("gamma forgotten", "gamma is not used: scale each feature by it.", _out(gamma="forgotten")),
    Misconception("beta forgotten", "beta is not used: shift each feature by it.", _out(beta="forgotten")),
    Misconception(
        "gamma applied twice", "gamma multiplies once; yours multiplies twice.", _out(gamma="twice")
    ),
    Misconception(
        "gamma scales beta too",
        "You add beta before multiplying by gamma; scale first, then shift.",
        _out(gamma="over beta"),
    ),
    Misconception(
        "gamma and beta swapped",
        "gamma multiplies and beta is added; you have it the other way round.",
        lambda i: _out()({**i, "gamma": i["beta"], "beta": i["gamma"]}),
    ),
    Misconception(
        "running statistics used in train mode",
        "In train mode normalise by the batch's own moments; the running ones are for test mode.",
        lambda i: {
            "out": v.with_statistics(i, *(v.state(i)[k] for k in ("running_mean", "running_var", "eps")))
        },
    ),
    Misconception(
        "updated running statistics used in train mode",
        "You update the running statistics and then normalise by them; train mode normalises by the batch's own moments.",
        lambda i: {
            "out": v.with_statistics(
                i, v.trained(i)["running_mean"], v.trained(i)["running_var"], v.state(i)["eps"]
            )
        },
    ),
)

KEEPING = (
    Misconception(
        "momentum the other way round",
        "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch.",
        lambda i: {
            k: a for k, a in v.kept(v.trained(i, momentum=1 - v.state(i)["momentum"])).items() if k in STATE
        },
    ),
    Misconception(
        "unbiased running variance",
        "Your running variance takes in the unbiased estimate, n/(n-1) too large; Paddle keeps the biased one.",
        _running(
            lambda i, s, b: (
                None,
                _mixed(s["running_var"], v.batch_part(i, unbiased=True)["var"], s["momentum"]),
            )
        ),
    ),
    Misconception(
        "running standard deviation",
        "You keep a running standard deviation; keep the variance, and take the root when you normalise.",
        _running(lambda i, s, b: (None, _mixed(s["running_var"], np.sqrt(b["var"]), s["momentum"]))),
    ),
    Misconception(
        "running statistics not updated",
        "After a train step bn_param must hold the new running statistics: write them back.",
        _running(lambda i, s, b: (s["running_mean"], s["running_var"])),
    ),
    Misconception(
        "running statistics overwritten by the batch",
        "You store the batch's moments; mix them with the old running values by momentum.",
        _running(lambda i, s, b: (b["mean"], b["var"])),
    ),
    Misconception(
        "momentum hard-coded",
        "You use 0.9 whatever bn_param says: read momentum from it, and take 0.9 only when it is absent.",
        lambda i: {k: a for k, a in v.kept(v.trained(i, momentum=0.9)).items() if k in STATE},
    ),
    Misconception(
        "running variance started at 0",
        "When bn_param has no running variance it starts at 1, as Paddle's does, not at 0.",
        _running(_from_zero),
    ),
    Misconception(
        "running statistics started from the first batch",
        "When bn_param has none they start at 0 and 1, and the first batch is mixed in like any other.",
        _running(_from_first_batch),
    ),
    Misconception(
        "epsilon in the running variance",
        "The running variance is kept without epsilon; add it only when you normalise.",
        _running(lambda i, s, b: (None, _mixed(s["running_var"], b["var"] + s["eps"], s["momentum"]))),
    ),
    Misconception(
        "running sum, not average",
        "You add the batch's moments to the old ones without weighting the old ones by momentum.",
        _running(
            lambda i, s, b: (
                s["running_mean"] + (1 - s["momentum"]) * b["mean"],
                s["running_var"] + (1 - s["momentum"]) * b["var"],
            )
        ),
    ),
)

WRONG_AXES = (
    Misconception(
        "normalised along the features",
        "You normalise each sample over its features (that is layer norm); batch norm reduces over the samples.",
        _out(axes=(1,)),
    ),
    Misconception(
        "one mean and variance for the whole matrix",
        "You normalise by the moments of the whole matrix; each feature has its own.",
        _out(axes=(0, 1)),
    ),
    Misconception(
        "running statistics of the whole matrix",
        "The running statistics hold one value per feature; yours average over the features too.",
        _running(
            lambda i, s, b: (
                _mixed(s["running_mean"], i["x"].mean(dtype=np.float64), s["momentum"]),
                _mixed(s["running_var"], i["x"].var(dtype=np.float64), s["momentum"]),
            )
        ),
    ),
)


def train_reference(i: Inputs) -> Arrays:
    """One train-mode step by Paddle, on the paths that a check compares."""
    return v.kept(v.trained(i))


FORWARD = Call("batchnorm_forward", ("x", "gamma", "beta", "bn_param"), ("out", "cache"))

TRAIN_CHECK = Check(
    name="batchnorm_forward.train",
    assignment=ASSIGNMENT,
    points=10,
    functions=("batchnorm_forward",),
    steps=(FORWARD,),
    outputs=(Output("out", BATCH_NORM, 3), Output(RUNNING_MEAN, RUNNING), Output(RUNNING_VAR, RUNNING)),
    cases=(
        Case("seven samples of five features", drawn((7, 5), "train", eps=1e-5, momentum=0.9)),
        Case("a spread of 0.01", drawn((6, 4), "train", sd=0.01, eps=1e-5, momentum=0.8)),
        Case("another epsilon and momentum", drawn((9, 3), "train", eps=1e-2, momentum=0.6)),
        Case("bn_param holds only the mode", only_mode("train", (6, 5))),
        Case("float32 input", drawn((8, 3), "train", dtype="float32", eps=1e-3, momentum=0.75)),
        Case("a view that is not contiguous", _strided((5, 4), "train")),
    ),
    reference=train_reference,
    misconceptions=(*WRONG_AXES[:2], *NORMALISING, *KEEPING, WRONG_AXES[2]),
    may_change=STATE,
)


# --- several batches -----------------------------------------------------------------------------------------


def _series(r: Generator, count: int, shape: tuple[int, int], **state: Any) -> Inputs:
    first = given(r, shape, "train")
    batches = {f"x{k}": batch(r, shape) * r.uniform(0.7, 1.5) for k in range(count)}
    served = batch(r, (3, shape[1]))
    return {"gamma": first["gamma"], "beta": first["beta"], **batches, "x_test": served,
            "bn_param": {"mode": "train", **state}}  # fmt: skip


def _series_steps(count: int) -> tuple[Call | Put, ...]:
    calls = tuple(
        Call("batchnorm_forward", (f"x{k}", "gamma", "beta", "bn_param"), (f"out{k}", f"cache{k}"))
        for k in range(count)
    )
    last = Call("batchnorm_forward", ("x_test", "gamma", "beta", "bn_param"), ("out", "cache"))
    return (*calls, Put("bn_param.mode", "test"), last)


def _batches(i: Inputs) -> list[Inputs]:
    names = sorted(k for k in i if k.startswith("x") and k[1:].isdigit())
    return [{**i, "x": i[name]} for name in names]


def _served(i: Inputs, mean: np.ndarray, var: np.ndarray) -> Arrays:
    s = v.state({**i, "x": i["x_test"]})
    out = batch_norm.batch_norm_eval(i["x_test"], i["gamma"], i["beta"], mean, var, s["eps"])
    return {"out": out, RUNNING_MEAN: np.asarray(mean), RUNNING_VAR: np.asarray(var)}


def _run_through(i: Inputs, update: Any = None) -> Arrays:
    """Statistics after all batches and the test output that follows; `update` replaces Paddle's step."""
    s = v.state({**i, "x": i["x_test"]})
    mean, var = s["running_mean"], s["running_var"]
    for count, step in enumerate(_batches(i)):
        step = {**step, "bn_param": {**s, "running_mean": mean, "running_var": var}}
        if update is None:
            after = v.trained(step)
            mean, var = after["running_mean"], after["running_var"]
        else:
            mean, var = update(step, v.state(step), v.batch_part(step), count)
    return _served(i, mean, var)


def _updated(update: Any) -> Any:
    return lambda i: _run_through(i, update)


def _mix_both(s: dict[str, Any], b: dict[str, np.ndarray], momentum: float) -> tuple[Any, Any]:
    return _mixed(s["running_mean"], b["mean"], momentum), _mixed(s["running_var"], b["var"], momentum)


def _last_batch_only(i: Inputs) -> Arrays:
    fresh = v.state(
        {
            "x": i["x_test"],
            "bn_param": {k: a for k, a in i["bn_param"].items() if k not in ("running_mean", "running_var")},
        }
    )
    last = v.trained({**_batches(i)[-1], "bn_param": fresh})
    return _served(i, last["running_mean"], last["running_var"])


RUNNING_CHECK = Check(
    name="batchnorm_forward.running",
    assignment=ASSIGNMENT,
    points=7,
    functions=("batchnorm_forward",),
    steps=_series_steps(3),
    outputs=(Output(RUNNING_MEAN, RUNNING, 2), Output(RUNNING_VAR, RUNNING, 2), Output("out", SERVED, 1)),
    cases=(
        Case("three batches from a fresh start, then test mode", lambda r: _series(r, 3, (7, 5))),
        Case(
            "three batches with momentum 0.7 and epsilon 0.01",
            lambda r: _series(r, 3, (6, 4), momentum=0.7, eps=1e-2),
        ),
        Case(
            "statistics that were there before",
            lambda r: _series(
                r, 3, (5, 3), momentum=0.8, running_mean=means(r, 3), running_var=variances(r, 3)
            ),
        ),
    ),
    reference=_run_through,
    misconceptions=(
        Misconception(
            "momentum the other way round",
            "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch.",
            _updated(lambda i, s, b, k: _mix_both(s, b, 1 - s["momentum"])),
        ),
        Misconception(
            "unbiased running variance",
            "Your running variance takes in the unbiased estimate, n/(n-1) too large; Paddle keeps the biased one.",
            _updated(
                lambda i, s, b, k: _mix_both(
                    s, {**b, "var": v.batch_part(i, unbiased=True)["var"]}, s["momentum"]
                )
            ),
        ),
        Misconception(
            "plain average of the batches",
            "You average all batches alike; momentum lets old ones fade.",
            _updated(lambda i, s, b, k: (b["mean"], b["var"]) if k == 0 else _mix_both(s, b, k / (k + 1))),
        ),
        Misconception(
            "statistics started anew at each call",
            "Each call starts from 0 and 1 again: read the running statistics from bn_param when they are there.",
            _last_batch_only,
        ),
        Misconception(
            "running statistics overwritten by the batch",
            "Only the last batch is left in your running statistics; mix it with the old ones by momentum.",
            _updated(lambda i, s, b, k: (b["mean"], b["var"])),
        ),
        Misconception(
            "running statistics not updated",
            "Three train steps left the running statistics as they were: write the new ones back into bn_param.",
            _updated(lambda i, s, b, k: (s["running_mean"], s["running_var"])),
        ),
        Misconception(
            "running variance started at 0",
            "When bn_param has no running variance it starts at 1, as Paddle's does, not at 0.",
            lambda i: (
                {}
                if "running_var" in i["bn_param"]
                else _run_through(
                    {**i, "bn_param": {**i["bn_param"], "running_var": np.zeros(len(i["gamma"]))}}
                )
            ),
        ),
        Misconception(
            "test mode moves the running statistics",
            "The call in test mode changed the running statistics; it only reads them.",
            lambda i: {
                k: a
                for k, a in _run_through({**i, f"x{len(_batches(i))}": i["x_test"]}).items()
                if k in STATE
            },
        ),
        Misconception(
            "batch statistics at test time",
            "In test mode normalise by the running statistics; you used those of the test batch.",
            lambda i: {
                "out": v.trained({**i, "x": i["x_test"], "bn_param": v.state({**i, "x": i["x_test"]})})["out"]
            },
        ),
    ),
    may_change=STATE,
)


# --- test mode -----------------------------------------------------------------------------------------------


def _test_out(**switches: Any) -> Any:
    """A mistake in test mode's out: its switches, on the running statistics."""

    def wrong(i: Inputs) -> Arrays:
        s = v.state(i)
        return {"out": v.with_statistics(i, s["running_mean"], s["running_var"], s["eps"], **switches)}

    return wrong


def test_reference(i: Inputs) -> Arrays:
    """Eval mode by Paddle; the running statistics stay as they were given."""
    s = v.state(i)
    out = batch_norm.batch_norm_eval(
        i["x"], i["gamma"], i["beta"], s["running_mean"], s["running_var"], s["eps"]
    )
    return {"out": out, RUNNING_MEAN: s["running_mean"], RUNNING_VAR: s["running_var"]}


def _small_running_variance(r: Generator) -> Inputs:
    i = given(r, (6, 4), "test", sd=0.01)
    i["bn_param"]["running_var"] = i["bn_param"]["running_var"] * 1e-4
    return i


TEST_CHECK = Check(
    name="batchnorm_forward.test",
    assignment=ASSIGNMENT,
    points=6,
    functions=("batchnorm_forward",),
    steps=(FORWARD,),
    outputs=(
        Output("out", BATCH_NORM, 4),
        Output(RUNNING_MEAN, RUNNING, guard=True),
        Output(RUNNING_VAR, RUNNING, guard=True),
    ),
    cases=(
        Case("seven samples of five features", drawn((7, 5), "test", momentum=0.9)),
        Case("a single sample", drawn((1, 4), "test")),
        Case("a running variance near 0.0001", _small_running_variance),
        Case("another epsilon", drawn((5, 3), "test", eps=1e-2)),
        Case("float32 input", drawn((6, 4), "test", dtype="float32", eps=1e-3)),
    ),
    reference=test_reference,
    misconceptions=(
        Misconception(
            "batch statistics at test time",
            "In test mode normalise by the running statistics; you used the batch's own.",
            lambda i: {"out": v.forward(i, v.state(i)["eps"])},
        ),
        Misconception(
            "test mode moves the running statistics",
            "Test mode only reads the running statistics; yours changed after the call.",
            lambda i: (
                {k: a for k, a in v.kept(v.trained(i)).items() if k in STATE} if len(i["x"]) > 1 else {}
            ),
        ),
        Misconception(
            "not normalised in test mode",
            "You only scaled and shifted x; subtract the running mean and divide by the running deviation first.",
            lambda i: {"out": batch_norm.scale_shift(i["x"], i["gamma"], i["beta"])},
        ),
        Misconception(
            "running statistics ignored",
            "You normalised by mean 0 and variance 1; read running_mean and running_var from bn_param.",
            lambda i: {
                "out": v.with_statistics(
                    i, np.zeros_like(i["gamma"]), np.ones_like(i["gamma"]), v.state(i)["eps"]
                )
            },
        ),
        Misconception(
            "x returned as it came",
            "The output is x itself: test mode normalises too, only by other statistics.",
            lambda i: {"out": i["x"]},
        ),
        Misconception("epsilon outside the root", NORMALISING[1].advice, _test_out(eps="outside")),
        Misconception("no epsilon", NORMALISING[2].advice, _test_out(eps="none")),
        Misconception("epsilon hard-coded", NORMALISING[3].advice, _test_out(eps=1e-5)),
        Misconception(
            "divided by the variance",
            "You divide by the running variance; divide by its square root.",
            _test_out(root=False),
        ),
        Misconception("mean not subtracted", "Subtract the running mean first.", _test_out(centred=False)),
        Misconception("gamma forgotten", "gamma scales in test mode too.", _test_out(gamma="forgotten")),
        Misconception("beta forgotten", "beta shifts in test mode too.", _test_out(beta="forgotten")),
    ),
)

CHECKS = (TRAIN_CHECK, RUNNING_CHECK, TEST_CHECK)
