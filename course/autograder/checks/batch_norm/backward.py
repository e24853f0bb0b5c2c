"""ps1, the backward pass: through the graph and in closed form, by the same cases and the same mistakes."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import FORWARD, TRAIN_CHECK, given
from course.autograder.checks.language.draws import Generator, upstream
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

ASSIGNMENT = "ps1_batchnorm"


def with_upstream(shape: tuple[int, ...], **keywords: Any) -> Any:
    """A train-mode case with an upstream gradient of x's shape and dtype."""

    def draw(r: Generator) -> Inputs:
        i = given(r, shape, "train", **keywords)
        return {**i, "dout": upstream(r, shape, keywords.get("dtype", "float64"))}

    return draw


def _strided(r: Generator) -> Inputs:
    i = with_upstream((6, 4))(r)
    return {**i, "x": Strided(i["x"]), "dout": Strided(i["dout"])}


def eps_of(i: Inputs) -> float:
    """The case's epsilon."""
    return v.state(i)["eps"]


def right_gradients(i: Inputs) -> Arrays:
    """dx, dgamma, dbeta by Paddle."""
    return batch_norm.batch_norm_gradients(i["x"], i["gamma"], i["beta"], i["dout"], eps_of(i))


def axes_of(i: Inputs) -> tuple[int, ...]:
    """Every axis but the features'."""
    return tuple(a for a in range(i["x"].ndim) if a != 1)


def _by_switches(**switches: Any) -> Any:
    """The gradients of a graph that is wrong in one place; dx alone, since that is what such a mistake changes."""

    def wrong(i: Inputs) -> Arrays:
        return {"dx": v.gradients(i, eps_of(i), **{"axes": axes_of(i), **switches})["dx"]}

    return wrong


def parts(i: Inputs) -> dict[str, Any]:
    """Tensors that wrong formulas are made of: dout, x_hat, sd (with epsilon), gamma, n and a mean over a feature."""
    axes = list(axes_of(i))
    x, dout = tensor(i["x"]), tensor(i["dout"])
    mean, var = (
        paddle.mean(x, axis=axes, keepdim=True),
        paddle.var(x, axis=axes, keepdim=True, unbiased=False),
    )
    sd = paddle.sqrt(var + eps_of(i))
    gamma = tensor(i["gamma"]).reshape([1, -1] + [1] * (i["x"].ndim - 2))
    return {
        "x": x, "dout": dout, "x_hat": (x - mean) / sd, "sd": sd, "gamma": gamma, "axes": axes,
        "n": i["x"].size // i["x"].shape[1], "over": lambda t: paddle.mean(t, axis=axes, keepdim=True),
    }  # fmt: skip


def _autograd_parts(i: Inputs) -> tuple[Any, Any, Any]:
    """dx split by its three roads: the direct one, the one through the mean, and the one through the variance."""
    axes = axes_of(i)
    eps = eps_of(i)
    direct = v.gradients(i, eps, axes=axes, detach_mean=True, detach_var=True)["dx"]
    no_mean = v.gradients(i, eps, axes=axes, detach_mean=True)["dx"]
    no_var = v.gradients(i, eps, axes=axes, detach_var=True)["dx"]
    return direct, no_var - direct, no_mean - direct


