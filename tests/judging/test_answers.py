"""Every right answer of the bank gets everything; every wrong one is refused where it shows, by its name."""

import contextlib
import functools
import io

import pytest

from course.autograder import judge, list_checks
from course.autograder.checks import find_check
from course.autograder.judging import answers
from tests.judging.made_up import MADE_UP
from tests.judging.slips import every_slip
from tests.sharing import of_check

SLIPS = every_slip()

SEEDS = (0, 1)
BANKS = answers.assignments_with_a_bank()

pytestmark = pytest.mark.filterwarnings("ignore")
CHECKS = [(bank, check) for bank in BANKS for check in list_checks(bank)]
EACH_CHECK = [of_check(check, bank, check) for bank, check in CHECKS]


@functools.cache
def right_answers(bank):
    return {answer.name: answer for answer in answers.right_answers(bank)}


@functools.cache
def wrong_answers(bank):
    return {wrong.id: wrong for wrong in answers.wrong_answers(bank)}


MISTAKEN = [
    of_check(check, bank, check)
    for bank, check in CHECKS
    if any(check in wrong.named for wrong in wrong_answers(bank).values())
]


def first_of_each_function(bank):
    """The first mistake of those made in each function."""
    return {wrong.function: wrong for wrong in reversed(wrong_answers(bank).values())}.values()


