"""What is taken for a mean or put in another order by those who normalise otherwise: tables for layer and group norm."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language import Arrays, Inputs, Mistake
from course.autograder.checks.language.wrong import Wrong, instead

Moment = Callable[[np.ndarray], np.ndarray]
Beside = Callable[[Moment, Moment], Wrong]  # from a mean and a variance of the values

# The mistake's name, its name where the variance is taken around that value as well, what is said, and the value.
CENTRES: tuple[tuple[str, str, str, Any], ...] = (
    (
        "largest value for mean",
        "largest value for mean, in the variance too",
        "You subtract the largest value; what is subtracted is the mean.",
        np.max,
    ),
    (
        "smallest value for mean",
        "smallest value for mean, in the variance too",
        "You subtract the smallest value; what is subtracted is the mean.",
        np.min,
    ),
    (
        "sum for mean",
        "sum for mean, in the variance too",
        "You subtract the sum; what is subtracted is the mean.",
        np.sum,
    ),
)


def other_centres(beside: Beside, axes: tuple[int, ...]) -> dict[str, Mistake]:
    """The mistakes of those who take another value for the mean, and those whose variance is taken around it as well."""
    made = {}
    for name, too, told, take in CENTRES:

        def centre(x: np.ndarray, take: Any = take) -> np.ndarray:
            return np.asarray(take(x, axis=axes, keepdims=True))

        def spread(x: np.ndarray) -> np.ndarray:
            return np.asarray(x.var(axis=axes, keepdims=True))

        def around(x: np.ndarray, centre: Moment = centre) -> np.ndarray:
            return np.asarray(((x - centre(x)) ** 2).mean(axis=axes, keepdims=True))

        made[name] = Mistake(told, beside(centre, spread))
        made[too] = Mistake(told, beside(centre, around))
    return made


def out_of_order(
    reference: Callable[[Inputs], Arrays], parameters: Callable[[Inputs, str], np.ndarray]
) -> dict[str, Mistake]:
    """The mistakes of those who do the right steps in another order, or one of them twice.

    Args:
        reference: the forward pass.
        parameters: gamma or beta of a case, by its name, as it is laid along x.
    """

    def plain(i: Inputs) -> Inputs:
        return {**i, "gamma": np.ones_like(i["gamma"]), "beta": np.zeros_like(i["beta"])}

    def before(i: Inputs) -> Arrays:
        return reference({**plain(i), "x": parameters(i, "gamma") * i["x"] + parameters(i, "beta")})

    return {
        "gamma and beta before normalising": Mistake(
            "Normalise x first: gamma and beta come last, or the normalising takes them away again.", before
        ),
        "normalised twice": Mistake(
            "You normalise what is normalised already: once is enough.",
            instead(reference, x=lambda i: reference(plain(i))["out"]),
        ),
    }
