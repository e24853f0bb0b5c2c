"""Frames between judge and student's process: a JSON header, then the raw bytes of the arrays in it.

Nothing is ever unpickled or evaluated. The other end may be hostile: whatever it sends, the outcome is a
value of the kinds below or a `WireError`. Kinds: None, bool, int, float, str, list, tuple, dict, arrays of
numbers, and the dataclasses in `CLASSES`, field by field.

A frame is: header length (4 bytes), body length (4 bytes), header, body; little-endian.
"""

import json
import struct
from dataclasses import fields
from typing import Any, Literal, cast

import numpy as np

from course.autograder.checks.language.protocol import (
    MAX_BYTES,
    MAX_DIMENSIONS,
    Affine,
    Call,
    Problem,
    Put,
    Reply,
    Seeded,
    Strided,
    Thinned,
)
from course.autograder.judging.verdict import Finding, Verdict

MAX_HEADER = 8 * 2**20
MAX_BODY = 96 * 2**20
MAX_ELEMENTS = MAX_BYTES // 8  # the judge computes in float64
MAX_ARRAYS = 512
MAX_ITEMS = 200_000
MAX_DEPTH = 24
CLASSES: dict[str, type] = {
    c.__name__: c for c in (Affine, Call, Finding, Problem, Put, Reply, Seeded, Strided, Thinned, Verdict)
}
DTYPES = {
    np.dtype(code).str: np.dtype(code) for code in ("?", *"bBhHiIlLqQ", *"efdg", ">f4", ">f8", ">i4", ">i8")
}
LENGTHS = struct.Struct("<II")  # of header and body


class WireError(Exception):
    """What came, or was to be sent, is not of this protocol."""


# --- values to frames ---


def _pack_array(array: np.ndarray, body: list[bytes]) -> list[Any]:
    kind = array.dtype.str
    too_large = array.nbytes > MAX_BYTES or array.size > MAX_ELEMENTS or len(body) >= MAX_ARRAYS
    if kind not in DTYPES or array.ndim > MAX_DIMENSIONS or too_large:
        raise WireError(f"an array of dtype {array.dtype} and shape {array.shape} does not travel")
    order: Literal["C", "F"] = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    body.append(array.tobytes(order))
    return ["array", kind, list(array.shape), order]


