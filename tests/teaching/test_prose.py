"""What a lesson may claim of a comparison, and how it quotes what a program said."""

import numpy as np
import pytest

from course.teaching.prose import code, range_of, short, verdict


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        ([3, 4, 5], [0, 1, 2.9], "above"),
        ([0, 1], [2, 3], "below"),
        ([1, 2, 3], [3, 4, 5], "overlap"),  # they touch
        ([1, 5], [2, 3], "overlap"),  # one lies inside the other
        ([1.0], [1.0], "overlap"),
    ],
)
def test_a_difference_is_claimed_only_where_no_run_reaches_into_the_others_range(
    a: list[float], b: list[float], told: str
) -> None:
    assert verdict(np.array(a), np.array(b)) == told


def test_a_range_is_written_from_its_smallest_to_its_largest() -> None:
    assert range_of(np.array([0.5, 0.25, 1.0]), ".0%") == "25% to 100%"
    assert range_of(np.array([0.501, 0.502]), ".0%") == "50%", "one number where the two read alike"


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (90_000.0, 4, "90,000"),
        (16_118.3, 4, "16,120"),
        (2843.0, 3, "2,840"),
        (3.881e6, 3, "3.88e+06"),
        (np.float32(0.1), 4, "0.1"),
        (1e-8, 4, "1e-08"),
        (-1.22474, 4, "-1.225"),
        (float("nan"), 4, "nan"),
    ],
)
def test_a_number_is_short_and_no_power_of_ten_where_it_need_not_be(
    value: float, digits: int, shown: str
) -> None:
    assert short(value, digits) == shown


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("MaxPool2D.__init__() got *it*", "`MaxPool2D.__init__() got *it*`"),
        ("say `x`!", "``say `x`!``"),
        ("`x`", "`` `x` ``"),
        (ValueError("no"), "`no`"),
    ],
)
def test_what_a_program_said_is_quoted_as_code(words: object, quoted: str) -> None:
    assert code(words) == quoted
