"""ps1, the backward pass: through the graph and in closed form, by the same cases and the same mistakes."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.averages import averages
from course.autograder.checks.batch_norm.forward import FORWARD, TRAIN_CHECK, given, no_gamma
from course.autograder.checks.batch_norm.gradient_making import VAR_TIMES, VAR_UNDER, dx_making
from course.autograder.checks.batch_norm.gradient_parts import Parts, counted, dx_by, with_parts
from course.autograder.checks.batch_norm.gradient_paths import dx_mistakes
from course.autograder.checks.batch_norm.parameter_gradients import later_cache, parameter_mistakes
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.language import BATCH_NORM, call, draws
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Mistake, Output, check
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import but, of
from course.reference import batch_norm


@draws.draw
def with_upstream(r: draws.Generator, shape: tuple[int, ...], **keywords: Any) -> Inputs:
    """A train-mode case with an upstream gradient, and the x and the state of a later forward pass."""
    first = given(shape, "train", **keywords)
    i = first(r)
    dout = draws.upstream(r, shape, keywords.get("dtype", "float64"))
    again = first(r)
    return {**i, "dout": dout, "later_x": again["x"], "later_bn_param": again["bn_param"]}


def right_gradients(i: Inputs) -> Arrays:
    """dx, dgamma, dbeta by Paddle."""
    return batch_norm.batch_norm_gradients(i["x"], i["gamma"], i["beta"], i["dout"], v.eps_of(i))


def parts(i: Inputs) -> Parts:
    """The parts of a case, for [N, C] or [N, C, H, W]."""
    x, dout = i["x"].astype(np.float64), i["dout"].astype(np.float64)
    gamma, beta = (i[k].astype(np.float64).reshape(1, -1, *[1] * (x.ndim - 2)) for k in ("gamma", "beta"))
    return Parts(x, dout, gamma, v.axes_of(i), v.eps_of(i), beta=beta)


def _brackets(p: Parts) -> np.ndarray:
    """The factor before the bracket on its first term alone."""
    return p.g - p.sd * (p.n * p.mean(p.dout) + p.x_hat * p.n * p.mean(p.dout * p.x_hat))


def parameters_over(i: Inputs, *axes: int) -> Arrays:
    """The gradients of gamma and beta summed over other axes."""
    p = parts(i)
    return {"dgamma": (p.dout * p.x_hat).sum(axis=axes), "dbeta": p.dout.sum(axis=axes)}


def _averages_with_nothing(p: Parts) -> np.ndarray:
    """The factor before the bracket on its first term alone, the averages divided by n."""
    return p.g - p.sd * (p.mean(p.dout) + p.x_hat * p.mean(p.dout * p.x_hat))


def _mean_over_features(p: Parts) -> np.ndarray:
    """dout averaged along the features, gamma outside the bracket."""
    return p.gamma * (p.dout - p.dout.mean(axis=1, keepdims=True)) + p.by_var


def _averages_over_everything(p: Parts) -> np.ndarray:
    """Both averages over the whole matrix beside the right x_hat and root, gamma before the bracket."""
    return p.gamma * (p.dout - p.dout.mean() - p.x_hat * (p.dout * p.x_hat).mean())


def _both_over_features(p: Parts) -> np.ndarray:
    """Both averages along the features beside the right x_hat and root."""
    along = p.x_hat * (p.dout * p.x_hat).mean(axis=1, keepdims=True)
    return p.gamma * (p.dout - p.dout.mean(axis=1, keepdims=True) - along)


def _by_running(i: Inputs) -> np.ndarray:
    """dx step by step with the running statistics, as they are after the step, in the place of the batch's own."""
    p, kept = parts(i), v.trained(i)
    centred, root = p.x - kept[v.RUNNING_MEAN], np.sqrt(kept[v.RUNNING_VAR] + p.eps)
    arriving = p.g / root - centred * p.mean(p.g * centred) / root**3
    return np.asarray(arriving - p.mean(arriving))


DX = dx_mistakes(parts)
DPARAMETERS = parameter_mistakes(parts, right_gradients, axis=1)
LATER = later_cache(right_gradients, "x", "bn_param")

WITH_OUT = {
    "dgamma with out instead of x_hat": Mistake(
        "gamma multiplies x_hat, the normalised x; you multiply dout by out.",
        of("dgamma", lambda i: (parts(i).dout * parts(i).out).sum(axis=v.axes_of(i))),
    ),
    "x_hat replaced by out": Mistake(
        "The path through the variance needs x_hat, the normalised x; yours uses out.",
        dx_by(parts, lambda p: p.g + p.by_mean - p.out * p.mean(p.g * p.out)),
    ),
    "out for the x_hat before the bar": Mistake(
        "The last term is x_hat times the average of dout * x_hat; the x_hat before the average is out in yours.",
        dx_by(parts, lambda p: p.g + p.by_mean - p.out * p.mean(p.g * p.x_hat)),
    ),
    "out for the x_hat under the bar": Mistake(
        "The last term is x_hat times the average of dout * x_hat; the x_hat under the average is out in yours.",
        dx_by(parts, lambda p: p.g + p.by_mean - p.x_hat * p.mean(p.g * p.out)),
    ),
}