def _pack(value: Any, body: list[bytes], depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise WireError("nested too deep")
    if value is None or isinstance(value, (bool, str)):
        return value
    if type(value) is int:
        return value if abs(value) < 2**53 else ["int", hex(value)]
    if type(value) is float:
        return value
    if isinstance(value, np.ndarray):
        return _pack_array(value, body)
    if isinstance(value, np.generic):
        return ["scalar", _pack_array(np.asarray(value), body)]
    if isinstance(value, (list, tuple)):
        tag = "list" if isinstance(value, list) else "tuple"
        return [tag, *(_pack(item, body, depth + 1) for item in value)]
    if isinstance(value, dict):
        pairs = ((_pack(k, body, depth + 1), _pack(v, body, depth + 1)) for k, v in value.items())
        return ["dict", *(part for pair in pairs for part in pair)]
    name = type(value).__name__
    if CLASSES.get(name) is type(value):
        names = (f.name for f in fields(CLASSES[name]))
        return [name, *(_pack(getattr(value, n), body, depth + 1) for n in names)]
    raise WireError(f"a {type(value).__module__}.{name} does not travel")


def encode(value: Any) -> bytes:
    """One value as a whole frame. Raises WireError for what does not travel."""
    body: list[bytes] = []
    header = json.dumps(_pack(value, body), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )
    size = sum(map(len, body))
    if len(header) > MAX_HEADER or size > MAX_BODY:
        raise WireError(f"a frame of {len(header) + size:,} bytes is too large")
    return b"".join((LENGTHS.pack(len(header), size), header, *body))


# --- frames to values ---


def _writable(text: str) -> None:
    """Refuse half characters (lone surrogates), which no file and no gradebook takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise WireError("text that is no text") from None


class _Reader:
    """Rebuilds a value from a header, taking arrays from the body in order."""

    def __init__(self, body: memoryview) -> None:
        self.body = body
        self.at = 0
        self.items = 0
        self.arrays = 0

    def value(self, tree: Any, depth: int = 0) -> Any:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise WireError("too deep or too many items")
        if not isinstance(tree, list):
            if isinstance(tree, dict):
                raise WireError("a bare object")
            if isinstance(tree, str):
                _writable(tree)
            return tree
        if not tree or not isinstance(tree[0], str):
            raise WireError("a list without a tag")
        tag, *parts = tree
        if tag == "array":
            return self._array(parts)
        if tag == "scalar":
            return self._scalar(parts, depth)
        if tag == "int":
            return self._int(parts)
        values = [self.value(part, depth + 1) for part in parts]
        if tag == "list":
            return values
        if tag == "tuple":
            return tuple(values)
        if tag == "dict":
            return self._dict(values)
        return self._dataclass(tag, values)

    def _array(self, parts: list[Any]) -> np.ndarray:
        self.arrays += 1
        if len(parts) != 3 or self.arrays > MAX_ARRAYS:
            raise WireError("a malformed array, or too many")
        kind, shape, order = parts
        dtype = DTYPES.get(kind) if isinstance(kind, str) else None
        if (
            dtype is None
            or order not in ("C", "F")
            or not isinstance(shape, list)
            or len(shape) > MAX_DIMENSIONS
        ):
            raise WireError("an array of a kind that does not travel")
        count = 1
        for n in shape:
            if type(n) is not int or not 0 <= n <= MAX_BYTES:
                raise WireError("an impossible shape")
            count *= n
        size = count * dtype.itemsize
        if count > MAX_ELEMENTS or size > MAX_BYTES or self.at + size > len(self.body):
            raise WireError("an array larger than what came with it")
        raw = np.frombuffer(self.body[self.at : self.at + size], dtype=np.uint8)
        self.at += size
        # A byte other than 0 and 1 in an array of truth values would be a value that numpy does not know.
        flat = raw != 0 if dtype.kind == "b" else raw.copy().view(dtype)
        return flat.reshape(shape, order=order)

    def _scalar(self, parts: list[Any], depth: int) -> np.generic:
        array = self.value(parts[0], depth + 1) if len(parts) == 1 else None
        if not isinstance(array, np.ndarray) or array.ndim:
            raise WireError("a malformed scalar")
        return cast(np.generic, array[()])

    def _int(self, parts: list[Any]) -> int:
        if len(parts) != 1 or not isinstance(parts[0], str) or len(parts[0]) > 100_000:
            raise WireError("a malformed integer")
        try:
            return int(parts[0], 16)
        except ValueError as error:
            raise WireError("a malformed integer") from error

    def _dict(self, values: list[Any]) -> dict[Any, Any]:
        keys = values[::2]
        if len(values) % 2 or not all(isinstance(key, (str, int)) for key in keys):
            raise WireError("a malformed dict")
        return dict(zip(keys, values[1::2], strict=True))

    def _dataclass(self, tag: str, values: list[Any]) -> Any:
        kind = CLASSES.get(tag)
        if kind is None or len(values) != len(fields(kind)):
            raise WireError("an unknown tag")
        return kind(*values)


def decode(header: bytes | bytearray, body: bytes | bytearray) -> Any:
    """The value of one frame. Raises WireError for anything that `encode` would not have made."""
    try:
        tree = json.loads(bytes(header).decode("utf-8"))
        reader = _Reader(memoryview(body))
        value = reader.value(tree)
    except (ValueError, RecursionError, TypeError, OverflowError) as error:
        raise WireError(f"not a frame of this protocol: {type(error).__name__}") from error
    if reader.at != len(body):
        raise WireError("bytes left over")
    return value
