"""A layer whose mask can be read out of its output: sums that tell which of their terms are there.

The inputs are drawn so that the terms x[n, d] * w[d, k] of one output are superincreasing: each is larger than all the
smaller ones together. A sum of some of them then tells which (a knapsack that can be undone).
"""

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.draws import Generator

# Of one term over the next smaller: (1.05 ** 2) / (GROWTH - 1) < 1 makes every sum of terms unique.
GROWTH = 2.3


def connections(r: Generator, n: int, d: int, m: int, dtype: str) -> Inputs:
    """x [n, d], w [d, m] and b (m,) whose terms are superincreasing, of either sign, in shuffled order."""
    sizes = GROWTH ** r.permutation(d + 1)
    signs = r.choice([-1.0, 1.0], size=(d + 1, m))
    table = sizes[:, None] * signs * r.uniform(1, 1.05, size=(d + 1, m))
    x = r.choice([-1.0, 1.0], size=(n, d)) * r.uniform(1, 1.05, size=(n, d))
    return {"x": x.astype(dtype), "w": table[:d].astype(dtype), "b": table[d].astype(dtype)}


def terms(i: Inputs) -> np.ndarray:
    """What each connection adds to its output if it is there: [N, D + 1, M], the bias last."""
    ones = np.ones((len(i["x"]), 1))
    rows = np.concatenate([i["w"], i["b"][None]]).astype(np.float64)
    return np.concatenate([i["x"], ones], axis=1)[:, :, None] * rows[None]


def readable(p: float) -> tuple[tuple[float, float], ...]:
    """Factors (of the connections, of the bias) that an answer may have been scaled by."""
    right = 1 / (1 - p)
    plain = (right, 1.0, 1 / p, right**2, 1 - p, right**0.5, 1 + p)
    return (*((f, f) for f in plain), *((f, 1.0) for f in plain if f != 1.0))