def verdict_on(bank, sources, check, seed):
    """The verdict on the functions that these cells define; what they print is theirs."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        functions = answers.functions_of(bank, sources)
        return judge(check, *(functions[f] for f in find_check(check).functions), seed=seed)


def involved(check, users):
    return bool(users & set(find_check(check).functions))


def called(answer):
    return answer.id if isinstance(answer, answers.Wrong) else answer.name


def with_seeds(listed):
    """What is to be tried with each seed: of one seed all in a row."""
    return [(f"{called(one)}, seed {seed}", (one, seed)) for seed in SEEDS for one in listed]


def test_there_is_a_bank():
    assert "ps1_batchnorm" in BANKS
    assert len(right_answers("ps1_batchnorm")) >= 14
    assert len(wrong_answers("ps1_batchnorm")) >= 45


@pytest.mark.parametrize(("bank", "check"), EACH_CHECK)
def test_the_instructors_solution_gets_everything(bank, check, each):
    def gets_everything(seed):
        verdict = verdict_on(bank, {}, check, seed)
        assert verdict.points == verdict.max_points, verdict.text()

    each(gets_everything, [(f"seed {seed}", (seed,)) for seed in range(12)])


def test_no_right_answer_fails_for_want_of_digits_in_the_reference():
    """Paddle keeps 1 - momentum in float32: held to 1e-8, one right answer in twenty failed here."""
    functions = answers.functions_of("ps1_batchnorm")
    for seed in range(80):
        verdict = judge("batchnorm_forward.running", functions["batchnorm_forward"], seed=seed)
        assert verdict.passed, f"seed {seed}: {verdict.text()}"


@pytest.mark.parametrize("bank", BANKS)
def test_blank_functions_get_nothing(bank):
    for check in list_checks(bank):
        verdict = verdict_on(bank, answers.blanks(bank), check, 0)
        assert verdict.points == 0, verdict.text()
        assert [finding.kind for finding in verdict.findings] == ["blank"]


@pytest.mark.parametrize(("bank", "check"), EACH_CHECK)
def test_every_right_answer_gets_everything(bank, check, each):
    def gets_everything(answer, seed):
        verdict = verdict_on(bank, answer.sources, check, seed)
        assert verdict.points == verdict.max_points, verdict.text()

    each(gets_everything, with_seeds(right_answers(bank).values()))


@pytest.mark.slow
@pytest.mark.parametrize(("bank", "check"), MISTAKEN)
def test_every_wrong_answer_is_refused_and_named(bank, check, each):
    def is_refused_and_named(wrong, seed):
        verdict = verdict_on(bank, answers.sources_with(bank, [wrong]), check, seed)
        assert not verdict.passed
        assert verdict.points < verdict.max_points
        assert set(wrong.named[check]) <= set(verdict.misconceptions), verdict.text()

    listed = [wrong for wrong in wrong_answers(bank).values() if check in wrong.named]
    each(is_refused_and_named, with_seeds(listed))


@pytest.mark.parametrize("bank", BANKS)
def test_every_wrong_answer_is_wrong_in_a_check_of_its_function(bank):
    tried = {check for mistaken, check in CHECKS if mistaken == bank}
    for wrong in wrong_answers(bank).values():
        users = answers.users_of(bank, wrong.function)
        assert wrong.named and all(check in tried and involved(check, users) for check in wrong.named)


@pytest.mark.parametrize(("bank", "check"), EACH_CHECK)
def test_a_mistake_in_another_function_costs_nothing(bank, check):
    """Which checks a mistake leaves alone depends on its function alone: one mistake of each says it."""
    for wrong in first_of_each_function(bank):
        if not involved(check, answers.users_of(bank, wrong.function)):
            verdict = verdict_on(bank, answers.sources_with(bank, [wrong]), check, SEEDS[0])
            assert verdict.passed, f"{wrong.id}: {verdict.text()}"


@pytest.mark.parametrize(
    ("name", "check", "only"),
    [
        of_check(check, name, check, only)
        for name, check, only in (
            ("backward-order", "batchnorm_backward", "dgamma and dbeta swapped"),
            ("running-not-written-back", "affine_bn_relu_forward", "running statistics not updated"),
            ("block-in-test-mode", "affine_bn_relu_forward", "block run in test mode"),
        )
    ],
)
def test_of_mistakes_that_fit_an_output_the_one_that_explains_most_is_named(name, check, only):
    """Each of these outputs taken alone is also what another mistake gives."""
    wrong = wrong_answers("ps1_batchnorm")[name]
    verdict = verdict_on("ps1_batchnorm", answers.sources_with("ps1_batchnorm", [wrong]), check, 0)
    assert verdict.misconceptions == (only,)


@pytest.mark.parametrize("bank", BANKS)
def test_bank_makes_every_misconception_that_it_can(bank):
    """A misconception that no wrong answer makes has never been seen outside of the check that defines it."""
    made = {
        name for wrong in wrong_answers(bank).values() for names in wrong.named.values() for name in names
    }
    checks = list_checks(bank)
    made |= {name for slip in (*SLIPS, *MADE_UP) if slip.check in checks for name in slip.named}
    listed = {m.name for check in checks for m in find_check(check).misconceptions}
    # test_checks.py holds all of them to being rejected and named; here they are real code as well.
    floor = {"ps0_warmup": 0.45, "ps3_conv": 0.55}.get(bank, 0.75)
    assert len(listed & made) >= floor * len(listed), sorted(listed - made)


def test_a_module_is_cut_into_cells():
    source = '"""Odd."""\n\nimport numpy as np\n\n\ndef f(x):\n    return x\n\n\ndef help(x):\n    return x\n\n\ng = help\n'
    cells = answers._cells_of(source, {"code-f": "", "code-g": ""})
    assert cells == {
        "code-f": "import numpy as np\n\n\ndef f(x):\n    return x",
        "code-g": "def help(x):\n    return x\n\n\ng = help",
    }


def test_functions_that_call_a_function_are_found_through_others():
    users = answers.users_of("ps1_batchnorm", "batch_moments")
    assert {"batch_moments", "batchnorm_forward", "spatial_batchnorm_forward", "six_layer_net"} <= users
    assert "fold_batchnorm" not in users and "batchnorm_backward" not in users


def test_a_text_that_does_not_stand_in_its_cell_is_reported(tmp_path, monkeypatch):
    folder = tmp_path / "ps1_batchnorm"
    folder.mkdir()
    entry = '[[wrong]]\nid = "x"\nfunction = "normalize"\nreplace = "nowhere"\nby = ""\nnamed = {}\n'
    (folder / "wrong.toml").write_text(entry)
    monkeypatch.setattr(answers, "BANK", tmp_path)
    with pytest.raises(answers.BankError, match="'x': its text stands 0 times in cell code-normalize"):
        answers.wrong_answers("ps1_batchnorm")
