"""Walking a function's syntax tree, statement by statement. Nothing recurses, so that nesting costs nothing."""

import ast
from collections.abc import Iterator

LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "annotation", "returns", "type_params", "type_ignores"})
BODIES = ("body", "orelse", "handlers", "finalbody", "cases")
HOLDS = (ast.stmt, ast.excepthandler, ast.match_case)  # nodes that statements stand in


def statements_in(function: ast.AST) -> Iterator[ast.AST]:
    """All statements below a function or class in the order of its text; texts that stand alone are none."""
    stack = list(reversed(_body(function)))
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(_body(node))


def texts_in(function: ast.AST) -> Iterator[tuple[int, str]]:
    """All texts that stand as statements, docstrings among them, with their first lines."""
    for node in [function, *statements_in(function)]:
        for one in _inner(node):
            if (text := _text(one)) is not None:
                yield getattr(one, "lineno", 1), text


def _body(node: ast.AST) -> list[ast.AST]:
    return [one for one in _inner(node) if _text(one) is None]


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """The statements right below a node."""
    for name in BODIES if isinstance(node, HOLDS) else ():
        inner = getattr(node, name, None)
        yield from inner if isinstance(inner, list) else ()


def _text(node: ast.AST) -> str | None:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return node.value.value
    return None


def fields_of(node: ast.AST, head: bool) -> Iterator[tuple[str, object]]:
    """The fields that mean something; with `head`, those of a statement's own part, without the statements in it."""
    without = head and isinstance(node, HOLDS)
    for name in node._fields:
        if name not in LEFT_OUT and not (
            without and name in BODIES and isinstance(getattr(node, name, None), list)
        ):
            yield name, getattr(node, name, None)


def children(node: ast.AST, head: bool) -> Iterator[ast.AST]:
    """The nodes in those fields."""
    for _, value in fields_of(node, head):
        if isinstance(value, list):
            yield from (one for one in value if isinstance(one, ast.AST))
        elif isinstance(value, ast.AST):
            yield value


def own_nodes(root: ast.AST) -> list[ast.AST]:
    """A statement's nodes without those of statements in it, each before what stands in it."""
    order: list[ast.AST] = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack += children(node, node is root)
    return order


def last_line(statement: ast.AST) -> int:
    """The last line of a statement's own part: of a loop that of its head."""
    first = getattr(statement, "lineno", 1)
    if any(True for _ in _inner(statement)):
        heads = (getattr(node, "end_lineno", None) or first for node in children(statement, True))
        return max(first, *heads, first)
    return getattr(statement, "end_lineno", None) or first


def bound(function: ast.AST) -> frozenset[str]:
    """Names that a function binds anywhere in it."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif node is not function and isinstance(getattr(node, "name", None), str):
            found.add(node.name)  # type: ignore[attr-defined]
    return frozenset(found)


def parameters(function: ast.AST) -> dict[str, int]:
    """The places of a function's parameters, which the assignment gives, by name."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {}
    about = function.args
    return {one.arg: i for i, one in enumerate([*about.posonlyargs, *about.args, *about.kwonlyargs])}


def targets(statement: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """Names that a statement binds, each with what it is given where that can be told apart."""
    if not isinstance(statement, ast.Assign):
        for node in own_nodes(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, None
        return
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value
        elif isinstance(target, ast.Tuple):
            value = statement.value
            apart = (
                value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
            )
            for place, one in enumerate(target.elts):
                if isinstance(one, ast.Name):
                    yield one.id, apart[place] if apart else None
