"""One table of `course.toml`, or of a file like it, key by key: every mistake in it is one sentence that names the place."""

import datetime as dt
import difflib
import math
import re
import tomllib
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

FILE = "course.toml"


class SettingsError(ValueError):
    """What is wrong in such a file, in one sentence: where, what came, what is wanted."""


def toml_in(text: str, file: str = FILE) -> dict[str, Any]:
    """What a file in TOML says. Raises SettingsError, with the line and what it may lack."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = f"{file} is not TOML: {error}"
        found = re.search(r"at line (\d+)", told)
        lines = text.splitlines()
        line = lines[int(found[1]) - 1].strip() if found and int(found[1]) <= len(lines) else ""
        if line:
            told += f", which is {shown(line)}"
        if re.search(r"=\s*\d{4}-\d\d-\d\d[T ]\d\d?:\d\d\s*(?:Z|[+-][\d:]+)?\s*(?:#.*)?$", line):
            told += "; a time is written with its seconds, as 2026-10-15T23:59:00"
        elif re.search(r"=\s*\d{4}-\d\d-\d\d[T ]24:", line):
            told += "; a day ends at 23:59:59"
        elif re.search(r"=\s*[^\W\d]\w*\s*(?:#.*)?$", line):
            told += "; text stands in quotes"
        raise SettingsError(told) from None


class Table:
    """One table of the file: takes keys one by one, and complains about what is left."""

    def __init__(self, where: str, value: object, file: str = FILE) -> None:
        """`where` is the table's name as the file writes it, '' for the whole file."""
        self.file = file
        if not isinstance(value, dict):
            raise SettingsError(f"{file}: [{where}] is to be a table; it is {shown(value)}")
        self.where, self.left, self.known = where, dict(value), list[str]()

    def _at(self, key: str) -> str:
        return f"{f'[{self.where}] ' if self.where else ''}{key}"

    def take(self, key: str, wanted: str, fits: Callable[[Any], bool], default: Any) -> Any:
        """The value of a key, or the default. Raises SettingsError where it does not fit."""
        self.known.append(key)
        if key not in self.left:
            return default
        value = self.left.pop(key)
        if not fits(value):
            raise SettingsError(f"{self.file}: {self._at(key)} is {shown(value)}; wanted: {wanted}")
        return value

    def table(self, key: str) -> dict[str, Any]:
        """A table; empty where there is none."""
        return dict(self.take(key, "a table", lambda v: isinstance(v, dict), {}))

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        return str(self.take(key, "text in quotes", lambda v: isinstance(v, str), default))

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """One of some words."""
        return str(self.take(key, f"one of {', '.join(choices)}", lambda v: v in choices, default))

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
            told = f"{self.file}: {self._at(key)} is {shown(value)}; wanted: a date with a time and without quotes, as {example}"
            raise SettingsError(told)
        if value.tzinfo is not None:
            return value
        if zone is None:
            raise SettingsError(
                f"{self.file}: {self._at(key)} has no time zone; write the offset, as {example}+02:00, or say time_zone in [course]"
            )
        return _in_zone(value, zone, self.file, self._at(key))

    def done(self) -> None:
        """Complain about the first key that nobody took."""
        for key in self.left:
            near = difflib.get_close_matches(key, self.known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(self.known)}"
            raise SettingsError(f"{self.file}: {self._at(key)} is no known key; {meant}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shown(value: object) -> str:
    """A value as a message quotes it."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return repr(value)[:60]


def _in_zone(naive: dt.datetime, zone: ZoneInfo | dt.timezone, file: str, at: str) -> dt.datetime:
    """A local time as a point in time. An hour that a change of summer time skips names no point; one that comes twice
    means the second, which is the later and so the kinder due date."""
    moment = naive.replace(tzinfo=zone, fold=1)
    if moment.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise SettingsError(
            f"{file}: {at} is {naive.isoformat()}, an hour that the change to summer time skips in {zone}; choose another"
        )
    return moment
