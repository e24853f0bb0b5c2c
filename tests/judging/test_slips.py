"""Each slip is rejected and told by its true name, and by no other."""

import pytest

from course.autograder import judge
from tests.judging.slips import every_slip
from tests.sharing import of_check

EACH = [
    of_check(slip.check, slip, id=f"{slip.check}: {slip.about}")
    for slip in sorted(every_slip(), key=lambda slip: slip.check)
]

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("slip", EACH)
def test_a_slip_is_rejected_and_has_its_true_name(slip):
    verdict = judge(slip.check, *slip.functions, seed=5)
    assert not verdict.passed
    assert set(verdict.misconceptions) == set(slip.named), verdict.text()
    assert slip.said in verdict.text()
