"""What a normaliser's output is made of: x, the statistics that belong there, and those that do not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.gradient_parts import Parts
from course.autograder.checks.language import Inputs


@dataclass(frozen=True)
class Normalised:
    """What a normaliser's output is made of, in float64, all arrays of a shape that goes with x.

    Attributes:
        x: looked at so that `axes` are those that share a mean.
        axes: these.
        eps: added to the variance.
        centre, var: what is subtracted, and the variance that is divided by.
        gamma, beta: the parameters; 1 and 0 where there are none.
        other_centre, other_var: those of the other mode, or of the batch where statistics are given.
    """

    x: np.ndarray
    axes: tuple[int, ...]
    eps: float
    centre: np.ndarray
    var: np.ndarray
    gamma: np.ndarray | float = 1.0
    beta: np.ndarray | float = 0.0
    other_centre: np.ndarray | float = np.nan
    other_var: np.ndarray | float = np.nan

    @property
    def n(self) -> int:
        """How many values share a mean."""
        return int(np.prod([self.x.shape[axis] for axis in self.axes]))

    @property
    def longer(self) -> float:
        """n / (n - 1)."""
        return self.n / (self.n - 1) if self.n > 1 else np.nan

    @property
    def across(self) -> tuple[int, ...]:
        """The axes that do not share a mean."""
        shared = {axis % self.x.ndim for axis in self.axes}
        return tuple(axis for axis in range(self.x.ndim) if axis not in shared)

    @property
    def first(self) -> np.ndarray:
        """The first of the values that share a mean."""
        return np.take(self.x, [0], axis=self.axes[0])


def laid(value: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A vector (C,) along axis 1 of x."""
    return np.asarray(value, dtype=np.float64).reshape(1, -1, *[1] * (x.ndim - 2))


def of_batch(x: np.ndarray, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance over axes that are kept."""
    return x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)


def given_statistics(i: Inputs) -> Normalised:
    """Normalising by a mean and a variance that are arguments."""
    x = i["x"].astype(np.float64)
    batch = of_batch(x, (0,))
    return Normalised(x, (0,), i["eps"], laid(i["mean"], x), laid(i["var"], x), 1.0, 0.0, *batch)


def by_mode(i: Inputs) -> Normalised:
    """Batch norm of [N, C] or [N, C, H, W], in the mode that bn_param says."""
    x, axes, s = i["x"].astype(np.float64), v.axes_of(i), v.state(i)
    batch = of_batch(x, axes)
    running = laid(s["running_mean"], x), laid(s["running_var"], x)
    own, other = (batch, running) if s["mode"] == "train" else (running, batch)
    return Normalised(x, axes, s["eps"], *own, laid(i["gamma"], x), laid(i["beta"], x), *other)


def of_parts(parts: Callable[[Inputs], Parts], i: Inputs) -> Normalised:
    """Layer or group norm, as the parts of its gradients look at it; they need no dout here."""
    p = parts({**i, "dout": i["x"]})
    beta = parts({**i, "dout": i["x"], "gamma": i["beta"]}).gamma
    return Normalised(p.x, p.axes, p.eps, *of_batch(p.x, p.axes), p.gamma, beta)