def _roads(change: Any) -> Any:
    """A wrong dx from its three roads (direct, through the mean, through the variance) and n."""
    return lambda i: {"dx": change(*_autograd_parts(i), i["x"].size // i["x"].shape[1])}


def _dgamma(change: Any) -> Any:
    return lambda i: {"dgamma": change(parts(i)).numpy()}


def _dbeta(change: Any) -> Any:
    return lambda i: {"dbeta": change(parts(i)).numpy()}


def _swapped(i: Inputs) -> Arrays:
    right = right_gradients(i)
    return {"dgamma": right["dbeta"], "dbeta": right["dgamma"]}


DX = (
    Misconception(
        "statistics taken for constants",
        "Mean and variance depend on every sample: add the gradients that flow through both.",
        _roads(lambda direct, mean, var, n: direct),
    ),
    Misconception(
        "gradient through the mean missing",
        "x is also in the mean: the gradient that flows through the mean is missing.",
        _roads(lambda direct, mean, var, n: direct + var),
    ),
    Misconception(
        "gradient through the variance missing",
        "x is also in the variance: the gradient that flows through the variance is missing.",
        _roads(lambda direct, mean, var, n: direct + mean),
    ),
    Misconception(
        "sign of the variance's gradient",
        "The gradient through the variance has the wrong sign: 1/sqrt falls when the variance grows.",
        _roads(lambda direct, mean, var, n: direct + mean - var),
    ),
    Misconception(
        "sign of the mean's gradient",
        "The gradient through the mean has the wrong sign: the mean is subtracted.",
        _roads(lambda direct, mean, var, n: direct - mean + var),
    ),
    Misconception(
        "sums over the batch not divided by n",
        "The gradient reaches each sample through a mean over n values: divide both sums by n.",
        _roads(lambda direct, mean, var, n: direct + n * mean + n * var),
    ),
    Misconception(
        "factor 2 of the square forgotten",
        "The variance averages squares: its derivative has a factor 2 that is missing on that road.",
        _roads(lambda direct, mean, var, n: direct + mean + var / 2),
    ),
    Misconception(
        "factor 1/2 of the root forgotten",
        "The derivative of the root has a factor 1/2 that is missing on the road through the variance.",
        _roads(lambda direct, mean, var, n: direct + mean + 2 * var),
    ),
    Misconception(
        "gamma missing in dx",
        "dout reaches x_hat through gamma: multiply by it on the way back.",
        lambda i: {"dx": right_gradients({**i, "gamma": np.ones_like(i["gamma"])})["dx"]},
    ),
    Misconception(
        "gamma twice in dx",
        "gamma multiplies dout once; in your dx it is there twice.",
        lambda i: {"dx": right_gradients({**i, "gamma": i["gamma"] ** 2})["dx"]},
    ),
    Misconception(
        "dx not divided by the standard deviation",
        "The outermost division of the forward pass is missing on the way back.",
        lambda i: {"dx": (tensor(right_gradients(i)["dx"]) * parts(i)["sd"]).numpy()},
    ),
    Misconception(
        "dx divided by the variance",
        "dx divides by the standard deviation once; yours divides by it twice.",
        lambda i: {"dx": (tensor(right_gradients(i)["dx"]) / parts(i)["sd"]).numpy()},
    ),
    Misconception(
        "unbiased variance in the backward pass",
        "Forward and backward must use one variance: the biased one, divided by n.",
        _by_switches(unbiased=True),
    ),
    Misconception(
        "epsilon forgotten in the backward pass",
        "The standard deviation of the backward pass must be the forward's, epsilon included.",
        _by_switches(eps="none"),
    ),
    Misconception(
        "means over the whole matrix",
        "The means in dx run over the samples of one feature, not over all features together.",
        _by_switches(axes=(0, 1)),
    ),
    Misconception(
        "gradient of layer norm",
        "You went back through statistics over the features; the forward pass took them over the samples.",
        _by_switches(axes=(1,)),
    ),
    Misconception(
        "x_hat replaced by x",
        "The road through the variance needs x_hat, the normalised x; yours uses x itself.",
        lambda i: {
            "dx": (
                lambda p: (
                    p["gamma"]
                    / p["sd"]
                    * (p["dout"] - p["over"](p["dout"]) - p["x"] * p["over"](p["dout"] * p["x"]))
                )
            )(parts(i)).numpy()
        },
    ),
)

DPARAMETERS = (
    Misconception(
        "dgamma without x_hat",
        "gamma multiplies x_hat, so dgamma sums dout times x_hat.",
        _dgamma(lambda p: paddle.sum(p["dout"], axis=p["axes"])),
    ),
    Misconception(
        "dgamma with x instead of x_hat",
        "gamma multiplies the normalised x_hat, not x.",
        _dgamma(lambda p: paddle.sum(p["dout"] * p["x"], axis=p["axes"])),
    ),
    Misconception(
        "dgamma averaged",
        "dgamma is a sum over the batch, not a mean: the mean, if any, is in dout already.",
        _dgamma(lambda p: paddle.mean(p["dout"] * p["x_hat"], axis=p["axes"])),
    ),
    Misconception(
        "dgamma with the centred x",
        "gamma multiplies x_hat, which is divided by the standard deviation; yours is only centred.",
        _dgamma(lambda p: paddle.sum(p["dout"] * p["x_hat"] * p["sd"], axis=p["axes"])),
    ),
    Misconception(
        "dgamma not summed",
        "One gamma serves every sample: sum its gradient over them; the shape is gamma's.",
        _dgamma(lambda p: p["dout"] * p["x_hat"]),
    ),
    Misconception(
        "dbeta averaged",
        "dbeta is a sum over the batch, not a mean.",
        _dbeta(lambda p: paddle.mean(p["dout"], axis=p["axes"])),
    ),
    Misconception(
        "dbeta not summed",
        "One beta serves every sample: sum its gradient over them; the shape is beta's.",
        _dbeta(lambda p: p["dout"]),
    ),
    Misconception(
        "dbeta multiplied by gamma",
        "beta is added after gamma has multiplied: its gradient does not pass through gamma.",
        _dbeta(lambda p: paddle.sum(p["dout"] * p["gamma"], axis=p["axes"])),
    ),
    Misconception(
        "parameter gradients summed over the features",
        "Sum over the samples (axis 0), not over the features: there is one gradient for each gamma and beta.",
        lambda i: {
            "dgamma": paddle.sum(parts(i)["dout"] * parts(i)["x_hat"], axis=1).numpy(),
            "dbeta": paddle.sum(parts(i)["dout"], axis=1).numpy(),
        },
    ),
    Misconception(
        "parameter gradients keep the summed axis",
        "The values are right, the summed axis is still there: return shape (D,), as gamma and beta have.",
        lambda i: {k: right_gradients(i)[k][None] for k in ("dgamma", "dbeta")},
    ),
    Misconception(
        "dgamma and dbeta swapped",
        "You return (dx, dbeta, dgamma); the order asked for is (dx, dgamma, dbeta).",
        _swapped,
    ),
)

GRADIENTS = (Output("dx", BATCH_NORM, 3), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM))

CASES = (
    Case("seven samples of five features", with_upstream((7, 5))),
    Case("a spread of 0.01", with_upstream((6, 4), sd=0.01, eps=1e-5)),
    Case("another epsilon", with_upstream((9, 3), eps=1e-2)),
    Case("float32 input", with_upstream((8, 5), dtype="float32", eps=1e-3)),
    Case("views that are not contiguous", _strided),
)


def _check(name: str, points: float) -> Check:
    backward = Call(name, ("dout", "cache"), ("dx", "dgamma", "dbeta"))
    return Check(
        name=name,
        assignment=ASSIGNMENT,
        points=points,
        functions=("batchnorm_forward", name),
        steps=(FORWARD, backward),
        outputs=GRADIENTS,
        cases=CASES,
        reference=right_gradients,
        misconceptions=(*DX, *DPARAMETERS),
        may_change=("bn_param.running_mean", "bn_param.running_var"),
        rests_on=TRAIN_CHECK,
    )


CHECKS = (_check("batchnorm_backward", 12), _check("batchnorm_backward_alt", 10))
