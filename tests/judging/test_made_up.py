"""Wrong functions that nobody's bank has: rejected, named truly or not at all, and told in whole sentences."""

import re

import pytest

from course.autograder import judge
from tests.judging.made_up import MADE_UP
from tests.sharing import of_check

EACH = [of_check(one.check, one, id=one.about) for one in sorted(MADE_UP, key=lambda one: one.check)]

# What may stand at the beginning of a sentence in small letters: names of what is in the code.
NAMES = {"x", "np", "gamma", "beta", "dx", "dw", "dgamma", "dbeta", "dropout"}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("made_up", EACH)
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_rejected_and_only_what_is_true_is_said(made_up, seed):
    verdict = judge(made_up.check, *made_up.functions, seed=seed)
    assert not verdict.passed
    assert set(made_up.named) <= set(verdict.misconceptions), verdict.text()
    assert set(verdict.misconceptions) <= {*made_up.named, *made_up.may}, verdict.text()
    assert made_up.said in verdict.text(), verdict.text()


@pytest.mark.parametrize("made_up", EACH)
def test_it_is_told_in_whole_sentences_and_once(made_up):
    verdict = judge(made_up.check, *made_up.functions, seed=2)
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
