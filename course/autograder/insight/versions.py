"""How one mistake is written: the shortest function of a group, and two that are as unlike it and each other as can be."""

import ast
import difflib
import io
import tokenize
from collections.abc import Mapping, Sequence

MOST_COMPARED = 40  # versions; more are not looked at, for each is compared with each
COMPARED = 600  # tokens of each: what is built to be slow to compare takes seconds and not hours
LONGEST = 20_000  # characters of a version: what is longer is no function that one reads in passing
SHOWN = 3


def functions_in(cells: Sequence[str], wanted: Sequence[str]) -> str:
    """The last definition of each wanted function, as it was written; '' where there is none."""
    found: dict[str, str] = {}
    for source in cells:
        if len(source) > LONGEST or not any(name in source for name in wanted):
            continue
        try:
            nodes = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        lines = source.splitlines()
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in wanted:
                found[node.name] = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    return "\n\n".join(found[name] for name in wanted if name in found)


def normalised(source: str) -> list[str]:
    """The tokens of a source without comments, docstrings and blank lines, its own names in order of appearance."""
    names: dict[str, str] = {}
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(_without_docstrings(source)).readline))
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError, MemoryError):
        return source.split()
    given = {"np", "self", "range", "len", "sum"}
    made = []
    for token in tokens:
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER):
            continue
        if token.type == tokenize.NAME and token.string not in given and not _reserved(token.string):
            made.append(names.setdefault(token.string, f"v{len(names)}"))
        else:
            made.append(token.string.strip() or tokenize.tok_name[token.type])
    return made


def _reserved(name: str) -> bool:
    return name in {"def", "return", "for", "in", "if", "else", "while", "import", "from", "and", "or", "not"}


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                del body[0]
    return ast.unparse(tree)


def told_apart(versions: Mapping[str, str]) -> list[tuple[str, str]]:
    """Up to three versions with their students: the shortest first, then each the one most unlike those before it.

    Args:
        versions: the functions of each student; blank where they could not be read.
    """
    by_text: dict[tuple[str, ...], tuple[str, str]] = {}
    for student, source in versions.items():
        if source.strip() and len(source) <= LONGEST:
            key = tuple(normalised(source))
            kept = by_text.get(key)
            if kept is None or len(source) < len(kept[1]):
                by_text[key] = (student, source)
    left = sorted(by_text, key=lambda key: (len(key), by_text[key]))[:MOST_COMPARED]
    chosen: list[tuple[str, ...]] = left[:1]
    while left and len(chosen) < SHOWN:
        rest = [key for key in left if key not in chosen]
        if not rest:
            break
        chosen.append(min(rest, key=lambda key: max(_alike(key, other) for other in chosen)))
    return [by_text[key] for key in chosen]


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    return difflib.SequenceMatcher(None, one[:COMPARED], other[:COMPARED], autojunk=False).ratio()
