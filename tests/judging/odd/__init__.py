"""Right answers in odd dress, beside the banks': each must earn everything. One style in each, on one check."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Odd:
    """A right answer: its style in a few words, the check, and the functions for it."""

    about: str
    check: str
    functions: tuple[Callable[..., Any], ...]


class OddOnes(list[Odd]):
    """The odd answers of one module."""

    def add(self, check: str, about: str, *functions: Callable[..., Any]) -> None:
        """Take in one more."""
        self.append(Odd(about, check, functions))

    def each(self, *checks: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A decorator: the function, called after its style, is an answer to these checks."""

        def taken(function: Callable[..., Any]) -> Callable[..., Any]:
            for check in checks:
                self.add(check, function.__name__.replace("_", " "), function)
            return function

        return taken


MODULES = (
    "absent",
    "at_one",
    "batch_norm",
    "convolution",
    "dropout",
    "edges",
    "habits",
    "normalizers",
    "second_calls",
)


def every_odd_one() -> Iterator[Odd]:
    """The odd answers of all modules."""
    for name in MODULES:
        yield from importlib.import_module(f"{__name__}.{name}").ODD
