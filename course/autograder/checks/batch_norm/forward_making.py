"""A normaliser's forward pass, piece by piece: what is subtracted, what is divided by, gamma and beta."""

from collections.abc import Callable, Mapping

import numpy as np

from course.autograder.checks.batch_norm.normalised import Normalised
from course.autograder.checks.batch_norm.normalising import rooted, scaling
from course.autograder.checks.language import Inputs, Mistake
from course.autograder.checks.language.makings import Making, Piece, Stead, Value


def _words(table: Callable[..., Mapping[str, Mistake]], *more: str) -> dict[str, str]:
    """Names and advice of a table of mistakes, whatever they compute."""
    return {name: mistake.advice for name, mistake in table(lambda **_: dict, *more).items()}


def _told(words: dict[str, str], values: dict[str, Value]) -> dict[str, Stead]:
    return {name: Stead(words[name], value) for name, value in values.items()}


# The names, and the advice, of a mean and a variance that belong elsewhere.
OF_THE_OTHER_MODE = (
    "mean of the other mode",
    "Train mode subtracts the batch's own mean, test mode the running one: yours is the other of the two.",
    "variance of the other mode",
    "Train mode divides by the batch's own deviation, test mode by the running one: yours is the other of the two.",
)
OF_THE_BATCH = (
    "the batch's own mean",
    "You subtract the mean of x; use the mean that is passed in.",
    "the batch's own variance",
    "You divide by the deviation of x; use the variance that is passed in.",
)


