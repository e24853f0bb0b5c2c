"""What is found in what a platform gave: whose each file is."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Piece:
    """One file of somebody's hand-in.

    Attributes:
        source: its name in what the platform gave.
        original: the name it was handed in under.
        called: what the platform calls whose it is.
        by: keys to find the student by, in order.
        late: the platform says that it came late.
        at: when it was handed in, where the platform says so.
        number: Moodle's, of this person in this assignment.
    """

    source: str
    original: str
    called: str
    by: dict[str, str] = field(default_factory=dict)
    late: bool = False
    at: dt.datetime | None = None
    number: str = ""


@dataclass(frozen=True)
class Found:
    """What a source holds: the platform it comes from, the files, and sentences on what is nobody's."""

    platform: str
    pieces: tuple[Piece, ...]
    told: tuple[str, ...] = ()


def nobodys(platform: str, names: Iterable[str]) -> tuple[str, ...]:
    """A sentence on each file that is not named as the platform names them."""
    return tuple(
        f"{name} is not named as {platform} names what is handed in; it was left out" for name in names
    )
