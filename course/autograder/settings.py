"""`course.toml`: the term as data. Read once, checked key by key; every mistake in it is one sentence.

Without the file everything works as if it were empty: no dates, no penalty, no roster.
"""

import datetime as dt
import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

FILE = "course.toml"
NOT_HANDED_IN = ("blank", "zero")
POLICIES = ("none", "per_day", "per_hour", "late_days")


class SettingsError(ValueError):
    """What is wrong in course.toml, in one sentence: where, what came, what is wanted."""


@dataclass(frozen=True)
class LatePolicy:
    """What handing in late costs.

    Attributes:
        policy: 'none'; 'per_day' or 'per_hour', a share of the score for each that has begun; 'late_days', a budget for
            the term, whose days cost nothing, and after it a share for each day.
        percent: of the score earned, for each day or hour that has begun.
        grace_minutes: lateness up to this is not late; past it, all of the lateness counts.
        budget: late days for the whole term, with 'late_days'.
        last_days: a hand-in later than this many days earns nothing; None for no such date.
    """

    policy: str = "none"
    percent: float = 10.0
    grace_minutes: float = 0.0
    budget: int = 0
    last_days: float | None = None


@dataclass(frozen=True)
class AssignmentSettings:
    """One assignment in the term.

    Attributes:
        opens, due: points in time, or None.
        canvas: its column in Canvas's gradebook, as "ps1 (12345)".
        moodle, gradescope: its name there.
        withdrawn: checks or written questions that no longer count, by grade_id, and how: 'full' or 'out'.
        late: its own late policy, in place of the term's.
    """

    opens: dt.datetime | None = None
    due: dt.datetime | None = None
    canvas: str = ""
    moodle: str = ""
    gradescope: str = ""
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    late: LatePolicy | None = None


@dataclass(frozen=True)
class GraderSettings:
    """The grader's limits on one submission; None leaves the default."""

    cell_seconds: float | None = None
    total_seconds: float | None = None
    memory_mb: float | None = None
    jobs: int = 0


@dataclass(frozen=True)
class Settings:
    """All of course.toml.

    Attributes:
        id: the course's id.
        time_zone: dates without an offset, and days of late policies, are in it.
        roster: the roster's file, relative to the course folder.
        not_handed_in: what a student on the roster has who handed in nothing: 'blank' or 'zero'.
        lessons_url: where the lessons' pages are for students.
        hand_in: where students hand in, as a sentence for them goes on: "on the course's page in Moodle".
        late: the late policy of every assignment that has none of its own.
        grader: limits.
        assignments: by name.
    """

    id: str = "paddle_course"
    time_zone: ZoneInfo | dt.timezone = dt.UTC
    roster: str = "roster.csv"
    not_handed_in: str = "blank"
    lessons_url: str = ""
    hand_in: str = ""
    late: LatePolicy = LatePolicy()
    grader: GraderSettings = GraderSettings()
    assignments: Mapping[str, AssignmentSettings] = field(default_factory=dict)

    def assignment(self, name: str) -> AssignmentSettings:
        """What is said of an assignment; nothing where it is not named."""
        return self.assignments.get(name, AssignmentSettings())

    def late_policy(self, assignment: str) -> LatePolicy:
        """The policy that holds for an assignment."""
        return self.assignment(assignment).late or self.late


