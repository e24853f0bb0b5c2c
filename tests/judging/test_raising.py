"""An exception where none is wanted, and the mistake that it tells."""

from course.autograder.judging import judge
from course.autograder.judging.answers import functions_of


def taking(key):
    """A dropout_forward that looks a key up, without asking whether it is there."""

    def dropout_forward(x, dropout_param):
        dropout_param[key]
        return functions_of("ps2_dropout")["dropout_forward"](x, dropout_param)

    return dropout_forward


def test_a_setting_that_is_taken_for_granted_is_named_and_one_of_ones_own_is_not():
    found = judge("dropout_forward.test", taking("scaling"))
    (finding,) = found.findings
    assert finding.misconception == "absent setting taken for granted" and "KeyError" in finding.message
    assert finding.advice.startswith("dropout_param need not hold scaling")
    assert judge("dropout_forward.test", taking("ratio")).misconceptions == ()
