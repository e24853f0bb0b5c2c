"""Every check kills its listed mutants, names them, and passes the reference itself."""

from itertools import pairwise

import numpy as np
import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.plain import REFUSED, Problem
from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import overlay
from course.autograder.checks.language.stand_ins import input_arrays
from course.autograder.checks.language.tolerances import EXACT
from course.autograder.judging import judge_with, question
from tests.sharing import of_check

SEEDS = range(6)
# A wrong answer is compared with every mistake that its check knows, so this costs as the square of their number.
SEEDS_OF_MUTANTS = {None: (0, 1), "float32": (3,)}
CHECKS = list_checks()


def of_whole_numbers(name):
    """Whether all that is asked for are whole numbers: these have one precision."""
    return all(output.tolerances is EXACT for output in find_check(name).outputs)


EACH_CHECK = [of_check(name, name) for name in CHECKS]


def mutants(name):
    """By its name each mistake of a check, in each precision and with each seed that it is tried with."""
    for dtype in (None,) if of_whole_numbers(name) else (None, "float32"):
        for seed in SEEDS_OF_MUTANTS[dtype]:
            for mistake in find_check(name).misconceptions:
                yield (
                    f"{mistake.name}, {dtype or 'float64'}, seed {seed}",
                    (name, seed, mistake.name, dtype),
                )


def answer(check_name, seed, change=None, dtype=None):
    """A verdict on outputs made without any student: the reference's, with one misconception laid over them."""
    check = find_check(check_name)
    asked = iter(range(len(check.cases + check.hidden)))

    def ask(steps, inputs, wanted):
        q = question(check_name, next(asked), seed)
        outputs = overlay(q.right, q.wrong[change]) if change else dict(q.right)
        if q.case.raises and all(outputs[k] is q.right[k] for k in wanted if k in outputs):
            return Reply(problem=Problem("raised", f"raised {q.case.raises}", (q.case.raises,)))
        if any(outputs[k] is REFUSED for k in wanted if k in outputs):
            return Reply(problem=Problem("raised", "raised ValueError", ("ValueError",)))
        if dtype:
            outputs = {k: a.astype(dtype) if a.dtype.kind == "f" else a for k, a in outputs.items()}
        return Reply({k: outputs[k] for k in wanted if k in outputs})  # and no input is changed

    return judge_with(check, ask, seed=seed)


@pytest.mark.parametrize("name", EACH_CHECK)
def test_reference_passes_its_own_check(name, each):
    def passes(dtype, seed):
        verdict = answer(name, seed, dtype=dtype)
        assert verdict.passed, verdict.text()

    each(passes, [(f"{t or 'float64'}, seed {s}", (t, s)) for s in SEEDS for t in (None, "float32")])


def is_rejected_and_named(name, seed, mistake, dtype):
    verdict = answer(name, seed, mistake, dtype)
    assert not verdict.passed
    assert verdict.points < verdict.max_points
    assert mistake in verdict.misconceptions, verdict.text()


@pytest.mark.slow
@pytest.mark.parametrize("name", [of_check(name, name) for name in CHECKS if find_check(name).misconceptions])
def test_each_misconception_is_rejected_and_named(name, each):
    each(is_rejected_and_named, mutants(name))


@pytest.mark.parametrize("name", EACH_CHECK)
def test_misconceptions_have_unique_names_and_one_sentence_of_advice(name):
    misconceptions = find_check(name).misconceptions
    names = [m.name for m in misconceptions]
    assert len(set(names)) == len(names)
    for m in misconceptions:
        assert m.advice.endswith(".") and 15 < len(m.advice) < 200, m.advice
        assert m.name == m.name.strip() and len(m.name) < 60


@pytest.mark.parametrize("name", EACH_CHECK)
def test_cases_depend_on_the_seed_and_on_nothing_else(name):
    check, draw = find_check(name), question.__wrapped__  # anew each time
    for index in range(len(check.cases + check.hidden)):
        first = input_arrays(draw(name, index, 5).values)
        again = input_arrays(draw(name, index, 5).values)
        other = input_arrays(draw(name, index, 6).values)
        assert all(np.array_equal(first[k], again[k]) for k in first)
        if any(a.dtype.kind == "f" for a in first.values()):
            assert any(
                first[k].shape != other[k].shape or not np.array_equal(first[k], other[k]) for k in first
            )


@pytest.mark.parametrize("name", EACH_CHECK)
def test_steps_of_cases_that_follow_each_other_can_be_compared(name):
    """The engine sends what a case has in common with the one before only once; two arrays of one value would raise."""
    check = find_check(name)
    for one, other in pairwise(check.cases + check.hidden):
        assert isinstance(check.steps_of(one) == check.steps_of(other), bool)