class _Table:
    """One table of the file: takes keys one by one, and complains about what is left."""

    def __init__(self, where: str, value: object) -> None:
        """`where` is the table's name as the file writes it, '' for the whole file."""
        if not isinstance(value, dict):
            raise SettingsError(f"{FILE}: [{where}] is to be a table; it is {_shown(value)}")
        self.where, self.left, self.known = where, dict(value), list[str]()

    def _at(self, key: str) -> str:
        return f"{FILE}: {f'[{self.where}] ' if self.where else ''}{key}"

    def take(self, key: str, wanted: str, fits: Callable[[Any], bool], default: Any) -> Any:
        """The value of a key, or the default. Raises SettingsError where it does not fit."""
        self.known.append(key)
        if key not in self.left:
            return default
        value = self.left.pop(key)
        if not fits(value):
            raise SettingsError(f"{self._at(key)} is {_shown(value)}; wanted: {wanted}")
        return value

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        return str(self.take(key, "text in quotes", lambda v: isinstance(v, str), default))

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """One of some words."""
        return str(self.take(key, "one of " + ", ".join(choices), lambda v: v in choices, default))

    def number(self, key: str, default: Any, least: float = 0, most: float = float("inf")) -> Any:
        """A number from `least` to `most`."""
        between = (
            f"a number from {least:g} to {most:g}" if most < float("inf") else f"a number, at least {least:g}"
        )
        return self.take(key, between, lambda v: _is_number(v) and least <= v <= most, default)

    def whole(self, key: str, default: int) -> int:
        """A whole number, at least 0."""
        fits: Callable[[Any], bool] = lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0  # noqa: E731
        return int(self.take(key, "a whole number, at least 0", fits, default))

    def moment(self, key: str, zone: ZoneInfo | dt.timezone | None) -> dt.datetime | None:
        """A point in time: with an offset, or in the course's time zone."""
        self.known.append(key)
        value = self.left.pop(key, None)
        if value is None:
            return None
        example = "2026-10-15T23:59:00"
        if not isinstance(value, dt.datetime):
            told = f"{self._at(key)} is {_shown(value)}; wanted: a date with a time and without quotes, as {example}"
            raise SettingsError(told)
        if value.tzinfo is not None:
            return value
        if zone is None:
            raise SettingsError(
                f"{self._at(key)} has no time zone; write the offset, as {example}+02:00, or say time_zone in [course]"
            )
        return _in_zone(value, zone, self._at(key))

    def done(self) -> None:
        """Complain about the first key that nobody took."""
        for key in self.left:
            near = difflib.get_close_matches(key, self.known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(self.known)}"
            raise SettingsError(f"{self._at(key)} is no known key; {meant}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _shown(value: object) -> str:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return repr(value)[:60]


def _in_zone(naive: dt.datetime, zone: ZoneInfo | dt.timezone, at: str) -> dt.datetime:
    """A local time as a point in time. An hour that a change of summer time skips names no point; one that comes twice
    means the second, which is the later and so the kinder due date."""
    moment = naive.replace(tzinfo=zone, fold=1)
    if moment.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise SettingsError(
            f"{at} is {naive.isoformat()}, an hour that the change to summer time skips in {zone}; choose another"
        )
    return moment


def _zone(table: _Table) -> ZoneInfo | None:
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


def _late(where: str, value: object) -> LatePolicy:
    table = _Table(where, value)
    policy = LatePolicy(
        policy=table.choice("policy", POLICIES, LatePolicy.policy),
        percent=table.number("percent", LatePolicy.percent, 0, 100),
        grace_minutes=table.number("grace_minutes", LatePolicy.grace_minutes),
        budget=table.whole("budget", LatePolicy.budget),
        last_days=table.number("last_days", LatePolicy.last_days),
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


def _assignment(name: str, value: object, zone: ZoneInfo | None, known: list[str]) -> AssignmentSettings:
    where = f"assignments.{name}"
    if known and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]}?" if near else f"the assignments are: {', '.join(known)}"
        raise SettingsError(f"{FILE}: [{where}] names no assignment of this course; {meant}")
    table = _Table(where, value)
    opens, due = table.moment("opens", zone), table.moment("due", zone)
    withdrawn = table.take("withdrawn", 'a table, as { relu = "full" }', lambda v: isinstance(v, dict), {})
    late = table.take("late", "a table", lambda v: isinstance(v, dict), None)
    for cell, how in withdrawn.items():
        if how not in ("full", "out"):
            raise SettingsError(
                f'{FILE}: [{where}] withdrawn {cell} is {_shown(how)}; wanted: "full" (full points for all) or "out"'
            )
    made = AssignmentSettings(
        opens=opens,
        due=due,
        canvas=table.text("canvas"),
        moodle=table.text("moodle"),
        gradescope=table.text("gradescope"),
        withdrawn=withdrawn,
        late=None if late is None else _late(f"{where}.late", late),
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
    table = _Table("grader", value)
    made = GraderSettings(
        cell_seconds=table.number("cell_seconds", None, 0.1),
        total_seconds=table.number("total_seconds", None, 0.1),
        memory_mb=table.number("memory_mb", None, 64),
        jobs=table.whole("jobs", 0),
    )
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
    top = _Table("", data)
    course = _Table("course", top.take("course", "a table", lambda v: isinstance(v, dict), {}))
    late = top.take("late", "a table", lambda v: isinstance(v, dict), {})
    grader = top.take("grader", "a table", lambda v: isinstance(v, dict), {})
    assignments = top.take(
        "assignments", "tables, as [assignments.ps1_batchnorm]", lambda v: isinstance(v, dict), {}
    )
    top.done()
    zone = _zone(course)
    made = Settings(
        id=course.text("id", Settings.id),
        time_zone=zone or dt.UTC,
        roster=course.text("roster", Settings.roster),
        not_handed_in=course.choice("not_handed_in", NOT_HANDED_IN, Settings.not_handed_in),
        lessons_url=course.text("lessons_url"),
        hand_in=course.text("hand_in"),
        late=_late("late", late),
        grader=_grader(grader),
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
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{FILE} is not TOML: {error}") from None
    return parse(data, known or [])
