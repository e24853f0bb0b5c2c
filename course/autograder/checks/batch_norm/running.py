"""ps1, running statistics over several batches, and the test mode that is served from them."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import KEEPING, UPDATES, Update, given
from course.autograder.checks.batch_norm.normalising import rooted, scaling
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR, STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, Put, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.tolerances import Tolerances
from course.autograder.checks.language.wrong import Wrong, after, but, only, other_defaults

# Paddle keeps 1 - momentum in single precision: an answer served from its running statistics is no nearer than they are.
SERVED = Tolerances(RUNNING.float64, BATCH_NORM.float32)
BATCHES = ("x0", "x1", "x2")


@draws.draw
def series(
    r: draws.Generator, shape: tuple[int, int], sizes: tuple[int, ...] = (), served: int = 3, **state: Any
) -> Inputs:
    """Three batches, of `sizes` where those are given, some samples to serve, and a bn_param in train mode."""
    first = given(shape, "train")(r)
    shapes = [(n, shape[1]) for n in sizes or (shape[0],) * len(BATCHES)]
    batches = {name: draws.batch(r, s) * r.uniform(0.7, 1.5) for name, s in zip(BATCHES, shapes, strict=True)}
    x_test = draws.batch(r, (served, shape[1]))
    return {"gamma": first["gamma"], "beta": first["beta"], **batches, "x_test": x_test,
            "bn_param": {"mode": "train", **state}}  # fmt: skip


def _continued(r: draws.Generator) -> Inputs:
    before: dict[str, Any] = {"running_mean": draws.means(r, 3), "running_var": draws.variances(r, 3)}
    return series((5, 3), momentum=0.8, **before)(r)


def _unlike(r: draws.Generator) -> Inputs:
    """Batches of unlike sizes, one of as many samples as features; so small a spread that epsilon counts.

    The last feature hardly varies at all, so that an epsilon of 1e-8 is told from none.
    """
    before: dict[str, Any] = {
        "running_mean": draws.means(r, 4) / 10,
        "running_var": draws.variances(r, 4) / 1000,
    }
    before["running_var"][-1] *= 1e-5
    i = series((4, 4), (7, 4, 2), served=4, momentum=0.6, eps=1e-2, **before)(r)
    for name in BATCHES:
        last = i[name][:, -1]
        i[name][:, -1] = last.mean() + 0.005 * (last - last.mean())
    return {**i, **{name: 0.03 * i[name] for name in (*BATCHES, "x_test")}}


def _state_after(
    i: Inputs, update: Update | None = None, batches: tuple[str, ...] = BATCHES
) -> dict[str, Any]:
    """bn_param after all batches, filled in; `update` replaces Paddle's step."""
    s = v.state(i)
    for name in batches:
        step = {**i, "x": i[name], "bn_param": s}
        if update is None:
            after_step = v.trained(step)
            made = {"mean": after_step[RUNNING_MEAN], "var": after_step[RUNNING_VAR]}
        else:
            made = update(step, s, v.batch_part(step))
        s = {**s, **{f"running_{which}": value for which, value in made.items()}}
    return s


def _serve(i: Inputs, s: dict[str, Any]) -> Arrays:
    return v.served({**i, "x": i["x_test"], "bn_param": s})


def _run_through(i: Inputs) -> Arrays:
    """Statistics after all batches, and the test output that follows."""
    return _serve(i, _state_after(i))


def _average(i: Inputs) -> Arrays:
    """All batches alike."""
    moments = [v.batch_part({**i, "x": i[name]}) for name in BATCHES]
    plain = {f"running_{which}": np.mean([m[which] for m in moments], axis=0) for which in ("mean", "var")}
    return _serve(i, {**v.state(i), **plain})


def _anew(i: Inputs) -> Arrays:
    """Statistics that start from 0 and 1 at each call: those of the last batch are left."""
    settings = {k: a for k, a in i["bn_param"].items() if k not in ("running_mean", "running_var")}
    return _serve(i, _state_after({**i, "bn_param": settings}, batches=BATCHES[-1:]))


def _never_read(i: Inputs) -> Arrays:
    """Statistics of 0 and 1 in each call, those that the last one leaves included."""
    c = len(i["gamma"])
    return _serve(i, {**v.state(i), "running_mean": np.zeros(c), "running_var": np.ones(c)})


def _started(**values: float) -> Wrong:
    """Running statistics that start elsewhere where there are none."""

    def wrong(i: Inputs) -> Arrays:
        if "running_var" in i["bn_param"]:
            return {}
        start = {name: np.full(len(i["gamma"]), value) for name, value in values.items()}
        return _run_through({**i, "bn_param": {**i["bn_param"], **start}})

    return wrong


