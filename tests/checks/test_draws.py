"""What is drawn in fewer steps is what numpy's own functions would have drawn: cases stay the same, to the bit."""

import numpy as np
import pytest

from course.autograder.checks.language.draws import away_from_zero, batch


@pytest.mark.parametrize("shape", [3, (4, 1), (2, 3, 1, 1), (0,)])
def test_signs_are_those_that_choice_would_draw(shape):
    ours, theirs = np.random.default_rng(5), np.random.default_rng(5)
    size = theirs.uniform(0.5, 2.0, size=shape)
    assert np.array_equal(
        away_from_zero(ours, shape, 0.5, 2.0), size * theirs.choice([-1.0, 1.0], size=shape)
    )
    assert ours.bit_generator.state == theirs.bit_generator.state


@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 7), (3, 2, 5, 4), (1, 5)])
def test_a_batch_is_standardised_as_mean_and_std_would_do_it(shape):
    ours, theirs = np.random.default_rng(7), np.random.default_rng(7)
    x, axes = theirs.normal(size=shape), (0, *range(2, len(shape)))
    if shape[0] > 1:
        x = (x - x.mean(axis=axes, keepdims=True)) / x.std(axis=axes, keepdims=True)
    by_feature = (shape[1],) + (1,) * (len(shape) - 2)
    spread = theirs.uniform(0.75, 1.35, size=by_feature)
    wanted = x * spread + away_from_zero(theirs, by_feature, 0.3, 1.2)
    assert batch(ours, shape).tobytes() == wanted.tobytes()
