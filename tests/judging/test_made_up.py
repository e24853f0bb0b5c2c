"""Wrong functions that nobody's bank has: rejected, named truly or not at all, and told in whole sentences."""

import re

import pytest

from course.autograder import judge
from tests.judging.made_up import MADE_UP
from tests.sharing import by_check, of_check

MADE = by_check(MADE_UP)
EACH_CHECK = [of_check(check, check) for check in MADE]

# What may stand at the beginning of a sentence in small letters: names of what is in the code.
NAMES = {"x", "np", "gamma", "beta", "dx", "dw", "dgamma", "dbeta", "dropout"}

pytestmark = pytest.mark.filterwarnings("ignore")


def with_seeds(check):
    return [(f"{one.about}, seed {seed}", (one, seed)) for seed in (0, 1) for one in MADE[check]]


@pytest.mark.parametrize("check", EACH_CHECK)
def test_each_is_rejected_and_only_what_is_true_is_said_in_whole_sentences_and_once(check, each):
    def is_told_well(made_up, seed):
        verdict = judge(made_up.check, *made_up.functions, seed=seed)
        only_what_is_true_is_said(made_up, verdict)
        it_is_told_in_whole_sentences_and_once(verdict)

    each(is_told_well, with_seeds(check))


def only_what_is_true_is_said(made_up, verdict):
    assert not verdict.passed
    assert set(made_up.named) <= set(verdict.misconceptions), verdict.text()
    assert set(verdict.misconceptions) <= {*made_up.named, *made_up.may}, verdict.text()
    assert made_up.said in verdict.text(), verdict.text()


def it_is_told_in_whole_sentences_and_once(verdict):
    for line in verdict.text().splitlines()[1:]:
        told = line.strip().removeprefix("- ")
        name = re.match(r"[\w.*]+: ", told)
        if name is None:  # a hint, or what was seen
            assert not told[0].islower() or re.match(r"[a-z_]+\b", told)[0] in NAMES, line
            assert told.endswith((".", "?")), line
    for found in verdict.findings:
        assert found.message[:1] == found.message[:1].upper(), found.message
        assert not re.search(r"float64|int64|shape \(\)", found.message), found.message
    sentences = re.split(r"(?<=[.?]) ", " ".join(verdict.text().split()))
    shapes = [s for s in sentences if re.search(r"shape \(", s)]
    assert len(shapes) <= len({f.output for f in verdict.findings}), verdict.text()
