"""Plain values and arrays as bytes and back: a JSON header, then the raw bytes of the arrays in it.

Nothing is ever unpickled or evaluated. The other end may be hostile: whatever it sends, the outcome is a
value of the kinds below or a `FrameError`. Kinds: None, bool, int, float, str, list, tuple, dict, arrays of
numbers, and the dataclasses that a codec is told of, field by field.

A frame is: header length (4 bytes), body length (4 bytes), header, body; little-endian.
"""

import itertools
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

import numpy as np

from course.common.frame_plans import Plans

DTYPES = {
    np.dtype(code).str: np.dtype(code) for code in ("?", *"bBhHiIlLqQ", *"efdg", ">f4", ">f8", ">i4", ">i8")
}
CODES = {dtype: code for code, dtype in DTYPES.items()}
JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
READ = json.JSONDecoder()
PLAIN = frozenset({str, float, bool, type(None)})  # what JSON writes as it is
BARE = frozenset({float, int, bool, type(None)})  # what can be taken as JSON reads it
LENGTHS = struct.Struct("<II")  # of header and body


class FrameError(Exception):
    """What came, or was to be written, is no frame."""


@dataclass(frozen=True)
class Limits:
    """How large a frame may be.

    Attributes:
        array_bytes, elements, dimensions: of one array.
        header, body: bytes.
        arrays, items, depth: how many arrays and values there are, and how deep they are nested.
    """

    array_bytes: int
    elements: int
    dimensions: int
    header: int
    body: int
    arrays: int
    items: int
    depth: int


class Codec:
    """Writes and reads frames of one kind."""

    def __init__(
        self,
        classes: Iterable[type],
        limits: Limits,
        error: type[FrameError] = FrameError,
        *,
        once: bool = False,
    ) -> None:
        """Know some classes.

        Args:
            classes: the dataclasses that may be in a value, by whose names they are told apart.
            limits: how large a frame may be.
            error: what is raised.
            once: write arrays that are alike once, and read them as one array.
        """
        self.classes = {kind.__name__: kind for kind in classes}
        self.names = {name: [f.name for f in fields(kind)] for name, kind in self.classes.items()}
        self.limits = limits
        self.error = error
        self.once = once
        self.plans = Plans()

    def encode(self, value: Any) -> bytes:
        """One value as a whole frame. Raises the codec's error for what is of no kind that it knows."""
        writer = _Writer(self)
        tree = writer.pack(value)
        header = JSON.encode(tree).encode("utf-8", "replace")
        size = sum(map(len, writer.body))
        if len(header) > self.limits.header or size > self.limits.body:
            raise self.error(f"a frame of {len(header) + size:,} bytes is too large")
        return b"".join((LENGTHS.pack(len(header), size), header, *writer.body))

    def decode(self, header: bytes | bytearray, body: bytes | bytearray | memoryview) -> Any:
        """The value of one frame. Raises the codec's error for anything that `encode` would not have made."""
        header = bytes(header)
        plan = self.plans.of(header, len(body))
        if plan is not None:
            return plan.value(body)
        try:
            tree = READ.decode(header.decode("utf-8"))
            reader = _Reader(self, memoryview(body))
            value = reader.value(tree)
        except (ValueError, RecursionError, TypeError, OverflowError) as error:
            raise self.error(f"not a frame of this protocol: {type(error).__name__}") from error
        if reader.at != len(body):
            raise self.error("bytes left over")
        self.plans.learn(header, tree, DTYPES, self.classes)
        return value

    def read(self, frame: bytes) -> Any:
        """The value of a whole frame, lengths included."""
        if len(frame) < LENGTHS.size:
            raise self.error("not even the lengths are there")
        header, body = LENGTHS.unpack_from(frame)
        rest = memoryview(frame)[LENGTHS.size :]
        if len(rest) != header + body:
            raise self.error("the lengths do not fit what came")
        return self.decode(bytes(rest[:header]), rest[header:])


