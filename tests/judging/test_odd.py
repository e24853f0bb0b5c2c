"""A right answer earns everything, however odd its style."""

from collections import Counter

import pytest

from course.autograder import judge
from course.autograder.checks import find_check
from tests.judging.odd import every_odd_one
from tests.sharing import of_check

ODD = sorted(every_odd_one(), key=lambda odd: odd.check)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("odd", [of_check(odd.check, odd, id=f"{odd.check}: {odd.about}") for odd in ODD])
def test_an_odd_right_answer_earns_everything(odd):
    verdict = judge(odd.check, *odd.functions, seed=3)
    assert verdict.passed and verdict.points == verdict.max_points, verdict.text()


def test_there_are_forty_for_each_assignment():
    counted = Counter(find_check(odd.check).assignment for odd in ODD)
    assert min(counted.values()) >= 40 and len(counted) == 4, counted