def pieces(parameters: str, others: tuple[str, str, str, str]) -> dict[str, Piece]:
    """The pieces of gamma * (x - centre) / (var + epsilon) ** power + beta; epsilon may stand outside of the power.

    Args:
        parameters: name of the dict that eps is read from.
        others: what is said of statistics that belong elsewhere.
    """
    in_root, in_scale = _words(rooted, parameters), _words(scaling)
    hard = {
        f"epsilon hard-coded as {value:g}": (lambda p, value=value: value) for value in (1e-3, 1e-6, 1e-8)
    }
    return {
        "x": Piece(lambda p: p.x, {}),
        "centre": Piece(
            lambda p: p.centre,
            {
                **_told(in_root, {"mean not subtracted": lambda p: 0.0, "mean added": lambda p: -p.centre}),
                others[0]: Stead(
                    others[1],
                    lambda p: p.other_centre,
                ),
                "mean of all values subtracted": Stead(
                    "Each mean has values of its own: yours is that of all values together.",
                    lambda p: p.x.mean(),
                ),
                "mean along the other axes subtracted": Stead(
                    "The mean that you subtract runs along the wrong axes.",
                    lambda p: p.x.mean(axis=p.across, keepdims=True) if p.across else np.nan,
                ),
                "first value subtracted": Stead(
                    "Subtract the mean: yours is the first of the values that share it.", lambda p: p.first
                ),
                "median subtracted": Stead(
                    "Subtract the mean: yours is the median, the value in the middle.",
                    lambda p: np.median(p.x, axis=p.axes, keepdims=True),
                ),
                "sum subtracted": Stead(
                    "Subtract the mean: yours is the sum, n times too large.", lambda p: p.centre * p.n
                ),
            },
        ),
        "var": Piece(
            lambda p: p.var,
            {
                "variance divided by n - 1": Stead(
                    "The variance that is divided by is the biased one: nothing has n - 1 in it.",
                    lambda p: p.var * p.longer,
                ),
                **_told(in_root, {"variance squared": lambda p: p.var**2}),
                others[2]: Stead(
                    others[3],
                    lambda p: p.other_var,
                ),
                f"{others[2]}, divided by n - 1": Stead(
                    others[3],
                    lambda p: p.other_var * p.longer,
                ),
                "variance of all values": Stead(
                    "Each variance has values of its own: yours is that of all values together.",
                    lambda p: p.x.var(),
                ),
                "variance along the other axes": Stead(
                    "The variance that you divide by runs along the wrong axes.",
                    lambda p: p.x.var(axis=p.across, keepdims=True) if p.across else np.nan,
                ),
                "mean square for the variance": Stead(
                    "The variance takes the mean away before squaring: yours is the mean of the squares of x itself.",
                    lambda p: (p.x**2).mean(axis=p.axes, keepdims=True),
                ),
                "sum of squares for the variance": Stead(
                    "The variance averages the squares: yours adds them up.", lambda p: p.var * p.n
                ),
                "variance divided by n once more": Stead(
                    "The variance is divided by n once: yours is divided again.", lambda p: p.var / p.n
                ),
                "absolute deviation for the standard one": Stead(
                    "Divide by the root of the averaged squares: yours averages the absolute deviations.",
                    lambda p: np.abs(p.x - p.centre).mean(axis=p.axes, keepdims=True) ** 2,
                ),
            },
        ),
        "power": Piece(
            lambda p: 0.5,
            {
                **_told(
                    in_root,
                    {"divided by the variance": lambda p: 1.0, "only the mean is removed": lambda p: 0.0},
                ),
                "root taken twice": Stead(
                    "Divide by the root of var + eps: yours takes the root of the root.", lambda p: 0.25
                ),
                "multiplied by the standard deviation": Stead(
                    "Divide by the root of var + eps: yours multiplies by it.", lambda p: -0.5
                ),
                "divided by the variance and the deviation": Stead(
                    "Divide by the root of var + eps once: yours divides by its third power.", lambda p: 1.5
                ),
                "divided by the variance twice": Stead(
                    "Divide by the root of var + eps: yours divides by the square of var + eps.",
                    lambda p: 2.0,
                ),
            },
        ),
        "epsilon": Piece(
            lambda p: p.eps,
            _told(
                in_root,
                {
                    "epsilon outside the root": lambda p: 1j * p.eps,
                    "no epsilon": lambda p: 0.0,
                    "epsilon added twice": lambda p: p.eps + 1j * p.eps,
                    "epsilon squared": lambda p: p.eps**2,
                    "epsilon hard-coded": lambda p: 1e-5,
                    **hard,
                },
            )
            | {
                "epsilon taken away": Stead(
                    "Epsilon is added to the variance, not taken away.", lambda p: -p.eps
                ),
                "epsilon hard-coded outside the root": Stead(
                    "Epsilon goes under the root, and it is the one that is given: yours is 1e-5, outside of the root.",
                    lambda p: 1e-5j,
                ),
                "twice epsilon under the root": Stead(
                    "Epsilon is added to the variance once.", lambda p: 2 * p.eps
                ),
            },
            two=True,
        ),
        "gamma": Piece(
            lambda p: p.gamma,
            _told(
                in_scale,
                {
                    "gamma forgotten": lambda p: 1.0,
                    "gamma applied twice": lambda p: p.gamma**2,
                    "gamma plus one": lambda p: 1 + p.gamma,
                    "gamma divides": lambda p: 1 / p.gamma,
                    "gamma and beta swapped": lambda p: p.beta,
                },
            ),
        ),
        "beta": Piece(
            lambda p: p.beta,
            _told(
                in_scale,
                {
                    "beta forgotten": lambda p: 0.0,
                    "beta subtracted": lambda p: -p.beta,
                    "gamma scales beta too": lambda p: p.gamma * p.beta,
                    "gamma and beta swapped": lambda p: p.gamma,
                },
            ),
        ),
    }  # fmt: skip


def _combined(
    x: np.ndarray,
    centre: np.ndarray,
    var: np.ndarray,
    power: np.ndarray,
    epsilon: np.ndarray,
    gamma: np.ndarray | float = 1.0,
    beta: np.ndarray | float = 0.0,
) -> np.ndarray:
    made: np.ndarray = gamma * (x - centre) / ((var + epsilon.real) ** power + epsilon.imag) + beta
    return made


def out_making(context: Callable[[Inputs], Normalised], parameters: str, *, scaled: bool = True) -> Making:
    """How a normaliser's output is made.

    Args:
        context: from a case's inputs, what it is made of.
        parameters: name of the dict that eps is read from.
        scaled: whether gamma and beta play a part; where they do not, the statistics are arguments.
    """
    every = pieces(parameters, OF_THE_OTHER_MODE if scaled else OF_THE_BATCH)
    taken = {name: piece for name, piece in every.items() if scaled or name not in ("gamma", "beta")}
    return Making(context, taken, _combined, shape=lambda p: p.x.shape)
