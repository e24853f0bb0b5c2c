"""Follow-up marks in a grading run: few more questions, and a verdict that stands whatever becomes of the process."""

import pytest

from course.autograder.checks import find_check
from course.autograder.engine.engine import Engine, RunResult
from course.autograder.engine.further import MOST, Further
from course.autograder.judging.rules import Rules
from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT
from tests.engine.answered import answered, asked

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("engine"),
]
CHECK = "batchnorm_backward"
# Epsilon 0.1 too large, and the gradient of just that.
FORWARD = """
calls = 0
def batchnorm_forward(x, gamma, beta, bn_param):
    global calls
    calls += 1
    {then}
    x_hat = (x - x.mean(0)) / (root := np.sqrt(x.var(0) + bn_param.get("eps", 1e-5) + 0.1))
    return gamma * x_hat + beta, (x_hat, root, gamma)
"""
BACKWARD = """
def batchnorm_backward(dout, cache):
    x_hat, root, gamma = cache
    g = gamma * dout
    return (g - g.mean(0) - x_hat * (g * x_hat).mean(0)) / root, (dout * x_hat).sum(0), dout.sum(0)
"""
CASES = 2 * len(find_check(CHECK).cases + find_check(CHECK).hidden)  # calls of the forward pass


def run(grader: Engine, then: str = "pass", rules: Rules | None = None) -> RunResult:
    made = answered(FORWARD.format(then=then), BACKWARD, asked(CHECK), "print(calls)")
    return grader.run(made, assignment=ASSIGNMENT, student_seed=3, rules=rules)


@pytest.mark.slow
def test_the_gradient_of_ones_own_forward_pass_earns_its_share(grader: Engine) -> None:
    result = run(grader, "print('asked')")
    assert result.ledger[CHECK].points == pytest.approx(12 * (4 * 0.8 + 1) / 5)
    assert "Follow-up marks: dx, dgamma" in result.notebook.cells[3].outputs[0].data["text/plain"]
    assert CASES < int(result.notebook.cells[4].outputs[0].text) < MOST
    assert result.notebook.cells[3].outputs[-1].text.count("asked") == CASES, (
        "what is asked again says nothing again"
    )


def test_switched_off_nothing_more_is_asked(grader: Engine) -> None:
    result = run(grader, rules=Rules(own_gradient=0, stand_ins=False))
    assert result.ledger[CHECK].points == pytest.approx(12 / 5) and not result.ledger[CHECK].follow_up
    assert int(result.notebook.cells[4].outputs[0].text) == CASES


def test_what_was_earned_stands_where_the_process_is_lost_at_a_further_question(
    grader: Engine,
) -> None:
    result = run(grader, f"if calls > {CASES + 5}: __import__('os')._exit(1)")
    assert result.ledger[CHECK].points == pytest.approx(12 / 5) and result.restarts == 1
    assert result.ledger[CHECK].text() == result.notebook.cells[3].outputs[0].data["text/plain"]


def test_a_function_that_takes_long_is_not_asked_more() -> None:
    """Where the cases took so long that more would use up the cell's time, or where there are too many questions."""
    slow = Further(None, find_check(CHECK), 0.16, lambda: 0.0, 6.0)  # type: ignore[arg-type]
    assert slow([((), {}, ())]) == []
    quick = Further(None, find_check(CHECK), 0.0, lambda: 0.0, 6.0)  # type: ignore[arg-type]
    assert quick([((), {}, ())] * (MOST + 1)) == []
