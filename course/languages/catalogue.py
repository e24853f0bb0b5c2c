"""Gettext catalogues, kept in step with the English by Babel: what is new is empty, what has changed is fuzzy.

A message's context is the id of its cell, so that a passage that stands in two cells may read differently in each. A
file has one line for each line of text and no dates, so that a change of one paragraph changes one entry of the file.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

FOLDER = Path(__file__).parent
LOCALES = {"zh": "zh_CN"}  # the languages there are, beside English
HEADER = """\
msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


@dataclass(frozen=True)
class Entry:
    """One English text that wants a translation: where it stands, and what it is."""

    context: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Counts:
    """How far a catalogue is."""

    messages: int
    missing: int
    fuzzy: int


def read(path: Path, language: str) -> Catalog:
    """The catalogue in a file; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=LOCALES[language], fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALES[language], charset="utf-8")


def written(catalog: Catalog, language: str) -> str:
    """The one text of a catalogue."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, omit_header=True, include_previous=True, no_location=True)
    return HEADER.format(locale=LOCALES[language]) + buffer.getvalue().decode()


def merged(old: Catalog, entries: Iterable[Entry], language: str) -> Catalog:
    """The catalogue for these English texts, with every translation of the old one that still has a place.

    A text that has changed keeps the translation of what it was, marked fuzzy, with the older English beside it. A
    translation that nothing wants any more is dropped: git has it.
    """
    template = Catalog(locale=LOCALES[language], fuzzy=False)
    for entry in entries:
        template.add(
            entry.text, context=entry.context or None, auto_comments=[entry.note] if entry.note else []
        )
    moved = {message.id: message.string for message in old if message.id and done(message)}
    old.update(template)
    old.obsolete.clear()
    for message in old:
        if message.id in moved and not done(message):  # the same words in a cell of another name
            message.string = moved[message.id]
            message.flags.discard("fuzzy")
            message.previous_id = []
        message.user_comments = _by_translators(message.user_comments)
    return old


def _by_translators(comments: Iterable[str]) -> list[str]:
    """Comments without the older English that is read as one where somebody took away `#, fuzzy` and left it there."""
    kept, ours = [], True
    for line in comments:
        ours = line.startswith("free: ") or (ours and not line.startswith("|"))
        if ours:
            kept.append(line)
    return kept


def done(message: Message) -> bool:
    """Whether this is a translation of the text as it stands."""
    return bool(message.string) and not message.fuzzy


def words(catalog: Catalog, text: str, context: str | None = None) -> str:
    """The translation of a text as it stands; empty where there is none."""
    message = catalog.get(text, context=context)
    return str(message.string) if message is not None and done(message) else ""


def counts(catalog: Catalog) -> Counts:
    """How many messages a catalogue has, and how many of them want work."""
    messages = [message for message in catalog if message.id]
    fuzzy = sum(message.fuzzy for message in messages)
    return Counts(len(messages), sum(not message.string for message in messages), fuzzy)
