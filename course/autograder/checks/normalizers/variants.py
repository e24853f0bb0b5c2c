"""Layer, group and renormalised batch norm done wrong, in Paddle, and the mistakes that all of them share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.variants import (
    Switches,
    affine,
    by_feature,
    graph,
    slopes,
    standardized,
    statistics,
)
from course.autograder.checks.language import BATCH_NORM, Arrays, Inputs, Mistake, Output, draws
from course.autograder.checks.language.wrong import Wrong, only, scaled, swapped

ASSIGNMENT = "ps4_normalizers"
GRADIENTS = (Output("dx", BATCH_NORM, 2), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM))
Graph = Callable[[Any, Any, Any], Any]  # tensors (x, gamma, beta) -> out


def layer(epsilon: float, axes: tuple[int, ...] = (1,), **switches: Any) -> Graph:
    """Layer norm on x [..., D] taken as rows [M, D]; other `axes` of the rows make it something else."""
    how = Switches(axes=axes, **switches)

    def norm(x: Any, gamma: Any, beta: Any) -> Any:
        return graph(x.reshape([-1, x.shape[-1]]), gamma, beta, epsilon, how).reshape(x.shape)

    return norm


VIEWS: dict[str, Any] = {
    # how x is looked at, and the axes of that view which share their statistics
    "runs": (lambda n, c, g: [n, g, -1], (2,)),
    "batch too": (lambda n, c, g: [n, g, -1], (0, 2)),
    "dealt in turn": (lambda n, c, g: [n, c // g, g, -1], (1, 3)),
    "each position": (lambda n, c, g: [n, g, c // g, -1], (2,)),
    "batch norm": (lambda n, c, g: [n, c, -1], (0, 2)),
}


def group(groups: int, epsilon: float, view: str = "runs", **switches: Any) -> Graph:
    """Group norm on x [N, C, ...] by one of the `VIEWS`; 'runs' of neighbouring channels is right."""
    how = Switches(**switches)
    shape, axes = VIEWS[view]

    def norm(x: Any, gamma: Any, beta: Any) -> Any:
        seen = x.reshape(shape(x.shape[0], x.shape[1], groups))
        x_hat = standardized(seen, *statistics(seen, axes, how), epsilon, how)
        return affine(x_hat.reshape(x.shape), gamma, beta, how)

    return norm


def unnormalised(x: Any, gamma: Any, beta: Any) -> Any:
    """gamma and beta applied along axis 1 of x itself."""
    return by_feature(gamma, x.ndim) * x + by_feature(beta, x.ndim)


def groups_of(
    r: draws.Generator, shape: tuple[int, ...], groups: int, sd: float = 1.0, dtype: str = "float64"
) -> np.ndarray:
    """x [N, C, ...] whose groups each have a spread near `sd` and a mean of their own size, none near 0.

    With as many groups as sit in the last axis of [N, D], this serves layer norm as well.
    """
    x = r.normal(size=(shape[0], groups, int(np.prod(shape[1:])) // groups))
    x = (x - x.mean(axis=2, keepdims=True)) / x.std(axis=2, keepdims=True)
    spread = r.uniform(0.75, 1.35, size=(*x.shape[:2], 1))
    centre = draws.away_from_zero(r, (*x.shape[:2], 1), 0.3, 1.2)
    return (sd * (x * spread + centre)).reshape(shape).astype(dtype)


def normalising(out: Callable[..., Wrong], parameters: str) -> dict[str, Mistake]:
    """The mistakes of every normaliser's forward pass.

    Args:
        out: makes the wrong answer from `Switches`' keywords; eps may be 'outside', 'none' or a number.
        parameters: name of the dict that eps is read from.
    """
    return {
        "unbiased variance in normalising": Mistake(
            "You normalise by the variance divided by n - 1; it is the biased one, divided by n.",
            out(unbiased=True),
        ),
        "epsilon outside the root": Mistake(
            "You add epsilon after taking the root; it goes beside the variance, under the root.",
            out(eps="outside"),
        ),
        "no epsilon": Mistake("Epsilon is missing: add it to the variance under the root.", out(eps="none")),
        "epsilon hard-coded": Mistake(
            f"You use 1e-5 whatever comes: read eps from {parameters}; 1e-5 is for when it is absent.",
            out(eps=1e-5),
        ),
        "divided by the variance": Mistake(
            "You divide by the variance; divide by its square root.", out(root=False)
        ),
        "mean not subtracted": Mistake(
            "The mean is still in there: subtract it before dividing.", out(centred=False)
        ),
        "gamma forgotten": Mistake("gamma is not used: scale x_hat by it.", out(gamma="forgotten")),
        "beta forgotten": Mistake("beta is not used: add it at the end.", out(beta="forgotten")),
        "gamma applied twice": Mistake("gamma multiplies once; yours multiplies twice.", out(gamma="twice")),
        "gamma scales beta too": Mistake(
            "You add beta before multiplying by gamma; scale first, then shift.", out(gamma="over beta")
        ),
    }


def backward_mistakes(gradients: Callable[..., Wrong], of_x: Graph = unnormalised) -> dict[str, Mistake]:
    """The mistakes of every normaliser's backward pass.

    Args:
        gradients: makes the wrong gradients from `Switches`' keywords.
        of_x: gamma and beta applied to x itself.
    """

    def dx(**switches: Any) -> Wrong:
        return only(gradients(**switches), "dx")

    right = gradients()
    return {
        "statistics taken for constants": Mistake(
            "The mean and the variance depend on x too: dx has a term for each of them.",
            dx(detach_mean=True, detach_var=True),
        ),
        "no gradient through the mean": Mistake(
            "x also reaches the output through the mean: dx lacks that term.", dx(detach_mean=True)
        ),
        "no gradient through the variance": Mistake(
            "x also reaches the output through the variance: dx lacks that term.", dx(detach_var=True)
        ),
        "gamma forgotten in dx": Mistake(
            "The gradient passes gamma on its way to x: start from dout * gamma.", dx(gamma="forgotten")
        ),
        "no epsilon in the backward pass": Mistake(
            "Divide by the same root as in the forward pass, epsilon included.", dx(eps="none")
        ),
        "epsilon hard-coded": Mistake(
            "You use 1e-5 whatever comes: the root that you divide by has the eps of the forward pass.",
            only(gradients(eps=1e-5), "dx", "dgamma"),
        ),
        "dgamma from x, not x_hat": Mistake(
            "gamma multiplies x_hat, so dgamma sums dout * x_hat; you summed dout * x.",
            only(lambda i: slopes(i, of_x), "dgamma"),
        ),
        "dgamma and dbeta swapped": Mistake(
            "The order asked for is (dx, dgamma, dbeta); your last two are the other way round.",
            swapped(right, "dgamma", "dbeta"),
        ),
        "dgamma and dbeta averaged": Mistake(
            "Each gamma and beta serves many values, and their gradients add up; you averaged them.",
            scaled(right, "dgamma", "dbeta", by=lambda i: len(i["gamma"]) / i["dout"].size),
        ),
    }


def gamma_outside(gradients: Callable[..., Wrong], axis: int) -> Wrong:
    """dx with gamma pulled out of the averages: right in batch norm, where it is one number for each average."""

    def wrong(i: Inputs) -> Arrays:
        shape = [1] * i["x"].ndim
        shape[axis] = -1
        return {"dx": i["gamma"].reshape(shape) * gradients(gamma="forgotten")(i)["dx"]}

    return wrong
