"""Is this array that array? And where it is not: by how much, at which index, and what strikes the eye first."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Arrays, Case, Inputs, Output
from course.autograder.checks.language.stand_ins import MAPPINGS, Strided, input_arrays
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.facts import fact
from course.autograder.judging.verdict import Finding

ROUNDED = "The values are float32 numbers: something was rounded to float32; work in the dtype of the inputs."
SMALL = (
    "The difference is small: something on the way was rounded, perhaps to float32, or a small number came in that "
    "does not belong there."
)
SMALL_TERM = (
    "The difference is small: a small term such as epsilon may be missing or misplaced, or something on the way was "
    "rounded to float32."
)
WITH_EPSILON = ("eps", "bn_param", "ln_param", "gn_param")


@dataclass(frozen=True)
class Difference:
    """How one array misses another of the same shape."""

    largest: float
    index: tuple[int, ...]
    got: float
    wanted: float
    outside: int
    size: int


def _in_integers(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> bool:
    """Whether the two are to be compared exactly, as Python compares integers with each other and with floats."""
    return wanted.dtype.kind in "iub" and (got.dtype.kind in "iub" or tolerance == Tolerance(0, 0))


def outside(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Which elements are not near enough. Both arrays have one shape."""
    bad = _bad(got, wanted, tolerance)
    return np.zeros(got.shape, dtype=bool) if bad is None else bad


SOMEWHERE = np.array(True)
TINY = float(np.finfo(float).tiny)


def _bad(
    got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance, *, where: bool = True
) -> np.ndarray | None:
    """The same, and None where there is none. It is asked once for each mistake that a wrong output could come from.

    Whoever does not ask `where` is told `SOMEWHERE` as soon as that is plain.
    """
    if _in_integers(got, wanted, tolerance):
        if got.dtype == wanted.dtype:
            differs = np.asarray(got != wanted)
        else:
            differs = np.asarray(got.astype(object) != wanted.astype(object), dtype=bool)
        return differs if differs.any() else None
    got, wanted = got.astype(np.float64, copy=False), wanted.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        gap = np.abs(got - wanted)
        largest = np.maximum.reduce(gap, axis=None, initial=0.0)
        # Nowhere is less than this allowed, and most right answers are nearer: all the rest need not be asked of them.
        if gap.size and largest <= tolerance.atol:
            return None
        size = np.abs(wanted)
        scale = np.maximum.reduce(size, axis=None, initial=1.0)
        # Nowhere is more than this allowed, and most wrong answers are farther off.
        if not where and np.isfinite(largest) and largest > (tolerance.rtol + tolerance.atol) * scale:
            return SOMEWHERE
        if not np.isfinite(scale):  # what is not finite allows nothing: it must be met itself
            size = np.where(np.isfinite(size), size, np.nan)
            scale = np.fmax.reduce(size, axis=None, initial=1.0)
        bad = ~(gap <= tolerance.rtol * size + tolerance.atol * scale)
        if bad.any():
            bad &= ~((got == wanted) | (np.isnan(got) & np.isnan(wanted)))
    return bad if bad.any() else None


