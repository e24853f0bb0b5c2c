"""The passages of a code cell: its comments, its docstrings, and the words that it shows its reader.

A solution is not read by students, and nothing of it is a passage. A string is one where it is given to a function
that shows it (`say`, `table`, a figure's title) or is a phrase; a string that the code compares or looks up is not.
"""

import ast
import functools
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator

from course.languages.passages import FIELD, Passage, has_words
from course.languages.tables import names_of, put_into

# Functions whose strings are shown. The values of an f-string are computed: a translation keeps each as it is.
SHOWING = {
    "annotate",
    "bars",
    "bar_label",
    "fold",
    "heat",
    "label",
    "legend",
    "print",
    "say",
    "set_title",
    "set_xlabel",
    "set_ylabel",
    "spread",
    "suptitle",
    "table",
    "tensor_grid",
    "text",
    "verdict",
}
LOOKING = {"find", "get", "pop", "index", "load"}  # methods that look something up by a string
SHOWN_AS = {
    "cols",
    "label",
    "rows",
    "title",
    "xlabel",
    "xticklabels",
    "ylabel",
    "yticklabels",
}  # keywords of any function
NOT_FOR_READERS = re.compile(r"###|noqa\b|type:|fmt:|%|@")
PHRASE = re.compile(r"[^\W\d_]{2,}[,;:.]? (?:\S+ )*?[^\W\d_]{2,}")
AROUND = re.compile(r"[^\W\d_]{2,}[,;:.]? (?:\S+ )*?[^\W\d_]{2,}|(?<![\w/.=\"-])[a-z]{4,}(?![\w/.=\"(-]|: )")
PLACE = re.compile(r"(?:upper|lower|center) (?:left|right|center)")  # of a legend


@functools.lru_cache(maxsize=4)
def nodes_of(tree: ast.Module) -> tuple[ast.AST, ...]:
    """All nodes of a tree, as `ast.walk` gives them: several look through the same tree one after another."""
    return tuple(ast.walk(tree))


def looked_up(sources: Iterable[str]) -> frozenset[str]:
    """Strings by which cells of a notebook look something up, or which they compare with something."""
    found: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Subscript, ast.Compare)):
                inside = ast.walk(node.slice if isinstance(node, ast.Subscript) else node)
                found.update(
                    n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)
                )
    return frozenset(found)


def of_code(source: str, keys: frozenset[str] = frozenset()) -> list[Passage]:
    """The passages of a code cell, in their order. None for a cell that is not Python (a magic).

    Args:
        source: the cell's.
        keys: what the notebook looks something up by: only where it is given to be shown is it a passage.
    """
    try:
        tree = ast.parse(source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, tokenize.TokenError):
        return []
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    solved = _solutions(source, lines)
    everything = [
        *_comments(source, tokens, lines),
        *_docstrings(source, tree, lines),
        *_shown(source, tree, lines, keys),
    ]
    outside = [p for p in everything if not any(a <= p.start < b for a, b in solved)]
    return sorted(outside, key=lambda passage: passage.start)


def _solutions(source: str, lines: list[int]) -> list[tuple[int, int]]:
    """Where solutions stand, from the mark that begins one to the mark that ends it."""
    spans, begun = [], -1
    for number, line in enumerate(source.splitlines()):
        if "BEGIN SOLUTION" in line:
            begun = lines[number]
        elif "END SOLUTION" in line and begun >= 0:
            spans.append((begun, lines[number + 1]))
            begun = -1
    return spans


def _comments(source: str, tokens: list[tokenize.TokenInfo], lines: list[int]) -> Iterator[Passage]:
    """Comments; lines of one comment below each other are one passage."""
    group: list[tokenize.TokenInfo] = []
    for token in tokens:
        if token.type != tokenize.COMMENT or NOT_FOR_READERS.match(token.string.lstrip("# ") or "%"):
            continue
        if token.string.startswith("###"):
            continue
        alone = not source[lines[token.start[0] - 1] :][: token.start[1]].strip()
        last = group[-1] if group else None
        if last and alone and token.start == (last.start[0] + 1, last.start[1]):
            group.append(token)
            continue
        if group:
            yield from _comment(group, lines)
        group = [token]
    if group:
        yield from _comment(group, lines)


def _comment(group: list[tokenize.TokenInfo], lines: list[int]) -> Iterator[Passage]:
    text = "\n".join(token.string.lstrip("#").strip() for token in group)
    if not has_words(text):
        return
    (row, column), (last, end) = group[0].start, group[-1].end
    between = "\n" + " " * column

    def written(translated: str) -> str:
        return between.join(f"# {line}".rstrip() for line in translated.splitlines())

    yield Passage(lines[row - 1] + column, lines[last - 1] + end, text, "comment", written)