def _started_by_the_first(i: Inputs) -> Arrays:
    """Running statistics that start as the first batch's moments, which then mix with themselves."""
    if "running_var" in i["bn_param"]:
        return {}
    start = {f"running_{name}": value for name, value in v.batch_part({**i, "x": i[BATCHES[0]]}).items()}
    return _run_through({**i, "bn_param": {**i["bn_param"], **start}})


def _out(**switches: Any) -> Wrong:
    """A mistake in test mode alone."""

    def wrong(i: Inputs) -> Arrays:
        s = _state_after(i)
        out = v.with_statistics({**i, "x": i["x_test"]}, s["running_mean"], s["running_var"], **switches)
        return {"out": out}

    return wrong


def _corrected(i: Inputs) -> Arrays:
    """The running statistics divided by what has come in so far, as Adam does with its averages."""
    s = _state_after(i)
    share = 1 - s["momentum"] ** len(BATCHES)
    mean, var = s["running_mean"] / share, s["running_var"] / share
    return {"out": v.with_statistics({**i, "x": i["x_test"]}, mean, var)}


def _updated(update: Update) -> Wrong:
    return lambda i: _serve(i, _state_after(i, update))


RUNNING_CHECK = check(
    ASSIGNMENT,
    "batchnorm_forward.running",
    7,
    (
        *(
            f"out{k}, cache{k} = batchnorm_forward({name}, gamma, beta, bn_param)"
            for k, name in enumerate(BATCHES)
        ),
        Put("bn_param.mode", "test"),
        "out, cache = batchnorm_forward(x_test, gamma, beta, bn_param)",
    ),
    outputs=(Output(RUNNING_MEAN, RUNNING, 2), Output(RUNNING_VAR, RUNNING, 2), Output("out", SERVED, 1)),
    cases=(
        Case("three batches from a fresh start, then test mode", series((7, 5))),
        Case("three batches with momentum 0.7 and epsilon 0.01", series((6, 5), momentum=0.7, eps=1e-2)),
        Case("statistics that were there before", _continued),
        Case("batches of unlike sizes and a spread of 0.03", _unlike),
    ),
    reference=_run_through,
    mistakes={
        **{name: Mistake(advice, _updated(update)) for name, (advice, update) in UPDATES.items()},
        "running statistics overwritten by the batch": Mistake(
            "Only the last batch is left in your running statistics; mix it with the old ones by momentum.",
            _updated(lambda i, s, b: b),
        ),
        "running statistics not updated": Mistake(
            "Three train steps left this running statistic as it was: write the new value back into bn_param.",
            _updated(lambda i, s, b: {"mean": s["running_mean"], "var": s["running_var"]}),
        ),
        "plain average of the batches": Mistake(
            "You average all batches alike; momentum lets old ones fade.", _average
        ),
        "statistics started anew at each call": Mistake(
            "Each call starts from 0 and 1 again: read the running statistics from bn_param when they are there.",
            _anew,
        ),
        "running statistics never read": Mistake(
            "Each call begins with 0 and 1, the one in test mode too: read the running statistics from bn_param.",
            _never_read,
        ),
        "running variance started at 0": KEEPING["running variance started at 0"].by(
            _started(running_var=0.0)
        ),
        "running mean started at 1": KEEPING["running mean started at 1"].by(_started(running_mean=1.0)),
        "running statistics started from the first batch": KEEPING[
            "running statistics started from the first batch"
        ].by(_started_by_the_first),
        "running statistics keep the batch's axis": KEEPING["running statistics keep the batch's axis"].by(
            after(_run_through, *STATE, change=lambda value: value[None])
        ),
        **other_defaults(_run_through, "bn_param", momentum=(0.99, 0.1), eps=(1e-3,)),
        "test mode moves the running statistics": Mistake(
            "The call in test mode changed the running statistics; it only reads them.",
            only(lambda i: _serve(i, _state_after(i, batches=(*BATCHES, "x_test"))), *STATE),
        ),
        "batch statistics at test time": Mistake(
            "In test mode normalise by the running statistics; you used those of the test batch.",
            only(lambda i: v.trained({**i, "x": i["x_test"]}), "out"),
        ),
        "running statistics corrected for their start": Mistake(
            "You divide the running statistics by 1 - momentum ** steps; here they are used as they are.",
            _corrected,
        ),
        **but(rooted(_out, "bn_param"), "epsilon squared", "epsilon for the smallest variance"),
        **scaling(_out),
    },
    may_change=STATE,
)

CHECKS = (RUNNING_CHECK,)
