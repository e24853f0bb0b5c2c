"""What a function's statements look like when names, layout, comments and order mean nothing.

A statement has several shapes, numbers that are equal for statements that say the same: with each local variable as a blank; with
each local as what it was last given (so that a line tells where its values come from, wherever the two stand); and those of its
larger parts. Every step is linear in the number of nodes.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from course.autograder.insight.similarity import trees

SMALLEST_PART = 6  # nodes; what is smaller is an idiom
LONGEST_WORD = 20  # characters of a string that is a key or a mode and not a text
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.ExceptHandler)  # by their author


@dataclass(frozen=True)
class Line:
    """One statement, without those that stand in it.

    Attributes:
        first, last: its lines in the function's text, from 1.
        whole: its shapes as a whole, the more telling one first.
        parts: shapes of its larger parts.
    """

    first: int
    last: int
    whole: tuple[int, ...]
    parts: tuple[int, ...]

    @property
    def shapes(self) -> tuple[int, ...]:
        """All of them."""
        return self.whole + self.parts


@dataclass(frozen=True)
class _Scope:
    """What names mean in a function: which are blanks, which are parameters, and the shapes of what locals were given."""

    locals: frozenset[str]
    parameters: Mapping[str, int]
    given: Mapping[str, int] = field(default_factory=dict)


class Shapes:
    """Numbers for shapes, the same for equal ones in a whole class."""

    def __init__(self) -> None:
        """None are known yet."""
        self._numbers: dict[tuple[object, ...], int] = {}

    def __call__(self, *key: object) -> int:
        """The number of a shape; its parts are numbers already."""
        return self._numbers.setdefault(key, len(self._numbers))

    def lines(self, function: ast.AST, own: frozenset[str] = frozenset()) -> list[Line]:
        """The statements of a function or a class, in order; its docstring is none of them.

        Args:
            function: its tree.
            own: global names that are the author's, so that they mean as little as those of locals.
        """
        blank = _Scope(trees.bound(function) | own, trees.parameters(function))
        given: dict[str, int] = {}
        telling = _Scope(blank.locals, blank.parameters, given)
        made = []
        for statement in trees.statements_in(function):
            plain, _ = self._numbered(statement, blank)
            whole, parts = self._numbered(statement, telling)
            first = getattr(statement, "lineno", 1)
            last = trees.last_line(statement)
            made.append(Line(first, last, (whole, plain), tuple(dict.fromkeys(parts))))
            for target, value in trees.targets(statement):
                given[target] = plain if value is None else self._numbered(value, blank)[0]
        return made

    def _numbered(self, root: ast.AST, scope: _Scope) -> tuple[int, list[int]]:
        """A tree's number, and those of its larger parts."""
        numbers: dict[int, int] = {}
        sizes: dict[int, int] = {}
        parts = []
        for node in reversed(trees.own_nodes(root)):
            head = node is root
            number = self._one(node, head, numbers, scope)
            size = 1 + sum(sizes[id(child)] for child in trees.children(node, head))
            numbers[id(node)], sizes[id(node)] = number, size
            if not head and isinstance(node, ast.expr) and size >= SMALLEST_PART:
                parts.append(number)
        return numbers[id(root)], parts

    def _one(self, node: ast.AST, head: bool, numbers: Mapping[int, int], scope: _Scope) -> int:
        """One node's number, from those of what stands in it."""
        if isinstance(node, ast.Name):
            return self._name(node, scope)
        if isinstance(node, ast.Constant):
            return self("constant", type(node.value).__name__, _constant(node.value))
        key: list[object] = [type(node).__name__]
        for name, value in trees.fields_of(node, head):
            if isinstance(value, list):
                key.append(tuple(numbers[id(one)] if isinstance(one, ast.AST) else one for one in value))
            elif isinstance(value, ast.AST):
                key.append(numbers[id(value)])
            elif not (name in ("name", "arg") and isinstance(node, NAMED)):
                key.append(value)
        return self(*key)

    def _name(self, node: ast.Name, scope: _Scope) -> int:
        if node.id in scope.parameters and node.id not in scope.given:
            return self("parameter", scope.parameters[node.id])
        if node.id not in scope.locals:
            return self("name", node.id)
        return self("local", scope.given.get(node.id) if isinstance(node.ctx, ast.Load) else None)


def _constant(value: object) -> object:
    """A value; of a text only that it is one: the text itself is told among the words."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_WORD and value.isidentifier() else ""
    return value
