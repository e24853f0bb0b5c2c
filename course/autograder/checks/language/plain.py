"""What a student's function gave, as plain arrays of numbers, or one sentence on why it is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_BYTES = 64 * 2**20  # of one array: the largest honest answer of the course is below 8 MB
MAX_DIMENSIONS = 8
REFUSED = np.empty(
    (0,) * (MAX_DIMENSIONS + 1)
)  # in place of an answer: the inputs are refused, an exception is raised
MAX_ITEMS = 100_000  # of a list or tuple that stands for an array
NUMBERS = frozenset(map(np.dtype, ("f8", "f4", "i8", "?")))  # as this machine writes them
# What a student's code may raise without ending the cell: all but an interrupt, which a person or the clock sends.
ESCAPING = (Exception, SystemExit, GeneratorExit)


@dataclass(frozen=True)
class Problem:
    """Why there is no array: a kind for the judge, a sentence for the student, and what was there."""

    kind: str  # 'raised', 'arity', 'unpack', 'none', 'type', 'huge', 'missing', 'function'
    message: str
    exceptions: tuple[str, ...] = ()  # of kind 'raised': the names of the exception's class and its bases


def plain(value: Any, name: str) -> np.ndarray | Problem:
    """A base-class numeric array with the same values, or the Problem with it.

    Arrays of any subclass, numpy scalars, Python numbers and (nested) lists of numbers are taken; tensors of a
    framework, strings, objects and whatever is larger than the caps are not.
    """
    try:
        return _plain(value, name)
    except MemoryError:
        return Problem("huge", f"{name} does not fit into memory")
    except ESCAPING as error:  # a class of the student's own making, or lists in lists in lists
        about = f"{type(value).__name__} that cannot be read as an array ({type(error).__name__})"
        return Problem("type", f"{name} is a {about}")


def _plain(value: Any, name: str) -> np.ndarray | Problem:
    plainly = type(value) is np.ndarray and value.dtype in NUMBERS
    if plainly and value.ndim <= MAX_DIMENSIONS and value.nbytes <= MAX_BYTES:
        return value.copy()  # what most answers are
    if value is None:
        return Problem("none", f"{name} is None; is a `return` missing?")
    if isinstance(value, (list, tuple)) and len(value) > MAX_ITEMS:
        return Problem(
            "huge", f"{name} is a {type(value).__name__} of {len(value):,} items; return a numpy array"
        )
    if not isinstance(value, (np.ndarray, np.generic, int, float, list, tuple)):
        kind = type(value)
        told = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        return Problem("type", f"{name} is a {told}; numbers are wanted")
    try:
        array = np.asarray(value)
    except ValueError:
        if isinstance(value, (list, tuple)) and not all(isinstance(item, (list, tuple)) for item in value):
            # An array and a cache, say: whoever returned them meant no rows.
            told = f"{name} is a {type(value).__name__} of {len(value)} things; one array is wanted"
            return Problem("type", told)
        return Problem(
            "type", f"{name} is a {type(value).__name__} whose rows have different lengths; wanted an array"
        )
    except OverflowError:
        return Problem("type", f"{name} is a number too large for any numpy type")
    if array.dtype.kind not in "fiub":
        if array.dtype.kind == "O" and isinstance(value, int):
            return Problem("type", f"{name} is a number too large for any numpy type")
        what = "object array" if array.dtype.kind == "O" else f"array of dtype {array.dtype}"
        return Problem("type", f"{name} is an {what}; wanted numbers (float64, float32 or integers)")
    if array.ndim > MAX_DIMENSIONS or array.nbytes > MAX_BYTES:
        return Problem(
            "huge",
            f"{name} has shape {array.shape} ({array.nbytes:,} bytes), far larger than any answer here",
        )
    return np.array(array, copy=True, subok=False, order="C").astype(
        array.dtype.newbyteorder("="), copy=False
    )


def rows_together(values: Sequence[Any], name: str) -> np.ndarray | Problem:
    """One value from each row of a table as one array: (rows,), or (rows, longest) where each row has a tuple.

    Rows of unlike lengths (shapes of unlike rank, say) are filled up with NaN; None counts as an empty tuple.
    """
    rows = [plain(() if value is None else value, f"{name} in row {i}") for i, value in enumerate(values)]
    arrays = []
    for row in rows:
        if isinstance(row, Problem):
            return row
        arrays.append(row)
    if len({a.shape for a in arrays}) < 2:
        return plain(arrays, name)
    if any(a.ndim != 1 for a in arrays):
        return Problem("type", f"{name} is a number in some rows and a tuple in others")
    together = np.full((len(arrays), max(a.size for a in arrays)), np.nan)
    for line, row in zip(together, arrays, strict=True):
        line[: row.size] = row
    return together
