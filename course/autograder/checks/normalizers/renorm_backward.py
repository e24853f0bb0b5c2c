"""ps4, batch renormalisation backward: r and d stand still, the batch's moments do not."""

from collections.abc import Callable
from typing import Any

from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.renorm import (
    FORWARD,
    RUNNING_MEAN,
    RUNNING_STD,
    STATE,
    TRAIN_CHECK,
    drawn,
    step,
    strided,
    without_room,
)
from course.reference import batch_renorm


def _slopes(**how: Any) -> Any:
    return lambda i: v.gradients(i, rv.graph(rv.state(i), **how))


def _dx(**how: Any) -> Any:
    return lambda i: {"dx": _slopes(**how)(i)["dx"]}


def _other(change: Callable[[Inputs], dict[str, Any]]) -> Any:
    """dx and dgamma with r and d from another state."""

    def wrong(i: Inputs) -> Arrays:
        found = v.gradients(i, rv.graph({**rv.state(i), **change(i)}))
        return {name: found[name] for name in ("dx", "dgamma")}

    return wrong


def _updated(i: Inputs) -> dict[str, Any]:
    after = step(i)
    return {"running_mean": after[RUNNING_MEAN], "running_std": after[RUNNING_STD]}


def _dgamma(**how: Any) -> Any:
    return lambda i: {"dgamma": _slopes(**how)(i)["dgamma"]}


def _unnormalised(x: Any, gamma: Any, beta: Any) -> Any:
    g, b = (t.reshape([1, -1, *[1] * (x.ndim - 2)]) for t in (gamma, beta))
    return g * x + b


def _reference(i: Inputs) -> Arrays:
    s = rv.state(i)
    return batch_renorm.batch_renorm_gradients(
        i["x"], i["gamma"], i["beta"], i["dout"],
        s["running_mean"], s["running_std"], s["eps"], s["r_max"], s["d_max"],
    )  # fmt: skip


BACKWARD_CHECK = Check(
    name="batch_renorm_backward",
    assignment=v.ASSIGNMENT,
    points=11,
    functions=("batch_renorm_forward", "batch_renorm_backward"),
    steps=(FORWARD, Call("batch_renorm_backward", ("dout", "cache"), ("dx", "dgamma", "dbeta"))),
    outputs=(Output("dx", BATCH_NORM, 2), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM)),
    cases=(
        Case("eight samples of six features", drawn((8, 6), r_max=3.0, d_max=5.0, eps=1e-5)),
        Case("narrow bounds", drawn((7, 5), r_max=1.5, d_max=0.4)),
        Case("a spread of 0.05", drawn((6, 4), sd=0.05, r_max=2.0, d_max=1.0, eps=1e-3)),
        Case("no room: batch norm's gradient", without_room((5, 4))),
        Case("images", drawn((2, 5, 3, 4), r_max=1.7, d_max=0.7, eps=1e-4)),
        Case("three samples", drawn((3, 6), r_max=2.5, d_max=2.0)),
        Case("float32 input", drawn((9, 5), dtype="float32", r_max=1.6, d_max=0.8, eps=1e-3)),
        Case("a view that is not contiguous", strided((6, 5), r_max=2.0, d_max=1.0)),
    ),
    reference=_reference,
    rests_on=TRAIN_CHECK,
    misconceptions=(
        Misconception(
            "gradient through r and d",
            "r and d are constants in the backward pass, although they were computed from x.",
            _dx(detach_r=False, detach_d=False),
        ),
        Misconception(
            "gradient through r",
            "r is a constant in the backward pass: nothing flows through it.",
            _dx(detach_r=False),
        ),
        Misconception(
            "gradient through d",
            "d is a constant in the backward pass: nothing flows through it.",
            _dx(detach_d=False),
        ),
        Misconception(
            "r forgotten in dx",
            "The normalised x was multiplied by r on its way out, and so is its gradient on the way back.",
            _dx(r="forgotten"),
        ),
        Misconception(
            "r not clipped in dx",
            "Use the same r as in the forward pass, clipped.",
            _dx(r="unclipped"),
        ),
        Misconception(
            "no lower bound for r",
            "r has a lower bound as well, 1 / r_max, in the backward pass as in the forward pass.",
            lambda i: {**_dx(r="no lower bound")(i), **_dgamma(r="no lower bound")(i)},
        ),
        Misconception(
            "bounds hard-coded",
            "You clip to 3 and 5 whatever comes: read r_max and d_max from bn_param where it has them.",
            _other(lambda i: {"r_max": 3.0, "d_max": 5.0}),
        ),
        Misconception(
            "r and d from the updated running values",
            "Use the r and d of the forward pass, made from the running values that came in.",
            _other(_updated),
        ),
        Misconception(
            "dgamma without r and d",
            "gamma multiplies x_hat with r and d in it; you summed dout times the x_hat of batch norm.",
            _dgamma(r="forgotten", d="forgotten"),
        ),
        Misconception(
            "dgamma without d",
            "gamma multiplies x_hat with d in it: keep d in what dout is multiplied by.",
            _dgamma(d="forgotten"),
        ),
        Misconception(
            "dgamma without r",
            "gamma multiplies x_hat with r in it: keep r in what dout is multiplied by.",
            _dgamma(r="forgotten"),
        ),
        *v.backward_mistakes(_slopes, _unnormalised),
    ),
    may_change=STATE,
)

CHECKS = (BACKWARD_CHECK,)
