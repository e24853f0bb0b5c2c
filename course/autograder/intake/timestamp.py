"""When something was handed in: the exchange's `timestamp.txt`, read strictly, whatever editor has saved it.

A date that was guessed wrong costs a student a late penalty, or spares one, and nobody is told: nbgrader takes `5` for the
fifth of this month and `PST` for UTC. So what is not a full date with a time is said to be none.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from course.common.text import printable

FILE = "timestamp.txt"
FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T ]+(?P<time>\d{1,2}:\d{2}(:\d{2})?)([.,](?P<fraction>\d{1,9}))?\s*(?P<zone>\S*)"
)
OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?")
MOST_BYTES = 400
EARLIEST = 2000  # a year


@dataclass(frozen=True)
class HandedInAt:
    """A time of handing in.

    Attributes:
        utc: as nbgrader's gradebook takes it, `2026-11-26 01:45:34.123456 UTC`; None when there is none.
        problem: what the file holds instead of a time, in a clause; '' when it is sound, or not there.
    """

    utc: str | None = None
    problem: str = ""


def handed_in_at(folder: Path, now: datetime | None = None) -> HandedInAt:
    """Read a hand-in's `timestamp.txt`.

    Args:
        folder: where the hand-in lies.
        now: the time that it cannot be later than; the clock's when None.
    """
    path = folder / FILE
    if not path.exists() and not path.is_symlink():
        return HandedInAt()
    if path.is_symlink() or not path.is_file():
        return HandedInAt(problem=f"{FILE} is no file")
    try:
        if path.stat().st_size > MOST_BYTES:
            return HandedInAt(problem=f"{FILE} is {path.stat().st_size} bytes long")
        said = " ".join(_decoded(path.read_bytes()).split())
    except OSError as error:
        return HandedInAt(problem=f"{FILE} cannot be opened ({error.strerror})")
    if not said:
        return HandedInAt(problem=f"{FILE} is empty")
    at, shown = _parsed(said), printable(said[:60])
    if at is None:
        return HandedInAt(
            problem=f"{FILE} holds '{shown}', which is no date with a time and a known time zone"
        )
    if at.year < EARLIEST or at > (now or datetime.now(UTC)) + timedelta(days=1):
        return HandedInAt(problem=f"{FILE} holds '{shown}', when nobody can have handed in")
    return HandedInAt(at.strftime("%Y-%m-%d %H:%M:%S.%f UTC"))


def _decoded(content: bytes) -> str:
    """Text of the encodings that editors save: UTF-8 or UTF-16, with or without the mark that says which."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[1::2].count(0) * 4 > len(content):
        return content.decode("utf-16-le", "replace")
    if content[::2].count(0) * 4 > len(content):
        return content.decode("utf-16-be", "replace")
    return content.decode("utf-8-sig", "replace")


def _parsed(said: str) -> datetime | None:
    found = FORM.fullmatch(said)
    if found is None:
        return None
    zone = _zone(found["zone"])
    hours = found["time"] if found["time"].count(":") == 2 else f"{found['time']}:00"
    fraction = (found["fraction"] or "0")[:6].ljust(6, "0")
    try:
        naive = datetime.strptime(f"{found['date']} {hours}.{fraction}", "%Y-%m-%d %H:%M:%S.%f")
        return naive.replace(tzinfo=zone).astimezone(UTC) if zone else None
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> ZoneInfo | timezone | None:
    """A time zone by name or offset; none said means UTC, as the exchange writes it. `PST` and the like are not known."""
    if name.upper() in ("", "Z", "UTC", "GMT"):
        return UTC
    if found := OFFSET.fullmatch(name):
        size = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        try:
            return timezone(-size if found["sign"] == "-" else size)
        except ValueError:
            return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
