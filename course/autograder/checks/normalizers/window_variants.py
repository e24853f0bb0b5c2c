"""Inputs for cross-iteration moments, and what a window is made of before it is averaged, in Paddle."""

from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator, away_from_zero, batch
from course.autograder.checks.language.protocol import Strided
from course.autograder.checks.language.spec import Arrays, Inputs
from course.reference import cross_iteration
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

Past = list[dict[str, np.ndarray]]
ARGUMENTS = ("x", "weight", "history", "k")


def right(i: Inputs) -> Arrays:
    """The reference on a case."""
    return cross_iteration.cross_iteration_moments(*(i[name] for name in ARGUMENTS))


def _past(r: Generator, weight: np.ndarray, steps: int, stride: float) -> Past:
    """Earlier steps, the newest first; the further back, the further the weight was away."""
    history, then = [], weight
    d, c = weight.shape
    for _ in range(steps):
        then = then - stride * away_from_zero(r, (d, c), 0.5, 1.5)
        mean = away_from_zero(r, c, 0.3, 1.2)
        history.append(
            {
                "mean": mean,
                "second": mean**2 + r.uniform(0.6, 1.8, c),
                "mean_gradient": away_from_zero(r, (d, c), 0.2, 1.0),
                "second_gradient": away_from_zero(r, (d, c), 0.2, 1.0),
                "weight": then,
            }
        )
    return history


def given(
    r: Generator,
    shape: tuple[int, int],
    inputs: int,
    steps: int,
    k: int,
    *,
    stride: float = 0.1,
    dtype: str = "float64",
    view: bool = False,
) -> Inputs:
    """x [N, C], the weight [inputs, C], a history and k."""
    weight = away_from_zero(r, (inputs, shape[1]), 0.3, 1.1)
    x = batch(r, shape, dtype=dtype)
    history = [{n: a.astype(dtype) for n, a in s.items()} for s in _past(r, weight, steps, stride)]
    return {"x": Strided(x) if view else x, "weight": weight.astype(dtype), "history": history, "k": k}


def drawn(*arguments: Any, **keywords: Any) -> Any:
    """`given` as the draw of a Case."""
    return lambda r: given(r, *arguments, **keywords)


def impossible(shape: tuple[int, int], inputs: int, steps: int, k: int) -> Any:
    """The newest earlier step expands to a second moment below its squared mean, in every channel.

    In channel 0 by so much that the window's variance would be negative without the maximum.
    """

    def draw(r: Generator) -> Inputs:
        i = given(r, shape, inputs, steps, k, stride=0.4)
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

    return draw


def compensated(past: dict[str, np.ndarray], name: str, weight: np.ndarray) -> np.ndarray:
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
