"""ps4, batch renormalisation backward: r and d stand still, the batch's moments do not."""

from collections.abc import Callable
from typing import Any

from course.autograder.checks.batch_norm.variants import LEAVES, slopes
from course.autograder.checks.language import Arrays, Case, Inputs, Mistake, check, draws
from course.autograder.checks.language.wrong import only
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.renorm import FORWARD, STATE, TRAIN_CHECK, updated
from course.reference import batch_renorm


def _gradients(**how: Any) -> Any:
    return lambda i: slopes(i, rv.graph(rv.state(i), **how))


def _dx(**how: Any) -> Any:
    return only(_gradients(**how), "dx")


def _dgamma(**how: Any) -> Any:
    return only(_gradients(**how), "dgamma")


def _in_state(state: Callable[[Inputs], dict[str, Any]]) -> Any:
    """dx and dgamma with r and d from another state."""
    return only(lambda i: slopes(i, rv.graph(state(i))), "dx", "dgamma")


def _reference(i: Inputs) -> Arrays:
    a = {**i, **rv.state(i)}
    names = (*LEAVES, "dout", "running_mean", "running_std", "eps", "r_max", "d_max")
    return batch_renorm.batch_renorm_gradients(*(a[name] for name in names))


BACKWARD_CHECK = check(
    v.ASSIGNMENT,
    "batch_renorm_backward",
    11,
    (FORWARD, "dx, dgamma, dbeta = batch_renorm_backward(dout, cache)"),
    outputs=v.GRADIENTS,
    cases=(
        Case("eight samples of six features", rv.given((8, 6), r_max=3.0, d_max=5.0, eps=1e-5)),
        Case("narrow bounds", rv.given((7, 5), r_max=1.5, d_max=0.4)),
        Case("a spread of 0.05", rv.given((6, 4), sd=0.05, r_max=2.0, d_max=1.0, eps=1e-3)),
        Case("no room: batch norm's gradient", rv.without_room((5, 4))),
        Case("images", rv.given((2, 5, 3, 4), r_max=1.7, d_max=0.7, eps=1e-4)),
        Case("three samples", rv.given((3, 6), r_max=2.5, d_max=2.0)),
        Case("float32 input", rv.given((9, 5), dtype="float32", r_max=1.6, d_max=0.8, eps=1e-3)),
        Case("a view that is not contiguous", draws.views(rv.given((6, 5), r_max=2.0, d_max=1.0), "x")),
    ),
    reference=_reference,
    rests_on=TRAIN_CHECK,
    mistakes={
        "gradient through r and d": Mistake(
            "r and d are constants in the backward pass, although they were computed from x.",
            _dx(detach_r=False, detach_d=False),
        ),
        "gradient through r": Mistake(
            "r is a constant in the backward pass: nothing flows through it.", _dx(detach_r=False)
        ),
        "gradient through d": Mistake(
            "d is a constant in the backward pass: nothing flows through it.", _dx(detach_d=False)
        ),
        "r forgotten in dx": Mistake(
            "The normalised x was multiplied by r on its way out, and so is its gradient on the way back.",
            _dx(r="forgotten"),
        ),
        "r not clipped in dx": Mistake("Use the same r as in the forward pass, clipped.", _dx(r="unclipped")),
        "no lower bound for r": Mistake(
            "r has a lower bound as well, 1 / r_max, in the backward pass as in the forward pass.",
            only(_gradients(r="no lower bound"), "dx", "dgamma"),
        ),
        "bounds hard-coded": Mistake(
            "You clip to 3 and 5 whatever comes: read r_max and d_max from bn_param where it has them.",
            _in_state(lambda i: {**rv.state(i), "r_max": 3.0, "d_max": 5.0}),
        ),
        "r and d from the updated running values": Mistake(
            "Use the r and d of the forward pass, made from the running values that came in.",
            _in_state(updated),
        ),
        "dgamma without r and d": Mistake(
            "gamma multiplies x_hat with r and d in it; you summed dout times the x_hat of batch norm.",
            _dgamma(r="forgotten", d="forgotten"),
        ),
        "dgamma without d": Mistake(
            "gamma multiplies x_hat with d in it: keep d in what dout is multiplied by.",
            _dgamma(d="forgotten"),
        ),
        "dgamma without r": Mistake(
            "gamma multiplies x_hat with r in it: keep r in what dout is multiplied by.",
            _dgamma(r="forgotten"),
        ),
        **v.backward_mistakes(_gradients),
    },
    may_change=STATE,
)

CHECKS = (BACKWARD_CHECK,)