FOUR_TIMES, DOUT_ALONE = "the variance's gradient four times as large", "dout alone under the bar"
OF_A_MATRIX = {
    "features mixed in the last term": Mistake(
        "Each feature's average of dout * x_hat is its own: of the product x_hat.T @ dout only the diagonal counts.",
        dx_by(parts, lambda p: p.g + p.by_mean - p.gamma * (p.x_hat @ (p.x_hat.T @ p.dout)) / p.n),
    ),
    "n is the number of features": Mistake(
        "The means in dx run over the N samples: you divided by the number of features.",
        counted(parts, lambda i: i["x"].shape[1]),
    ),
    # A release knows what is listed, and not what is told apart piece by piece: the likeliest of those.
    **{
        name: Mistake(stead.advice, dx_by(parts, formula))
        for name, stead, formula in (
            (FOUR_TIMES, VAR_TIMES.instead[FOUR_TIMES], lambda p: p.g + p.by_mean + 4 * p.by_var),
            (DOUT_ALONE, VAR_UNDER.instead[DOUT_ALONE], lambda p: p.g + p.by_mean - p.x_hat * p.mean(p.g)),
        )
    },
    "n counts all values": Mistake(
        "The means in dx run over the N samples of one feature: you divided by the number of all values.",
        counted(parts, lambda i: i["x"].size),
    ),
    "n is the number of features in the last term": Mistake(
        "The average of dout * x_hat runs over the N samples: you divided its sum by the number of features.",
        dx_by(parts, lambda p: p.g + p.by_mean + p.by_var * p.n / p.x.shape[1]),
    ),
    "running statistics in the backward pass": Mistake(
        "Go back through the batch's own mean and variance, by which the batch was normalised, not through the running ones.",
        of("dx", _by_running),
    ),
    "only the first term has the factor": Mistake(
        "gamma and the root stand before all three terms: put brackets round them.", dx_by(parts, _brackets)
    ),
    "only the first term has gamma and the root": Mistake(
        "gamma and the root stand before all three terms: put brackets round them.",
        dx_by(parts, _averages_with_nothing),
    ),
    "dout averaged over the features": Mistake(
        "The average of dout in dx runs over the samples (axis 0), not over the features.",
        dx_by(parts, _mean_over_features),
    ),
    "both averages over the features": Mistake(
        "The averages in dx run over the samples (axis 0), not over the features.",
        dx_by(parts, _both_over_features),
    ),
    "the last term outside the bracket": Mistake(
        "gamma and the root stand before all three terms: yours miss the last one.",
        dx_by(parts, lambda p: p.g + p.by_mean - p.sd * p.x_hat * p.mean(p.dout * p.x_hat)),
    ),
    "the mean's gradient summed over everything": Mistake(
        "Each feature has a mean of its own: sum its gradient over the samples alone (axis 0).",
        dx_by(parts, lambda p: p.g + p.by_var - p.sd * (p.g / p.sd).sum() / p.n),
    ),
    "averages over everything": Mistake(
        "The averages in dx run over the samples of one feature (axis 0): name the axis.",
        dx_by(parts, _averages_over_everything),
    ),
    "means over the whole matrix": Mistake(
        "The means in dx run over the samples of one feature, not over all features together.",
        dx_by(with_parts(parts, axes=(0, 1))),
    ),
    "gradient of layer norm": Mistake(
        "You went back through statistics over the features; the forward pass took them over the samples.",
        dx_by(with_parts(parts, axes=(1,))),
    ),
    "parameter gradients summed over the features": Mistake(
        "Sum over the samples (axis 0), not over the features: there is one gradient for each gamma and beta.",
        lambda i: parameters_over(i, 1),
    ),
}

GRADIENTS = (Output("dx", BATCH_NORM, 3), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM))
MAY_CHANGE = (*v.STATE, "later_bn_param.running_mean", "later_bn_param.running_var")


def later_forward(function: str) -> str:
    """The forward pass on other samples that comes in between, so that all the first one knows must be in its cache."""
    return f"later_out, later_cache = {function}(later_x, gamma, beta, later_bn_param)"


def one_state(name: str, steps: tuple[str, ...], draw: draws.Draw) -> Case:
    """A case whose later forward pass is handed the same bn_param: what belongs to a pass must be in its cache."""
    same = (call(step.replace("later_bn_param", "bn_param")) for step in steps)
    return Case(name, draw, tuple(same))


def _check(name: str, points: float) -> Check:
    steps = (FORWARD, later_forward("batchnorm_forward"), f"dx, dgamma, dbeta = {name}(dout, cache)")
    return check(
        ASSIGNMENT,
        name,
        points,
        steps,
        outputs=GRADIENTS,
        cases=(
            Case("seven samples of five features", with_upstream((7, 5))),
            Case("a spread of 0.01", with_upstream((6, 4), sd=0.01, eps=1e-5)),
            asked_twice(
                "another epsilon, the gradient asked for twice", with_upstream((9, 3), eps=1e-2), steps
            ),
            Case("float32 input", with_upstream((8, 5), dtype="float32", eps=1e-3)),
            Case("views that are not contiguous", draws.views(with_upstream((6, 4)), "x", "dout")),
            Case("as many samples as features", with_upstream((5, 5), eps=1e-3)),
            Case("a gamma of 0", no_gamma(with_upstream((6, 2), eps=1e-3))),
            Case("a single feature", with_upstream((6, 1), eps=1e-2)),
            one_state(
                "fewer samples than features, one bn_param for both forward passes",
                steps,
                with_upstream((3, 7), eps=1e-3),
            ),
        ),
        reference=right_gradients,
        mistakes={
            **DX,
            **OF_A_MATRIX,
            **averages(parts),
            **WITH_OUT,
            **but(DPARAMETERS, "parameter gradients keep all axes"),
            "cache of a later forward pass": LATER,
            **spent(right_gradients),
        },
        may_change=MAY_CHANGE,
        rests_on=TRAIN_CHECK,
        makings={"dx": dx_making(parts)},
    )


CHECKS = (_check("batchnorm_backward", 12), _check("batchnorm_backward_alt", 10))
