"""The words of the program, read from its catalogues."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from course.languages import catalogue
from course.languages.spoken import OPEN, PARTS


def pairs(path: Path, language: str) -> Iterator[tuple[str, str]]:
    """English texts of one catalogue, with the translation of those that have one."""
    for message in catalogue.read(path, language):
        if message.id and catalogue.done(message):
            yield str(message.id), str(message.string)


def words_in(language: str, names: Iterable[str]) -> dict[str, str]:
    """The words of some catalogues; nothing in a language that there is none of."""
    if language not in catalogue.LOCALES:
        return {}
    found: dict[str, str] = {}
    for name in names:
        found.update(pairs(catalogue.FOLDER / language / f"{name}.po", language))
    return found


@functools.cache
def words_of(language: str) -> dict[str, str]:
    """All that the program says."""
    return words_in(language, [*PARTS, "program/release"]) | headings(language)


def headings(language: str) -> dict[str, str]:
    """The headings of the lessons, which a card cites."""
    paths = sorted((catalogue.FOLDER / language / "lessons").glob("[0-9]*.po"))
    return {
        str(message.id): str(message.string)
        for path in paths
        for message in catalogue.read(path, language)
        if message.id and catalogue.done(message) and message.auto_comments == ["heading"]
    }


def open_words() -> dict[str, dict[str, str]]:
    """By language, what a release may show everybody."""
    return {language: words_in(language, OPEN) | headings(language) for language in catalogue.LOCALES}
