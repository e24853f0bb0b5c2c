"""How a student's function takes its arguments: one by one, or by name where it lets nobody do otherwise."""

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from types import CellType, CodeType, FunctionType
from typing import Any

Given = tuple[tuple[Any, ...], dict[str, Any]]
# For each argument the name that it is given by; '' where it is given in its place.
Taken = tuple[str, ...]


def as_taken(function: Callable[..., Any], names: Sequence[str], values: Sequence[Any]) -> Given:
    """The arguments, those by name that the function takes by name alone.

    Args:
        function: whose signature is asked; one that has none to ask gets its arguments one by one.
        names: what the arguments are called: 'x', 'bn_param', or 'later_x' and 'x2' for an x.
        values: the arguments.

    Raises:
        TypeError: when the function cannot be called with these.
    """
    if type(function) is FunctionType and not function.__dict__ and not function.__kwdefaults__:
        code, defaults = function.__code__, len(function.__defaults__ or ())
        if not code.co_kwonlyargcount and 0 <= code.co_argcount - len(values) <= defaults:
            return tuple(values), {}  # nothing by name alone, and neither too few nor too many
        taken = _by_code(code, defaults, tuple(names))
    else:
        taken = _taken(function, names)
    if taken is None:
        return tuple(values), {}
    one_by_one = tuple(value for name, value in zip(taken, values, strict=True) if not name)
    return one_by_one, {name: value for name, value in zip(taken, values, strict=True) if name}


@functools.lru_cache(maxsize=1000)
def _by_code(code: CodeType, defaults: int, names: tuple[str, ...]) -> Taken | None:
    """The same of a plain function, asked once for all cases of a check: to ask takes longer than most calls do.

    Args:
        code: the function's.
        defaults: how many of its arguments have one.
        names: as above.
    """
    cells = tuple(CellType() for _ in code.co_freevars)
    return _taken(FunctionType(code, {}, None, (None,) * defaults, cells), names)


def _taken(function: Callable[..., Any], names: Sequence[str]) -> Taken | None:
    """How a function takes arguments of these names; None where it does not tell. Raises TypeError where it cannot."""
    try:
        signature = inspect.signature(function)
    except Exception:
        return None
    alone = {p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY}
    called = [re.sub(r"^later_|\d+$", "", name.split(".")[-1]) for name in names]
    taken = tuple(name if name in alone else "" for name in called)
    signature.bind(*(None for name in taken if not name), **dict.fromkeys(filter(None, taken)))
    return taken
