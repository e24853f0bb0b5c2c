"""What the program says, in the reader's language: looked up where it is said, by the English text itself.

A sentence with values is found by its template: `{n} of {all} values differ.` fits any numbers, and what stands in their
place is looked up in turn. So whoever composes a message writes English, what is kept of a verdict is English, and
nothing but its words hangs on the language. In English nothing is looked up.

The language is the environment's COURSE_LANG, else the course's own (`choose`), else that of a release, else English.
"""

import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ENGLISH = "en"
TAGS = {"en": "en", "zh": "zh-CN"}  # the languages there are, and what a page calls them
OWN, COURSES = "COURSE_LANG", "COURSE_LANG_OF_COURSE"  # in the environment, which processes inherit
RELEASED = Path(__file__).parent / "words.json"  # a release has it, the project has not
FIELD = re.compile(r"\{\{|\}\}|\{(?:[^{}]|\{[^{}]*\})*\}")  # a value in an f-string, or a doubled brace
FULL_STOPS = "。！？；：，"
BETWEEN = {"zh": {", ": "、", "; ": "；", ": ": "："}}  # the things of a list, by what English has there
AND = "{names} and {name}"  # of names and amounts, which are no sentence; only where a catalogue has it
ONE = r"(?:\d[\d.]* )?[^\s,]+"
NAMES = re.compile(rf"({ONE}(?:, {ONE})*) and ({ONE})")
MOST_CLAUSES = 12  # of a message; what has more is not ours
SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z“`(])")


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
    """Ask this for further words, by language, once somebody wants to hear that language."""
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
    for more in _further:
        pairs |= more(spoken)
    return Words.of_pairs(pairs)


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


@dataclass(frozen=True)
class Template:
    """A sentence with values, and the same in another language."""

    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    other: str

    def made(self, text: str, of: Callable[[str], str]) -> str | None:
        """The text in the other language; None where it is no case of this template."""
        found = self.pattern.fullmatch(text)
        if not found:
            return None
        values = dict(zip(self.fields, found.groups(), strict=True))
        seen = {field: of(value) for field, value in values.items()}

        def put(place: re.Match[str]) -> str:
            return place[0][0] if place[0] in ("{{", "}}") else seen.get(place[0], place[0])

        return FIELD.sub(put, self.other)


def _template(english: str, other: str) -> Template:
    pattern, fields, place = "", [], 0
    for found in FIELD.finditer(english):
        pattern += re.escape(english[place : found.start()])
        if found[0] in ("{{", "}}"):
            pattern += re.escape(found[0][0])
        else:
            pattern += "(.*?)"
            fields.append(found[0])
        place = found.end()
    pattern += re.escape(english[place:])
    return Template(re.compile(pattern, re.DOTALL), tuple(fields), other)


@dataclass(frozen=True)
class Words:
    """The words of one language, by the English ones."""

    exact: Mapping[str, str]
    templates: tuple[Template, ...]
    known: dict[str, str]

    @classmethod
    def of_pairs(cls, pairs: Mapping[str, str]) -> "Words":
        """From English texts and their translations; the template that says most is tried first."""
        with_values = [english for english in pairs if FIELD.search(english) and english != AND]
        with_values.sort(key=lambda english: -len(FIELD.sub("", english)))
        templates = tuple(
            _template(english, pairs[english])
            for english in with_values
            if re.search(r"[\u4e00-\u9fff]|(?:[^\W\d_].*){3}", FIELD.sub("", english))
        )
        return cls(pairs, templates, {})

    def of(self, text: str) -> str:
        """The text in this language, as far as it is known: whole, as a template's case, or sentence by sentence."""
        if text not in self.known:
            if len(self.known) > 10_000:
                self.known.clear()
            self.known[text] = self._of(text)
        return self.known[text]

    def _of(self, text: str) -> str:
        bare = text.strip()
        if not re.search(r"[^\W\d_]", bare):
            return text
        found = self._whole(bare)
        if found is not None:
            return found
        if AND in self.exact and (names := NAMES.fullmatch(bare)):
            several = listed(map(self.of, names[1].split(", ")))
            made = self.exact[AND].format(names=several, name=self.of(names[2]))
            return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", made)
        if bare.startswith("(") and bare.endswith(")"):
            return f"（{self.of(bare[1:-1])}）"
        parts = SENTENCES.split(bare)
        if len(parts) > 1 and any(self.of(part) != part for part in parts):
            made = ""
            for part in map(self.of, parts):
                made += ("" if not made or made[-1] in FULL_STOPS else " ") + part
            return made
        clauses = bare.split("; ")
        if 1 < len(clauses) < MOST_CLAUSES and any(self.of(clause) != clause for clause in clauses):
            return listed(map(self.of, clauses), "; ")
        return text

    def _whole(self, text: str) -> str | None:
        """One message; a full stop, or a capital in front, may be there or not."""
        for english, change in _variants(text):
            if english in self.exact:
                return change(self.exact[english])
        for english, change in _variants(text):
            for template in self.templates:
                made = template.made(english, self.of)
                if made is not None:
                    return change(made)
        return None


def _variants(text: str) -> list[tuple[str, Callable[[str], str]]]:
    def same(other: str) -> str:
        return other

    found: list[tuple[str, Callable[[str], str]]] = [(text, same)]
    if text.endswith("."):
        found.append((text[:-1], lambda other: other if other.endswith("。") else f"{other}。"))
    else:
        found.append((f"{text}.", lambda other: other.removesuffix("。")))
    turned = text[0].swapcase() + text[1:]
    return [*found, (turned, same)] if turned != text else found
