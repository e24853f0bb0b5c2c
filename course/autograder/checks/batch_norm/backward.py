"""ps1, the backward pass: through the graph and in closed form, by the same cases and the same mistakes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import FORWARD, TRAIN_CHECK, given
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.language import BATCH_NORM, draws
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import after, instead, of, ones, swapped
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.framework import paddle


@draws.draw
def with_upstream(r: draws.Generator, shape: tuple[int, ...], **keywords: Any) -> Inputs:
    """A train-mode case with an upstream gradient of x's shape and dtype."""
    i = given(shape, "train", **keywords)(r)
    return {**i, "dout": draws.upstream(r, shape, keywords.get("dtype", "float64"))}


def right_gradients(i: Inputs) -> Arrays:
    """dx, dgamma, dbeta by Paddle."""
    return batch_norm.batch_norm_gradients(i["x"], i["gamma"], i["beta"], i["dout"], v.eps_of(i))


@dataclass(frozen=True)
class Parts:
    """What wrong formulas are made of, as tensors: sd has epsilon in it; `mean` and `sum` go over a feature's values."""

    x: Any
    dout: Any
    x_hat: Any
    sd: Any
    gamma: Any
    axes: list[int]

    def mean(self, value: Any) -> Any:
        """One value per feature, its axes kept."""
        return paddle.mean(value, axis=self.axes, keepdim=True)

    def sum(self, value: Any) -> Any:
        """One value per feature, (C,)."""
        return paddle.sum(value, axis=self.axes)


def parts(i: Inputs) -> Parts:
    """The parts of a case."""
    x, axes = tensor(i["x"]), v.axes_of(i)
    mean, var = v.statistics(x, axes, v.Switches())
    sd = paddle.sqrt(var + v.eps_of(i))
    gamma = v.by_feature(tensor(i["gamma"]), x.ndim)
    return Parts(x, tensor(i["dout"]), (x - mean) / sd, sd, gamma, list(axes))


def by_parts(output: str, change: Callable[[Parts], Any]) -> Any:
    """A mistake in one gradient, by a formula of the parts."""
    return of(output, lambda i: change(parts(i)).numpy())


def dx(**switches: Any) -> Any:
    """dx of a graph that is wrong in one place."""
    return lambda i: {"dx": v.gradients(i, **switches)["dx"]}


