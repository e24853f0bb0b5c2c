"""The words of a language, found again from English that was composed: whole, as a template's case, or part by part."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

FIELD = re.compile(r"\{\{|\}\}|\{(?:[^{}]|\{[^{}]*\})*\}")  # a value in an f-string, or a doubled brace
FULL_STOPS = "。！？；：，"
CHINESE = {", ": "、", "; ": "；", ": ": "："}  # between the things of a list, by what English has there
AND = "{names} and {name}"  # of names and amounts, which are no sentence; only where a catalogue has it
ONE = r"(?:\d[\d.]* )?[^\s,]+"
NAMES = re.compile(rf"({ONE}(?:, {ONE})*) and ({ONE})")
MOST_CLAUSES = 12  # of a message; what has more is not ours
HAN, LATIN = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z0-9]")
SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z“`(])")


def _listed(words: Iterable[str], between: str) -> str:
    found = list(words)
    return (CHINESE[between] if HAN.search("".join(found)) else between).join(found)


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
        seen = {field: of(value) for field, value in values.items()} | {"{{": "{", "}}": "}"}
        made, place = "", 0
        for field in FIELD.finditer(self.other):
            made = _beside(made, self.other[place : field.start()])
            made = _beside(made, seen.get(field[0], field[0]))
            place = field.end()
        return _beside(made, self.other[place:])


def _beside(text: str, more: str) -> str:
    """Two texts in a row, where Chinese meets Latin with the blank that it has there, and without one elsewhere."""
    if (HAN.match(text[-1:]) and LATIN.match(more)) or (LATIN.match(text[-1:]) and HAN.match(more)):
        return f"{text} {more}"
    if HAN.match(text[-1:]) and more[:1] == " " and HAN.match(more[1:]):
        return text + more[1:]
    if text[-1:] == " " and HAN.match(text[-2:-1]) and HAN.match(more):
        return text[:-1] + more
    return text + more


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
    headings: Collection[str] = ()

    @classmethod
    def of_pairs(cls, pairs: Mapping[str, str], headings: Collection[str] = ()) -> "Words":
        """From English texts and their translations; the template that says most is tried first.

        Args:
            pairs: them.
            headings: those of them that stand for no value of a sentence.
        """
        with_values = [english for english in pairs if FIELD.search(english) and english != AND]
        with_values.sort(key=lambda english: -len(FIELD.sub("", english)))
        templates = tuple(
            _template(english, pairs[english])
            for english in with_values
            if re.search(r"[\u4e00-\u9fff]|(?:[^\W\d_].*){3}", FIELD.sub("", english))
        )
        return cls(pairs, templates, {}, headings)

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
            several = CHINESE[", "].join(map(self.of, names[1].split(", ")))
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
            return _listed(map(self.of, clauses), "; ")
        return text

    def _of_value(self, text: str) -> str:
        return text if text in self.headings else self.of(text)

    def _whole(self, text: str) -> str | None:
        """One message; a full stop, or a capital in front, may be there or not."""
        for english, change in _variants(text):
            if english in self.exact:
                return change(self.exact[english])
        variants = _variants(text)
        stopped = text.endswith(".") and not text.endswith("..")
        for template in self.templates:  # a full stop belongs to no value at the end
            for english, change in [variants[1], variants[0], *variants[2:]] if stopped else variants:
                made = template.made(english, self._of_value)
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
