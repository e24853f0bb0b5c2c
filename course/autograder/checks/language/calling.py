"""How a student's function takes its arguments: one by one, or by name where it lets nobody do otherwise."""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

Given = tuple[tuple[Any, ...], dict[str, Any]]


def as_taken(function: Callable[..., Any], names: Sequence[str], values: Sequence[Any]) -> Given:
    """The arguments, those by name that the function takes by name alone.

    Args:
        function: whose signature is asked; one that has none to ask gets its arguments one by one.
        names: what the arguments are called: 'x', 'bn_param', or 'later_x' and 'x2' for an x.
        values: the arguments.

    Raises:
        TypeError: when the function cannot be called with these.
    """
    try:
        signature = inspect.signature(function)
    except Exception:
        return tuple(values), {}
    parameters = signature.parameters.values()
    alone = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    called = [re.sub(r"^later_|\d+$", "", name.split(".")[-1]) for name in names]
    given = list(zip(called, values, strict=True))
    named = {name: value for name, value in given if name in alone}
    one_by_one = tuple(value for name, value in given if name not in named)
    signature.bind(*one_by_one, **named)
    return one_by_one, named
