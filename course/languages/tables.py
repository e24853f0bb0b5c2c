"""What a cell puts into a table that it shows: lists which it gives a name and fills before it gives them to `table`.

`rows = []`, `rows.append(("by hand", total))`, `table(["way", "sum"], rows)`: "by hand" is shown, though it is nowhere given
to a function that shows something.
"""

import ast
from collections.abc import Iterable, Iterator


def put_into(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What is put into lists that have a name, by that name: what is assigned, added and appended."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        for name, value in _put(node):
            found.setdefault(name, []).append(value)
    return found


def _put(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from ((n.id, v) for n, v in zip(names, values, strict=False) if isinstance(n, ast.Name))
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
            yield name, value


def names_of(value: ast.expr) -> list[str]:
    """The names of the lists that a value is made of: `rows`, or `[*rows, last]`."""
    parts = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
    bare = [part.value if isinstance(part, ast.Starred) else part for part in parts]
    return [part.id for part in bare if isinstance(part, ast.Name)]
