"""A topic of checks is imported when it is asked for, and what its files say must fit together."""

import subprocess
import sys
from dataclasses import replace

import pytest

from course.autograder import checks
from course.autograder.checks import find_check, list_checks, warmup

ALONE = """
import sys
from course.autograder.checks import find_check, list_checks
assert list_checks("ps0_warmup") == ["relu", "l1_norm"] and find_check("relu").points == 5
topics = {name.split(".")[3] for name in sys.modules if name.startswith("course.autograder.checks.") and name.count(".") > 3}
assert "warmup" in topics and not topics & {"batch_norm", "conv", "dropout", "normalizers"}, topics
assert find_check("conv_forward_naive").assignment == "ps3_conv"
"""


@pytest.mark.slow
def test_whoever_asks_for_one_assignment_waits_for_no_other() -> None:
    subprocess.run([sys.executable, "-c", ALONE], check=True, timeout=300)


def test_all_are_those_of_every_assignment_in_turn() -> None:
    names = list_checks()
    assignments = dict.fromkeys(find_check(name).assignment for name in names)
    assert len(assignments) >= 5 and names == [name for one in assignments for name in list_checks(one)]


@pytest.mark.parametrize("name", ["relu ", "no such check", ""])
def test_what_there_is_not_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        find_check(name)
    assert list_checks("no such assignment") == []


def test_a_check_of_another_assignment_than_its_folders_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from course.autograder.checks.warmup import functions

    strayed = (replace(functions.CHECKS[0], assignment="ps9"), *functions.CHECKS[1:])
    monkeypatch.setattr(functions, "CHECKS", strayed)
    with pytest.raises(ValueError, match="'relu' belongs to ps9, its folder to ps0_warmup"):
        checks._checks_of.__wrapped__(warmup)


def test_two_checks_of_one_name_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from course.autograder.checks.warmup import functions

    monkeypatch.setattr(functions, "CHECKS", (*functions.CHECKS, functions.CHECKS[0]))
    with pytest.raises(ValueError, match="two checks are called 'relu'"):
        checks._checks_of.__wrapped__(warmup)


def test_two_topics_with_checks_of_one_name_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_checks_of", lambda topic: {"relu": find_check("relu")})
    with pytest.raises(ValueError, match="two checks are called 'relu'"):
        checks._registry.__wrapped__()
