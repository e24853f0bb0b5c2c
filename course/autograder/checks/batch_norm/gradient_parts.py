"""What the gradients of a normaliser are made of, whatever it is that shares a mean, and dx put together from it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.wrong import Wrong, of


@dataclass(frozen=True)
class Parts:
    """What the formulas are made of, in float64, looked at so that `axes` are those that share a mean.

    Each part is computed once: a formula asks for most of them several times, and changes none.

    Attributes:
        x, dout, gamma: arrays of that view; gamma of a shape that goes with them.
        axes: which share a mean and a variance.
        eps: added to the variance.
        factor, shift: what x_hat is multiplied by and shifted by before gamma comes: 1 and 0, or batch
            renormalisation's r and d.
        ddof: what the variance's divisor is short of n.
        beta: of gamma's shape, where a formula needs the output.
    """

    x: np.ndarray
    dout: np.ndarray
    gamma: np.ndarray
    axes: tuple[int, ...]
    eps: float
    factor: np.ndarray | float = 1.0
    shift: np.ndarray | float = 0.0
    ddof: int = 0
    beta: np.ndarray | float = 0.0

    def mean(self, value: np.ndarray) -> np.ndarray:
        """An average over the values that share one, axes kept."""
        return value.mean(axis=self.axes, keepdims=True)

    def last(self, value: np.ndarray) -> np.ndarray:
        """The sum over the last along the first axis of those that share a mean, axes kept."""
        return np.take(value, [-1], axis=self.axes[0]).sum(axis=self.axes, keepdims=True)

    @functools.cached_property
    def n(self) -> int:
        """How many values share a mean."""
        return int(np.prod([self.x.shape[axis] for axis in self.axes]))

    @functools.cached_property
    def var(self) -> np.ndarray:
        """The variance, axes kept."""
        return self.x.var(axis=self.axes, keepdims=True, ddof=self.ddof)

    @functools.cached_property
    def sd(self) -> np.ndarray:
        """The root that is divided by, epsilon included."""
        return np.sqrt(self.var + self.eps)

    @functools.cached_property
    def centred(self) -> np.ndarray:
        """x less its mean."""
        return self.x - self.mean(self.x)

    @functools.cached_property
    def x_hat(self) -> np.ndarray:
        """x normalised."""
        return self.centred / self.sd

    @functools.cached_property
    def normalised(self) -> np.ndarray:
        """What gamma multiplies."""
        return self.x_hat * self.factor + self.shift

    @functools.cached_property
    def out(self) -> np.ndarray:
        """The output of the forward pass."""
        return self.normalised * self.gamma + self.beta

    @functools.cached_property
    def g(self) -> np.ndarray:
        """The gradient that arrives at x_hat."""
        return self.dout * self.gamma

    @functools.cached_property
    def by_mean(self) -> np.ndarray:
        """The path through the mean."""
        return -self.mean(self.g)

    @functools.cached_property
    def by_var(self) -> np.ndarray:
        """The path through the variance."""
        return -self.x_hat * self.mean(self.g * self.x_hat) * self.n / (self.n - self.ddof)

    @functools.cached_property
    def right(self) -> np.ndarray:
        """All three paths."""
        return self.g + self.by_mean + self.by_var

    @functools.cached_property
    def without_gamma(self) -> "Parts":
        """The same with a gamma of 1."""
        return replace(self, gamma=np.ones_like(self.gamma))


PartsOf = Callable[[Inputs], Parts]
Formula = Callable[[Parts], np.ndarray]


def dx_by(parts: PartsOf, formula: Formula = lambda p: p.right) -> Wrong:
    """dx by a formula for what is divided by the standard deviation in the end."""

    def wrong(i: Inputs) -> np.ndarray:
        p = parts(i)
        return (p.factor * formula(p) / p.sd).reshape(i["x"].shape)

    return of("dx", wrong)


def counted(parts: PartsOf, n: Callable[[Inputs], float]) -> Wrong:
    """dx of a student who divides the sums by another number."""
    return lambda i: dx_by(parts, lambda p: p.g + p.n / n(i) * (p.by_mean + p.by_var))(i)


def with_parts(parts: PartsOf, **changes: Any) -> PartsOf:
    """The parts with some of them changed: another epsilon, other axes."""
    return lambda i: replace(parts(i), **changes)
