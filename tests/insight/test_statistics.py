"""Against values worked out by hand."""

import math

import numpy as np
import pytest

from course.autograder.insight.statistics import (
    alpha,
    correlation,
    difficulty,
    discrimination,
    rank_correlation,
    spread,
)

# Four students, two questions of one point: the variances are 1/4 and 1/3, that of the sums 1, 2, 0, 2 is 11/12.
FOUR = np.array([[1, 0], [1, 1], [0, 0], [1, 1]], float)
Z = 1.959964  # the normal distribution's 97.5% point
F33 = 15.4392  # the 97.5% point of F with 3 and 3 degrees of freedom, as tables have it


def test_five_numbers():
    five = spread(np.array([4.0, 1, 3, 2]))
    assert (five.least, five.lower_quartile, five.median, five.upper_quartile, five.most) == (
        1,
        1.75,
        2.5,
        3.25,
        4,
    )
    assert five.count == 4
    assert spread(np.empty(0)) is None


def test_difficulty_is_the_mean_share():
    assert difficulty(np.array([0, 5, 10.0]), 10) == 0.5
    assert math.isnan(difficulty(np.array([0.0]), 0))


def test_point_biserial_with_fishers_interval():
    r = correlation(FOUR[:, 0], FOUR[:, 1])
    assert r.value == pytest.approx(0.5 / math.sqrt(0.75 * 1))
    z = 0.5 * math.log((1 + r.value) / (1 - r.value))
    assert (r.low, r.high) == pytest.approx((math.tanh(z - Z), math.tanh(z + Z)), abs=1e-6)  # n - 3 is 1


def test_discrimination_leaves_the_question_itself_out():
    three = np.column_stack([FOUR, FOUR[:, 1]])
    rest = FOUR[:, 1] * 2
    assert discrimination(three, 0).value == pytest.approx(np.corrcoef(FOUR[:, 0], rest)[0, 1])


def test_a_question_that_goes_against_the_rest_lies_below_zero_as_a_whole():
    skill = np.arange(30.0)
    points = np.column_stack([skill, skill + np.sin(skill), -skill + 3 * np.cos(skill)])
    assert discrimination(points, 2).below_zero
    assert not discrimination(points, 0).below_zero
    assert not discrimination(points[:5, [0, 2]], 1).above_zero


def test_cronbachs_alpha_with_feldts_interval():
    found = alpha(FOUR)
    assert found.value == pytest.approx(2 * (1 - (1 / 4 + 1 / 3) / (11 / 12)))
    left = 1 - found.value
    assert (found.low, found.high) == pytest.approx((1 - left * F33, 1 - left / F33), abs=1e-4)


def test_alpha_of_what_goes_against_itself_is_negative():
    assert alpha(np.array([[1, 0], [0, 1], [1, 0.5]])).value < 0


def test_rank_correlation_with_bonett_and_wrights_interval():
    one, other = np.array([1, 2, 3, 4, 5.0]), np.array([2, 1, 4, 3, 5.0])
    rho = rank_correlation(one, other)  # 1 - 6 (1 + 1 + 1 + 1 + 0) / (5 (25 - 1))
    assert rho.value == pytest.approx(0.8)
    half = Z * math.sqrt((1 + 0.8**2 / 2) / 2)
    bounds = math.tanh(math.atanh(0.8) - half), math.tanh(math.atanh(0.8) + half)
    assert (rho.low, rho.high) == pytest.approx(bounds, abs=1e-6)


@pytest.mark.parametrize("ask", [correlation, rank_correlation])
def test_nothing_is_said_where_nothing_varies_or_few_are(ask):
    same, other = np.ones(5), np.arange(5.0)
    assert ask(same, other) is ask(other, same) is ask(other[:2], other[:2]) is None
    three = ask(other[:3], np.array([1.0, 3, 2]))
    assert math.isnan(three.low) and not three.below_zero


def test_alpha_is_not_defined_without_two_of_each_and_sums_that_differ():
    assert alpha(FOUR[:1]) is alpha(FOUR[:, :1]) is alpha(np.array([[1, 0], [0, 1.0]])) is None
