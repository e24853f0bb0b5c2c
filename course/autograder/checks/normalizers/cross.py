"""ps4, the pieces of cross-iteration norm: a linear layer's moments, their gradients, the expansion."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language.draws import Generator, away_from_zero
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.autograder.checks.normalizers.variants import ASSIGNMENT
from course.reference import batch_norm, cross_iteration
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

Change = Callable[[Inputs], Arrays]


# --- moments of x = z @ weight, and their gradients ---

NAMES = ("mean", "second", "mean_gradient", "second_gradient")


def layer(n: int, d: int, c: int, dtype: str = "float64", view: bool = False) -> Any:
    """The inputs of a linear layer, as the draw of a Case."""

    def draw(r: Generator) -> Inputs:
        z = (r.normal(size=(n, d)) + away_from_zero(r, (1, d), 0.4, 1.2)).astype(dtype)
        return {"z": Strided(z) if view else z, "weight": away_from_zero(r, (d, c), 0.3, 1.1).astype(dtype)}

    return draw


def _right(i: Inputs) -> Arrays:
    return cross_iteration.linear_moments(i["z"], i["weight"])


def _scaled(**factors: float | str) -> Change:
    """The right moments times a factor each; 'N' is the number of samples."""

    def wrong(i: Inputs) -> Arrays:
        right = _right(i)
        return {name: right[name] * (len(i["z"]) if isinstance(f, str) else f) for name, f in factors.items()}

    return wrong


def _by_autograd(moment: Callable[[Any], Any]) -> Callable[[Inputs], Any]:
    """The gradient of another function of x = z @ weight, with respect to the weight."""

    def gradient(i: Inputs) -> Any:
        weight = tensor(i["weight"], gradient=True)
        return paddle.grad([moment(paddle.matmul(tensor(i["z"]), weight))], [weight])[0].numpy()

    return gradient


def _output(i: Inputs) -> np.ndarray:
    return paddle.matmul(tensor(i["z"]), tensor(i["weight"])).numpy()


def _product_of_means(i: Inputs) -> Arrays:
    return {"second_gradient": _by_autograd(lambda x: paddle.square(x.mean(axis=0)))(i)}


def _of_variance(i: Inputs) -> Arrays:
    return {"second_gradient": _by_autograd(lambda x: paddle.var(x, axis=0, unbiased=False))(i)}


def _transposed(i: Inputs) -> Arrays:
    return {name: _right(i)[name].T for name in NAMES[2:]}


def _of_inputs(i: Inputs) -> Arrays:
    z = tensor(i["z"])
    return {"mean": z.mean(axis=0).numpy(), "second": paddle.square(z).mean(axis=0).numpy()}


LINEAR_CHECK = Check(
    name="linear_moments",
    assignment=ASSIGNMENT,
    points=5,
    functions=("linear_moments",),
    steps=(Call("linear_moments", ("z", "weight"), NAMES),),
    outputs=tuple(Output(name, BATCH_NORM) for name in NAMES),
    cases=(
        Case("seven samples, four inputs, three channels", layer(7, 4, 3)),
        Case("two samples", layer(2, 3, 5)),
        Case("float32 input", layer(6, 5, 2, "float32")),
        Case("a view that is not contiguous", layer(5, 3, 4, view=True)),
    ),
    reference=_right,
    misconceptions=(
        Misconception(
            "moments of z, not of x",
            "The moments are those of x = z @ weight, one per channel, not those of the layer's input.",
            _of_inputs,
        ),
        Misconception(
            "variance for second moment",
            "The second moment is the mean of x * x, with no mean taken away.",
            lambda i: {"second": batch_norm.batch_moments(_output(i))["var"]},
        ),
        Misconception(
            "squared mean for second moment",
            "Square first, then average: the mean of x * x is not the square of the mean.",
            lambda i: {"second": _right(i)["mean"] ** 2},
        ),
        Misconception(
            "sums for means",
            "You added over the samples without dividing by N.",
            _scaled(mean="N", second="N"),
        ),
        Misconception(
            "gradients not divided by N",
            "The moments are averages, and so are their gradients: divide by N.",
            _scaled(mean_gradient="N", second_gradient="N"),
        ),
        Misconception(
            "factor 2 forgotten",
            "The derivative of x * x is 2 x: your second gradient is half of what it should be.",
            _scaled(second_gradient=0.5),
        ),
        Misconception(
            "product of the averages",
            "Multiply z and x sample by sample, then average; you multiplied their averages.",
            _product_of_means,
        ),
        Misconception(
            "gradient of the variance",
            "This is the variance's gradient; wanted is that of the mean of x * x.",
            _of_variance,
        ),
        Misconception(
            "gradients transposed",
            "The gradients have the shape of the weight, [D, C]; yours are [C, D].",
            _transposed,
        ),
        Misconception(
            "gradient without the channels",
            "There is a gradient for each channel: [D, C], although the mean's has equal columns.",
            lambda i: {"mean_gradient": _right(i)["mean_gradient"][:, 0]},
        ),
        Misconception(
            "mean and second moment swapped",
            "The order asked for is (mean, second, mean_gradient, second_gradient).",
            lambda i: {"mean": _right(i)["second"], "second": _right(i)["mean"]},
        ),
    ),
)  # fmt: skip


# --- one moment, expanded to first order ---

EXPANSION = ("moment", "gradient", "weight_then", "weight_now")


def moved(d: int, c: int, stride: float, dtype: str = "float64") -> Any:
    """A moment, its gradient and a weight that went some way, as the draw of a Case."""

    def draw(r: Generator) -> Inputs:
        now = away_from_zero(r, (d, c), 0.3, 1.1)
        made = {
            "moment": away_from_zero(r, c, 0.5, 1.5),
            "gradient": away_from_zero(r, (d, c), 0.2, 1.0),
            "weight_then": now - stride * r.uniform(0.5, 1.5, (d, c)),
            "weight_now": now,
        }
        return {name: value.astype(dtype) for name, value in made.items()}

    return draw


def _expanded(moment: Any, gradient: Any, then: Any, now: Any) -> Any:
    return cross_iteration.compensated({"m": moment, "m_gradient": gradient, "weight": then}, "m", now)


def _expansion(change: Callable[..., Any] = _expanded) -> Change:
    return lambda i: {"compensated": change(*(tensor(i[name]) for name in EXPANSION)).numpy()}


EXPANSION_CHECK = Check(
    name="compensate_moment",
    assignment=ASSIGNMENT,
    points=4,
    functions=("compensate_moment",),
    steps=(Call("compensate_moment", EXPANSION, ("compensated",)),),
    outputs=(Output("compensated", BATCH_NORM),),
    cases=(
        Case("five inputs, three channels", moved(5, 3, 0.1)),
        Case("as many inputs as channels", moved(4, 4, 0.5)),
        Case("float32 input", moved(3, 6, 0.2, "float32")),
    ),
    reference=_expansion(),
    misconceptions=(
        Misconception(
            "not compensated",
            "This is the moment as it was: add its gradient times the weight's change.",
            _expansion(lambda m, g, then, now: m),
        ),
        Misconception(
            "weight change with the wrong sign",
            "The change is the weight now minus the weight then.",
            _expansion(lambda m, g, then, now: _expanded(m, g, now, then)),
        ),
        Misconception(
            "the weight in place of its change",
            "Multiply the gradient by the change of the weight, not by the weight.",
            _expansion(lambda m, g, then, now: _expanded(m, g, 0 * then, now)),
        ),
        Misconception(
            "averaged over the weights",
            "The contributions of a channel's weights add up; you averaged them.",
            _expansion(lambda m, g, then, now: _expanded(m, g / len(g), then, now)),
        ),
        Misconception(
            "all channels' changes in each",
            "A channel's moment depends on its own column of the weight alone; you added up all columns.",
            _expansion(lambda m, g, then, now: m + _expanded(0 * m, g, then, now).sum()),
        ),
        Misconception(
            "summed over the channels",
            "Add up over the inputs (axis 0) and keep one value per channel; you did it the other way round.",
            lambda i: (
                _expansion(lambda m, g, then, now: _expanded(m, g.T, then.T, now.T))(i)
                if len(i["moment"]) == len(i["gradient"])
                else {}
            ),
        ),
        Misconception(
            "gradient not used",
            "You added the weight's change itself; it has to be multiplied by the gradient.",
            _expansion(lambda m, g, then, now: _expanded(m, 0 * g + 1, then, now)),
        ),
    ),
)

CHECKS = (LINEAR_CHECK, EXPANSION_CHECK)
