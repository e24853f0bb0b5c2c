"""How long the sections took, as students wrote it into the last text of an assignment, beside the estimates at its head.

Whoever wants to writes there, and whatever they want: so much of it is read, by patterns, and what is no time counts as nothing.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.autograder.feedback.notebook import Cell, read_cells
from course.autograder.insight.statistics import Spread, spread
from course.autograder.intake.released import LONGEST
from course.common.notebooks import MINUTES

FEWEST = 5  # answers, from which on a section's are shown: of fewer, one could be told whose they are
MOST = 24 * 60.0  # minutes of one section
LONGEST_LINE = 120  # characters
# Full-width signs as their plain ones, halves and quarters as decimals.
PLAIN = {0xFF01 + code: 0x21 + code for code in range(94)} | str.maketrans(
    {"\u3000": " ", "\u00a0": " ", "〜": "~", "′": "'", "½": ".5", "¼": ".25", "¾": ".75"}
)
IN_WORDS = (("个半小时", ".5小时"), ("半个小时", ".5小时"), ("半小时", ".5小时"))
MARKUP = re.compile(r"[*_`]")
EXTRA = r"(?:[,(\s]{0,3}(extra(?:\scredit)?|附加[题分]?)\)?)?"
# 'section 1: 50', or '1: 50' where a blank tells it from the time 1:50.
WORDED = re.compile(
    rf"[\s>+•-]{{0,9}}(?:(?:section|sect?\.?|part|§)\s?|第\s?)([0-9]{{1,2}})(?![.,]?[0-9])\s?节?{EXTRA}\s?[:=-]?\s?(.+)"
)
BARE = re.compile(rf"[\s>+•-]{{0,9}}([0-9]{{1,2}}){EXTRA}\s?[:=.)]\s(.+)")
ABOUT = re.compile(r"(?:~|≈|about|approx\.?|ca\.?|circa|around|大约|大概|约)\s?")
AFTER = re.compile(r"\s?(?:左右|or so)?[.,;。]?")
NUMBER = r"([0-9]{1,4}(?:[.,][0-9]{1,2})?|\.[0-9]{1,2})"
HOURS, MINUTE = r"(?:hours?|hrs?|h|个?小时)", r"(?:minutes?|mins?|min\.|m|'|分钟?)"
FORMS: tuple[tuple[re.Pattern[str], Callable[..., float]], ...] = (
    (re.compile(rf"{NUMBER}\s?{MINUTE}?"), lambda some: some),
    (re.compile(rf"{NUMBER}\s?{HOURS}"), lambda some: 60 * some),
    (
        re.compile(rf"{NUMBER}\s?{HOURS}\s?(?:and\s|,\s?)?{NUMBER}\s?{MINUTE}?"),
        lambda hours, some: 60 * hours + some,
    ),
    (re.compile(rf"([0-9]{{1,2}}):([0-5][0-9])\s?{HOURS}?"), lambda hours, some: 60 * hours + some),
    (re.compile(rf"{NUMBER}\s?[-–—~到至]\s?{NUMBER}\s?{MINUTE}?"), lambda low, high: (low + high) / 2),
    (re.compile(rf"{NUMBER}\s?[-–—~到至]\s?{NUMBER}\s?{HOURS}"), lambda low, high: 30 * (low + high)),
)
ROW = re.compile(r"^\|\s?([0-9]{1,2})\s[^|\n]*\|([^\n]*)\|\s*$", re.MULTILINE)


class Line(NamedTuple):
    """What one time is of: a section's number, and whether it is its extra credit."""

    section: int
    extra: bool


class Took(NamedTuple):
    """What a class told of one line.

    Attributes:
        line: the section.
        estimate: minutes, at the assignment's head.
        told: minutes, in five numbers; None where fewer than `FEWEST` told any.
    """

    line: Line
    estimate: int
    told: Spread | None


def minutes_of(text: str) -> float | None:
    """A time in minutes, as people write it: '50', '1 h 20', '1:20', '1,5 h', '~45', '40-50 min', '1 个半小时'; None for no time."""
    if len(text) > LONGEST_LINE:
        return None
    text = " ".join(MARKUP.sub(" ", text.translate(PLAIN)).casefold().split())
    for words, number in IN_WORDS:
        text = text.replace(words, number)
    text = re.sub(r"(?<=[0-9]) (?=\.)", "", text)  # '1 ½ h'
    if begins := ABOUT.match(text):
        text = text[begins.end() :]
    for form, made in FORMS:
        found = form.match(text)
        if found is not None and AFTER.fullmatch(text, found.end()):
            minutes = made(*(float(number.replace(",", ".")) for number in found.groups()))
            return minutes if 0 < minutes <= MOST else None
    return None


def read_minutes(text: str) -> dict[Line, float]:
    """The minutes in what a student wrote, by line; of two for one section the first. What is too long is no list of minutes."""
    told: dict[Line, float] = {}
    for line in text.splitlines() if len(text) <= 2 * LONGEST else ():
        plain = MARKUP.sub(" ", line[: LONGEST_LINE + 1].translate(PLAIN)).casefold()
        found = WORDED.fullmatch(plain) or BARE.fullmatch(plain)
        minutes = minutes_of(found[3]) if found and len(line) <= LONGEST_LINE else None
        if found and minutes is not None:
            told.setdefault(Line(int(found[1]), found[2] is not None), minutes)
    return told


def estimates(head: str) -> dict[Line, int]:
    """The minutes in the table at an assignment's head: a row has points and minutes, then both of extra credit where there is any."""
    found: dict[Line, int] = {}
    for number, numbers in ROW.findall(head):
        cells = [cell.strip() for cell in numbers.split("|")]
        for extra, cell in ((False, cells[1:2]), (True, cells[3:4])):
            if cell and cell[0].isascii() and cell[0].isdigit():
                found[Line(int(number), extra)] = int(cell[0])
    return found


def took(released: Path, graded: Iterable[Path]) -> list[Took]:
    """What a class told, line by line.

    Args:
        released: the notebook as students got it; where it does not ask, or is not there, there is nothing to tell.
        graded: each student's graded notebook; one that cannot be read told nothing.
    """
    given = _cells(released)
    if not any(MINUTES in cell.tags for cell in given):
        return []
    asked = estimates(given[0].source)
    told = {line: array("d") for line in asked}
    for path in graded:
        text = "\n".join(cell.source for cell in _cells(path) if MINUTES in cell.tags)
        for line, minutes in read_minutes(text).items():
            if line in told:
                told[line].append(minutes)
    return [
        Took(line, asked[line], spread(np.array(some)) if len(some) >= FEWEST else None)
        for line, some in told.items()
    ]


def _cells(path: Path) -> Sequence[Cell]:
    try:
        return read_cells(path).cells
    except (OSError, ValueError, RecursionError):
        return ()