def allowance(wanted: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """How far from each value of a finite array of floats another may lie."""
    size = np.abs(wanted)
    allowed: np.ndarray = tolerance.rtol * size + tolerance.atol * np.max(size, initial=1.0)
    return allowed


def near(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> bool:
    """Same shape and near enough everywhere; where a NaN or infinity is wanted it must be met."""
    return got.shape == wanted.shape and _bad(got, wanted, tolerance, where=False) is None


def difference(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Difference | None:
    """None where near enough; otherwise the worst element. Both arrays have one shape."""
    bad = _bad(got, wanted, tolerance)
    if bad is None:
        return None
    bad = np.asarray(bad)
    with np.errstate(all="ignore"):
        gap = np.abs(got.astype(np.float64, copy=False) - wanted.astype(np.float64, copy=False))
    gap = np.where(bad, gap, 0.0)
    if not TINY < gap.max() < np.inf:
        # Integers beyond the reach of a float differ by more than their gap shows; a NaN is as far off as can be.
        gap = np.where(bad, np.where(np.isfinite(gap), np.maximum(gap, TINY), np.inf), 0.0)
    if not _in_integers(got, wanted, tolerance):
        got, wanted = got.astype(np.float64, copy=False), wanted.astype(np.float64, copy=False)
    index = np.unravel_index(int(np.argmax(gap)), gap.shape)
    return Difference(
        largest=float(gap[index]),
        index=tuple(int(i) for i in index),
        got=got[index].item(),
        wanted=wanted[index].item(),
        outside=int(np.count_nonzero(bad)),
        size=int(bad.size),
    )


def precision(inputs: Inputs, got: np.ndarray) -> str:
    """'float32' when the answer or what it was computed from is in single precision, else 'float64'."""
    return "float32" if has_single(got) or has_single(inputs) else "float64"


def has_single(value: Any) -> bool:
    """Whether a value is, or holds, an array in single or half precision."""
    if isinstance(value, np.ndarray):
        return value.dtype.char in "fe"
    if isinstance(value, (float, int, str)):
        return False
    if isinstance(value, MAPPINGS):
        return any(map(has_single, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_single, value))
    return isinstance(value, Strided) and has_single(value.array)


def tolerance_of(output: Output, inputs: Inputs, got: np.ndarray) -> Tolerance:
    """What an answer of this precision is held to."""
    return tolerance_from(output, has_single(inputs), got)


def tolerance_from(output: Output, single: bool, got: np.ndarray) -> Tolerance:
    """What an answer is held to, where it is known whether its inputs hold an array in single precision."""
    return output.tolerances.float32 if single or has_single(got) else output.tolerances.float64


def described(array: np.ndarray) -> str:
    """What an array is, in words: 'an integer', 'a number', 'an array of shape (7,)'."""
    if array.ndim:
        return f"an array of shape {array.shape}"
    return {"b": "True or False", "f": "a number"}.get(array.dtype.kind, "an integer")


def compare(
    output: Output,
    case: Case,
    inputs: Inputs,
    got: np.ndarray,
    wanted: np.ndarray,
    tolerance: Tolerance | None = None,
    arrays: Arrays | None = None,
) -> Finding | None:
    """What is wrong with one output on one case; None where it is near enough.

    Args:
        output, case: which.
        inputs: the case's.
        got, wanted: what came, and what is right.
        tolerance: what `tolerance_of` gives, where the caller knows it already.
        arrays: what `input_arrays` gives, where it does.
    """
    tolerance = tolerance or tolerance_of(output, inputs, got)
    if ".*." in output.path and got.ndim and wanted.ndim:
        message = rows_differ(got, wanted, tolerance, _kinds(inputs))
        return Finding(case.name, output.path, "rows", message) if message else None
    alike = got.shape == wanted.shape
    gap = difference(got, wanted, tolerance) if alike else None
    if alike and gap is None:
        return None
    about: dict[str, Any] = {"case": case.name, "output": output.path, **_shapes(got, wanted)}
    if gap is None:
        return Finding(kind="shape", message=_unlike(got, wanted), **about)
    about |= {"largest_difference": gap.largest, "index": gap.index, "got": gap.got, "wanted": gap.wanted}
    seen = fact(got, wanted, input_arrays(inputs) if arrays is None else arrays)
    if seen is not None:
        return Finding(kind=seen.kind, message=seen.message, advice=seen.advice, **about)
    if near(got, wanted, output.tolerances.float32) and precision(inputs, got) == "float64":
        small_term = any(name in inputs for name in WITH_EPSILON)
        advice = ROUNDED if _are_float32(got, wanted) else SMALL_TERM if small_term else SMALL
        return Finding(
            kind="precision", message="The values differ, if only a little.", advice=advice, **about
        )
    if gap.size == 1:
        return Finding(kind="value", message="The value is not right.", **about)
    return Finding(kind="value", message=f"{gap.outside:,} of {gap.size:,} values differ.", **about)


@functools.lru_cache(maxsize=32)
def _called(dtype: np.dtype) -> str:
    return str(dtype)  # which numpy puts together each time


def _shapes(got: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    return {
        "got_shape": got.shape,
        "got_dtype": _called(got.dtype),
        "wanted_shape": wanted.shape,
        "wanted_dtype": _called(wanted.dtype),
    }


def _unlike(got: np.ndarray, wanted: np.ndarray) -> str:
    if got.ndim and wanted.ndim:
        return f"Yours has shape {got.shape}; {wanted.shape} is wanted."
    return f"Yours is {described(got)}; {described(wanted)} is wanted."


def _are_float32(got: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether every value is a float32 number, which the right ones are not."""
    with np.errstate(all="ignore"):
        single = [bool(np.array_equal(a, a.astype(np.float32).astype(np.float64))) for a in (got, wanted)]
    return single == [True, False]


def _entries(row: np.ndarray) -> np.ndarray:
    """What a table has in one row of a column, without the NaN that fill it up."""
    row = np.atleast_1d(row)
    return row[~np.isnan(row)] if row.dtype.kind == "f" else row


def _kinds(inputs: Inputs) -> list[str]:
    """The kinds of the layers that a table's rows are for; [] where they are for something else."""
    layers = inputs.get("layers")
    return [str(layer.get("type")) for layer in layers] if isinstance(layers, (list, tuple)) else []


def rows_differ(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance, kinds: Sequence[str] = ()) -> str:
    """A sentence on where two columns of a table differ, with the student's own entry; '' where they do not.

    Where all rows that are wrong are for one kind of layer, that is said.
    """
    if len(got) != len(wanted):
        return f"The table has {len(got)} rows; {len(wanted)} are wanted, one for each layer."
    pairs = [(_entries(g), _entries(w)) for g, w in zip(got, wanted, strict=True)]
    differing = [i for i, (g, w) in enumerate(pairs) if not near(g, w, tolerance)]
    if not differing:
        return ""
    first = differing[0]
    entries = [f"{value:,.12g}" for value in pairs[first][0][:8].tolist()]
    yours = entries[0] if got.ndim == 1 else f"({', '.join(entries)})"
    others = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
    if len(kinds) == len(got):
        kind = kinds[first]
        if {kinds[row] for row in differing} == {kind} and len(set(kinds)) > 1:
            return f"Only rows of {kind} are wrong: row {first} of the table (counted from 0){others}. Yours says {yours}."
    if len(differing) > 1:
        many = f"{len(differing)} rows of the table are wrong, the first of them row {first} (counted from 0)"
        return f"{many}; yours says {yours} there."
    return f"Row {first} of the table (counted from 0) is wrong; yours says {yours}."
