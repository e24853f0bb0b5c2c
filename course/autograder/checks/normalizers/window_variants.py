"""Inputs for cross-iteration moments, and what a window is made of before it is averaged, in Paddle."""

from typing import Any

import numpy as np

from course.autograder.checks.language import Arrays, Inputs, draws
from course.reference import cross_iteration
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

Step = dict[str, np.ndarray]  # what is kept of an earlier step
ARGUMENTS = ("x", "weight", "history", "k")


def right(i: Inputs) -> Arrays:
    """The reference on a case."""
    return cross_iteration.cross_iteration_moments(*(i[name] for name in ARGUMENTS))


def _past(r: draws.Generator, weight: np.ndarray, steps: int, stride: float) -> list[Step]:
    """Earlier steps, the newest first; the further back, the further the weight was away."""
    history, then = [], weight
    d, c = weight.shape
    for _ in range(steps):
        then = then - stride * draws.away_from_zero(r, (d, c), 0.5, 1.5)
        mean = draws.away_from_zero(r, c, 0.3, 1.2)
        second = mean**2 + r.uniform(0.6, 1.8, c)
        slopes = {
            f"{name}_gradient": draws.away_from_zero(r, (d, c), 0.2, 1.0) for name in ("mean", "second")
        }
        history.append({"mean": mean, "second": second, **slopes, "weight": then})
    return history


@draws.draw
def given(
    r: draws.Generator, shape: tuple[int, int], inputs: int, steps: int, k: int, *, stride: float = 0.1,
    dtype: str = "float64",
) -> Inputs:  # fmt: skip
    """x [N, C], the weight [inputs, C], a history and k."""
    weight = draws.away_from_zero(r, (inputs, shape[1]), 0.3, 1.1)
    x = draws.batch(r, shape, dtype=dtype)
    history = [draws.as_type(step, dtype) for step in _past(r, weight, steps, stride)]
    return {"x": x, "weight": weight.astype(dtype), "history": history, "k": k}


@draws.draw
def impossible(r: draws.Generator, shape: tuple[int, int], inputs: int, steps: int, k: int) -> Inputs:
    """The newest earlier step expands to a second moment below its squared mean, in every channel.

    In channel 0 by so much that the window's variance would be negative without the maximum.
    """
    i = given(shape, inputs, steps, k, stride=0.4)(r)
    past, change = i["history"][0], i["weight"] - i["history"][0]["weight"]
    mean = compensated(past, "mean", i["weight"])

    def pushed_to(second: np.ndarray) -> None:
        missing = second - compensated(past, "second", i["weight"])
        past["second_gradient"] = past["second_gradient"] + change * (missing / (change**2).sum(axis=0))

    pushed_to(mean**2)
    gap = r.uniform(0.3, 0.8, shape[1])
    gap[0] = min(k, steps + 1) * (right(i)["var"][0] + 0.3)
    pushed_to(mean**2 - gap)
    return i


def compensated(past: Step, name: str, weight: np.ndarray) -> np.ndarray:
    """The reference's expansion of one moment, as numpy."""
    step = {key: tensor(value) for key, value in past.items()}
    return cross_iteration.compensated(step, name, tensor(weight)).numpy()


def terms(i: Inputs) -> tuple[Any, Any]:
    """Compensated means and second moments of the window, [steps, C] each, the current batch first."""
    mean, second = cross_iteration.moments_of(tensor(i["x"]))
    means, seconds = [mean], [second]
    for past in i["history"][: i["k"] - 1]:
        means.append(tensor(compensated(past, "mean", i["weight"])))
        seconds.append(tensor(compensated(past, "second", i["weight"])))
    return paddle.stack(means), paddle.stack(seconds)
