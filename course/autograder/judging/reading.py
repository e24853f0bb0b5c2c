"""Inputs as a student reads them who mistakes one thing: momentum the other way round, no stride, no epsilon.

A mistake that is the right answer to inputs read otherwise can be made together with any other mistake: the other
one's answer to the same reading.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Inputs

Change = Callable[[Any], Any]


def _ones(value: Any) -> Any:
    return np.ones_like(value)


def _zeros(value: Any) -> Any:
    return np.zeros_like(value)


def _squared(value: Any) -> Any:
    return value * value


def _turned(value: Any) -> Any:
    return tuple(value)[::-1] if isinstance(value, (tuple, list)) and len(value) == 2 else value


# What holds where a dict of parameters leaves it out.
DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "bn_param": {"momentum": 0.9, "eps": 1e-5},
    "ln_param": {"eps": 1e-5},
    "gn_param": {"eps": 1e-5},
}

# (keys of the inputs, what becomes of their values): whatever has none of these keys has no such reading.
READINGS: tuple[tuple[tuple[str, ...], Change], ...] = (
    (("momentum",), lambda m: 1 - m),
    (("momentum",), lambda m: 0.9),
    (("eps", "epsilon"), lambda e: 0.0),
    (("eps", "epsilon"), lambda e: 1e-5),
    (("stride",), lambda s: 1),
    (("padding", "pad"), lambda p: 0),
    (("dilation",), lambda d: 1),
    (("groups",), lambda g: 1),
    (("stride", "padding", "dilation"), _turned),
    (("gamma",), _ones),
    (("gamma",), _squared),
    (("beta",), _zeros),
    (("b", "bias"), _zeros),
    (("k",), lambda k: k + 1),  # of steps in a window: one more, one fewer
    (("k",), lambda k: max(k - 1, 1)),
)


def readings(inputs: Inputs) -> Iterator[Inputs]:
    """The inputs as each reading makes them, of those that make a difference."""
    filled = {key: {**DEFAULTS[key], **item} if key in DEFAULTS else item for key, item in inputs.items()}
    for keys, change in READINGS:
        read, found = _read(filled, keys, change)
        if found:
            yield read


def _read(value: Any, keys: tuple[str, ...], change: Change) -> tuple[Any, bool]:
    """A copy with the values of these keys changed, at any depth of dicts, and whether anything was."""
    if not isinstance(value, Mapping):
        return value, False
    made, found = {}, False
    for key, item in value.items():
        if key in keys and isinstance(item, (int, float, tuple, list, np.ndarray)):
            made[key] = change(item)
            found = found or not _same(made[key], item)
        else:
            made[key], deeper = _read(item, keys, change)
            found = found or deeper
    return made, found


def _same(one: Any, other: Any) -> bool:
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))
