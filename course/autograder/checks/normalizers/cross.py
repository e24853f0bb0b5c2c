"""ps4, the pieces of cross-iteration norm: a linear layer's moments, their gradients, the expansion."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.formula import formula
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import after, of, scaled, swapped, where
from course.autograder.checks.normalizers.variants import ASSIGNMENT
from course.reference import batch_norm, cross_iteration
from course.reference.batch_norm import backward, tensor
from course.reference.framework import paddle

# --- moments of x = z @ weight, and their gradients ---

NAMES = ("mean", "second", "mean_gradient", "second_gradient")


@draws.draw
def layer(r: draws.Generator, n: int, d: int, c: int, dtype: str = "float64") -> Inputs:
    """The inputs of a linear layer."""
    z = r.normal(size=(n, d)) + draws.away_from_zero(r, (1, d), 0.4, 1.2)
    return draws.as_type({"z": z, "weight": draws.away_from_zero(r, (d, c), 0.3, 1.1)}, dtype)


def _right(i: Inputs) -> Arrays:
    return cross_iteration.linear_moments(i["z"], i["weight"])


def _samples(i: Inputs) -> int:
    return len(i["z"])


def _slope_of(moment: Callable[[Any], Any]) -> Any:
    """The second gradient as that of another function of x = z @ weight."""

    def gradient(i: Inputs) -> np.ndarray:
        weight = tensor(i["weight"], gradient=True)
        return backward(moment(paddle.matmul(tensor(i["z"]), weight)), [weight])[0].numpy()

    return of("second_gradient", gradient)


def _variance(i: Inputs) -> np.ndarray:
    return batch_norm.batch_moments(paddle.matmul(tensor(i["z"]), tensor(i["weight"])).numpy())["var"]


def _of_inputs(i: Inputs) -> Arrays:
    z = tensor(i["z"])
    return {"mean": z.mean(axis=0).numpy(), "second": paddle.square(z).mean(axis=0).numpy()}


def _along_channels(i: Inputs) -> Arrays:
    x = i["z"].astype(np.float64) @ i["weight"]
    return {"mean": x.mean(axis=1), "second": (x**2).mean(axis=1)}


LINEAR_CHECK = check(
    ASSIGNMENT,
    "linear_moments",
    4,
    (f"{', '.join(NAMES)} = linear_moments(z, weight)",),
    extra=True,
    outputs=tuple(Output(name, BATCH_NORM) for name in NAMES),
    cases=(
        Case("seven samples, four inputs, three channels", layer(7, 4, 3)),
        Case("two samples", layer(2, 3, 5)),
        Case("float32 input", layer(6, 5, 2, "float32")),
        Case("views that are not contiguous", draws.views(layer(5, 3, 4), "z", "weight")),
        Case("as many samples as inputs and channels", layer(4, 4, 4)),
    ),
    reference=_right,
    mistakes={
        "moments of z, not of x": Mistake(
            "The moments are those of x = z @ weight, one per channel, not those of the layer's input.",
            _of_inputs,
        ),
        "variance for second moment": Mistake(
            "The second moment is the mean of x * x, with no mean taken away.", of("second", _variance)
        ),
        "squared mean for second moment": Mistake(
            "Square first, then average: the mean of x * x is not the square of the mean.",
            lambda i: {"second": _right(i)["mean"] ** 2},
        ),
        "root of the second moment": Mistake(
            "The second moment is the mean of the squares, with no root taken.",
            after(_right, "second", change=np.sqrt),
        ),
        "moments along the channels": Mistake(
            "There is one moment for each channel: average over the samples, axis 0.", _along_channels
        ),
        "one moment for all channels": Mistake(
            "Each channel (column) has a mean and a second moment of its own; you averaged over everything.",
            after(_right, "mean", "second", change=np.mean),
        ),
        "sums for means": Mistake(
            "You added over the samples without dividing by N.", scaled(_right, "mean", "second", by=_samples)
        ),
        "gradients not divided by N": Mistake(
            "The moments are averages, and so are their gradients: divide by N.",
            scaled(_right, *NAMES[2:], by=_samples),
        ),
        "factor 2 forgotten": Mistake(
            "The derivative of x * x is 2 x: your second gradient is half of what it should be.",
            scaled(_right, "second_gradient", by=0.5),
        ),
        "product of the averages": Mistake(
            "Multiply z and x sample by sample, then average; you multiplied their averages.",
            _slope_of(lambda x: paddle.square(x.mean(axis=0))),
        ),
        "gradient of the variance": Mistake(
            "This is the variance's gradient; wanted is that of the mean of x * x.",
            _slope_of(lambda x: paddle.var(x, axis=0, unbiased=False)),
        ),
        "squares of z in the gradient": Mistake(
            "x mixes all inputs, so the gradient is the mean of 2 z x, not of 2 z * z times the weight.",
            lambda i: {
                "second_gradient": 2 * (i["z"].astype(np.float64) ** 2).mean(axis=0)[:, None] * i["weight"]
            },
        ),
        "x squared in the gradient": Mistake(
            "The derivative of x * x is 2 x: x stands in the gradient with no square.",
            lambda i: {
                "second_gradient": 2 * i["z"].T.astype(np.float64) @ (i["z"] @ i["weight"]) ** 2 / _samples(i)
            },
        ),
        "mean of the weight for the mean's gradient": Mistake(
            "The mean of z @ weight changes with the weight by the mean of z, whatever the weight is.",
            lambda i: {
                "mean_gradient": np.broadcast_to(
                    i["weight"].astype(np.float64).mean(axis=0), i["weight"].shape
                ).copy()
            },
        ),
        "the weight for the mean's gradient": Mistake(
            "The mean of z @ weight changes with the weight by the mean of z, whatever the weight is.",
            lambda i: {"mean_gradient": i["weight"] / _samples(i)},
        ),
        "1/N for the mean's gradient": Mistake(
            "1/N is how the mean changes with x; with the weight it changes by the mean of z.",
            lambda i: {"mean_gradient": np.full(i["weight"].shape, 1 / _samples(i))},
        ),
        "gradients swapped": Mistake(
            "The order asked for is (mean, second, mean_gradient, second_gradient).",
            swapped(_right, "mean_gradient", "second_gradient"),
        ),
        "each moment beside its gradient": Mistake(
            "The order asked for is (mean, second, mean_gradient, second_gradient): both moments come first.",
            swapped(_right, "second", "mean_gradient"),
        ),
        "gradients transposed": Mistake(
            "The gradients have the shape of the weight, [D, C]; yours are [C, D].",
            after(_right, *NAMES[2:], change=np.transpose),
        ),
        "gradient without the channels": Mistake(
            "There is a gradient for each channel: [D, C], although the mean's has equal columns.",
            after(_right, "mean_gradient", change=lambda gradient: gradient[:, 0]),
        ),
        "mean and second moment swapped": Mistake(
            "The order asked for is (mean, second, mean_gradient, second_gradient).",
            swapped(_right, "mean", "second"),
        ),
    },
)


# --- one moment, expanded to first order ---

EXPANSION = ("moment", "gradient", "weight_then", "weight_now")


@draws.draw
def moved(
    r: draws.Generator, d: int, c: int, stride: float, dtype: str = "float64", both_ways: bool = False
) -> Inputs:
    """A moment, its gradient and a weight that went some way: up, or up and down in turn."""
    now = draws.away_from_zero(r, (d, c), 0.3, 1.1)
    moment, gradient = draws.away_from_zero(r, c, 0.5, 1.5), draws.away_from_zero(r, (d, c), 0.2, 1.0)
    signs = (-1.0) ** np.arange(d * c).reshape(d, c) if both_ways else 1.0
    then = now - stride * signs * r.uniform(0.5, 1.5, (d, c))
    return draws.as_type(dict(zip(EXPANSION, (moment, gradient, then, now), strict=True)), dtype)


def _expanded(moment: Any, gradient: Any, then: Any, now: Any) -> Any:
    return cross_iteration.compensated({"m": moment, "m_gradient": gradient, "weight": then}, "m", now)


_compensated = formula("compensated", *EXPANSION)

EXPANSION_CHECK = check(
    ASSIGNMENT,
    "compensate_moment",
    4,
    (f"compensated = compensate_moment({', '.join(EXPANSION)})",),
    extra=True,
    outputs=(Output("compensated", BATCH_NORM),),
    cases=(
        Case("five inputs, three channels", moved(5, 3, 0.1)),
        Case("as many inputs as channels, a view", draws.views(moved(4, 4, 0.5), "gradient")),
        Case("float32 input", moved(3, 6, 0.2, "float32")),
        Case("a weight that moved both ways", moved(4, 3, 0.5, both_ways=True)),
        Case("one input, one channel", moved(1, 1, 0.5)),
    ),
    reference=_compensated(_expanded),
    mistakes={
        "not compensated": Mistake(
            "This is the moment as it was: add its gradient times the weight's change.",
            _compensated(lambda m, g, then, now: m),
        ),
        "weight change with the wrong sign": Mistake(
            "The change is the weight now minus the weight then.",
            _compensated(lambda m, g, then, now: _expanded(m, g, now, then)),
        ),
        "the weight in place of its change": Mistake(
            "Multiply the gradient by the change of the weight, not by the weight.",
            _compensated(lambda m, g, then, now: _expanded(m, g, 0 * then, now)),
        ),
        "averaged over the weights": Mistake(
            "The contributions of a channel's weights add up; you averaged them.",
            _compensated(lambda m, g, then, now: _expanded(m, g / len(g), then, now)),
        ),
        "all channels' changes in each": Mistake(
            "A channel's moment depends on its own column of the weight alone; you added up all columns.",
            _compensated(lambda m, g, then, now: m + _expanded(0 * m, g, then, now).sum()),
        ),
        "summed over the channels": Mistake(
            "Add up over the inputs (axis 0) and keep one value per channel; you did it the other way round.",
            where(
                lambda i: len(i["moment"]) == len(i["gradient"]),
                _compensated(lambda m, g, then, now: _expanded(m, g.T, then.T, now.T)),
            ),
        ),
        "not added up": Mistake(
            "A channel's weights all contribute to its moment: add their shares up, over axis 0.",
            _compensated(lambda m, g, then, now: m + g * (now - then)),
        ),
        "matrix product": Mistake(
            "Multiply element by element and add up over the inputs; a matrix product mixes the channels.",
            _compensated(lambda m, g, then, now: m + paddle.matmul(g.T, now - then).sum(axis=0)),
        ),
        "change not used": Mistake(
            "You added the gradient itself; it has to be multiplied by the weight's change.",
            _compensated(lambda m, g, then, now: m + g.sum(axis=0)),
        ),
        "moment dropped": Mistake(
            "This is the change alone: add it to the moment.",
            _compensated(lambda m, g, then, now: _expanded(0 * m, g, then, now)),
        ),
        "moment multiplied by the change": Mistake(
            "To first order the change is ADDED to the moment.",
            _compensated(lambda m, g, then, now: m * _expanded(0 * m, g, then, now)),
        ),
        "change taken relative to the moment": Mistake(
            "The gradient gives the change itself, not a share of the moment.",
            _compensated(lambda m, g, then, now: m * (1 + _expanded(0 * m, g, then, now))),
        ),
        "averaged over the weights, with the wrong sign": Mistake(
            "A channel's shares add up, each the gradient times the weight now minus the weight then.",
            _compensated(lambda m, g, then, now: _expanded(m, g / len(g), now, then)),
        ),
        "half of the change": Mistake(
            "The first-order term has no factor 1/2; that belongs to the second order.",
            _compensated(lambda m, g, then, now: _expanded(m, g / 2, then, now)),
        ),
        "relative change of the weight": Mistake(
            "The gradient is multiplied by the change itself, not by the change as a share of the weight.",
            _compensated(lambda m, g, then, now: _expanded(m, g / then, then, now)),
        ),
        "change squared": Mistake(
            "The first-order term has the change itself, not its square.",
            _compensated(lambda m, g, then, now: _expanded(m, g * (now - then), then, now)),
        ),
        "sign of the change lost": Mistake(
            "A weight may have gone down: use the change as it is, not its size.",
            _compensated(lambda m, g, then, now: m + (g * (now - then).abs()).sum(axis=0)),
        ),
        "axis kept": Mistake(
            "The values are right, the summed axis is still there: return shape (C,).",
            _compensated(lambda m, g, then, now: _expanded(m, g, then, now).unsqueeze(0)),
        ),
        "gradient not used": Mistake(
            "You added the weight's change itself; it has to be multiplied by the gradient.",
            _compensated(lambda m, g, then, now: _expanded(m, 0 * g + 1, then, now)),
        ),
    },
)

CHECKS = (LINEAR_CHECK, EXPANSION_CHECK)
