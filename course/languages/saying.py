"""What the program says, in the reader's language: looked up where it is said, by the English text itself.

A sentence with values is found by its template: `{n} of {all} values differ.` fits any numbers, and what stands in their
place is looked up in turn. So whoever composes a message writes English, what is kept of a verdict is English, and
nothing but its words hangs on the language. In English nothing is looked up.

The language is the environment's COURSE_LANG, else the course's own (`choose`), else that of a release, else English.
"""

import functools
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from course.languages.matching import CHINESE, FULL_STOPS, Words

ENGLISH = "en"
TAGS = {"en": "en", "zh": "zh-CN"}  # the languages there are, and what a page calls them
OWN, COURSES = "COURSE_LANG", "COURSE_LANG_OF_COURSE"  # in the environment, which processes inherit
RELEASED = Path(__file__).parent / "words.json"  # a release has it, the project has not
BETWEEN = {"zh": CHINESE}  # the things of a list, by what English has there


def choose(language: str) -> None:
    """Set the course's language, for this process and those that it starts."""
    os.environ[COURSES] = language


def language() -> str:
    """The language that is spoken: 'zh', or 'en', also where one is chosen that there is none of."""
    chosen = os.environ.get(OWN) or os.environ.get(COURSES) or _released()[0]
    spoken = chosen.replace("-", "_").partition("_")[0].lower()
    return spoken if spoken in TAGS else ENGLISH


def tag() -> str:
    """The language as a page names it, so that a browser chooses the right forms of its characters."""
    return TAGS[language()]


def said(text: str) -> str:
    """A message as its reader reads it."""
    spoken = language()
    return text if spoken == ENGLISH else _words(spoken).of(text)


def filled(template: str, **values: object) -> str:
    """A sentence with values, whose template is looked up."""
    spoken = language()
    return (template if spoken == ENGLISH else _words(spoken).of(template)).format(**values)


def in_english(text: str) -> str:
    """What stood in a notebook in place of these words before it was translated."""
    return _labels().of(text)


def joined(sentences: Iterable[str]) -> str:
    """Sentences in a row, each as its reader reads it."""
    made = ""
    for sentence in filter(None, map(said, sentences)):
        made += ("" if not made or made[-1] in FULL_STOPS else " ") + sentence
    return made


def listed(words: Iterable[str], between: str = ", ") -> str:
    """Words in a row, with what the language has between them."""
    return BETWEEN.get(language(), {}).get(between, between).join(words)


def provide(more: Callable[[str], Mapping[str, str]]) -> None:
    """Ask this for further words, by language, once somebody wants to hear that language.

    One of them that is a single word, the heading of a column say, is not looked for in place of a sentence's value: that
    may be a name.
    """
    if more not in _further:
        _further.append(more)
        _words.cache_clear()


_further: list[Callable[[str], Mapping[str, str]]] = []


@functools.cache
def _released() -> tuple[str, dict[str, dict[str, str]], dict[str, str]]:
    """What a release has: its language, the words of each language, and its notebooks' labels."""
    try:
        found = json.loads(RELEASED.read_text(encoding="utf-8"))
        return str(found["language"]), dict(found["words"]), dict(found["labels"])
    except (OSError, ValueError, KeyError, TypeError):
        return ENGLISH, {}, {}


@functools.cache
def _words(spoken: str) -> "Words":
    pairs = dict(_released()[1].get(spoken, {}))
    if not pairs and not RELEASED.exists():
        pairs = _of_project(spoken)
    further = {english: other for more in _further for english, other in more(spoken).items()}
    headings = {english for english in further if english.isalpha() and english not in pairs}
    return Words.of_pairs(pairs | further, headings)


@functools.cache
def _labels() -> "Words":
    """English texts by what the notebooks that are translated say instead."""
    if RELEASED.exists():
        return Words.of_pairs(_released()[2])
    try:
        from course.languages.words import labels

        return Words.of_pairs(labels())
    except (
        Exception
    ):  # where code is graded neither Babel nor a catalogue need be within reach: labels stay as they are
        return Words.of_pairs({})


def _of_project(spoken: str) -> dict[str, str]:
    try:
        from course.languages.words import words_of
    except ImportError:  # a release that has lost its words speaks English
        return {}
    return words_of(spoken)
