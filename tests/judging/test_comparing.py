"""Near enough or not, where values are huge, infinite, or no numbers."""

import numpy as np
import pytest

from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.comparing import difference, near

TOLERANCE = Tolerance(1e-6, 1e-10)
WANTED = np.array([1.0, -2.0, 300.0])


def changed(values, index, value):
    made = values.copy()
    made[index] = value
    return made


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_must_be_met_and_lets_nothing_else_through(odd):
    wanted = changed(WANTED, 1, odd)
    assert near(wanted.copy(), wanted, TOLERANCE)
    for wrong in (
        changed(wanted, 0, 1.1),
        changed(wanted, 1, 5.0),
        changed(wanted, 1, -odd if odd == odd else np.inf),
    ):
        assert not near(wrong, wanted, TOLERANCE)
        assert difference(wrong, wanted, TOLERANCE).outside == 1
    assert difference(WANTED, wanted, TOLERANCE).index == (1,)


def test_a_value_that_is_not_finite_where_a_number_is_wanted_is_the_worst():
    found = difference(changed(WANTED, 2, np.nan), WANTED, TOLERANCE)
    assert (found.index, found.largest, found.outside) == ((2,), np.inf, 1)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3)])
def test_every_shape_is_compared(shape):
    wanted = np.full(shape, 4.0)
    assert near(wanted + 1e-7, wanted, TOLERANCE)
    assert near(wanted + 1e-4, wanted, TOLERANCE) == (wanted.size == 0)


def test_zeros_are_held_to_the_size_of_the_rest():
    assert near(np.array([1e-9, 300.0]), np.array([0.0, 300.0]), TOLERANCE)
    assert not near(np.array([1e-9, 3.0]), np.array([0.0, 3.0]), TOLERANCE)


def test_whether_and_where_are_one_answer():
    """`near` says no as soon as that is plain; whoever asks where must be told the same of any numbers."""
    rng, odd = np.random.default_rng(4), (np.nan, np.inf, -np.inf, 0.0, 1e-9, 1e300)
    seen = set()
    for _ in range(3000):
        wanted = rng.normal(size=5) * 10.0 ** rng.integers(-12, 12)
        got = wanted * (1 + rng.choice([0.0, 1e-9, 9e-7, 1.1e-6, 1e-3]) * rng.normal(size=5))
        got = got + rng.choice([0.0, 5e-9, 1.1e-8, 1.0]) * rng.choice([0, 1], size=5)
        for array in (got, wanted):
            if rng.random() < 0.3:
                array[rng.integers(5)] = rng.choice(odd)
        answer = near(got, wanted, Tolerance(1e-6, 1e-8))
        assert answer == (difference(got, wanted, Tolerance(1e-6, 1e-8)) is None), (got, wanted)
        seen.add((answer, bool(np.isfinite(got).all())))
    assert len(seen) == 4
