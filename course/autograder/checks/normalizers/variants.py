"""Layer, group and renormalised batch norm done wrong, in Paddle, and the mistakes that all of them share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.gradient_parts import Parts, PartsOf, dx_by
from course.autograder.checks.batch_norm.variants import Switches, affine, graph, standardized, statistics
from course.autograder.checks.language import BATCH_NORM, Inputs, Output, draws
from course.autograder.checks.language.wrong import Wrong
from course.autograder.checks.normalizers import ASSIGNMENT as ASSIGNMENT

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
    "value by value": (lambda n, c, g: [n, -1, g], (1,)),
    "each position": (lambda n, c, g: [n, g, c // g, -1], (2,)),
    "batch norm": (lambda n, c, g: [n, c, -1], (0, 2)),
    "everything": (lambda n, c, g: [1, n * c, -1], (1, 2)),
    "dealt by a reshape": (lambda n, c, g: [-1, n * g], (0,)),
    "down the groups": (lambda n, c, g: [n * g, -1], (0,)),
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


def group_parts(i: Inputs, groups: int, eps: float, view: str = "runs") -> Parts:
    """The parts of group norm's gradients on x [N, C, ...], by one of the `VIEWS`."""
    shape, axes = VIEWS[view]
    seen = shape(*i["x"].shape[:2], groups)
    gamma = i["gamma"].reshape(1, -1, *[1] * (i["x"].ndim - 2))

    def viewed(array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array, i["x"].shape).astype(np.float64).reshape(seen)

    return Parts(viewed(i["x"]), viewed(i["dout"]), viewed(gamma), axes, eps)


def gamma_outside(parts: PartsOf) -> Wrong:
    """dx with gamma pulled out of the averages: right in batch norm, where it is one number for each average."""
    return dx_by(parts, lambda p: p.gamma * p.without_gamma.right)


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