def _span(source: str, node: ast.expr, lines: list[int]) -> tuple[int, int]:
    """Where an expression stands, in characters; ast counts columns in bytes."""

    def place(row: int, column: int) -> int:
        line = source[lines[row - 1] : lines[row]]
        return lines[row - 1] + len(line.encode()[:column].decode())

    assert node.end_lineno is not None and node.end_col_offset is not None
    return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)


def _docstrings(source: str, tree: ast.Module, lines: list[int]) -> Iterator[Passage]:
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        first = node.body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
            continue
        raw = first.value.value
        if not isinstance(raw, str) or not has_words(raw):
            continue
        start, end = _span(source, first.value, lines)
        if not source[start:end].startswith('"""'):
            continue
        indent = " " * first.col_offset

        def written(text: str, indent: str = indent) -> str:
            body = "\n".join(f"{indent}{line}".rstrip() for line in text.splitlines())
            ending = f"\n{indent}" if "\n" in text else ""
            inner = body.strip().replace("\\", "\\\\").replace('"""', '\\"""')
            return f'"""{inner}{ending}"""'

        yield Passage(start, end, inspect.cleandoc(raw), "docstring", written)


def _shown(source: str, tree: ast.Module, lines: list[int], keys: frozenset[str]) -> Iterator[Passage]:
    """Strings with words that the cell shows: given to a function that shows them, or a phrase wherever it stands."""
    shown = {span: s for s in given_to_show(tree) if (span := _span(source, s, lines))}
    shown |= {span: s for s in phrases(tree) if (span := _span(source, s, lines)) and text_of(s) not in keys}
    for (start, end), string in shown.items():
        text, fields = text_of(string), isinstance(string, ast.JoinedStr)
        if has_words(FIELD.sub(" ", text)) and not PLACE.fullmatch(text):
            yield Passage(start, end, text, "said with values" if fields else "said", _quoted(fields))


def given_to_show(
    tree: ast.Module, functions: Collection[str] = SHOWING, keywords: Collection[str] = SHOWN_AS
) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Strings that are given to one of these functions, which show them, or by one of these keywords to any.

    Those in a list that is given to `table` by its name are given, too.
    """
    lists = put_into(nodes_of(tree)) if "table" in functions else {}
    for node in nodes_of(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [keyword.value for keyword in node.keywords if keyword.arg in keywords]
            for value in (*(node.args if name in functions else ()), *given):
                yield from _strings(value)
                if name == "table" in functions:
                    filled = (part for list_name in names_of(value) for part in lists.get(list_name, ()))
                    yield from (string for part in filled for string in _strings(part))


def phrases(tree: ast.Module, around_values: bool = False) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Strings of two words and more, as no name in code is; but what is looked up or compared stays as it is.

    Args:
        tree: of the code.
        around_values: whether words with a value between them are a phrase too, and one word beside a value.
    """
    inside: set[ast.AST] = set()
    for node in nodes_of(tree):
        if isinstance(node, (ast.Subscript, ast.Compare)):
            inside.update(ast.walk(node.slice if isinstance(node, ast.Subscript) else node))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in LOOKING:
            inside.update(n for argument in node.args[:1] for n in ast.walk(argument))
        elif isinstance(node, ast.JoinedStr):
            inside.update(n for n in ast.walk(node) if n is not node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)  # a docstring
    for node in nodes_of(tree):
        string = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if (string or isinstance(node, ast.JoinedStr)) and node not in inside:
            assert isinstance(node, (ast.Constant, ast.JoinedStr))
            words = FIELD.sub(" ", text_of(node))
            if PHRASE.search(words) or (
                around_values and isinstance(node, ast.JoinedStr) and AROUND.search(" ".join(words.split()))
            ):
                yield node


def _strings(node: ast.expr) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Strings that are shown as they stand: not those in a comparison, a look-up or a call of another function."""
    match node:
        case ast.JoinedStr():
            yield node
        case ast.Constant(value=str()):
            yield node
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _strings(part)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _strings(body)
            yield from _strings(orelse)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _strings(left)
            yield from _strings(right)
        case ast.Starred(value=value):
            yield from _strings(value)
        case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
            yield from _strings(elt)


def text_of(node: ast.Constant | ast.JoinedStr) -> str:
    """The string's text; values of an f-string stand in braces."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value).replace("{", "{{").replace("}", "}}"))
        else:
            parts.append(ast.unparse(ast.JoinedStr([value]))[2:-1])
    return "".join(parts)


def _quoted(fields: bool) -> Callable[[str], str]:
    def written(text: str) -> str:
        if not fields:
            return repr(text) if '"' in text else f'"{repr(text)[1:-1]}"'
        pieces, place = [], 0
        for found in FIELD.finditer(text):
            pieces += [_escaped(text[place : found.start()]), found.group().replace('"', "'")]
            place = found.end()
        return f'f"{"".join(pieces)}{_escaped(text[place:])}"'

    return written


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
