"""What is wrong with a translation, as far as a program can see it: what must be the same in both, and what reads badly."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pyromark
from babel.messages.catalog import Catalog, Message

from course.languages import catalogue
from course.languages.passages import CODE_SPAN, FIELD, FORMULA, JINJA, without_marks

NUMBER = re.compile(r"\d+(?:[.,]\d+)+|\d{2,}")
FORMS = {"{is_}", "{it}", "{s}"}  # forms of English words, by the names that messages give them
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)|<(https?://[^>]+)>")
MARKDOWN = {"paragraph", "heading", "list item", "table", "table row"}
HAN = "\u4e00-\u9fff"
FULL = "，。：；？！、（）“”《》"
# What reads badly in Chinese, in text without formulas, code and links. Each: a pattern, and what to do.
STYLE = (
    (re.compile(rf"[{HAN}]\*{{0,2}}[,;:?!](?![A-Za-z0-9/])|[{HAN}]\*{{0,2}}\.(?:\s|$)"), "write full-width punctuation"),
    (re.compile(rf"[{HAN}]\(|\)[{HAN}]"), "write full-width brackets"),
    (re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9%][{HAN}]"), "put a space between Chinese and Latin"),
    (re.compile(rf"[{FULL}] +[{HAN}A-Za-z0-9]|[{HAN}A-Za-z0-9] +[，。：；？！、）”》]"), "no space beside full-width punctuation"),
)  # fmt: skip
VALUE = "∅"  # stands for what a placeholder becomes: a number or a word
NAMES = re.compile(r"^    [\w, ]+:|'\w+'", re.MULTILINE)  # arguments, and words of code, in a docstring


@dataclass(frozen=True)
class Term:
    """A term of the field, and how it is said."""

    english: re.Pattern[str]
    use: tuple[str, ...]
    avoid: tuple[str, ...]


@cache
def terms(language: str) -> tuple[Term, ...]:
    """The glossary's terms, the longest first: batch normalisation is no case of normalisation."""
    read = tomllib.loads((catalogue.FOLDER / language / "terms.toml").read_text(encoding="utf-8"))["term"]
    ordered = sorted(read, key=lambda one: -len(one["english"]))
    return tuple(
        Term(re.compile(rf"(?<![\w-])(?:{t['english']})(?![\w-])", re.I), tuple(t["use"]), tuple(t["avoid"]))
        for t in ordered
    )


def complete(language: str) -> set[str]:
    """The catalogues in which nothing may be missing."""
    read = tomllib.loads((catalogue.FOLDER / language / "complete.toml").read_text(encoding="utf-8"))
    return set(read["complete"])


def faults(catalog: Catalog, language: str, whole: bool) -> Iterator[str]:
    """What is wrong with a catalogue, each a sentence. With `whole`, missing and fuzzy entries are wrong, too."""
    for message in catalog:
        if not message.id:
            continue
        where = f"{message.context or 'said'}: “{str(message.id)[:60]}”"
        if not message.string or message.fuzzy:
            if whole:
                yield f"{where} {'is fuzzy: the English has changed' if message.string else 'is missing'}"
            continue
        yield from (f"{where} {fault}" for fault in of_message(message, language))


def of_message(message: Message, language: str) -> Iterator[str]:
    """What is wrong with one entry that is translated."""
    english, other = str(message.id), str(message.string)
    kind = message.auto_comments[0] if message.auto_comments else ""
    if english == other:  # rightly left as it is
        return
    free = " ".join(message.user_comments).lower()
    if english.startswith("The ideas are in") and not other.startswith("相关内容见"):
        yield "does not begin with 相关内容见, behind which a release puts where the lessons are"
    if "with values" in kind:
        yield from _fields(FIELD.findall(english), FIELD.findall(other), free)
        english, other = FIELD.sub(VALUE, english), FIELD.sub(VALUE, other)
    yield from _unlike("what the template fills in", JINJA.findall(english), JINJA.findall(other))
    english, other = JINJA.sub(VALUE, english), JINJA.sub(VALUE, other)
    yield from _unlike("the code spans", _all(CODE_SPAN, english), _all(CODE_SPAN, other))
    bare, bare_other = CODE_SPAN.sub(" ", english), CODE_SPAN.sub(" ", other)
    yield from _unlike("the formulas", _all(FORMULA, bare), _all(FORMULA, bare_other))
    yield from _numbers(without_marks(english), without_marks(other), free)
    yield from _unlike("the links", _all(LINK, english), _all(LINK, other))
    if kind.startswith("table"):
        yield from _unlike("the rows and columns", _grid(bare), _grid(bare_other))
    if kind in MARKDOWN and _loose_stars(other) > _loose_stars(english):
        yield "has marks of bold or italic that Markdown takes for stars: put a space outside of them"
    yield from _style(other)
    words = NAMES.sub(" ", english) if kind == "docstring" else english
    yield from _terms(without_marks(words), other, free, language)


def _fields(english: list[str], other: list[str], free: str) -> Iterator[str]:
    """The values are the same, in any order, one perhaps twice.

    One that chooses between two English words ('is' or 'are') may be left out.
    """
    may_go = {f for f in english if " if " in f or f in FORMS or f.lower() in free}
    yield from _unlike("the placeholders", sorted({*english} - may_go), sorted({*other} - may_go))


def _numbers(english: str, other: str, free: str) -> Iterator[str]:
    """Numerals of two digits and more are the same; smaller ones may be words in one of the two."""
    these, those = ({n.replace(",", "") for n in NUMBER.findall(text)} for text in (english, other))
    yield from _unlike(
        "the numbers", *(sorted(n for n in some if f"free: {n}" not in free) for some in (these, those))
    )


def _all(pattern: re.Pattern[str], text: str) -> list[str]:
    return [re.sub(r"\s+", " ", found.group()) if not found.groups() or pattern is not LINK
            else next(g for g in found.groups() if g) for found in pattern.finditer(text)]  # fmt: skip


def _unlike(what: str, english: list[str], other: list[str]) -> Iterator[str]:
    less, more = Counter(english) - Counter(other), Counter(other) - Counter(english)
    if less or more:
        told = [f"{word} {', '.join(some)}" for word, some in (("lost", less), ("added", more)) if some]
        yield f"differs in {what}: {'; '.join(told)}"


def _loose_stars(text: str) -> int:
    """How many stars of a Markdown text would be read as stars: CommonMark takes `**词。**词` for no emphasis."""
    page = pyromark.html(FORMULA.sub("$x$", text))
    return re.sub(r"<code>.*?</code>", "", page, flags=re.DOTALL).count("*")


def _grid(text: str) -> list[str]:
    return [
        f"row {n} of {row.count('|') - row.count(chr(92) + '|')} bars"
        for n, row in enumerate(text.splitlines(), 1)
    ]


def _style(text: str) -> Iterator[str]:
    seen = LINK.sub("] ", FORMULA.sub("x", CODE_SPAN.sub("x", text)))
    for pattern, advice in STYLE:
        if found := pattern.search(seen):
            yield f"reads badly at “{seen[max(0, found.start() - 6) : found.end() + 6].strip()}”: {advice}"


def _terms(english: str, other: str, free: str, language: str) -> Iterator[str]:
    for term in terms(language):
        found = term.english.search(english)
        english = term.english.sub(" ", english)
        said = not term.use or any(word in other for word in term.use)
        if found and not said and f"free: {found.group().lower()}" not in free:
            yield f"says “{found.group()}” without {' or '.join(term.use)}"
        for word in term.avoid:
            if word in other and f"free: {word}" not in free:
                yield f"says {word}; the glossary has {' or '.join(term.use) or 'another word'}"
