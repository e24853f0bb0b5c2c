"""What a lesson may claim of a comparison, and how it quotes what a program said."""

import numpy as np
import pytest

from course.teaching.prose import code, range_of, verdict


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
