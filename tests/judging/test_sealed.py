"""Sealed answers: the same verdicts, words and names as where Paddle is asked, from a file that gives nothing away."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import perform
from course.autograder.judging import answers, judge_with
from course.autograder.judging.seal import ENDING, Sealed, SealError
from course.autograder.judging.sealed import SealedBank
from course.autograder.judging.sealing import sealed_answers

BANKS = answers.assignments_with_a_bank()
EACH_BANK = [pytest.param(bank, marks=pytest.mark.xdist_group(f"bank {bank}")) for bank in BANKS]
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="session")
def sealed(tmp_path_factory):
    """`sealed(assignment)`: the bank of its sealed answers."""
    folder, banks = tmp_path_factory.mktemp("sealed"), {}

    def bank(assignment):
        if assignment not in banks:
            place = folder / assignment
            place.mkdir()
            (place / f"{assignment}{ENDING}").write_bytes(sealed_answers(assignment))
            banks[assignment] = SealedBank(place)
        return banks[assignment]

    return bank


def both(bank, functions, name):
    """The verdict of a check with Paddle asked, and from sealed answers; the functions are called once."""
    check = replace(find_check(name), hidden=())
    by_name = {function: functions[function] for function in check.functions}
    replies = []

    def ask(steps, inputs, wanted):
        replies.append(perform(steps, inputs, wanted, by_name))
        return replies[-1]

    asked = judge_with(check, ask)
    again, known = iter(replies), bank.find(name)
    return asked, judge_with(known, lambda *_: next(again), questions=lambda k: bank.question(known, k))


def told(verdict):
    return verdict.fraction, verdict.findings, verdict.right, verdict.text()


def functions_of(assignment, sources):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return answers.functions_of(assignment, sources)


@pytest.mark.parametrize("assignment", EACH_BANK)
def test_right_answers_are_right_by_sealed_answers_too(sealed, assignment):
    bank = sealed(assignment)
    assert bank.names() == list_checks(assignment)
    for answer in answers.right_answers(assignment):
        functions = functions_of(assignment, answer.sources)
        for name in bank.names():
            with contextlib.redirect_stdout(io.StringIO()):
                asked, known = both(bank, functions, name)
            assert asked.passed and known == asked, (answer.name, name, known.text())


@pytest.mark.parametrize("assignment", EACH_BANK)
def test_wrong_answers_get_the_same_words_and_names(sealed, assignment):
    bank = sealed(assignment)
    for wrong in answers.wrong_answers(assignment):
        functions = functions_of(assignment, answers.sources_with(assignment, [wrong]))
        for name in wrong.named:
            with contextlib.redirect_stdout(io.StringIO()):
                asked, known = both(bank, functions, name)
            assert not asked.passed
            assert told(known) == told(asked), (wrong.id, name)
