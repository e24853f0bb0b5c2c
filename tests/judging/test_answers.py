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

SLIPS = every_slip()

SEEDS = (0, 1)
BANKS = answers.assignments_with_a_bank()


pytestmark = pytest.mark.filterwarnings("ignore")


@functools.cache
def right_answers(bank):
    return {answer.name: answer for answer in answers.right_answers(bank)}


@functools.cache
def wrong_answers(bank):
    return {wrong.id: wrong for wrong in answers.wrong_answers(bank)}


def kept(bank, seed, *values):
    """Parameters: a worker runs all of one bank and one seed in turn, so that it draws their cases once.

    Of two seeds by turns the judge would keep neither's cases: they are more than it keeps.
    """
    return pytest.param(bank, seed, *values, marks=pytest.mark.xdist_group(f"bank {bank} {seed}"))


RIGHT = [kept(bank, seed, name) for bank in BANKS for seed in SEEDS for name in right_answers(bank)]
WRONG = [kept(bank, seed, name) for bank in BANKS for seed in SEEDS for name in wrong_answers(bank)]


def first_in(bank, function):
    """The first mistake of those made in this function."""
    return next(name for name, wrong in wrong_answers(bank).items() if wrong.function == function)


def verdicts(bank, sources, names, seed):
    """A verdict by check, on the functions that these cells define; what they print is theirs."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        functions = answers.functions_of(bank, sources)
        return {
            name: judge(name, *(functions[f] for f in find_check(name).functions), seed=seed)
            for name in names
        }


def involved(check, users):
    return bool(users & set(find_check(check).functions))


def test_there_is_a_bank():
    assert "ps1_batchnorm" in BANKS
    assert len(right_answers("ps1_batchnorm")) >= 14
    assert len(wrong_answers("ps1_batchnorm")) >= 45


@pytest.mark.parametrize(("bank", "seed"), [kept(bank, seed) for bank in BANKS for seed in range(12)])
def test_the_instructors_solution_gets_everything(bank, seed):
    for verdict in verdicts(bank, {}, list_checks(bank), seed).values():
        assert verdict.points == verdict.max_points, verdict.text()


def test_no_right_answer_fails_for_want_of_digits_in_the_reference():
    """Paddle keeps 1 - momentum in float32: held to 1e-8, one right answer in twenty failed here."""
    functions = answers.functions_of("ps1_batchnorm")
    for seed in range(80):
        verdict = judge("batchnorm_forward.running", functions["batchnorm_forward"], seed=seed)
        assert verdict.passed, f"seed {seed}: {verdict.text()}"


@pytest.mark.parametrize("bank", BANKS)
def test_blank_functions_get_nothing(bank):
    for verdict in verdicts(bank, answers.blanks(bank), list_checks(bank), 0).values():
        assert verdict.points == 0, verdict.text()
        assert [finding.kind for finding in verdict.findings] == ["blank"]


@pytest.mark.parametrize(("bank", "seed", "name"), RIGHT)
def test_right_answer_gets_everything(bank, seed, name):
    for verdict in verdicts(bank, right_answers(bank)[name].sources, list_checks(bank), seed).values():
        assert verdict.points == verdict.max_points, verdict.text()


@pytest.mark.parametrize(("bank", "seed", "name"), WRONG)
def test_wrong_answer_is_refused_and_named(bank, seed, name):
    wrong = wrong_answers(bank)[name]
    users = answers.users_of(bank, wrong.function)
    apart = [check for check in list_checks(bank) if not involved(check, users)]
    assert wrong.named and not set(wrong.named) & set(apart)
    # Which checks a mistake leaves alone depends on its function alone: one mistake of each says it.
    unconcerned = apart if seed == SEEDS[0] and name == first_in(bank, wrong.function) else []
    found = verdicts(bank, answers.sources_with(bank, [wrong]), [*wrong.named, *unconcerned], seed)
    for check, misconceptions in wrong.named.items():
        assert not found[check].passed
        assert found[check].points < found[check].max_points
        assert set(misconceptions) <= set(found[check].misconceptions), found[check].text()
    for check in unconcerned:
        assert found[check].passed, found[check].text()


@pytest.mark.parametrize(
    ("name", "check", "only"),
    [
        ("backward-order", "batchnorm_backward", "dgamma and dbeta swapped"),
        ("running-not-written-back", "affine_bn_relu_forward", "running statistics not updated"),
        ("block-in-test-mode", "affine_bn_relu_forward", "block run in test mode"),
    ],
)
def test_of_mistakes_that_fit_an_output_the_one_that_explains_most_is_named(name, check, only):
    """Each of these outputs taken alone is also what another mistake gives."""
    wrong = wrong_answers("ps1_batchnorm")[name]
    found = verdicts("ps1_batchnorm", answers.sources_with("ps1_batchnorm", [wrong]), [check], 0)
    assert found[check].misconceptions == (only,)


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
