"""What a cell of code says, read without running it: its statements, the names they bind, and the names they need.

Everything here is linear in the text and never raises: a cell that Python cannot parse, because it is damaged, hostile or
newer than this Python, is one statement whose names are read off its lines.
"""

import ast
import re
import symtable
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

MOST = 200_000  # characters of a cell that are parsed; a longer one is read by its lines
RUNS_ITS_BODY = {"time", "capture", "prun", "python", "python3", "matplotlib"}  # cell magics that run it here
MAGIC = re.compile(r"([ \t]*+)(?:[%!?]|[\w.]++\?\s*$|[\w., ]++=\s*[%!](?!=)).*")
BOUND = re.compile(
    r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|(\w+)[ \t]*(?::[^=\n]*)?=(?!=)|import[ \t]+(?:[\w.]+[ \t]+as[ \t]+)?(\w+)"
    r"|from[ \t]+[\w.]+[ \t]+import[ \t]+(?:\w+[ \t]+as[ \t]+)?(\w+)"
)


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell, or several that share a line.

    Attributes:
        text: as it is written, with the comments above it.
        key: the same for equal statements however they are laid out.
        binds: names that are there once it has run; a function that is still a stub is not among them.
        stubs: functions that it defines without a body of their own.
        uses: names that it looks up while it runs.
        later: names that are looked up when what it defines is called.
        defining: whether it is an import, a definition or an assignment and nothing else.
        checks: the check that it calls, where that is all it does.
        parsed: whether Python could read it.
    """

    text: str
    key: str
    binds: frozenset[str] = frozenset()
    stubs: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    defining: bool = False
    checks: str | None = None
    parsed: bool = True


@lru_cache(maxsize=4096)
def statements(source: str) -> tuple[Statement, ...]:
    """The statements of a cell, in order; none for a cell without code."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if not source.strip():
        return ()
    body = source
    if magic := re.match(r"\s*%%(\w+)[^\n]*\n?", source):
        body = "\n" * magic[0].count("\n") + source[magic.end() :]
        if magic[1] not in RUNS_ITS_BODY:
            return (Statement(source, source.strip()),)
    tree = parsed(body)
    if tree is None:
        body = "\n".join(without_magic(line) for line in body.split("\n"))
        tree = parsed(body)
    if tree is None:
        return (_by_lines(source),)
    return tuple(_statements(tree, source.split("\n"), body.split("\n")))


def parsed(source: str) -> ast.Module | None:
    """What Python reads in a text; None where it cannot, or where the text is too long."""
    if len(source) > MOST:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return None


def parses(source: str) -> bool:
    """Whether this Python, as IPython runs it, could read a cell."""
    return all(one.parsed for one in statements(source))


def without_magic(line: str) -> str:
    """A line of code; `pass` for one that is a magic, which Python cannot read."""
    found = MAGIC.fullmatch(line)
    return f"{found[1]}pass" if found else line


def _by_lines(source: str) -> Statement:
    """A cell that cannot be parsed, with the names that its lines at the margin seem to bind."""
    names = [next(filter(None, m.groups())) for line in source.split("\n") if (m := BOUND.match(line))]
    return Statement(source, source.strip(), frozenset(names), parsed=False)


def _statements(tree: ast.Module, shown: list[str], lines: list[str]) -> Iterator[Statement]:
    """Each statement with the lines that belong to it: those above it that belong to none, and its own."""
    begun = 0
    group: list[ast.stmt] = []
    for number, node in enumerate(tree.body):
        group.append(node)
        last = number == len(tree.body) - 1
        end = len(lines) if last else (node.end_lineno or node.lineno)
        if not last and _first_line(tree.body[number + 1]) <= end:
            continue  # the next one stands on the same line
        yield _one(group, "\n".join(shown[begun:end]), "\n".join(lines[begun:end]))
        begun, group = end, []


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _one(nodes: list[ast.stmt], shown: str, text: str) -> Statement:
    stubs = frozenset(node.name for node in nodes if _is_stub(node) and isinstance(node, _FUNCTION))
    try:
        key = "\n".join(ast.dump(node) for node in nodes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(text, "cell", "exec")
        symbols = table.get_symbols()
        later = {name for child in table.get_children() for name in _globals(child)}
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return _by_lines(shown)
    magic = shown != text
    return Statement(
        shown,
        f"{key}\n{shown.strip()}" if magic else key,
        frozenset(s.get_name() for s in symbols if s.is_assigned() or s.is_imported()) - stubs,
        stubs,
        frozenset(s.get_name() for s in symbols if s.is_referenced()),
        frozenset(later),
        all(isinstance(node, _DEFINING) for node in nodes) and not magic,
        _checked(nodes[0]) if len(nodes) == 1 else None,
    )


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINING = (*_FUNCTION, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals(child)


def _is_stub(node: ast.stmt) -> bool:
    """Whether a function has no body of its own: a docstring, and then nothing but raise, pass or `...`."""
    if not isinstance(node, _FUNCTION):
        return False
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        or (isinstance(one, ast.Raise) and one.exc is not None and "NotImplementedError" in ast.dump(one.exc))
        for one in node.body
    )


def _checked(node: ast.stmt) -> str | None:
    """The name in `check("name", ...)`, where that is the whole statement."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return None
    call = node.value
    if not isinstance(call.func, ast.Name) or call.func.id != "check" or not call.args:
        return None
    name = call.args[0]
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None


def binds(source: str) -> frozenset[str]:
    """The names that are there once a cell has run."""
    return frozenset().union(*(one.binds for one in statements(source)))


def stubs(source: str) -> frozenset[str]:
    """The functions that a cell leaves unwritten."""
    return frozenset().union(*(one.stubs for one in statements(source)))


def words(source: str) -> str:
    """The prose in a cell of code that is nothing else: comments, a string, or text that is no Python; '' otherwise."""
    lines = [line.strip() for line in source.split("\n") if line.strip()]
    if not lines:
        return ""
    if all(line.startswith("#") for line in lines):
        return "\n".join(line.lstrip("#").removeprefix(" ") for line in source.strip().split("\n"))
    found = statements(source)
    if all(one.parsed for one in found):
        tree = parsed(source)
        only = tree is not None and all(
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for node in tree.body
        )
        return source.strip() if only else ""
    text = " ".join(lines)
    spoken = len(re.findall(r"\b[^\W\d_]{2,}+(?=[\s,.;:!?]|$)", text))
    return (
        source.strip()
        if spoken >= 4 and not re.search(r"^[ \t]*+(def|class|import|from)\b", source, re.M)
        else ""
    )


def all_needed(names: Iterable[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    """These names, whatever each of them needs, whatever that needs, and so on."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return found
