"""Each slip is rejected and told by its true name, and by no other."""

import pytest

from course.autograder import judge
from tests.judging.slips import every_slip
from tests.sharing import by_check, of_check

SLIPS = by_check(every_slip())
SEED = 5

pytestmark = pytest.mark.filterwarnings("ignore")


def is_rejected_and_has_its_true_name(slip):
    verdict = judge(slip.check, *slip.functions, seed=SEED)
    assert not verdict.passed
    assert set(verdict.misconceptions) == set(slip.named), verdict.text()
    assert slip.said in verdict.text()


@pytest.mark.slow
@pytest.mark.parametrize("check", [of_check(check, check) for check in SLIPS])
def test_each_slip_is_rejected_and_has_its_true_name(check, each):
    each(is_rejected_and_has_its_true_name, [(slip.about, (slip,)) for slip in SLIPS[check]])


def test_no_slip_is_left_out():
    assert sum(map(len, SLIPS.values())) == len(every_slip()) > 1600
