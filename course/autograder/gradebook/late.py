"""What handing in late costs: worked out in the course's time zone, over all of a student's assignments at once.

A day late has begun when the due time is past, and the next one when that time of day is past again, whatever summer time
does in between. Late days of a budget are spent in the order of due dates: what was due first takes them first.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from course.autograder.settings import LatePolicy

Zone = ZoneInfo | dt.timezone
MOST_DAYS = 3660  # nobody hands in ten years late; a time stamp that says so is as late as one can be


@dataclass(frozen=True)
class HandIn:
    """One hand-in, as far as its lateness goes.

    Attributes:
        assignment: its name.
        at: when it was handed in; None where nothing was, or nobody knows when.
        due: when it was due for the class; None for no due date.
        until: the student's extension; it counts only where it is later than `due`.
    """

    assignment: str
    at: dt.datetime | None
    due: dt.datetime | None
    until: dt.datetime | None = None

    @property
    def last(self) -> dt.datetime | None:
        """When it was due for this student."""
        if self.due is None:
            return None
        return max(self.due, self.until) if self.until is not None else self.due


@dataclass(frozen=True)
class Lateness:
    """How late a hand-in is, and what that costs.

    Attributes:
        seconds: past the student's due time and out of grace; 0 when it is in time.
        begun: days, or hours with 'per_hour', that have begun.
        free: late days of the budget that it takes.
        lost: the share of its score that it loses, 0 to 1.
        told: how that came about, a sentence for the student; '' when it is in time.
    """

    seconds: float = 0.0
    begun: int = 0
    free: int = 0
    lost: float = 0.0
    told: str = ""


def _later_by_days(moment: dt.datetime, days: int, zone: Zone) -> dt.datetime:
    """The same time of day some days on, in a zone. Of two readings, at a change of summer time, the later one."""
    wall = moment.astimezone(zone).replace(tzinfo=None) + dt.timedelta(days=days)
    readings = [wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)]
    return max(*readings, moment.astimezone(dt.UTC) if days == 0 else readings[0])


def days_begun(due: dt.datetime, at: dt.datetime, zone: Zone) -> int:
    """How many days late have begun: 0 up to the due time, 1 up to the same time on the next day, and so on."""
    if at <= due:
        return 0
    days = max(0, min(MOST_DAYS, (at - due).days - 1))
    while days < MOST_DAYS and at.astimezone(dt.UTC) > _later_by_days(due, days, zone):
        days += 1
    return max(1, days)


def _seconds(hand_in: HandIn, policy: LatePolicy) -> float:
    if hand_in.at is None or hand_in.last is None:
        return 0.0
    seconds = (hand_in.at - hand_in.last).total_seconds()
    return seconds if seconds > 60 * policy.grace_minutes else 0.0


def _some(count: float, unit: str) -> str:
    return f"{count:g} {unit}" if count == 1 else f"{count:g} {unit}s"


def _long(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "day"), (hours, "hour"), (minutes % 60, "minute")]
    return " and ".join([_some(n, unit) for n, unit in parts if n][:2]) or "less than a minute"


def _one(hand_in: HandIn, policy: LatePolicy, left: int, zone: Zone) -> Lateness:
    seconds = _seconds(hand_in, policy)
    if seconds <= 0 or hand_in.at is None or hand_in.last is None:
        return Lateness()
    began = f"Handed in {_long(seconds)} late"
    if policy.policy == "per_hour":
        begun, free, unit = math.ceil(seconds / 3600), 0, "hour"
    else:
        begun, unit = days_begun(hand_in.last, hand_in.at, zone), "day"
        free = min(left, begun) if policy.policy == "late_days" else 0
    if policy.last_days is not None and seconds > policy.last_days * 86400:
        # It takes its late days all the same: else the latest of all would leave more of them for the next assignment.
        told = f"{began}: later than {_some(policy.last_days, 'day')} after the due date nothing is earned."
        return Lateness(seconds, begun, free, 1.0, told)
    if policy.policy == "none":
        return Lateness(seconds, begun, told=f"{began}; this costs nothing.")
    paid = begun - free
    lost = min(1.0, paid * policy.percent / 100)
    took = f" It takes {_some(free, 'late day')} of your budget; {left - free} are left." if free else ""
    if not paid:
        return Lateness(seconds, begun, free, 0.0, f"{began}.{took}")
    costs = f"{_some(begun, unit)} has begun" if begun == 1 else f"{_some(begun, unit)} have begun"
    costs += f", {paid} of them not covered by late days" if free else ""
    told = f"{began}: {costs}, at {policy.percent:g}% of the score each, {100 * lost:g}% together.{took}"
    return Lateness(seconds, begun, free, lost, told)


def settle(
    hand_ins: Sequence[HandIn], policies: Mapping[str, LatePolicy], term: LatePolicy, zone: Zone
) -> dict[str, Lateness]:
    """Lateness of all of one student's hand-ins, by assignment.

    Args:
        hand_ins: of one student, one for each assignment.
        policies: by assignment; the term's policy where there is none.
        term: the term's policy, whose budget of late days is shared.
        zone: in which days are counted.
    """
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    left = term.budget if term.policy == "late_days" else 0
    settled = {}
    for one in sorted(hand_ins, key=lambda h: (h.due or far, h.assignment)):
        found = _one(one, policies.get(one.assignment, term), left, zone)
        left -= found.free
        settled[one.assignment] = found
    return settled