class _Writer:
    """Takes a value apart: into a tree for the header, and the bytes of its arrays."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.limits = codec.limits
        self.body: list[bytes] = []
        self.places: dict[tuple[Any, ...], int] = {}  # of arrays that are written once

    def pack(self, value: Any, depth: int = 0) -> Any:
        exact = type(value)
        if exact in PLAIN:
            return value
        if depth > self.limits.depth:
            raise self.codec.error("nested too deep")
        if exact is np.ndarray:
            return self._array(value)
        if exact is dict:
            return self._parts("dict", itertools.chain.from_iterable(value.items()), depth)
        if exact is int:
            return value if abs(value) < 2**53 else ["int", hex(value)]
        if isinstance(value, (bool, str)):
            return value
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            return ["scalar", self._array(np.asarray(value))]
        if isinstance(value, (list, tuple)):
            return self._parts("list" if isinstance(value, list) else "tuple", value, depth)
        if isinstance(value, dict):
            return self._parts("dict", itertools.chain.from_iterable(value.items()), depth)
        name = exact.__name__
        if self.codec.classes.get(name) is exact:
            return self._parts(name, [getattr(value, n) for n in self.codec.names[name]], depth)
        raise self.codec.error(f"a {exact.__module__}.{name} does not travel")

    def _parts(self, tag: str, parts: Iterable[Any], depth: int) -> list[Any]:
        # Most parts are plain: a call for each would cost more than all the rest.
        return [tag, *[part if type(part) in PLAIN else self.pack(part, depth + 1) for part in parts]]

    def _array(self, array: np.ndarray) -> list[Any]:
        limits, kind, shape = self.limits, CODES.get(array.dtype), array.shape
        too_large = array.nbytes > limits.array_bytes or array.size > limits.elements
        if kind is None or len(shape) > limits.dimensions or too_large:
            raise self.codec.error(f"an array of dtype {array.dtype} and shape {shape} does not travel")
        flags = array.flags
        order: Literal["C", "F"] = "F" if not flags.c_contiguous and flags.f_contiguous else "C"
        raw = array.tobytes(order)
        if self.codec.once:
            what = (kind, shape, order, raw)
            if what in self.places:
                return ["again", self.places[what]]
            self.places[what] = len(self.body)
        if len(self.body) >= limits.arrays:
            raise self.codec.error(f"more than {limits.arrays} arrays do not travel")
        self.body.append(raw)
        return ["array", kind, list(shape), order]


class _Reader:
    """Rebuilds a value from a header, taking arrays from the body in order."""

    def __init__(self, codec: Codec, body: memoryview) -> None:
        self.codec = codec
        self.limits = codec.limits
        self.body = body
        self.at = 0
        self.items = 1
        self.arrays: list[np.ndarray] = []

    def value(self, tree: Any, depth: int = 0) -> Any:
        if depth > self.limits.depth:
            raise self.codec.error("nested too deep")
        if type(tree) is not list:
            if type(tree) is dict:
                raise self.codec.error("a bare object")
            if type(tree) is str and not tree.isascii():
                self._writable(tree)
            return tree
        if not tree or not isinstance(tree[0], str):
            raise self.codec.error("a list without a tag")
        tag = tree[0]
        if tag == "array":
            return self._array(tree)
        parts = tree[1:]
        if tag == "again" and self.codec.once:
            return self._again(parts)
        if tag == "scalar":
            return self._scalar(parts, depth)
        if tag == "int":
            return self._int(parts)
        values = self._values(parts, depth + 1)
        if tag == "dict":
            return self._dict(values)
        if tag == "tuple":
            return tuple(values)
        if tag == "list":
            return values
        return self._dataclass(tag, values)

    def _values(self, parts: list[Any], depth: int) -> list[Any]:
        self.items += len(parts)
        if parts and (depth > self.limits.depth or self.items > self.limits.items):
            raise self.codec.error("too deep or too many items")
        return [
            part if type(part) in BARE or (type(part) is str and part.isascii()) else self.value(part, depth)
            for part in parts
        ]

    def _writable(self, text: str) -> None:
        """Refuse half characters (lone surrogates), which no file and no gradebook takes."""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self.codec.error("text that is no text") from None

    def _array(self, tree: list[Any]) -> np.ndarray:
        limits = self.limits
        if len(tree) != 4 or len(self.arrays) >= limits.arrays:
            raise self.codec.error("a malformed array, or too many")
        _, kind, shape, order = tree
        dtype = DTYPES.get(kind) if type(kind) is str else None
        if (
            dtype is None
            or order not in ("C", "F")
            or type(shape) is not list
            or len(shape) > limits.dimensions
        ):
            raise self.codec.error("an array of a kind that does not travel")
        count = 1
        for n in shape:
            if type(n) is not int or not 0 <= n <= limits.array_bytes:
                raise self.codec.error("an impossible shape")
            count *= n
        size = count * dtype.itemsize
        if count > limits.elements or size > limits.array_bytes or self.at + size > len(self.body):
            raise self.codec.error("an array larger than what came with it")
        if not size:
            made: np.ndarray = np.empty(shape, dtype, order)
        elif dtype.kind == "b":  # a byte other than 0 and 1 would be a truth value that numpy does not know
            made = np.asarray(np.ndarray(shape, np.uint8, self.body, self.at, None, order) != 0)
        else:
            made = np.ndarray(shape, dtype, self.body, self.at, None, order).copy(order)
        self.at += size
        self.arrays.append(made)
        return made

    def _again(self, parts: list[Any]) -> np.ndarray:
        (place,) = parts
        if type(place) is not int or not 0 <= place < len(self.arrays):
            raise self.codec.error("an array that is not there")
        return self.arrays[place]

    def _scalar(self, parts: list[Any], depth: int) -> np.generic:
        array = self.value(parts[0], depth + 1) if len(parts) == 1 else None
        if not isinstance(array, np.ndarray) or array.ndim:
            raise self.codec.error("a malformed scalar")
        return cast(np.generic, array[()])

    def _int(self, parts: list[Any]) -> int:
        if len(parts) != 1 or not isinstance(parts[0], str) or len(parts[0]) > 100_000:
            raise self.codec.error("a malformed integer")
        try:
            return int(parts[0], 16)
        except ValueError as error:
            raise self.codec.error("a malformed integer") from error

    def _dict(self, values: list[Any]) -> dict[Any, Any]:
        keys = values[::2]
        if len(values) % 2 or not all(isinstance(key, (str, int)) for key in keys):
            raise self.codec.error("a malformed dict")
        return dict(zip(keys, values[1::2], strict=True))

    def _dataclass(self, tag: str, values: list[Any]) -> Any:
        kind = self.codec.classes.get(tag)
        if kind is None or len(values) != len(self.codec.names[tag]):
            raise self.codec.error("an unknown tag")
        return kind(*values)
