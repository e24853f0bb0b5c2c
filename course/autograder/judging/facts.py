"""What a wrong array is to begin with: NaN, 0 everywhere, one value, an input as it came, never written, no floats."""

from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.spec import Arrays

NEVER_WRITTEN = "Is it ever written to?"  # asked where an output is 0 on every case
UNWRITTEN = 1e-290  # numbers this near 0, or this far from it, are no result but what lay in memory


@dataclass(frozen=True)
class Fact:
    """Something to be said before any cause is looked for.

    Attributes:
        kind: of the finding: 'not finite' or 'fact'.
        message: one sentence.
        advice: one more, or ''.
        empty: whether the array says so little that a mistake which gives the same on some cases is no evidence.
    """

    kind: str
    message: str
    advice: str = ""
    empty: bool = True


def fact(got: np.ndarray, wanted: np.ndarray, arrays: Arrays) -> Fact | None:
    """What strikes the eye in an array of the right shape, or None.

    Args:
        got, wanted: what came, and what is right.
        arrays: of the case's inputs, by path.
    """
    if got.dtype.kind == "b" and wanted.dtype.kind != "b":
        return Fact(
            "fact",
            "Yours holds True and False where numbers are wanted.",
            "Multiply by 1.0, or use astype, if the truth values are meant as numbers.",
            empty=False,
        )
    if not got.size:
        return None
    return _not_finite(got, wanted) or _unwritten(got, wanted) or _one_value(got, wanted, arrays)


def _not_finite(got: np.ndarray, wanted: np.ndarray) -> Fact | None:
    if got.dtype.kind != "f" or np.isfinite(got).all():
        return None
    strange = ~np.isfinite(got) & np.isfinite(wanted)
    if not strange.any():
        return None
    nan, infinite = bool(np.isnan(got[strange]).any()), bool(np.isinf(got[strange]).any())
    what = "NaN or infinite" if nan and infinite else "NaN" if nan else "infinite"
    count = int(strange.sum())
    if got.size == 1:
        told = f"Yours is {what}."
    elif count == got.size:
        told = f"All {count:,} values are {what}."
    else:
        told = f"{count:,} of {got.size:,} values {'is' if count == 1 else 'are'} {what}."
    advice = "Look for a division by 0 or a root of a negative number."
    return Fact("not finite", told, advice, empty=count == got.size)


def _unwritten(got: np.ndarray, wanted: np.ndarray) -> Fact | None:
    """Numbers that no computation of the course gives, but fresh memory does."""
    if got.dtype != np.float64 or not np.isfinite(got).all():
        return None
    size = np.abs(got)
    odd = ((size > 0) & (size < UNWRITTEN)) | (size > 1 / UNWRITTEN)
    if not odd.any() or ((wanted != 0) & (np.abs(wanted) < UNWRITTEN)).any():
        return None
    example = got[odd].flat[0]
    return Fact(
        "fact",
        f"{int(odd.sum()):,} of {got.size:,} values look like memory that was never written ({example:.3g}).",
        "np.empty leaves what lay there: write every value, or start from np.zeros.",
    )


def _one_value(got: np.ndarray, wanted: np.ndarray, arrays: Arrays) -> Fact | None:
    if not got.any() and wanted.any():
        told = "Yours is 0." if got.size == 1 else "Yours is 0 everywhere."
        return Fact("fact", told, NEVER_WRITTEN if got.size > 1 else "")
    if got.size < 2:
        return None
    first, last = got.flat[0], got.flat[-1]
    for path, array in arrays.items():
        # Most differ in their first value already.
        if array.shape == got.shape and array.flat[0] == first and np.array_equal(array, got):
            return Fact("fact", f"Yours is {path} as it came.", "", empty=False)
    one_value = got.size > 3 and last == first and bool((got == first).all())
    if one_value and not bool((wanted == wanted.flat[0]).all()):
        return Fact("fact", f"Yours is {first.item():.6g} everywhere.")
    return None
