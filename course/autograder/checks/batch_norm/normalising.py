"""The mistakes of every normaliser's forward pass: in the root, in the centre, in gamma and beta, in the defaults."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.language import Mistake
from course.autograder.checks.language.wrong import Wrong, where

OTHERS = (1e-3, 1e-6, 1e-8)  # that students take for epsilon, whatever comes


def normalising(out: Callable[..., Wrong], parameters: str) -> dict[str, Mistake]:
    """The mistakes that the `Switches` of `variants` stand for.

    Args:
        out: makes the wrong answer from the switches.
        parameters: name of the dict that eps is read from.
    """
    return {
        "unbiased variance in normalising": Mistake(
            "You normalise by the variance divided by n - 1; it is the biased one, divided by n.",
            out(unbiased=True),
        ),
        **rooted(out, parameters),
        **scaling(out),
    }


def rooted(out: Callable[..., Wrong], parameters: str) -> dict[str, Mistake]:
    """The mistakes in what is subtracted and what is divided by."""
    return {
        "epsilon outside the root": Mistake(
            "You add epsilon after taking the root; it goes beside the variance, under the root.",
            out(eps="outside"),
        ),
        "no epsilon": Mistake(
            "Epsilon is missing, or far too small to be seen: add the eps that is given to the variance under the root.",
            out(eps="none"),
        ),
        "epsilon added twice": Mistake(
            "You add epsilon under the root and once more outside it; it goes under the root alone.",
            out(eps="twice"),
        ),
        "epsilon squared": Mistake("You add the square of epsilon; add epsilon itself.", out(eps="squared")),
        "epsilon for the smallest variance": Mistake(
            "Epsilon is added to every variance; you only put it in where the variance is smaller.",
            out(eps="floor"),
        ),
        "epsilon hard-coded": Mistake(
            f"You use 1e-5 whatever comes: read eps from {parameters}; 1e-5 is for when it is absent.",
            out(eps=1e-5),
        ),
        **{
            f"epsilon hard-coded as {value:g}": Mistake(
                f"You use {value:g} whatever comes: read eps from {parameters}.", out(eps=value)
            )
            for value in OTHERS
        },
        "divided by the variance": Mistake(
            "You divide by the variance; divide by its square root.", out(root=False)
        ),
        "variance squared": Mistake(
            "Under the root stands the variance itself, which is a square already.", out(var_squared=True)
        ),
        "mean added": Mistake("You add the mean; normalising takes it away.", out(mean_added=True)),
        "mean not subtracted": Mistake(
            "The mean is still in there: subtract it before dividing.", out(centred=False)
        ),
        "only the mean is removed": Mistake(
            "You subtract the mean and do not divide by the standard deviation.", out(divided=False)
        ),
        "sign reversed": Mistake(
            "x comes first: it is x minus the mean, not the mean minus x.", out(sign=-1.0)
        ),
    }


def zero_epsilon(out: Callable[..., Wrong], parameters: str) -> dict[str, Mistake]:
    """The mistake of one who asks whether epsilon is true: `or` takes a 0 for an absent one."""
    return {
        "an epsilon of 0 taken for none": Mistake(
            "An epsilon of 0 is one like any other: ask whether the key is there, not whether its value is true.",
            where(lambda i: i[parameters].get("eps") == 0, out(eps=1e-5)),
        )
    }


def apart(out: Callable[..., Wrong]) -> dict[str, Mistake]:
    """The mistakes of one who takes the root, or the reciprocal, of one of the two summands alone."""
    return {
        "roots taken apart": Mistake(
            "You take the root of the variance and the root of epsilon; take one root, of their sum.",
            out(eps="roots"),
        ),
        "root of epsilon alone": Mistake(
            "Only epsilon stands under your root: put brackets round the sum of variance and epsilon.",
            out(eps="bracketless"),
        ),
        "root of the deviation": Mistake(
            "You take the root of the deviation once more: one root is taken, of the variance with epsilon beside it.",
            out(eps="deviation"),
        ),
        "epsilon added to the reciprocal": Mistake(
            "You add epsilon to 1 / root; it goes beside the variance, under the root.",
            out(eps="reciprocal"),
        ),
        "epsilon beside the variance's reciprocal": Mistake(
            "Under your root stands 1 / var + eps; it is 1 / (var + eps).",
            out(eps="inverse"),
        ),
    }


# Batch norm in test mode is x * factor + shift, with factor = gamma / sd: the shift got wrong, from the running mean,
# factor, sd and beta.
Shift = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
SHIFTS: dict[str, tuple[str, Shift]] = {
    "gamma missing at the mean": (
        "The mean is divided by the deviation and multiplied by gamma, as x is; yours has no gamma.",
        lambda mean, factor, sd, beta: beta - mean / sd,
    ),
    "mean scaled by gamma alone": (
        "The mean is multiplied by gamma and divided by the deviation, as x is; yours is not divided.",
        lambda mean, factor, sd, beta: beta - factor * sd * mean,
    ),
    "mean scaled twice": (
        "beta and the scaled mean are complete: the factor multiplies neither of them once more.",
        lambda mean, factor, sd, beta: factor * (beta - factor * mean),
    ),
}


def spreads(out: Callable[..., Wrong]) -> dict[str, Mistake]:
    """The mistakes of those who divide by another spread of the values, epsilon beside it."""
    told = "Divide by the root of the mean of the squared deviations, with epsilon under it; yours is {}."
    listed = {
        "mean absolute deviation for the standard deviation": ("absolute", "the mean distance from the mean"),
        "range for the standard deviation": ("range", "the distance from the smallest value to the largest"),
        "largest magnitude for the standard deviation": ("largest", "the largest magnitude"),
    }
    return {
        "epsilon times the variance": Mistake(
            "Epsilon is ADDED to the variance: it must be there where the variance is 0.", out(eps="relative")
        ),
        **{
            name: Mistake(told.format(what), out(spread=spread, eps="outside"))
            for name, (spread, what) in listed.items()
        },
    }


def scaling(out: Callable[..., Wrong]) -> dict[str, Mistake]:
    """The mistakes in gamma and beta."""
    return {
        "gamma forgotten": Mistake("gamma is not used: scale x_hat by it.", out(gamma="forgotten")),
        "beta forgotten": Mistake("beta is not used: add it at the end.", out(beta="forgotten")),
        "gamma and beta forgotten": Mistake(
            "This is x_hat: scale it by gamma and add beta.", out(gamma="forgotten", beta="forgotten")
        ),
        "gamma applied twice": Mistake("gamma multiplies once; yours multiplies twice.", out(gamma="twice")),
        "gamma scales beta too": Mistake(
            "You add beta before multiplying by gamma; scale first, then shift.", out(gamma="over beta")
        ),
        "beta subtracted, then scaled by gamma": Mistake(
            "Scale first, then ADD beta: yours takes it away before multiplying by gamma.",
            out(gamma="over beta", beta="subtracted"),
        ),
        "gamma divides": Mistake("gamma multiplies x_hat; you divide by it.", out(gamma="divides")),
        "gamma plus one": Mistake(
            "x_hat is multiplied by gamma itself, not by 1 + gamma.", out(gamma="plus one")
        ),
        "beta subtracted": Mistake("beta is added, not taken away.", out(beta="subtracted")),
        "gamma and beta swapped": Mistake(
            "gamma multiplies and beta is added; you have it the other way round.", out(gamma="exchanged")
        ),
    }
