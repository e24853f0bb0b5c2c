"""Where a gradient is wrong because the forward pass under it is, that is said; nothing is earned or lost by it."""

import numpy as np
import pytest

from course.autograder import judge, list_checks
from course.autograder.checks import find_check
from course.autograder.judging import answers

pytestmark = pytest.mark.filterwarnings("ignore")
RESTING = [n for a in answers.assignments_with_a_bank() for n in list_checks(a) if find_check(n).rests_on]
# Its mask is read out of the forward pass's output, which therefore must be one; and dx does not depend on x.
READ = "dropout_backward"
COMPUTED = [name for name in RESTING if name != READ]
SAID = "own output is not right here either"


def functions_of(name):
    """The instructor's functions for a check, in its order."""
    check = find_check(name)
    functions = answers.functions_of(check.assignment)
    return [functions[function] for function in check.functions]


def told(verdict):
    return [f.advice for f in verdict.findings if not f.misconception]


def test_the_backward_passes_rest_on_their_forward_passes():
    assert len(RESTING) == 10
    for name in RESTING:
        check = find_check(name)
        assert check.rests_on.functions == check.functions[:1]


@pytest.mark.parametrize("name", COMPUTED)
def test_a_wrong_forward_under_a_right_backward_is_told(name):
    forward, backward = functions_of(name)
    verdict = judge(name, lambda x, *rest: forward(np.sin(3 * x), *rest), backward)
    assert not verdict.passed
    unnamed = [f for f in verdict.findings if not f.misconception and f.kind in ("value", "precision")]
    assert unnamed, "this forward pass should have spoilt something"
    assert all(SAID in f.advice and find_check(name).functions[0] in f.advice for f in unnamed)


@pytest.mark.parametrize("name", RESTING)
def test_a_wrong_backward_over_a_right_forward_is_not_blamed_on_it(name):
    forward, backward = functions_of(name)
    verdict = judge(name, forward, lambda *args: tuple(np.sin(g) for g in backward(*args)))
    assert not verdict.passed
    assert not any(SAID in advice for advice in told(verdict))


@pytest.mark.parametrize("name", COMPUTED)
@pytest.mark.parametrize(
    "out",
    [None, "text", np.nan, np.zeros(3), 1j * np.ones(2), np.zeros([1] * 20)],
    ids=["None", "text", "NaN", "another shape", "complex", "many axes"],
)
def test_the_forward_output_itself_neither_earns_nor_costs(name, out):
    forward, backward = functions_of(name)
    assert judge(name, lambda *args: (out, forward(*args)[1]), backward).passed


@pytest.mark.parametrize(
    "wrong",
    [
        lambda out, asked: out * 0.5,
        lambda out, asked: out * (1 - asked["p"]),
        lambda out, asked: out + 0.25 * (out != 0),
    ],
    ids=["halved", "never scaled", "shifted"],
)
def test_a_dropout_gradient_that_fits_its_own_wrong_forward_pass_is_told_so(wrong):
    forward, backward = functions_of(READ)
    factor = {}

    def wrong_forward(x, asked):
        out, cache = forward(x, asked)
        changed = wrong(out, asked)
        factor[id(cache)] = np.divide(changed, out, out=np.ones_like(out), where=out != 0)
        return changed, cache

    verdict = judge(READ, wrong_forward, lambda dout, cache: backward(dout, cache) * factor[id(cache)])
    assert not verdict.passed
    assert verdict.misconceptions == ("gradient of a forward pass that is wrong",), verdict.text()
