"""ps1, running statistics over several batches, and the test mode that is served from them."""

from collections.abc import Callable
from typing import Any

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import KEEPING, fresh, given, mixed
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR, STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, Put, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.tolerances import Tolerances
from course.autograder.checks.language.wrong import only, where

# Paddle keeps 1 - momentum in single precision: an answer served from its running statistics is no nearer than they are.
SERVED = Tolerances(RUNNING.float64, BATCH_NORM.float32)
BATCHES = ("x0", "x1", "x2")

Update = Callable[[Inputs, dict[str, Any], Arrays, int], Arrays]


@draws.draw
def series(r: draws.Generator, shape: tuple[int, int], **state: Any) -> Inputs:
    """Three batches, a fourth to serve, and a bn_param in train mode."""
    first = given(shape, "train")(r)
    batches = {name: draws.batch(r, shape) * r.uniform(0.7, 1.5) for name in BATCHES}
    x_test = draws.batch(r, (3, shape[1]))
    return {"gamma": first["gamma"], "beta": first["beta"], **batches, "x_test": x_test,
            "bn_param": {"mode": "train", **state}}  # fmt: skip


def _continued(r: draws.Generator) -> Inputs:
    before = {"running_mean": draws.means(r, 3), "running_var": draws.variances(r, 3)}
    return series((5, 3), momentum=0.8, **before)(r)


def _run_through(i: Inputs, update: Update | None = None, batches: tuple[str, ...] = BATCHES) -> Arrays:
    """Statistics after all batches and the test output that follows; `update` replaces Paddle's step.

    An update makes {'mean', 'var'} from a batch's case, its state, its moments and its place in the series.
    """
    s = v.state(i)
    for count, name in enumerate(batches):
        step = {**i, "x": i[name], "bn_param": s}
        if update is None:
            after = v.trained(step)
            mean, var = after[RUNNING_MEAN], after[RUNNING_VAR]
        else:
            made = update(step, s, v.batch_part(step), count)
            mean, var = made["mean"], made["var"]
        s = {**s, "running_mean": mean, "running_var": var}
    return v.served({**i, "x": i["x_test"], "bn_param": s})


def _updated(update: Update) -> Any:
    return lambda i: _run_through(i, update)


def _average(i: Inputs, s: dict[str, Any], b: Arrays, count: int) -> Arrays:
    return b if count == 0 else mixed(s, b, count / (count + 1))


def _anew(i: Inputs) -> Arrays:
    """Statistics that start from 0 and 1 at each call: those of the last batch are left."""
    settings = {k: a for k, a in i["bn_param"].items() if k not in ("running_mean", "running_var")}
    last = v.trained({**i, "x": i[BATCHES[-1]], "bn_param": settings})
    kept = {"running_mean": last[RUNNING_MEAN], "running_var": last[RUNNING_VAR]}
    return v.served({**i, "x": i["x_test"], "bn_param": {**i["bn_param"], **kept}})


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
        Case("three batches with momentum 0.7 and epsilon 0.01", series((6, 4), momentum=0.7, eps=1e-2)),
        Case("statistics that were there before", _continued),
    ),
    reference=_run_through,
    mistakes={
        "momentum the other way round": KEEPING["momentum the other way round"].by(
            _updated(lambda i, s, b, k: mixed(s, b, 1 - s["momentum"]))
        ),
        "unbiased running variance": KEEPING["unbiased running variance"].by(
            _updated(lambda i, s, b, k: mixed(s, v.batch_part(i, unbiased=True)))
        ),
        "plain average of the batches": Mistake(
            "You average all batches alike; momentum lets old ones fade.", _updated(_average)
        ),
        "statistics started anew at each call": Mistake(
            "Each call starts from 0 and 1 again: read the running statistics from bn_param when they are there.",
            _anew,
        ),
        "running statistics overwritten by the batch": Mistake(
            "Only the last batch is left in your running statistics; mix it with the old ones by momentum.",
            _updated(lambda i, s, b, k: b),
        ),
        "running statistics not updated": Mistake(
            "Three train steps left the running statistics as they were: write the new ones back into bn_param.",
            _updated(lambda i, s, b, k: {"mean": s["running_mean"], "var": s["running_var"]}),
        ),
        "running variance started at 0": KEEPING["running variance started at 0"].by(
            where(
                fresh,
                lambda i: _run_through({**i, "bn_param": {**i["bn_param"], "running_var": 0 * i["gamma"]}}),
            )
        ),
        "test mode moves the running statistics": Mistake(
            "The call in test mode changed the running statistics; it only reads them.",
            only(lambda i: _run_through(i, batches=(*BATCHES, "x_test")), *STATE),
        ),
        "batch statistics at test time": Mistake(
            "In test mode normalise by the running statistics; you used those of the test batch.",
            only(lambda i: v.trained({**i, "x": i["x_test"]}), "out"),
        ),
    },
    may_change=STATE,
)

CHECKS = (RUNNING_CHECK,)
