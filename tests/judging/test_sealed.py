"""Sealed answers: the same verdicts, words and names as where Paddle is asked, from a file that gives nothing away."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language import BATCH_NORM
from course.autograder.checks.language.protocol import perform
from course.autograder.judging import answers, judge_with
from course.autograder.judging.seal import ENDING, SealError, rounded
from course.autograder.judging.sealed import SealedBank
from course.autograder.judging.sketch import Sketch

EVERY = 6
BANKS = answers.assignments_with_a_bank()
EACH_BANK = [pytest.param(bank, marks=pytest.mark.xdist_group(f"bank {bank} 0")) for bank in BANKS]
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="session")
def sealed(sealed_file, tmp_path_factory):
    """`sealed(assignment)`: the bank of its answers, as a release has them."""
    banks = {}

    def bank(assignment):
        if assignment not in banks:
            place = tmp_path_factory.mktemp("sealed")
            (place / f"{assignment}{ENDING}").write_bytes(sealed_file(assignment))
            banks[assignment] = SealedBank(place)
        return banks[assignment]

    return bank


def both(bank, functions, name):
    """The verdict of a check with Paddle asked, and from sealed answers; the functions are called once.

    Hidden cases, and makings, are what a release does not have.
    """
    check = replace(find_check(name), hidden=(), makings={})
    by_name = {function: functions[function] for function in check.functions}
    replies = []

    def ask(steps, inputs, wanted):
        replies.append(perform(steps, inputs, wanted, by_name))
        return replies[-1]

    with contextlib.redirect_stdout(io.StringIO()):
        asked = judge_with(check, ask)
    again, known = iter(replies), bank.find(name)
    return asked, judge_with(known, lambda *_: next(again), questions=lambda k: bank.question(known, k))


def functions_of(assignment, sources):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return answers.functions_of(assignment, sources)


def alone(bank, functions, name):
    """The verdict from sealed answers."""
    check = bank.find(name)
    by_name = {function: functions[function] for function in check.functions}
    with contextlib.redirect_stdout(io.StringIO()):
        return judge_with(
            check, lambda *asked: perform(*asked, by_name), questions=lambda k: bank.question(check, k)
        )


@pytest.mark.parametrize("assignment", EACH_BANK)
def test_right_answers_are_right_by_sealed_answers_too(sealed, assignment):
    bank = sealed(assignment)
    assert bank.names() == list_checks(assignment)
    for answer in answers.right_answers(assignment):
        functions = functions_of(assignment, answer.sources)
        for name in bank.names():
            known = alone(bank, functions, name)
            assert known.passed and known.cases == len(find_check(name).cases), (answer.name, known.text())


@pytest.mark.parametrize("assignment", EACH_BANK)
def test_wrong_answers_get_the_same_words_and_names(sealed, assignment):
    """Of one answer in so many, all that is said is compared; of the others, the names of their mistakes."""
    bank = sealed(assignment)
    for k, wrong in enumerate(answers.wrong_answers(assignment)):
        functions = functions_of(assignment, answers.sources_with(assignment, [wrong]))
        for name, mistakes in wrong.named.items():
            if k % EVERY:
                known = alone(bank, functions, name)
                assert not known.passed and set(mistakes) <= set(known.misconceptions), (wrong.id, name)
            else:
                asked, known = both(bank, functions, name)
                assert known.as_dict() == asked.as_dict() and known.text() == asked.text(), (wrong.id, name)


@pytest.mark.parametrize("assignment", EACH_BANK)
def test_two_mistakes_at_once_are_named_from_sealed_answers_too(sealed, assignment):
    """Pairs are known as sketches alone."""
    bank, wrongs = sealed(assignment), answers.wrong_answers(assignment)
    by_name: dict = {}
    for wrong in wrongs:
        by_name.setdefault(wrong.function, []).append(wrong)
    compared = 0
    for few in by_name.values():
        for one, other in zip(few[::8], few[3::8], strict=False):
            try:
                functions = functions_of(assignment, answers.sources_with(assignment, [one, other]))
            except (answers.BankError, SyntaxError):
                continue
            name = next(iter(one.named))
            asked, known = both(bank, functions, name)
            assert known.as_dict() == asked.as_dict(), (one.id, other.id)
            compared += 1
    assert compared > 1 or assignment == "ps0_warmup"


def test_a_file_that_is_no_release_s_own_is_refused_in_a_sentence(tmp_path, sealed_file):
    path = tmp_path / f"ps0_warmup{ENDING}"
    with pytest.raises(SealError, match=r"unpack the release again, all of it\.$"):
        SealedBank(tmp_path)
    whole = sealed_file("ps0_warmup")
    for broken, told in (
        (b"", "no file of sealed answers"),
        (whole[:-1], "is damaged"),
        (whole[:200] + bytes([whole[200] ^ 1]) + whole[201:], "is damaged"),
        (whole.replace(b"version 4", b"version 9", 1), "has version 9, and this course reads version 4"),
    ):
        path.write_bytes(broken)
        with pytest.raises(SealError, match=told):
            SealedBank(tmp_path)


def test_a_sketch_knows_its_array_and_no_other():
    rng = np.random.default_rng(5)
    tolerance = BATCH_NORM.float64
    for shape in ((), (1,), (7,), (5, 3), (2, 3, 4, 5)):
        array = np.asarray(rng.normal(size=shape))
        sketch = Sketch.of(array)
        assert sketch.near(array * (1 + 1e-9), tolerance) and sketch.near(array.astype(np.float64), tolerance)
        assert not sketch.near(array + 0.01, tolerance) and not sketch.near(array * np.nan, tolerance)
        assert not sketch.near(array[None], tolerance)
        if array.size > 2:
            assert not sketch.near(np.flip(array), tolerance)


def test_doubles_are_rounded_to_nearest_and_strange_ones_stay():
    array = np.array([1.0, 1 / 3, -1e-9, 0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(float).max, 5e-324])
    coarse = rounded(array, 24)
    assert np.array_equal(np.isnan(coarse), np.isnan(array)) and coarse[6:8].tolist() == [np.inf, -np.inf]
    assert np.isfinite(coarse[8]) and np.signbit(coarse[4])
    assert np.allclose(coarse[:5], array[:5], rtol=2**-25, atol=0) and coarse[1] != array[1]
    assert rounded(array, 52) is array and rounded(array.astype("f4"), 24).dtype == np.float32
