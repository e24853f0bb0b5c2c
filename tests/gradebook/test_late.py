"""Lateness: later is never better, an extension never costs, and the budget is never overspent."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.autograder.gradebook.late import HandIn, days_begun, settle
from course.autograder.settings import LatePolicy

BERLIN = ZoneInfo("Europe/Berlin")
START = dt.datetime(2026, 10, 20, 23, 59, tzinfo=BERLIN)  # five days before summer time ends

policies = st.builds(
    LatePolicy,
    policy=st.sampled_from(["none", "per_day", "per_hour", "late_days"]),
    percent=st.sampled_from([0, 5, 10, 33.3, 100]),
    grace_minutes=st.sampled_from([0, 10, 90]),
    budget=st.integers(1, 6),
    last_days=st.sampled_from([None, 0.5, 3, 10]),
)
minutes = st.integers(-3000, 20000)
hand_ins = st.lists(
    st.tuples(minutes, st.one_of(st.none(), minutes), st.integers(0, 30)), min_size=1, max_size=4
).map(
    lambda rows: [
        HandIn(
            f"ps{n}",
            START + dt.timedelta(days=gap, minutes=at),
            START + dt.timedelta(days=gap),
            None if until is None else START + dt.timedelta(days=gap, minutes=until),
        )
        for n, (at, until, gap) in enumerate(rows)
    ]
)


def lost(hand_ins, policy):
    return {name: one.lost for name, one in settle(hand_ins, {}, policy, BERLIN).items()}


@settings(max_examples=150, deadline=None)
@given(hand_ins, policies, st.integers(0, 3), st.integers(1, 10000))
def test_later_is_never_better_for_any_assignment(rows, policy, which, by):
    which %= len(rows)
    later = list(rows)
    later[which] = replace(rows[which], at=rows[which].at + dt.timedelta(minutes=by))
    before, after = lost(rows, policy), lost(later, policy)
    assert all(after[name] >= before[name] for name in before)


@settings(max_examples=150, deadline=None)
@given(hand_ins, policies, st.integers(0, 3), st.integers(-3000, 20000))
def test_an_extension_never_costs(rows, policy, which, by):
    which %= len(rows)
    plain = [replace(row, until=None) for row in rows]
    given_ = list(plain)
    given_[which] = replace(plain[which], until=plain[which].due + dt.timedelta(minutes=by))
    before, after = lost(plain, policy), lost(given_, policy)
    assert all(after[name] <= before[name] for name in before)


@settings(max_examples=150, deadline=None)
@given(hand_ins, policies)
def test_the_budget_is_never_overspent_and_no_share_leaves_its_bounds(rows, policy):
    found = settle(rows, {}, policy, BERLIN).values()
    assert sum(one.free for one in found) <= policy.budget
    assert all(0 <= one.lost <= 1 and one.free <= one.begun for one in found)
    assert all(bool(one.told) == (one.seconds > 0) for one in found)


@pytest.mark.parametrize(
    "at, days",
    [
        ((20, 23, 59), 0),
        ((21, 0, 0), 1),
        ((21, 23, 59), 1),
        ((22, 0, 0), 2),
        ((24, 23, 59), 4),
        ((25, 23, 59), 5),  # the 25th has 25 hours
        ((26, 0, 0), 6),
    ],
)
def test_days_are_counted_by_the_calendar_across_the_end_of_summer_time(at, days):
    assert days_begun(START, dt.datetime(2026, 10, *at, tzinfo=BERLIN), BERLIN) == days


def test_a_due_time_in_the_hour_that_comes_twice_counts_once():
    due = dt.datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN)
    assert days_begun(due, dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), BERLIN) == 1
    assert days_begun(due, dt.datetime(2026, 10, 25, 2, 31, fold=1, tzinfo=BERLIN), BERLIN) == 2


def test_late_days_go_to_what_was_due_first():
    policy = LatePolicy("late_days", percent=20, budget=3)
    day = dt.timedelta(days=1)
    rows = [
        HandIn("second", START + 12 * day, START + 10 * day),
        HandIn("first", START + 2 * day, START),
        HandIn("none", None, START),
        HandIn("undated", START, None, START - day),
    ]
    found = settle(rows, {}, policy, BERLIN)
    assert (found["first"].free, found["first"].lost) == (2, 0)
    assert (found["second"].free, found["second"].lost) == (1, 0.2)
    assert found["none"].lost == found["undated"].lost == 0
    assert "It takes 1 late day of your budget; 0 are left." in found["second"].told
    assert "1 of them not covered by late days" in found["second"].told


def test_what_is_too_late_to_count_takes_its_late_days_all_the_same():
    policy = LatePolicy("late_days", percent=20, budget=3, last_days=2)
    day = dt.timedelta(days=1)
    rows = [HandIn("first", START + 3 * day, START), HandIn("second", START + 11 * day, START + 10 * day)]
    found = settle(rows, {}, policy, BERLIN)
    assert (found["first"].lost, found["first"].free) == (1, 3) and found["second"].lost == 0.2


def test_what_is_said_is_a_sentence_with_the_numbers_in_it():
    policy = LatePolicy("per_day", percent=10, last_days=3)
    told = [
        settle([HandIn("x", START + dt.timedelta(hours=hours), START)], {}, policy, BERLIN)["x"].told
        for hours in (1, 30, 100)
    ]
    assert told == [
        "Handed in 1 hour late: 1 day has begun, at 10% of the score each, 10% together.",
        "Handed in 1 day and 6 hours late: 2 days have begun, at 10% of the score each, 20% together.",
        "Handed in 4 days and 4 hours late: later than 3 days after the due date nothing is earned.",
    ]
