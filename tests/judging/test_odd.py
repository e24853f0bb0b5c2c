"""A right answer earns everything, however odd its style."""

from collections import Counter

import pytest

from course.autograder import judge
from course.autograder.checks import find_check
from tests.judging.odd import every_odd_one
from tests.sharing import by_check, of_check

ODD = by_check(every_odd_one())
SEED = 3  # as mutants in single precision have it, so that what is right is asked once

pytestmark = pytest.mark.filterwarnings("ignore")


def earns_everything(odd):
    verdict = judge(odd.check, *odd.functions, seed=SEED)
    assert verdict.passed and verdict.points == verdict.max_points, verdict.text()


@pytest.mark.parametrize("check", [of_check(check, check) for check in ODD])
def test_each_odd_right_answer_earns_everything(check, each):
    each(earns_everything, [(odd.about, (odd,)) for odd in ODD[check]])


def test_there_are_forty_for_each_assignment():
    counted = Counter(find_check(odd.check).assignment for odd in every_odd_one())
    assert counted.total() == sum(map(len, ODD.values()))
    assert min(counted.values()) >= 40 and len(counted) == 4, counted
