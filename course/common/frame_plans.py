"""Frames whose header has come before: the same value again but for the bytes of its arrays, which lie at the same places.

A class's answers to one case have one header. To read it anew takes longer than to make the arrays; nothing of it need be checked twice.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

Arrays = list[np.ndarray]
MOST = 512  # headers that are known; with one more, all are forgotten
LONGEST = 2_000  # bytes of one


class _Place(NamedTuple):
    """Where an array lies in the body, and what it is."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    at: int
    order: Literal["C", "F"]


class _Odd(Exception):
    """Something is in a header that is left to be read each time."""


class Plan:
    """How the value of a frame is made from its body alone."""

    def __init__(self, tree: Any, dtypes: Mapping[str, np.dtype[Any]], classes: Mapping[str, type]) -> None:
        """Plan it.

        Args:
            tree: of a header that was read without a fault, so that nothing in it is too large, too deep or unknown.
            dtypes: by their codes.
            classes: by their names.
        """
        self._dtypes, self._classes = dtypes, classes
        self._places: list[_Place] = []
        self.size = 0
        self._make = self._maker(tree)

    def value(self, body: bytes | bytearray | memoryview) -> Any:
        """The value of a frame with a body of `size` bytes."""
        return self._make(
            [
                np.ndarray(shape, dtype, body, at, None, order).copy(order)
                for shape, dtype, at, order in self._places
            ]
        )

    def _maker(self, tree: Any) -> Callable[[Arrays], Any]:
        if type(tree) is not list:
            return lambda arrays: tree
        tag, *parts = tree
        if tag == "array":
            place = len(self._places)
            self._places.append(self._placed(*parts))
            return lambda arrays: arrays[place]
        if tag == "dict":
            keys = parts[::2]
            if any(type(key) is list for key in keys):
                raise _Odd
            values = [self._maker(part) for part in parts[1::2]]
            pairs = list(zip(keys, values, strict=True))
            return lambda arrays: {key: make(arrays) for key, make in pairs}
        makers = [self._maker(part) for part in parts]
        if tag == "tuple":
            return lambda arrays: tuple([make(arrays) for make in makers])
        if tag == "list":
            return lambda arrays: [make(arrays) for make in makers]
        if tag not in self._classes:
            raise _Odd
        kind = self._classes[tag]
        return lambda arrays: kind(*[make(arrays) for make in makers])

    def _placed(self, code: str, shape: list[int], order: Literal["C", "F"]) -> _Place:
        dtype, at = self._dtypes[code], self.size
        size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        if dtype.kind == "b" or not size:  # whose bytes are looked at, or which has none
            raise _Odd
        self.size += size
        return _Place(tuple(shape), dtype, at, order)


class Plans:
    """The plans of headers that have come twice: who comes twice comes again."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._once: set[bytes] = set()
        self._known: dict[bytes, Plan | None] = {}  # None for what is left to be read each time

    def of(self, header: bytes, body: int) -> Plan | None:
        """The plan of a header with a body of so many bytes; None where there is none."""
        plan = self._known.get(header)
        return plan if plan is not None and plan.size == body else None

    def learn(
        self, header: bytes, tree: Any, dtypes: Mapping[str, np.dtype[Any]], classes: Mapping[str, type]
    ) -> None:
        """Take note of a header that was read without a fault; make a plan where it was read before."""
        if len(header) > LONGEST or header in self._known:
            return
        if header not in self._once:
            if len(self._once) >= MOST:
                self._once.clear()
                self._known.clear()
            self._once.add(header)
            return
        try:
            self._known[header] = Plan(tree, dtypes, classes)
        except _Odd:
            self._known[header] = None
