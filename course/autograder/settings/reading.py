"""From the file to the term: every key is taken and checked, and what fits together by itself is looked at together."""

import datetime as dt
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from course.autograder.settings.table import FILE, SettingsError, Table, toml_in
from course.autograder.settings.term import (
    FULL_POINTS,
    OUT_OF_SUM,
    AssignmentSettings,
    ExtraCreditSettings,
    FollowUpSettings,
    GraderSettings,
    LatePolicy,
    Settings,
)

NOT_HANDED_IN = ("blank", "zero")
LANGUAGES = ("en", "zh")
YEAR = 366  # days
MOST_SECONDS = 7 * 24 * 3600.0
MOST_MB = 999_999
POLICIES = ("none", "per_day", "per_hour", "late_days")


def _zone(table: Table) -> ZoneInfo | None:
    name = table.text("time_zone")
    if not name:
        return None
    if name not in available_timezones():
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        meant = (
            f"did you mean {near[0]}?" if near else "wanted: a name such as Europe/Berlin or Asia/Shanghai"
        )
        raise SettingsError(f"{FILE}: [course] time_zone '{name}' is no known time zone; {meant}")
    return ZoneInfo(name)


def _is_some_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_address(value: object) -> bool:
    return isinstance(value, str) and (not value or value.startswith(("http://", "https://")))


def _late(where: str, value: object) -> LatePolicy:
    table = Table(where, value)
    policy = LatePolicy(
        policy=table.choice("policy", POLICIES, LatePolicy.policy),
        percent=table.number("percent", LatePolicy.percent, 0, 100),
        grace_minutes=table.number("grace_minutes", LatePolicy.grace_minutes, 0, YEAR * 24 * 60),
        budget=table.whole("budget", LatePolicy.budget),
        last_days=table.number("last_days", LatePolicy.last_days, 0, 10 * YEAR),
    )
    table.done()
    if policy.policy == "late_days" and not policy.budget:
        raise SettingsError(
            f"{FILE}: [{where}] policy is late_days without a budget; say budget = 5, for instance"
        )
    if policy.budget and policy.policy != "late_days":
        raise SettingsError(
            f'{FILE}: [{where}] budget is for policy = "late_days"; the policy is {policy.policy}'
        )
    return policy


def _withdrawn(where: str, value: dict[str, Any]) -> dict[str, str]:
    table = Table(where, value)
    return {name: table.choice(name, (FULL_POINTS, OUT_OF_SUM), "") for name in value}


def _points(where: str, value: dict[str, Any]) -> dict[str, float]:
    table = Table(where, value)
    made = {name: float(table.number(name, None, 0)) for name in value}
    if nothing := next((name for name, points in made.items() if not points), None):
        raise SettingsError(
            f'{FILE}: [{where}] gives {nothing} no points; to take it out of the sum, say {nothing} = "{OUT_OF_SUM}" under '
            f"[{where.removesuffix('points')}withdrawn]"
        )
    return made


def _assignment(name: str, value: object, zone: ZoneInfo | None, known: list[str]) -> AssignmentSettings:
    where = f"assignments.{name}"
    if known and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]}?" if near else f"the assignments are: {', '.join(known)}"
        raise SettingsError(f"{FILE}: [{where}] names no assignment of this course; {meant}")
    table = Table(where, value)
    opens, due = table.moment("opens", zone), table.moment("due", zone)
    late = table.take("late", "a table", lambda v: isinstance(v, dict), None)
    made = AssignmentSettings(
        opens=opens,
        due=due,
        canvas=table.text("canvas"),
        moodle=table.text("moodle"),
        gradescope=table.text("gradescope"),
        late=None if late is None else _late(f"{where}.late", late),
        withdrawn=_withdrawn(f"{where}.withdrawn", table.table("withdrawn")),
        points=_points(f"{where}.points", table.table("points")),
    )
    table.done()
    if opens and due and opens >= due:
        raise SettingsError(
            f"{FILE}: [{where}] opens {opens.isoformat()}, which is not before due {due.isoformat()}"
        )
    if made.late and made.late.policy == "late_days":
        raise SettingsError(f"{FILE}: [{where}.late] late_days is a budget for the term; say it in [late]")
    return made


def _grader(value: object) -> GraderSettings:
    table = Table("grader", value)
    made = GraderSettings(
        cell_seconds=table.number("cell_seconds", None, 0.1, MOST_SECONDS),
        total_seconds=table.number("total_seconds", None, 0.1, MOST_SECONDS),
        memory_mb=table.number("memory_mb", None, 64, MOST_MB),
        jobs=table.whole("jobs", 0),
    )
    table.done()
    return made


def _follow_up(value: object) -> FollowUpSettings:
    table = Table("follow_up", value)
    default = FollowUpSettings.own_gradient_percent
    made = FollowUpSettings(
        own_gradient_percent=table.number("own_gradient_percent", default, 0, 100),
        stand_ins=table.take("stand_ins", "true or false", lambda v: isinstance(v, bool), True),
    )
    table.done()
    return made


def _extra_credit(value: object) -> ExtraCreditSettings:
    table = Table("extra_credit", value)
    made = ExtraCreditSettings(percent=table.number("percent", ExtraCreditSettings.percent, 0, 100))
    table.done()
    return made


def parse(data: Mapping[str, Any], known: list[str]) -> Settings:
    """Settings from the file's content.

    Args:
        data: as tomllib gives it.
        known: names of the course's assignments; empty to take any.

    Raises:
        SettingsError: the first mistake, in one sentence.
    """
    top = Table("", data)
    course = Table("course", top.take("course", "a table", lambda v: isinstance(v, dict), {}))
    late = top.take("late", "a table", lambda v: isinstance(v, dict), {})
    grader = top.take("grader", "a table", lambda v: isinstance(v, dict), {})
    follow_up = top.take("follow_up", "a table", lambda v: isinstance(v, dict), {})
    extra_credit = top.take("extra_credit", "a table", lambda v: isinstance(v, dict), {})
    assignments = top.take(
        "assignments", "tables, as [assignments.ps1_batchnorm]", lambda v: isinstance(v, dict), {}
    )
    top.done()
    zone = _zone(course)
    made = Settings(
        id=course.text("id", Settings.id),
        time_zone=zone or dt.UTC,
        roster=str(course.take("roster", "the name of a file", _is_some_text, Settings.roster)),
        not_handed_in=course.choice("not_handed_in", NOT_HANDED_IN, Settings.not_handed_in),
        lessons_url=str(
            course.take("lessons_url", "an address that begins with http:// or https://", _is_address, "")
        ),
        language=course.choice("language", LANGUAGES, Settings.language),
        hand_in=course.text("hand_in"),
        late=_late("late", late),
        grader=_grader(grader),
        follow_up=_follow_up(follow_up),
        extra_credit=_extra_credit(extra_credit),
        assignments={name: _assignment(name, value, zone, known) for name, value in assignments.items()},
    )
    course.done()
    return made


def read(root: Path, known: list[str] | None = None) -> Settings:
    """The settings of a course folder; the defaults where it has no course.toml.

    Args:
        root: the course folder.
        known: names of its assignments, for a mistyped one to be noticed.

    Raises:
        SettingsError: a mistake in the file, in one sentence.
    """
    path = root / FILE
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} cannot be read: {error}; it is to be text in UTF-8") from None
    return parse(toml_in(text), known or [])
