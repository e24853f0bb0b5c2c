"""The words of the program, read from its catalogues."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from course.languages.catalogue import FOLDER, LOCALES, done, read
from course.languages.spoken import OPEN, PARTS, TEACHING
from course.languages.translation import po_file, sources


def pairs(path: Path, language: str) -> Iterator[tuple[str, str]]:
    """English texts of one catalogue, with the translation of those that have one."""
    for message in read(path, language):
        if message.id and done(message):
            yield str(message.id), str(message.string)


def words_in(language: str, names: Iterable[str]) -> dict[str, str]:
    """The words of some catalogues; nothing in a language that there is none of."""
    if language not in LOCALES:
        return {}
    found: dict[str, str] = {}
    for name in names:
        found.update(pairs(FOLDER / language / f"{name}.po", language))
    return found


@functools.cache
def words_of(language: str) -> dict[str, str]:
    """All that the program says."""
    return words_in(language, [*PARTS, "program/release", "program/site", TEACHING]) | headings(language)


def headings(language: str) -> dict[str, str]:
    """The headings of the lessons, which a card cites."""
    paths = sorted((FOLDER / language / "lessons").glob("[0-9]*.po"))
    return {
        str(message.id): str(message.string)
        for path in paths
        for message in read(path, language)
        if message.id and done(message) and message.auto_comments == ["heading"]
    }


def labels(root: Path = FOLDER.parents[1], only: Iterable[str] = ()) -> dict[str, str]:
    """English strings of notebooks by their translations; of those whose catalogues are named, or of all.

    With all of them comes what the lessons' own code says, which may stand in a figure, too: the name of the data.
    """
    names = [name for name in sources(root) if not only or name in set(only)]
    code = () if only else LOCALES
    return {
        other: english for language in code for english, other in pairs(po_file(language, TEACHING), language)
    } | {
        str(message.string): str(message.id)
        for language in LOCALES
        for name in names
        for message in read(po_file(language, name), language)
        if message.id and done(message) and str(message.auto_comments[0]).startswith("said")
    }


def open_words() -> dict[str, dict[str, str]]:
    """By language, what a release may show everybody."""
    return {language: words_in(language, OPEN) | headings(language) for language in LOCALES}
