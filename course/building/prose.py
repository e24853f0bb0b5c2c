"""The style of the course's English: what proselint finds, and a short list of our own.

Everything is read that a person reads as prose: the passages of lessons and assignments, the words of the programs, and
the pages in Markdown. Code, formulas and values are taken out before.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, count
from pathlib import Path

from course.languages.matching import FIELD
from course.languages.passages import CODE_SPAN, FORMULA

PHRASES = Path(__file__).with_name("phrases.toml")
OFF = {
    "typography": "quotes and dots of code",
    "weasel_words": "forbids the word 'very'",
    "spelling": "is codespell's",
    "dates_times": "takes tables for hours",
    "misc.phrasal_adjectives.ly": "takes multiply-add for an adverb",
    "cliches.misc.gnu_diction": "takes 'in the long run' for a cliché, which is a limit here",
}
MEANT = ("a difference a difference", "'for ever'")  # said twice on purpose; the British spelling
FENCE = re.compile(r"^(`{3,}|~{3,}|:{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])\d[\d.,]*(?![\w.])")
TARGET = re.compile(r"\]\([^)\s]*\)|<https?:[^>]*>")
FINDS = 10_000  # proselint stops after so many
TOGETHER = 100  # texts that are read in one go
BETWEEN = "\n\n⁂\n\n"  # a line of its own between two texts, so that no phrase is found across them


@dataclass(frozen=True)
class Text:
    """A text that is read by itself.

    Attributes:
        place: where it stands, for whoever is to change it.
        words: as it is written there.
    """

    place: str
    words: str


@dataclass(frozen=True)
class Find:
    """What is better said otherwise.

    Attributes:
        place: where.
        advice: in a sentence or less.
    """

    place: str
    advice: str


def texts(root: Path) -> Iterator[Text]:
    """All prose of the project: passages of notebooks, words of programs, blocks of pages."""
    from course.languages.translation import wanted

    for name, entries in wanted(root).items():
        for entry in entries:
            yield Text(
                f"{name}{entry.context and f', {entry.context}'}: {_beginning(entry.text)}", entry.text
            )
    for path in sorted(pages(root)):
        whole = FENCE.sub(lambda m: "\n" * m[0].count("\n"), path.read_text(encoding="utf-8"))
        for number, line in enumerate(whole.splitlines(), start=1):
            if line.strip():
                yield Text(f"{path.relative_to(root)}:{number}", line)


def pages(root: Path) -> Iterator[Path]:
    """The pages in Markdown that people read in English."""
    for folder in ("docs", "course", "data", "tests"):
        yield from (path for path in (root / folder).rglob("*.md") if "languages" not in path.parts)
    yield from root.glob("README.md")


def finds(given: Iterable[Text]) -> list[Find]:
    """What is better said otherwise, in the texts' order."""
    kept = list(given)
    numbers = count()
    plain = [_plain(text.words, numbers) for text in kept]
    rows = [[*_ours(words)] for words in plain]
    for row, advice in _proselint(plain):
        rows[row].append(advice)
    return [Find(text.place, advice) for text, row in zip(kept, rows, strict=True) for advice in row]


def _beginning(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "..."


def _plain(text: str, numbers: Iterator[int]) -> str:
    """The words in one line, with a word of its own in the place of each formula, code span and value."""

    def one(_: re.Match[str]) -> str:
        return f"Q{next(numbers)}"

    text = NUMBER.sub(one, text)
    text = TARGET.sub("]", FORMULA.sub(one, CODE_SPAN.sub(one, text)))
    return " ".join(FIELD.sub(one, text).replace("|", " . ").split())


def _ours(words: str) -> Iterator[str]:
    """What the list of our own says of a text."""
    for phrase, advice in _phrases().items():
        if found := phrase.search(words):
            yield f"'{found[0]}': {advice}"


@cache
def _phrases() -> dict[re.Pattern[str], str]:
    listed = tomllib.loads(PHRASES.read_text(encoding="utf-8"))["phrases"]
    return {
        re.compile(rf"(?<!\w)(?:{phrase})(?!\w)", re.IGNORECASE): advice for phrase, advice in listed.items()
    }


def _proselint(texts: list[str]) -> Iterator[tuple[int, str]]:
    """What proselint says, with the number of the text. Many are read in one go; of too many it finds nothing any more."""
    from proselint.checks import __register__
    from proselint.config import DEFAULT
    from proselint.registry import CheckRegistry
    from proselint.tools import LintFile

    registry = CheckRegistry()
    if not registry.checks:
        registry.register_many(__register__)
    checks = dict.fromkeys(OFF, False) | {one: on for one, on in DEFAULT["checks"].items() if one not in OFF}
    for first in range(0, len(texts), TOGETHER):
        several = texts[first : first + TOGETHER]
        ends = list(accumulate(len(text) + len(BETWEEN) for text in several))
        joined = BETWEEN.join([*several, ""])
        for found in LintFile("texts", joined).lint({"max_errors": FINDS, "checks": checks}):
            start, end = (
                place - 1 for place in found.check_result.span
            )  # it puts a line's end before the text
            message = found.check_result.message.rstrip(".")
            cut = joined[end - 1 : end + 1].isalnum()  # the phrase begins a longer word
            if not cut and not any(phrase in message for phrase in MEANT):
                yield first + bisect_right(ends, start), message
