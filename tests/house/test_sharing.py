"""Tests of one group run in a row in one process, and all others where they stand."""

import pytest

from tests.sharing import in_a_row, of_check


class Item:
    def __init__(self, *marks: pytest.Mark) -> None:
        self.marks = marks

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next((mark for mark in self.marks if mark.name == name), None)


def test_a_group_runs_where_its_first_test_stands_and_nothing_is_lost() -> None:
    (one,), (other,) = (of_check(check).marks for check in ("one", "other"))
    a, b, c, d, e, f = (Item(*marks) for marks in ([], [one.mark], [], [other.mark], [one.mark], []))
    assert in_a_row([a, b, c, d, e, f]) == [a, b, e, c, d, f]
    assert in_a_row([]) == []
