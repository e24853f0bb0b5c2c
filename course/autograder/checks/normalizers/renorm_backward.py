"""ps4, batch renormalisation backward: r and d stand still, the batch's moments do not."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.backward import parts as batch_norm_parts
from course.autograder.checks.batch_norm.gradient_making import dx_making
from course.autograder.checks.batch_norm.gradient_parts import (
    Formula,
    Parts,
    PartsOf,
    counted,
    dx_by,
    with_parts,
)
from course.autograder.checks.batch_norm.gradient_paths import dx_mistakes
from course.autograder.checks.batch_norm.parameter_gradients import later_cache, parameter_mistakes
from course.autograder.checks.batch_norm.variants import LEAVES, slopes
from course.autograder.checks.language import Arrays, Case, Inputs, Mistake, call, check, draws
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import Wrong, but, of, where
from course.autograder.checks.normalizers import renorm_variants as rv
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.renorm import CORRECTING, FORWARD, STATE, TRAIN_CHECK, updated
from course.reference import batch_renorm

Clip = Callable[[np.ndarray, dict[str, Any]], np.ndarray]


def _clipped(ratio: np.ndarray, s: dict[str, Any]) -> np.ndarray:
    return np.clip(ratio, 1 / s["r_max"], s["r_max"])


def _unclipped(ratio: np.ndarray, s: dict[str, Any]) -> np.ndarray:
    return ratio


def parts(i: Inputs, state: Callable[[Inputs], dict[str, Any]] = rv.state, clip: Clip = _clipped) -> Parts:
    """The parts of a case: batch norm's, r as the factor, and x_hat with r and d for what gamma multiplies.

    Args:
        i: the case.
        state: where the running values and the bounds come from.
        clip: r from the ratio and the state.
    """
    s = state(i)
    p = batch_norm_parts({**i, "bn_param": {"eps": s["eps"]}})
    mean, std = (s[name].reshape(p.gamma.shape) for name in ("running_mean", "running_std"))
    d = np.clip((p.mean(p.x) - mean) / std, -s["d_max"], s["d_max"])
    return replace(p, factor=clip(p.sd / std, s), shift=d)


def _flowing(**how: Any) -> Wrong:
    """dx where gradient flows through r or d."""
    return lambda i: {"dx": slopes(i, rv.graph(rv.state(i), **how))["dx"]}


def _dgamma(made_from: PartsOf, normalised: Formula = lambda p: p.normalised) -> Wrong:
    """dgamma by what dout is multiplied by."""

    def wrong(i: Inputs) -> np.ndarray:
        p = made_from(i)
        return (p.dout * normalised(p)).sum(axis=p.axes)

    return of("dgamma", wrong)


def _both(made_from: PartsOf) -> Wrong:
    """dx and dgamma from other parts."""
    return lambda i: {**dx_by(made_from)(i), **_dgamma(made_from)(i)}


R_IN_ALL = "r multiplies all of x_hat, so it stands before all three terms of dx."
R_MISSING: dict[str, Formula] = {
    "on the direct path of dx": lambda p: p.g / p.factor + p.by_mean + p.by_var,
    "in the mean's term of dx": lambda p: p.g + p.by_mean / p.factor + p.by_var,
    "in the last term of dx": lambda p: p.g + p.by_mean + p.by_var / p.factor,
}


def _with_both(p: Parts) -> np.ndarray:
    return p.g + p.by_mean - p.normalised * p.mean(p.g * p.normalised)


def _with_first(p: Parts) -> np.ndarray:
    return p.g + p.by_mean - p.normalised * p.mean(p.g * p.x_hat)


def _with_second(p: Parts) -> np.ndarray:
    return p.g + p.by_mean - p.x_hat * p.mean(p.g * p.normalised)


def _reference(i: Inputs) -> Arrays:
    a = {**i, **rv.state(i)}
    names = (*LEAVES, "dout", "running_mean", "running_std", "eps", "r_max", "d_max")
    return batch_renorm.batch_renorm_gradients(*(a[name] for name in names))


def _with_d(p: Parts) -> np.ndarray:
    """The corrected x_hat divided by r, d in it."""
    return p.normalised / p.factor


def _by_running_std(i: Inputs) -> Arrays:
    """dx divided by the running deviation."""
    std = rv.state(i)["running_std"].reshape(parts(i).gamma.shape)
    return dx_by(parts, lambda p: p.right * p.sd / std)(i)


def _dbeta_times_r(i: Inputs) -> np.ndarray:
    return _reference(i)["dbeta"] * np.ravel(parts(i).factor)


def backward_case(name: str, draw: draws.Draw) -> Case:
    """A case with the x and the state of a later forward pass."""
    return Case(name, draws.twice(draw, "x", "bn_param"))


STEPS = (
    FORWARD,
    "later_out, later_cache = batch_renorm_forward(later_x, gamma, beta, later_bn_param)",
    "dx, dgamma, dbeta = batch_renorm_backward(dout, cache)",
)

BACKWARD_CHECK = check(
    v.ASSIGNMENT,
    "batch_renorm_backward",
    16,
    STEPS,
    outputs=v.GRADIENTS,
    cases=(
        backward_case("eight samples of six features", rv.given((8, 6), r_max=3.0, d_max=5.0, eps=1e-5)),
        backward_case("narrow bounds", rv.given((7, 5), r_max=1.5, d_max=0.4)),
        asked_twice(
            "a spread of 0.05, the gradient asked for twice",
            draws.twice(rv.given((6, 4), sd=0.05, r_max=2.0, d_max=1.0, eps=1e-3), "x", "bn_param"),
            STEPS,
        ),
        backward_case("no room: batch norm's gradient", rv.without_room((5, 4))),
        backward_case("images", rv.given((2, 5, 3, 4), r_max=1.7, d_max=0.7, eps=1e-4)),
        backward_case("three samples", rv.given((3, 6), r_max=2.5, d_max=2.0)),
        backward_case("one image", rv.given((1, 2, 2, 2), r_max=2.0, d_max=1.0, eps=1e-3)),
        backward_case("float32 input", rv.given((9, 5), dtype="float32", r_max=1.6, d_max=0.8, eps=1e-3)),
        backward_case(
            "views that are not contiguous", draws.views(rv.given((6, 5), r_max=2.0, d_max=1.0), "x", "dout")
        ),
        replace(
            backward_case(
                "one bn_param for both forward passes", rv.given((4, 5), r_max=1.5, d_max=0.5, eps=1e-3)
            ),
            steps=tuple(call(step.replace("later_bn_param", "bn_param")) for step in STEPS),
        ),
        backward_case("as many samples as features", rv.given((5, 5), r_max=1.5, d_max=0.5, eps=1e-3)),
        backward_case(
            "images, all four axes alike", rv.given((4, 4, 4, 4), sd=0.1, r_max=1.5, d_max=0.5, eps=1e-3)
        ),
        backward_case(
            "a gamma of 0", draws.constant(rv.given((6, 4), r_max=1.5, d_max=0.5, eps=1e-3), 1, 0.0, "gamma")
        ),
    ),
    reference=_reference,
    rests_on=TRAIN_CHECK,
    makings={"dx": dx_making(parts)},
    mistakes={
        "gradient through r and d": Mistake(
            "r and d are constants in the backward pass, although they were computed from x.",
            _flowing(detach_r=False, detach_d=False),
        ),
        "gradient through r": Mistake(
            "r is a constant in the backward pass: nothing flows through it.", _flowing(detach_r=False)
        ),
        "gradient through d": Mistake(
            "d is a constant in the backward pass: nothing flows through it.", _flowing(detach_d=False)
        ),
        "dx without r": Mistake(
            "The normalised x was multiplied by r on its way out, and so is its gradient on the way back; yours comes without r.",
            dx_by(with_parts(parts, factor=1.0)),
        ),
        "r not clipped in dx": Mistake(
            "Use the same r as in the forward pass, clipped.",
            dx_by(partial(parts, clip=_unclipped)),
        ),
        "r goes below 1 / r_max": Mistake(
            "r's lower bound is 1 / r_max, in the backward pass as in the forward pass; no ratio comes down to -r_max.",
            _both(partial(parts, clip=lambda ratio, s: np.minimum(ratio, s["r_max"]))),
        ),
        "bounds hard-coded": Mistake(
            "You clip to 3 and 5 whatever comes: read r_max and d_max from bn_param where it has them.",
            _both(partial(parts, state=lambda i: {**rv.state(i), "r_max": 3.0, "d_max": 5.0})),
        ),
        "a d_max of 0 taken for none": Mistake(
            CORRECTING["a d_max of 0 taken for none"].advice,
            where(
                lambda i: i["bn_param"].get("d_max") == 0,
                _both(partial(parts, state=lambda i: {**rv.state(i), "d_max": 5.0})),
            ),
        ),
        "r and d from the updated running values": Mistake(
            "Use the r and d of the forward pass, made from the running values that came in.",
            _both(partial(parts, state=updated)),
        ),
        "dgamma without r and d": Mistake(
            "gamma multiplies x_hat with r and d in it; you summed dout times the x_hat of batch norm.",
            _dgamma(parts, lambda p: p.x_hat),
        ),
        "dgamma without d": Mistake(
            "gamma multiplies x_hat with d in it: keep d in what dout is multiplied by.",
            _dgamma(parts, lambda p: p.x_hat * p.factor),
        ),
        "dgamma without r": Mistake(
            "gamma multiplies x_hat with r in it: keep r in what dout is multiplied by.",
            _dgamma(parts, lambda p: p.x_hat + p.shift),
        ),
        "dgamma with d added before r": Mistake(
            "gamma multiplies x_hat * r + d: in yours d is added before r multiplies.",
            _dgamma(parts, lambda p: (p.x_hat + p.shift) * p.factor),
        ),
        "x_hat with r and d in the last term": Mistake(
            "In dx stands the x_hat of batch norm, before r and d came in; yours has them, in both places.",
            dx_by(parts, _with_both),
        ),
        "x_hat with r and d before the bar": Mistake(
            "In dx stands the x_hat of batch norm, before r and d came in; the one before the average has them.",
            dx_by(parts, _with_first),
        ),
        "x_hat with r and d under the bar": Mistake(
            "In dx stands the x_hat of batch norm, before r and d came in; the one under the average has them.",
            dx_by(parts, _with_second),
        ),
        "d left in x_hat": Mistake(
            "The x_hat of batch norm is the corrected one less d, divided by r: take d away before you divide.",
            dx_by(parts, lambda p: p.g + p.by_mean - _with_d(p) * p.mean(p.g * _with_d(p))),
        ),
        "running deviation for the batch's in dx": Mistake(
            "dx divides by the batch's own deviation, which x was divided by; yours divides by running_std.",
            _by_running_std,
        ),
        "dgamma multiplied by r": Mistake(
            "gamma multiplies x_hat, which has r in it already: multiply dout by that x_hat alone.",
            _dgamma(parts, lambda p: p.normalised * p.factor),
        ),
        "r on the direct path alone": Mistake(
            "All three terms come back through r; in yours only the first does.",
            dx_by(parts, lambda p: p.g + (p.by_mean + p.by_var) / p.factor),
        ),
        "r twice in dx": Mistake(
            "x_hat was multiplied by r once, and so is its gradient; in yours r is there twice.",
            dx_by(parts, lambda p: p.factor * p.right),
        ),
        "dx divided by r": Mistake(
            "x_hat was multiplied by r on its way out, and so is its gradient on the way back; you divide.",
            dx_by(parts, lambda p: p.right / p.factor**2),
        ),
        "n counts the samples only": Mistake(
            "Each channel's mean runs over all its values, N * H * W for images; you divided by N.",
            where(lambda i: i["x"].ndim == 4, counted(parts, lambda i: len(i["x"]))),
        ),
        **{
            f"r missing {where_it_is}": Mistake(R_IN_ALL, dx_by(parts, formula))
            for where_it_is, formula in R_MISSING.items()
        },
        **dx_mistakes(parts),
        **but(parameter_mistakes(parts, _reference, axis=1), "dgamma without x_hat"),
        "dbeta multiplied by r": Mistake(
            "beta is added at the end: its gradient passes neither gamma nor r.",
            of("dbeta", _dbeta_times_r),
        ),
        "cache of a later forward pass": later_cache(_reference, "x", "bn_param"),
        **spent(_reference),
    },
    may_change=(*STATE, "later_bn_param.running_mean", "later_bn_param.running_std"),
)

CHECKS = (BACKWARD_CHECK,)
