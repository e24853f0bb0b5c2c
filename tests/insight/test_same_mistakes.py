"""One mistake is one group, however differently it is written, and two mistakes are two."""

import warnings

import numpy as np
import pytest

from benchmarks.finder import asked_of, without
from course.autograder.checks import find_check
from course.autograder.insight.groups import grouped, trace
from tests.insight.same_mistakes import WAYS


def test_there_are_twenty_mistakes_each_in_three_ways():
    ways = [ways for mistakes in WAYS.values() for ways in mistakes.values()]
    assert len(ways) == 20 and min(map(len, ways)) >= 3


@pytest.mark.parametrize("name", WAYS)
def test_one_mistake_is_one_group(name):
    check = find_check(name)
    known = [m.name for m in check.misconceptions]
    traces = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for mistake, ways in WAYS[name].items():
            for k, function in enumerate(ways):
                answered = asked_of(check, dict.fromkeys(check.functions, function))
                one = trace(check, *without(check, answered, *known))
                assert one is not None, f"{mistake}, {function.__name__} is right"
                traces.append((f"{mistake}/{k}", one))
    groups = {frozenset(group.students) for group in grouped(traces)}
    assert groups == {frozenset(f"{m}/{k}" for k in range(len(ways))) for m, ways in WAYS[name].items()}
