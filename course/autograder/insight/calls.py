"""Which of a student's functions call which: a wrong answer may only follow from another that it calls."""

import ast
from collections.abc import Collection, Sequence

from course.autograder.checks import find_check

LONGEST = 100_000  # characters of a cell


def calls_in(cells: Sequence[str]) -> dict[str, set[str]]:
    """By function the names that it uses, as the last definition has it."""
    found: dict[str, set[str]] = {}
    for source in cells:
        if len(source) > LONGEST:
            continue
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found


def reached(functions: Collection[str], calls: dict[str, set[str]]) -> set[str]:
    """All that these functions call, be it through others; not themselves."""
    seen = set(functions)
    while more := {name for one in seen for name in calls.get(one, ()) if name in calls} - seen:
        seen |= more
    return seen - set(functions)


def follows_from(check: str, wrong: Collection[str], calls: dict[str, set[str]]) -> tuple[str, ...]:
    """Of the checks in which a student is wrong, those whose functions this check's call.

    Args:
        check: its name.
        wrong: names of checks, in the notebook's order.
        calls: `calls_in` the student's cells.
    """
    below = reached(find_check(check).functions, calls)
    return tuple(one for one in wrong if one != check and below & set(find_check(one).functions))
