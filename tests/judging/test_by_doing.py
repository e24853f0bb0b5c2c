"""Slips of somebody who did the assignment are told at home too: by visible cases, without makings, by no other name."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import perform
from course.autograder.judging import judge_with
from tests.judging import slips
from tests.judging.slips.whole_functions import written
from tests.sharing import of_check

FOLDER = Path(slips.__file__).parent / "by_doing"
SLIPS = [
    (path.stem, slip)
    for path in sorted(FOLDER.glob("*.toml"))
    for slip in tomllib.loads(path.read_text(encoding="utf-8"))["slip"]
    if path.stem == "ps3_conv"
]
CHECKS = sorted({slip["check"] for _, slip in SLIPS})

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def is_told_at_home(assignment, slip):
    check = replace(find_check(slip["check"]), hidden=(), makings={})
    functions = written(assignment, slip["source"], [])
    verdict = judge_with(check, lambda *asked: perform(*asked, functions))
    assert not verdict.passed
    assert set(verdict.misconceptions) <= set(slip["named"]), verdict.text()
    assert bool(verdict.misconceptions) == bool(slip["named"]), verdict.text()


@pytest.mark.parametrize("check", [of_check(check, check) for check in CHECKS])
def test_each_slip_is_told_by_the_cases_that_a_student_has(check, each):
    asked = [(slip["about"], (assignment, slip)) for assignment, slip in SLIPS if slip["check"] == check]
    each(is_told_at_home, asked)
