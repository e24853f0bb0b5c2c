"""Of many answers tried in one test each is tried, each that fails is told, and to try none is a failure."""

import pytest

from tests.each import try_each
from tests.processor_time import ANSWERS


def is_even(number: int) -> None:
    assert number % 2 == 0, f"{number} is odd"


def test_every_one_that_fails_is_told_by_its_name_and_the_others_are_tried_too() -> None:
    seen = []

    def hold(number: int) -> None:
        seen.append(number)
        if number == 4:
            raise KeyError("four")
        is_even(number)

    with pytest.raises(AssertionError) as told:
        try_each(hold, [(f"number {k}", (k,)) for k in range(6)])
    assert seen == list(range(6))
    text = str(told.value)
    assert text.startswith("4 of 6 failed") and "number 2" not in text
    assert "[number 1] 1 is odd" in text and "[number 5] 5 is odd" in text
    assert "[number 4] Traceback" in text and "KeyError: 'four'" in text


def test_none_tried_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="nothing was tried"):
        try_each(is_even, [])


def test_how_many_were_tried_goes_into_the_report(each, request) -> None:
    each(is_even, [("two", (2,)), ("four", (4,))])
    assert (ANSWERS, 2) in request.node.user_properties
