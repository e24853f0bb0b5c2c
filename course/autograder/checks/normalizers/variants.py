"""Layer, group and renormalised batch norm done wrong, in Paddle, and the mistakes that all of them share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.variants import Switches, affine, graph, standardized
from course.autograder.checks.language.draws import Generator, away_from_zero
from course.autograder.checks.language.spec import Arrays, Inputs, Misconception
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

ASSIGNMENT = "ps4_normalizers"
LEAVES = ("x", "gamma", "beta")
Graph = Callable[[Any, Any, Any], Any]  # tensors (x, gamma, beta) -> out


def output(i: Inputs, norm: Graph) -> np.ndarray:
    """`norm` on a case's x, gamma and beta, as numpy."""
    with on_device(device().name):
        return norm(*(tensor(i[name]) for name in LEAVES)).numpy()


def gradients(i: Inputs, norm: Graph) -> Arrays:
    """Gradients of sum(dout * norm(x, gamma, beta)): {'dx', 'dgamma', 'dbeta'}, 0 where nothing flows."""
    with on_device(device().name):
        leaves = [tensor(i[name], gradient=True) for name in LEAVES]
        found = paddle.grad([norm(*leaves)], leaves, grad_outputs=[tensor(i["dout"])], allow_unused=True)
        return {
            f"d{name}": np.zeros(leaf.shape) if grad is None else grad.numpy()
            for name, leaf, grad in zip(LEAVES, leaves, found, strict=True)
        }


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
        mean = paddle.mean(seen, axis=list(axes), keepdim=True)
        var = paddle.var(seen, axis=list(axes), keepdim=True, unbiased=how.unbiased)
        mean, var = mean.detach() if how.detach_mean else mean, var.detach() if how.detach_var else var
        return affine(standardized(seen, mean, var, epsilon, how).reshape(x.shape), gamma, beta, how)

    return norm


def groups_of(
    r: Generator, shape: tuple[int, ...], groups: int, sd: float = 1.0, dtype: str = "float64"
) -> np.ndarray:
    """x [N, C, ...] whose groups each have a spread near `sd` and a mean of their own size, none near 0.

    With as many groups as sit in the last axis of [N, D], this serves layer norm as well.
    """
    x = r.normal(size=(shape[0], groups, int(np.prod(shape[1:])) // groups))
    x = (x - x.mean(axis=2, keepdims=True)) / x.std(axis=2, keepdims=True)
    spread = r.uniform(0.75, 1.35, size=(*x.shape[:2], 1))
    return (sd * (x * spread + away_from_zero(r, (*x.shape[:2], 1), 0.3, 1.2))).reshape(shape).astype(dtype)


def normalising(out: Callable[..., Callable[[Inputs], Arrays]], parameters: str) -> tuple[Misconception, ...]:
    """The mistakes of every normaliser's forward pass.

    Args:
        out: makes the wrong answer from `Switches`' keywords; eps may be 'outside', 'none' or a number.
        parameters: name of the dict that eps is read from.
    """
    return (
        Misconception(
            "unbiased variance in normalising",
            "You normalise by the variance divided by n - 1; it is the biased one, divided by n.",
            out(unbiased=True),
        ),
        Misconception(
            "epsilon outside the root",
            "You add epsilon after taking the root; it goes beside the variance, under the root.",
            out(eps="outside"),
        ),
        Misconception(
            "no epsilon", "Epsilon is missing: add it to the variance under the root.", out(eps="none")
        ),
        Misconception(
            "epsilon hard-coded",
            f"You use 1e-5 whatever comes: read eps from {parameters}; 1e-5 is for when it is absent.",
            out(eps=1e-5),
        ),
        Misconception(
            "divided by the variance",
            "You divide by the variance; divide by its square root.",
            out(root=False),
        ),
        Misconception(
            "mean not subtracted",
            "The mean is still in there: subtract it before dividing.",
            out(centred=False),
        ),
        Misconception("gamma forgotten", "gamma is not used: scale x_hat by it.", out(gamma="forgotten")),
        Misconception("beta forgotten", "beta is not used: add it at the end.", out(beta="forgotten")),
        Misconception(
            "gamma applied twice", "gamma multiplies once; yours multiplies twice.", out(gamma="twice")
        ),
        Misconception(
            "gamma scales beta too",
            "You add beta before multiplying by gamma; scale first, then shift.",
            out(gamma="over beta"),
        ),
    )


def backward_mistakes(
    slopes: Callable[..., Callable[[Inputs], Arrays]], unnormalised: Graph
) -> tuple[Misconception, ...]:
    """The mistakes of every normaliser's backward pass.

    Args:
        slopes: makes the wrong gradients from `Switches`' keywords.
        unnormalised: gamma and beta applied to x itself.
    """

    def dx(**switches: Any) -> Callable[[Inputs], Arrays]:
        return lambda i: {"dx": slopes(**switches)(i)["dx"]}

    def parameters(i: Inputs, factor: float) -> Arrays:
        return {name: slopes()(i)[name] * factor for name in ("dgamma", "dbeta")}

    return (
        Misconception(
            "statistics taken for constants",
            "The mean and the variance depend on x too: dx has a term for each of them.",
            dx(detach_mean=True, detach_var=True),
        ),
        Misconception(
            "no gradient through the mean",
            "x also reaches the output through the mean: dx lacks that term.",
            dx(detach_mean=True),
        ),
        Misconception(
            "no gradient through the variance",
            "x also reaches the output through the variance: dx lacks that term.",
            dx(detach_var=True),
        ),
        Misconception(
            "gamma forgotten in dx",
            "The gradient passes gamma on its way to x: start from dout * gamma.",
            dx(gamma="forgotten"),
        ),
        Misconception(
            "no epsilon in the backward pass",
            "Divide by the same root as in the forward pass, epsilon included.",
            dx(eps="none"),
        ),
        Misconception(
            "epsilon hard-coded",
            "You use 1e-5 whatever comes: the root that you divide by has the eps of the forward pass.",
            lambda i: {name: slopes(eps=1e-5)(i)[name] for name in ("dx", "dgamma")},
        ),
        Misconception(
            "dgamma from x, not x_hat",
            "gamma multiplies x_hat, so dgamma sums dout * x_hat; you summed dout * x.",
            lambda i: {"dgamma": gradients(i, unnormalised)["dgamma"]},
        ),
        Misconception(
            "dgamma and dbeta swapped",
            "The order asked for is (dx, dgamma, dbeta); your last two are the other way round.",
            lambda i: {"dgamma": slopes()(i)["dbeta"], "dbeta": slopes()(i)["dgamma"]},
        ),
        Misconception(
            "dgamma and dbeta averaged",
            "Each gamma and beta serves many values, and their gradients add up; you averaged them.",
            lambda i: parameters(i, len(i["gamma"]) / i["dout"].size),
        ),
    )
