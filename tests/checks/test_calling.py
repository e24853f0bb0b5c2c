"""A function gets its arguments as it takes them; what is kept of one is never taken for another's."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from course.autograder.checks.language.calling import as_taken

NAMES, VALUES = ("x", "bn_param", "later_x", "x2"), (1, 2, 3, 4)


def _makes(scale: int) -> Callable[..., Any]:
    return lambda x, y=scale, *, eps: x * scale + y + eps


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def outer(*given: Any, **named: Any) -> Any:
        return function(*given, **named)

    return outer


def test_arguments_go_by_name_where_a_function_takes_them_so_alone():
    assert as_taken(lambda x, /, gamma, *, eps: 0, ("x", "gamma", "p.eps"), VALUES[:3]) == (
        (1, 2),
        {"eps": 3},
    )
    assert as_taken(lambda *all_: 0, NAMES, VALUES) == (VALUES, {})
    assert as_taken(_wrapped(lambda a, *, eps: 0), ("a", "eps"), (1, 2)) == ((1,), {"eps": 2})
    assert as_taken(max, ("a", "eps"), (1, 2)) == ((1, 2), {}), "it has no signature to ask"


@pytest.mark.parametrize(
    "function", [lambda x: 0, lambda x, y, z: 0, lambda x, *, eps: 0, _wrapped(lambda: 0)]
)
def test_what_cannot_be_called_so_is_refused_every_time(function):
    for _ in range(2):
        with pytest.raises(TypeError):
            as_taken(function, ("x", "y"), (1, 2))


def test_functions_of_one_code_are_told_apart_where_it_matters():
    one, other = _makes(2), _makes(3)
    assert as_taken(one, ("x", "eps"), (1, 0)) == as_taken(other, ("x", "eps"), (1, 0)) == ((1,), {"eps": 0})
    other.__defaults__ = None
    with pytest.raises(TypeError, match="'y'"):
        as_taken(other, ("x", "eps"), (1, 0))
    assert as_taken(one, ("x", "eps"), (1, 0)) == ((1,), {"eps": 0})