def _roads(change: Callable[[Any, Any, Any, int], Any]) -> Any:
    """A wrong dx from its three roads (direct, through the mean, through the variance) and n."""

    def wrong(i: Inputs) -> Arrays:
        direct = dx(detach_mean=True, detach_var=True)(i)["dx"]
        mean, var = dx(detach_var=True)(i)["dx"] - direct, dx(detach_mean=True)(i)["dx"] - direct
        return {"dx": change(direct, mean, var, i["x"].size // i["x"].shape[1])}

    return wrong


def _right_dx(i: Inputs) -> Any:
    return tensor(right_gradients(i)["dx"])


DX = {
    "statistics taken for constants": Mistake(
        "Mean and variance depend on every sample: add the gradients that flow through both.",
        _roads(lambda direct, mean, var, n: direct),
    ),
    "gradient through the mean missing": Mistake(
        "x is also in the mean: the gradient that flows through the mean is missing.",
        _roads(lambda direct, mean, var, n: direct + var),
    ),
    "gradient through the variance missing": Mistake(
        "x is also in the variance: the gradient that flows through the variance is missing.",
        _roads(lambda direct, mean, var, n: direct + mean),
    ),
    "sign of the variance's gradient": Mistake(
        "The gradient through the variance has the wrong sign: 1/sqrt falls when the variance grows.",
        _roads(lambda direct, mean, var, n: direct + mean - var),
    ),
    "sign of the mean's gradient": Mistake(
        "The gradient through the mean has the wrong sign: the mean is subtracted.",
        _roads(lambda direct, mean, var, n: direct - mean + var),
    ),
    "sums over the batch not divided by n": Mistake(
        "The gradient reaches each sample through a mean over n values: divide both sums by n.",
        _roads(lambda direct, mean, var, n: direct + n * mean + n * var),
    ),
    "factor 2 of the square forgotten": Mistake(
        "The variance averages squares: its derivative has a factor 2 that is missing on that road.",
        _roads(lambda direct, mean, var, n: direct + mean + var / 2),
    ),
    "factor 1/2 of the root forgotten": Mistake(
        "The derivative of the root has a factor 1/2 that is missing on the road through the variance.",
        _roads(lambda direct, mean, var, n: direct + mean + 2 * var),
    ),
    "gamma missing in dx": Mistake(
        "dout reaches x_hat through gamma: multiply by it on the way back.",
        instead(right_gradients, "dx", gamma=ones("gamma")),
    ),
    "gamma twice in dx": Mistake(
        "gamma multiplies dout once; in your dx it is there twice.",
        instead(right_gradients, "dx", gamma=lambda i: i["gamma"] ** 2),
    ),
    "dx not divided by the standard deviation": Mistake(
        "The outermost division of the forward pass is missing on the way back.",
        of("dx", lambda i: (_right_dx(i) * parts(i).sd).numpy()),
    ),
    "dx divided by the variance": Mistake(
        "dx divides by the standard deviation once; yours divides by it twice.",
        of("dx", lambda i: (_right_dx(i) / parts(i).sd).numpy()),
    ),
    "unbiased variance in the backward pass": Mistake(
        "Forward and backward must use one variance: the biased one, divided by n.", dx(unbiased=True)
    ),
    "epsilon forgotten in the backward pass": Mistake(
        "The standard deviation of the backward pass must be the forward's, epsilon included.", dx(eps="none")
    ),
    "means over the whole matrix": Mistake(
        "The means in dx run over the samples of one feature, not over all features together.",
        dx(axes=(0, 1)),
    ),
    "gradient of layer norm": Mistake(
        "You went back through statistics over the features; the forward pass took them over the samples.",
        dx(axes=(1,)),
    ),
    "x_hat replaced by x": Mistake(
        "The road through the variance needs x_hat, the normalised x; yours uses x itself.",
        by_parts("dx", lambda p: p.gamma / p.sd * (p.dout - p.mean(p.dout) - p.x * p.mean(p.dout * p.x))),
    ),
}

DPARAMETERS = {
    "dgamma without x_hat": Mistake(
        "gamma multiplies x_hat, so dgamma sums dout times x_hat.",
        by_parts("dgamma", lambda p: p.sum(p.dout)),
    ),
    "dgamma with x instead of x_hat": Mistake(
        "gamma multiplies the normalised x_hat, not x.", by_parts("dgamma", lambda p: p.sum(p.dout * p.x))
    ),
    "dgamma averaged": Mistake(
        "dgamma is a sum over the batch, not a mean: the mean, if any, is in dout already.",
        by_parts("dgamma", lambda p: paddle.mean(p.dout * p.x_hat, axis=p.axes)),
    ),
    "dgamma with the centred x": Mistake(
        "gamma multiplies x_hat, which is divided by the standard deviation; yours is only centred.",
        by_parts("dgamma", lambda p: p.sum(p.dout * p.x_hat * p.sd)),
    ),
    "dgamma not summed": Mistake(
        "One gamma serves every sample: sum its gradient over them; the shape is gamma's.",
        by_parts("dgamma", lambda p: p.dout * p.x_hat),
    ),
    "dbeta averaged": Mistake(
        "dbeta is a sum over the batch, not a mean.",
        by_parts("dbeta", lambda p: paddle.mean(p.dout, axis=p.axes)),
    ),
    "dbeta not summed": Mistake(
        "One beta serves every sample: sum its gradient over them; the shape is beta's.",
        by_parts("dbeta", lambda p: p.dout),
    ),
    "dbeta multiplied by gamma": Mistake(
        "beta is added after gamma has multiplied: its gradient does not pass through gamma.",
        by_parts("dbeta", lambda p: p.sum(p.dout * p.gamma)),
    ),
    "parameter gradients summed over the features": Mistake(
        "Sum over the samples (axis 0), not over the features: there is one gradient for each gamma and beta.",
        lambda i: parameters_over(i, 1),
    ),
    "parameter gradients keep the summed axis": Mistake(
        "The values are right, the summed axis is still there: return shape (D,), as gamma and beta have.",
        after(right_gradients, "dgamma", "dbeta", change=lambda gradient: gradient[None]),
    ),
    "dgamma and dbeta swapped": Mistake(
        "You return (dx, dbeta, dgamma); the order asked for is (dx, dgamma, dbeta).",
        swapped(right_gradients, "dgamma", "dbeta"),
    ),
}


def parameters_over(i: Inputs, *axes: int) -> Arrays:
    """The gradients of gamma and beta summed over other axes."""
    p = parts(i)
    summands = {"dgamma": p.dout * p.x_hat, "dbeta": p.dout}
    return {name: paddle.sum(value, axis=list(axes)).numpy() for name, value in summands.items()}


GRADIENTS = (Output("dx", BATCH_NORM, 3), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM))


def _check(name: str, points: float) -> Check:
    return check(
        ASSIGNMENT,
        name,
        points,
        (FORWARD, f"dx, dgamma, dbeta = {name}(dout, cache)"),
        outputs=GRADIENTS,
        cases=(
            Case("seven samples of five features", with_upstream((7, 5))),
            Case("a spread of 0.01", with_upstream((6, 4), sd=0.01, eps=1e-5)),
            Case("another epsilon", with_upstream((9, 3), eps=1e-2)),
            Case("float32 input", with_upstream((8, 5), dtype="float32", eps=1e-3)),
            Case("views that are not contiguous", draws.views(with_upstream((6, 4)), "x", "dout")),
        ),
        reference=right_gradients,
        mistakes={**DX, **DPARAMETERS},
        may_change=v.STATE,
        rests_on=TRAIN_CHECK,
    )


CHECKS = (_check("batchnorm_backward", 12), _check("batchnorm_backward_alt", 10))
