"""What is left in a function for a reader, and what the machine does not read: names, comments, texts."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from course.autograder.insight.similarity.trees import texts_in

LEAST = 8  # letters of a comment or a text: below, everybody writes it
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Word:
    """Something left in a function that the machine does not read: a local's or a helper's name, a comment, a text.

    Attributes:
        kind: 'name', 'comment' or 'text'.
        said: it, in one case and without marks, so that small changes do not count.
        shown: it, as it is written.
        line: where it first stands, in the function's text.
        before: of a comment, the shape of the statement that comes next; -1 for none.
    """

    kind: str
    said: str
    shown: str
    line: int
    before: int = -1

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same as another."""
        return self.kind, self.said

    @property
    def keys(self) -> tuple[tuple[str, str] | tuple[str, str, int], ...]:
        """That, and of a comment together with its place, which tells more."""
        return (self.key,) if self.before < 0 else ((*self.key, self.before), self.key)


def words_of(node: Definition, text: str, own: frozenset[str]) -> Iterator[Word]:
    """All of it, once each; `own` are the helpers' names."""
    seen: set[tuple[str, str]] = set()
    for word in (*_names(node, own), *_texts(node), *_comments(text.strip("\n"))):
        if word.key not in seen:
            seen.add(word.key)
            yield word


def _names(node: Definition, own: frozenset[str]) -> Iterator[Word]:
    for one in ast.walk(node):
        name = ""
        if isinstance(one, ast.Name) and (isinstance(one.ctx, ast.Store) or one.id in own):
            name = one.id
        elif isinstance(one, ast.arg):
            name = one.arg
        elif isinstance(one, Definition) and (one is not node or one.name in own):
            name = one.name
        if name:
            yield Word("name", name, name, getattr(one, "lineno", 1))


def _texts(node: Definition) -> Iterator[Word]:
    alone = {(line, text) for line, text in texts_in(node)}
    for line, text in sorted(alone):
        yield from _lines_of("comment", text, line)
    for one in ast.walk(node):
        if not isinstance(one, ast.Constant) or not isinstance(one.value, str):
            continue
        if " " in one.value and (one.lineno, one.value) not in alone:
            yield from _lines_of("text", one.value, one.lineno)


def _comments(text: str) -> Iterator[Word]:
    if "#" not in text:
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield from _lines_of("comment", token.string.lstrip("#"), token.start[0])
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _lines_of(kind: str, text: str, line: int) -> Iterator[Word]:
    """Each line of a text that is long enough to be somebody's own."""
    for number, shown in enumerate(text.split("\n")):
        said = " ".join(re.findall(r"\w+", shown.casefold()))
        if sum(map(str.isalpha, said)) >= LEAST:
            yield Word(kind, said, shown.strip(), line + number)
