"""Batch norm's dx with one of its two averages over the wrong values, the other being right.

Two of them together are looked for as two mistakes, which add up.
"""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm.gradient_parts import Parts, PartsOf, dx_by
from course.autograder.checks.language import Mistake

Take = Callable[[np.ndarray, Parts], np.ndarray]

# By what the average runs over in place of the samples: the average itself, from what is averaged.
TAKEN: dict[str, Take] = {
    "the features": lambda value, p: value.mean(axis=1, keepdims=True),
    "all values": lambda value, p: np.full_like(value, value.mean()),
    "all values, divided by n": lambda value, p: np.full_like(value, value.sum() / p.n),
}


def averages(parts: PartsOf) -> dict[str, Mistake]:
    """The average of dout, and that of dout * x_hat, over other values, gamma inside of them.

    Args:
        parts: of a case whose x is [N, D].
    """
    advice = "Both averages in dx run over the samples of one feature: name axis 0."

    def of_the_mean(take: Take) -> Mistake:
        return Mistake(advice, dx_by(parts, lambda p: p.g - take(p.g, p) + p.by_var))

    def of_the_variance(take: Take) -> Mistake:
        return Mistake(advice, dx_by(parts, lambda p: p.g + p.by_mean - p.x_hat * take(p.g * p.x_hat, p)))

    def of_the_centred(take: Take) -> Mistake:
        return Mistake(
            advice, dx_by(parts, lambda p: p.g + p.by_var - p.sd * take((p.g + p.by_var) / p.sd, p))
        )

    of_two = (("of dout", of_the_mean), ("of dout * x_hat", of_the_variance))
    of_all = ("of what x - mean gets", of_the_centred)  # its share by the variance is 0 where all are summed
    return {
        f"average {which} over {what}": make(take)
        for what, take in TAKEN.items()
        for which, make in (of_two if "divided" in what else (*of_two, of_all))
    }
