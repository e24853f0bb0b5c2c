"""Is this array that array? And where it is not: by how much, at which index, and in what relation."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.protocol import input_arrays
from course.autograder.checks.language.spec import Case, Inputs, Output
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.verdict import Finding


@dataclass(frozen=True)
class Difference:
    """How one array misses another of the same shape."""

    largest: float
    index: tuple[int, ...]
    got: float
    wanted: float
    outside: int
    size: int
    not_finite: int


def _in_integers(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> bool:
    """Whether the two are to be compared exactly, as Python compares integers with each other and with floats."""
    return wanted.dtype.kind in "iub" and (got.dtype.kind in "iub" or tolerance == Tolerance(0, 0))


def _outside(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Which elements are not near enough. It is asked once for each mistake that a wrong output could come from."""
    if _in_integers(got, wanted, tolerance):
        return np.asarray(got.astype(object) != wanted.astype(object), dtype=bool)
    got, wanted = got.astype(np.float64, copy=False), wanted.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        size = np.abs(wanted)
        scale = np.max(size, initial=1.0)
        if not np.isfinite(scale):  # what is not finite allows nothing: it must be met itself
            size = np.where(np.isfinite(size), size, np.nan)
            scale = np.fmax.reduce(size, axis=None, initial=1.0)
        outside = ~(np.abs(got - wanted) <= tolerance.rtol * size + tolerance.atol * scale)
        if outside.any():
            outside &= ~((got == wanted) | (np.isnan(got) & np.isnan(wanted)))
    return outside


def near(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> bool:
    """Same shape and near enough everywhere; where a NaN or infinity is wanted it must be met."""
    return got.shape == wanted.shape and not _outside(got, wanted, tolerance).any()


def difference(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Difference | None:
    """None where near enough; otherwise the worst element. Both arrays have one shape."""
    bad = np.asarray(_outside(got, wanted, tolerance))
    if not bad.any():
        return None
    with np.errstate(all="ignore"):
        gap = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
    # Integers beyond the reach of a float differ by more than their gap shows.
    gap = np.where(bad, np.where(np.isfinite(gap), np.maximum(gap, np.finfo(float).tiny), np.inf), 0.0)
    if not _in_integers(got, wanted, tolerance):
        got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    index = np.unravel_index(int(np.argmax(gap)), gap.shape)
    strange = int(np.sum(~np.isfinite(got) & np.isfinite(wanted))) if got.dtype.kind == "f" else 0
    return Difference(
        largest=float(gap[index]),
        index=tuple(int(i) for i in index),
        got=got[index].item(),
        wanted=wanted[index].item(),
        outside=int(bad.sum()),
        size=int(bad.size),
        not_finite=strange,
    )


def relation(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> str:
    """A sentence on how a wrong array relates to the right one, or '' when nothing simple does."""
    got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    if got.shape != wanted.shape:
        return _shape_relation(got, wanted, tolerance)
    if got.size == 0 or not np.isfinite(got).all() or not np.isfinite(wanted).all():
        return ""
    if not got.any():
        return "Yours is 0 everywhere."
    if near(got, -wanted, tolerance):
        return "Yours has the right size and the opposite sign."
    if got.size < 2:
        return ""
    factor = float(np.vdot(wanted, got)) / max(float(np.vdot(wanted, wanted)), 1e-300)
    if abs(factor) > 1e-9 and near(got, factor * wanted, tolerance):
        return f"Yours is {factor:.6g} times the expected one everywhere."
    shift = float(np.mean(got - wanted))
    if near(got, wanted + shift, tolerance):
        return f"Yours differs from the expected one by {shift:+.6g} everywhere."
    if got.ndim >= 2 and got.shape[0] == got.shape[1] and near(got.swapaxes(0, 1), wanted, tolerance):
        return "Yours is the expected one with its first two axes swapped."
    return ""


def _shape_relation(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> str:
    if got.size == wanted.size and near(got.reshape(wanted.shape), wanted, tolerance):
        if tuple(n for n in got.shape if n != 1) == tuple(n for n in wanted.shape if n != 1):
            return "The values are right; the shape has axes of length 1 too many or too few."
        return "The values are right, in another shape."
    if got.ndim == wanted.ndim == 2 and got.shape == wanted.shape[::-1] and near(got.T, wanted, tolerance):
        return "Yours is the expected one transposed."
    return ""


def _entries(row: np.ndarray) -> np.ndarray:
    """What a table has in one row of a column, without the NaN that fill it up."""
    row = np.atleast_1d(row)
    return row[~np.isnan(row)] if row.dtype.kind == "f" else row


def rows_differ(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> str:
    """A sentence on where two columns of a table differ, with the student's own entry; '' where they do not."""
    if len(got) != len(wanted):
        return f"the table has {len(got)} rows; wanted {len(wanted)}, one for each layer"
    pairs = [(_entries(g), _entries(w)) for g, w in zip(got, wanted, strict=True)]
    differing = [i for i, (g, w) in enumerate(pairs) if not near(g, w, tolerance)]
    if not differing:
        return ""
    first = differing[0]
    entries = [f"{value:,}" for value in pairs[first][0][:8].tolist()]
    yours = entries[0] if got.ndim == 1 else f"({', '.join(entries)})"
    others = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
    return f"row {first} of the table (counted from 0) is wrong{others}: yours says {yours}"


def precision(inputs: Inputs, got: np.ndarray) -> str:
    """'float32' when the answer or what it was computed from is in single precision, else 'float64'."""
    single = (np.float32, np.float16)
    if got.dtype in single or any(a.dtype in single for a in input_arrays(inputs).values()):
        return "float32"
    return "float64"


def _describe(got: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    return {
        "got_shape": got.shape,
        "got_dtype": str(got.dtype),
        "wanted_shape": wanted.shape,
        "wanted_dtype": str(wanted.dtype),
    }


def compare(
    output: Output, case: Case, inputs: Inputs, got: np.ndarray, wanted: np.ndarray
) -> Finding | None:
    """What is wrong with one output on one case; None where it is near enough."""
    kind = precision(inputs, got)
    tolerance: Tolerance = getattr(output.tolerances, kind)
    about: dict[str, Any] = {"case": case.name, "output": output.path, **_describe(got, wanted)}
    if ".*." in output.path and got.ndim and wanted.ndim:
        message = rows_differ(got, wanted, tolerance)
        return Finding(case.name, output.path, "rows", message) if message else None
    if got.shape != wanted.shape:
        return Finding(
            kind="shape",
            message=f"the shape is {got.shape}; wanted {wanted.shape}",
            advice=relation(got, wanted, tolerance),
            **about,
        )
    gap = difference(got, wanted, tolerance)
    if gap is None:
        return None
    about |= {"largest_difference": gap.largest, "index": gap.index, "got": gap.got, "wanted": gap.wanted}
    if gap.not_finite:
        message = f"{gap.not_finite} of {gap.size} values are NaN or infinite"
        return Finding(
            kind="not finite",
            message=message,
            advice="Look for a division by 0 or a root of a negative.",
            **about,
        )
    if kind == "float64" and near(got, wanted, output.tolerances.float32):
        return Finding(
            kind="precision",
            message="right to single precision only",
            advice="Something on the way was rounded to float32: work in the dtype of the inputs.",
            **about,
        )
    message = f"{gap.outside} of {gap.size} values differ" if gap.size > 1 else "the value differs"
    return Finding(kind="value", message=message, advice=relation(got, wanted, tolerance), **about)
