"""The functions that a student wrote, read out of a hand-in without running it, and what of them can be compared."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode

from course.autograder.insight.similarity.shapes import Line, Shapes
from course.autograder.insight.similarity.words import Definition, Word, words_of
from course.autograder.intake.code import Statement, statements
from course.autograder.intake.released import Kind, Release

MOST_TEXT = 200_000  # characters of code of one hand-in that are read
MOST_FUNCTIONS = 300  # of one hand-in
OWN = "helpers of their own"  # what functions that were not asked for are compared under
HEAD = re.compile(r"^(?=(?:async[ \t]+def|def|class)\b)", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """One function that is asked for, or all helpers together."""

    name: str
    text: str
    lines: tuple[Line, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class HandedIn:
    """What of a hand-in can be compared.

    Attributes:
        student: the id.
        functions: by name.
        unread: code that was left out, a clause each.
    """

    student: str
    functions: dict[str, Function]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """What everybody was given: names, shapes and words that say nothing about anyone."""

    asked: frozenset[str]
    names: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    shapes: frozenset[int] = frozenset()
    words: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def given_by(release: Release, shapes: Shapes) -> Given:
    """Read it off the released notebook: locked cells, stubs and their docstrings, and code that shows how."""
    asked = frozenset(name for part in release.of(Kind.ANSWER) for name in part.functions)
    names: set[str] = set()
    texts: set[str] = set()
    found: set[int] = set()
    words: set[tuple[str, str]] = set()
    for part in release.parts:
        if part.cell.cell_type != "code":
            continue
        for one in statements(part.cell.source):
            names |= one.binds
            node = _definition(one, stubs=True)
            if node is None:
                continue
            if part.kind is not Kind.ANSWER:
                texts.add(one.key)
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            names |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
            found |= {number for line in shapes.lines(node) for number in (*line.whole, *line.parts)}
            words |= {word.key for word in words_of(node, one.text, frozenset())}
    return Given(asked, frozenset(names), frozenset(texts), frozenset(found), frozenset(words))


def read_functions(student: str, notebook: NotebookNode, given: Given, shapes: Shapes) -> HandedIn:
    """The functions of one hand-in. Time and memory are bounded, whatever was handed in.

    Args:
        student: the id.
        notebook: as intake mended it.
        given: what was released.
        shapes: the class's.
    """
    unread: list[str] = []
    found = [(node, text) for node, text, key in _definitions(notebook, unread) if key not in given.texts]
    if len(found) > MOST_FUNCTIONS:
        unread.append(f"{len(found) - MOST_FUNCTIONS:,} functions past the first {MOST_FUNCTIONS}")
        found = found[:MOST_FUNCTIONS]
    own = frozenset(node.name for node, _ in found) - given.asked - given.names
    by_name: dict[str, list[tuple[Definition, str]]] = {}
    for node, text in found:
        if node.name in given.asked:
            by_name[node.name] = [(node, text)]  # the last one holds
        else:
            by_name.setdefault(OWN, []).append((node, text))
    return HandedIn(
        student,
        {name: _function(name, those, own, given, shapes) for name, those in by_name.items()},
        tuple(unread),
    )


def _function(
    name: str,
    those: Sequence[tuple[Definition, str]],
    own: frozenset[str],
    given: Given,
    shapes: Shapes,
) -> Function:
    lines: list[Line] = []
    words: list[Word] = []
    text = ""
    for node, source in those:
        before = text.count("\n")
        all_lines = shapes.lines(node, own)
        for line in all_lines:
            whole = tuple(n for n in line.whole if n not in given.shapes)
            parts = tuple(n for n in line.parts if n not in given.shapes)
            if len(whole) == len(line.whole):
                lines.append(Line(line.first + before, line.last + before, whole, parts))
        for word in words_of(node, source, own):
            if word.key not in given.words and not (word.kind == "name" and word.shown in given.names):
                next_ = next((one.whole[-1] for one in all_lines if one.first >= word.line), -1)
                at = next_ if word.kind == "comment" else -1
                words.append(Word(word.kind, word.said, word.shown, word.line + before, at))
        text += source.strip("\n") + "\n\n"
    return Function(name, text.rstrip("\n"), tuple(lines), tuple(words))


def _definitions(notebook: NotebookNode, unread: list[str]) -> Iterator[tuple[Definition, str, str]]:
    """Each function and class at the top of a cell, with its text, and what is the same however it is laid out."""
    left = MOST_TEXT
    long = broken = 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if len(cell.source) > left:
            long += 1
            continue
        left -= len(cell.source)
        for one in _pieces(cell.source):
            if not one.parsed:
                broken += 1
            elif (node := _definition(one)) is not None:
                yield node, one.text.strip("\n"), one.key
    if broken:
        unread.append(f"{broken} piece{'s' if broken > 1 else ''} of code that Python cannot read")
    if long:
        unread.append(f"{long} cell{'s' if long > 1 else ''} of code past the first {MOST_TEXT:,} characters")


def _pieces(source: str) -> Iterator[Statement]:
    """A cell's statements; of one that cannot be parsed, those of its definitions that can."""
    found = statements(source)
    if all(one.parsed for one in found):
        yield from found
        return
    for piece in HEAD.split(source):
        yield from statements(piece)


def _definition(statement: Statement, stubs: bool = False) -> Definition | None:
    """The function or class that a statement is; stubs are wanted of the release alone."""
    if (
        not statement.parsed
        or (statement.stubs and not stubs)
        or not re.search(r"\b(?:def|class)\b", statement.text)
    ):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(statement.text.strip("\n")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    node = body[0] if len(body) == 1 else None
    return node if isinstance(node, Definition) else None
