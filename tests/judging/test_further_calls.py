"""What comes of a further call is called by words, and a gradient that is asked for twice tells of its cache."""

import pytest

from course.autograder import judge
from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import perform
from course.autograder.checks.language.spent import SPENT
from course.autograder.judging.answers import functions_of
from course.autograder.judging.deciding import judge_with
from course.autograder.judging.seal import ENDING
from course.autograder.judging.sealed import SealedBank
from tests.judging.slips.second_calls import BACKWARD, taken_out, with_cache

pytestmark = pytest.mark.filterwarnings("ignore")
DROPOUT = functions_of("ps2_dropout")
ASKED_ONCE = {"dropout_backward": "again"}  # has an output of its own for the second call


def same_coins(shape, p, rng):
    return type(rng)(type(rng.bit_generator)(5)).random(shape) >= p


def test_what_further_draws_give_is_called_by_words():
    verdict = judge("dropout_mask.generator", same_coins)
    assert "the second draw's mask: " in verdict.text() and "second:" not in verdict.text()
    assert "the second draw&#39;s mask: <b>" in verdict.html()
    for name in list_checks("ps2_dropout"):
        check = find_check(name)
        ours = {"second", "again", "other", "later_out", "later_dx", "third_out"} & set(check.wanted)
        assert all(" " in check.called[path] for path in ours), name


def test_what_is_right_already_is_called_so_too():
    last = judge("dropout_mask.generator", same_coins).text().splitlines()[-1]
    assert last == "  Right already: the mask of a generator with the same seed."


def changing(calls):
    """Dropout that changes its input in some of its calls, counted from 0."""
    count = -1

    def dropout_forward(x, dropout_param):
        nonlocal count
        count += 1
        found = DROPOUT["dropout_forward"](x, dropout_param)
        if count % 17 in calls:
            x *= 2
        return found

    return dropout_forward


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        (range(17), "The input x is changed by your function."),
        ((1,), "The input x is changed by your function in its second call."),
        ((4, 5), "The input x is changed by your function in its fifth call."),
        ((9,), "The input x is changed by your function in its later call."),
    ],
)
def test_an_input_of_a_later_call_is_called_by_its_name_and_its_call(calls, told):
    text = judge("dropout_forward.train", changing(calls)).text()
    assert told in text and "x2" not in text and "x5" not in text and "x10" not in text


@pytest.mark.parametrize("name", BACKWARD)
def test_every_backward_check_asks_one_case_twice_and_calls_it_a_corner(name):
    check = find_check(name)
    (case,) = (case for case in check.cases + check.hidden if case.tells)
    assert case.tells == SPENT[0] and case.tells in {m.name for m in check.misconceptions}
    assert sum(step.function == check.functions[-1] for step in case.steps) == 2
    assert [corner.share for corner in check.corners if case.name in corner.cases] == [0.15]


def test_no_backward_check_is_left_out():
    asked = {
        name
        for name in list_checks()
        if any("dout" in getattr(s, "arguments", ()) for s in find_check(name).steps)
    }
    assert asked - set(ASKED_ONCE) == set(BACKWARD) and len(BACKWARD) == 10  # fmt: skip


@pytest.mark.slow
def test_a_used_up_cache_has_its_name_and_its_price_in_a_release_as_well(tmp_path, sealed_file):
    (tmp_path / f"ps1_batchnorm{ENDING}").write_bytes(sealed_file("ps1_batchnorm"))
    bank, functions = SealedBank(tmp_path), functions_of("ps1_batchnorm")
    check = bank.find("batchnorm_backward")
    forward, backward = (functions[one] for one in check.functions)
    given = with_cache(forward, lambda cache: [cache]), taken_out(backward)
    by_name = dict(zip(check.functions, given, strict=True))
    verdict = judge_with(
        check,
        lambda steps, inputs, wanted: perform(steps, inputs, wanted, by_name),
        questions=lambda index: bank.question(check, index),
    )
    assert verdict.misconceptions == (SPENT[0],) and verdict.points == 10.2
