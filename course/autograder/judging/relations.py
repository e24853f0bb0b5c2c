"""Simple relations of one wrong array to the right one: each yields the sentences that are true of the two.

Behind `MAYBE` stands a sentence that is true of the two, but would be of nearly any two: there are too few values to
tell. Such a case does not speak against what others say.

In a sentence `{0}` and `{1}` stand for what the first two axes run over, which depends on the array's meaning.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.comparing import near, outside

Relation = Callable[[np.ndarray, np.ndarray, Tolerance], Iterator[str]]
MAYBE = "? "
ORDINALS = ("first", "second", "third", "fourth", "fifth")
MANY = 8  # values, of which two are not alike by chance


def _axes(chosen: tuple[int, ...]) -> str:
    names = [str(axis) for axis in chosen]
    return f"axis {names[0]}" if len(names) == 1 else f"axes {', '.join(names[:-1])} and {names[-1]}"


# --- of one shape --------------------------------------------------------------------------------------------


def zero_elsewhere(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Right wherever anything stands, and 0 in other places."""
    bad = outside(got, wanted, tolerance)
    if not got[bad].any():
        yield "Yours is right wherever it is not 0, and 0 where another value is wanted."


def permuted(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The right array with its axes in another order."""
    if not 2 <= got.ndim <= 5:
        return
    for order in itertools.permutations(range(got.ndim)):
        if order == tuple(range(got.ndim)) or got.transpose(order).shape != wanted.shape:
            continue
        if near(got.transpose(order), wanted, tolerance):
            if got.ndim == 2:
                yield "Yours is the right one transposed."
                return
            moved = tuple(axis for axis, place in enumerate(order) if axis != place)
            kind = "swapped" if len(moved) == 2 else "in another order"
            yield f"Yours is the right one with {_axes(moved)} {kind}."


def reversed_along(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The right array read backwards along some axes."""
    if not 1 <= got.ndim <= 5:
        return
    for count in range(1, got.ndim + 1):
        for axes in itertools.combinations(range(got.ndim), count):
            if near(np.flip(got, axes), wanted, tolerance):
                yield f"Yours is the right one reversed along {_axes(axes)}."


def shifted(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The right array moved by one place along an axis; what falls off or comes in is not looked at."""
    for axis in range(got.ndim):
        n = got.shape[axis]
        if n < 2 or got.size < 2 * n:
            continue
        here, there = range(n - 1), range(1, n)
        for mine, right, where in ((there, here, "later"), (here, there, "earlier")):
            if near(got.take(mine, axis), wanted.take(right, axis), tolerance):
                yield f"Yours is the right one, one place {where} along axis {axis}."


def reordered(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The right values in other places."""
    if got.size > 3 and near(np.sort(got, axis=None), np.sort(wanted, axis=None), tolerance):
        yield "Yours has the right values, in other places: look at the order of axes in a reshape or a loop."


def spread(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The right values added up or averaged along some axes, and the result in the place of each."""
    if got.size < 2 or got.ndim > 5:
        return
    for count in range(1, got.ndim + 1):
        for axes in itertools.combinations(range(got.ndim), count):
            if all(got.shape[axis] == 1 for axis in axes):
                continue
            where = "all values" if count == got.ndim else f"the values along {_axes(axes)}"
            if near(got, _along(np.sum, wanted, axes), tolerance):
                yield f"Each of yours is the sum of {where} of the right one."
            if near(got, _along(np.mean, wanted, axes), tolerance):
                yield f"Each of yours is the mean of {where} of the right one."


def _along(take: Callable[..., np.ndarray], wanted: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(take(wanted, axis=axes, keepdims=True), wanted.shape)


def truth_values(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Zeros and ones where other values are wanted."""
    if got.size > 7 and set(np.unique(got)) == {0.0, 1.0} and not set(np.unique(wanted)) <= {0.0, 1.0}:
        yield "Yours holds 0 and 1 alone: a mask, or the result of a comparison."


def powers(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The square, the root, the reciprocal or the absolute values of the right one."""
    if got.size < 2:
        return
    size = np.abs(wanted)
    named = (
        ("the square of", wanted**2),
        ("the square root of", np.sqrt(size) if (wanted >= 0).all() else None),
        ("1 divided by", 1 / wanted if size.min() > 1e-12 else None),
        ("the absolute value of", size),
        ("the logarithm of", np.log(wanted) if (wanted > 0).all() else None),
    )
    for words, made in named:
        if made is not None and near(got, made, tolerance):
            yield f"Yours is {words} the right one."


def rounded(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Whole numbers where fractions are wanted."""
    if got.size > 3 and np.array_equal(got, np.rint(got)) and not np.array_equal(wanted, np.rint(wanted)):
        for words, cut in (("cut off", np.trunc), ("rounded down", np.floor), ("rounded", np.rint)):
            if np.array_equal(got, cut(wanted)):
                yield f"Yours is the right one {words} to whole numbers."


def clipped(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Cut off at a number, above or below."""
    low, high = float(got.min()), float(got.max())
    if low == high or not near(got, np.clip(wanted, low, high), tolerance):
        return
    bad = outside(got, wanted, tolerance)
    maybe = "" if got.size >= MANY else MAYBE  # of a few values two are alike by chance: of a shape, say
    if (bad & (wanted > high)).sum() > 1:
        yield maybe + f"Yours is right up to {high:.6g}, and cut off there."
    if (bad & (wanted < low)).sum() > 1:
        yield maybe + f"Yours is right down to {low:.6g}, and cut off there."


def _inner(ndim: int) -> tuple[slice, ...]:
    """All but the first and last row and column of images, all but the first and last value of a vector."""
    if ndim == 0:
        return ()
    spatial = min(2, max(1, ndim - 2)) if ndim > 2 else 1
    return (slice(None),) * (ndim - spatial) + (slice(1, -1),) * spatial


def border(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Wrong at the edges of images alone."""
    if got.ndim < 3:
        return
    bad = outside(got, wanted, tolerance)
    for axis in range(2, got.ndim):
        for place, name in ((-1, "last"), (0, "first")):
            if got.shape[axis] > 1 and not np.delete(bad, place, axis).any():
                what = ("row", "column")[axis - 2] if got.ndim == 4 else f"slice along axis {axis}"
                yield f"Yours is right but for the {name} {what}."
    inner = bad[_inner(got.ndim)]
    if inner.size and not inner.any():
        yield "Yours is right but for the border: look at what is done at the edges."


def _slices(ndim: int) -> Iterator[tuple[int, str]]:
    """The axes whose slices are told apart, each with the place that its word has in a sentence."""
    yield from ((axis, f"{{{axis}}}") for axis in range(min(ndim, 2)))


def one_slice(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Right for the first (last) sample or channel alone, or for all but it."""
    bad = outside(got, wanted, tolerance)
    for axis, name in _slices(got.ndim):
        n = got.shape[axis]
        if n < 2 or got.size < 4:
            continue
        whole = np.array([not bad.take(k, axis).any() for k in range(n)])
        for place, which in ((0, "first"), (-1, "last")):
            others = np.delete(whole, place)
            if whole[place] and not others.any():
                yield f"Yours is right for the {which} {name} alone."
            if not whole[place] and others.all():
                yield f"Yours is right for every {name} but the {which}."


def slice_factors(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Each channel (sample) times a number of its own, or with a number of its own added."""
    for axis, name in reversed(list(_slices(got.ndim))):
        others = tuple(a for a in range(got.ndim) if a != axis)
        if got.ndim < 2:
            continue
        maybe = MAYBE if got.size < 3 * got.shape[axis] else ""
        squares = np.sum(wanted * wanted, axis=others, keepdims=True)
        factors = np.sum(wanted * got, axis=others, keepdims=True) / np.maximum(squares, 1e-300)
        if np.abs(factors).max() > 1e-9 and near(got, factors * wanted, tolerance):
            yield maybe + f"Yours is the right one with each {name} times a number of its own."
        shifts = np.mean(got - wanted, axis=others, keepdims=True)
        if near(got, wanted + shifts, tolerance):
            yield maybe + f"Yours differs from the right one by a number of its own for each {name}."


def by_sign(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Right where the right value is positive (negative), or right in sign everywhere."""
    bad = outside(got, wanted, tolerance)
    positive, negative = wanted > 0, wanted < 0
    maybe = "" if positive.sum() > 1 and negative.sum() > 1 else MAYBE
    if not bad[positive].any():
        yield maybe + "Yours is right wherever the right value is positive, and wrong where it is negative."
    if not bad[negative].any():
        yield maybe + "Yours is right wherever the right value is negative, and wrong where it is positive."
    if np.array_equal(np.sign(got), np.sign(wanted)):
        maybe = maybe if got.size > 7 else MAYBE
        yield maybe + "Every value has the right sign; the magnitudes differ."


def sizes_alone(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The right values, some of them with the other sign."""
    if near(np.abs(got), np.abs(wanted), tolerance):
        yield "Every value has the right magnitude; some have the wrong sign."


def at_zero(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Wrong only where 0 is wanted, or right only there."""
    bad, zero = outside(got, wanted, tolerance), wanted == 0
    if min(zero.sum(), (~zero).sum()) < 2:
        return
    if not bad[~zero].any():
        yield "Yours is right wherever the right value is not 0, and wrong where it is 0."
    if bad[~zero].all() and not bad[zero].any():
        yield "Yours is 0 where the right one is, and wrong everywhere else."


# So simple that they are said rather than a mistake which explains some of the cases only; then the others.
STRONG: tuple[Relation, ...] = (permuted, reversed_along, powers, rounded)
LIKE: tuple[Relation, ...] = (
    zero_elsewhere, clipped, spread, border, one_slice, shifted, slice_factors, reordered, sizes_alone, truth_values,
    at_zero, by_sign,
)  # fmt: skip


# --- of another shape ----------------------------------------------------------------------------------------


def ones(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Axes of length 1 too many or too few."""
    if [n for n in got.shape if n != 1] != [n for n in wanted.shape if n != 1]:
        return
    if near(got.reshape(wanted.shape), wanted, tolerance):
        yield "The values are right; the shape has axes of length 1 too many or too few."


def reshaped(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """The same values in the same order."""
    if got.size == wanted.size and near(got.reshape(wanted.shape), wanted, tolerance):
        yield "The values are right, in another shape."


def reduced(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """A sum or mean over some axes is missing, or was taken where none is wanted."""
    for words, whole, part in (
        ("Yours would be right if it were {} over {}.", got, wanted),
        ("Yours is the right one {} over {}.", wanted, got),
    ):
        if whole.ndim > 5:
            continue
        for count in range(1, whole.ndim + 1):
            for axes in itertools.combinations(range(whole.ndim), count):
                for done, take in (("summed", np.sum), ("averaged", np.mean)):
                    for keep in (False, True):
                        small = take(whole, axis=axes, keepdims=keep)
                        nothing = near(small, np.zeros_like(small), tolerance)  # 0 is the sum of any zeros
                        if not nothing and small.shape == part.shape and near(small, part, tolerance):
                            yield words.format(done, _axes(axes))


def cropped(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """One is a corner or the middle of the other."""
    if got.ndim != wanted.ndim or not got.ndim:
        return
    for small, large, words in (
        (got, wanted, "Yours is the right one with {} missing."),
        (wanted, got, "Yours holds the right one, with {} too many."),
    ):
        gaps = [b - a for a, b in zip(small.shape, large.shape, strict=True)]
        if min(gaps) < 0:
            continue
        for start, what in (
            ([0] * len(gaps), "the end"),
            (gaps, "the beginning"),
            ([gap // 2 for gap in gaps], "the edges"),
        ):
            part = large[tuple(slice(s, s + n) for s, n in zip(start, small.shape, strict=True))]
            if near(small, part, tolerance):
                axes = _axes(tuple(axis for axis, gap in enumerate(gaps) if gap))
                yield words.format(f"values at {what} of {axes}")


def one_number(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """One value that would have to be repeated."""
    if got.size < wanted.size and got.ndim <= wanted.ndim:
        try:
            spread = np.broadcast_to(got, wanted.shape)
        except ValueError:
            return
        if near(spread, wanted, tolerance):
            yield "The values are right, but each must be repeated to fill the shape."


def lengths(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """What the shape itself tells."""
    if got.ndim == wanted.ndim and math.prod(got.shape) == math.prod(wanted.shape):
        if sorted(got.shape) == sorted(wanted.shape):
            yield "The shape has the right lengths in another order."
        return
    if got.ndim != wanted.ndim:
        return
    gaps = [a - b for a, b in zip(got.shape, wanted.shape, strict=True) if a != b]
    if len(set(gaps)) == 1:
        yield f"{_which(got, wanted)} {abs(gaps[0])} too {_long(gaps[0])}."


def longer_or_shorter(got: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> Iterator[str]:
    """Axes that are all too long, or all too short, by lengths of their own."""
    gaps = [a - b for a, b in zip(got.shape, wanted.shape, strict=False) if a != b]
    if got.ndim != wanted.ndim or len({gap > 0 for gap in gaps}) != 1:
        return
    yield f"{_which(got, wanted)} too {_long(gaps[0])}."


def _long(gap: int) -> str:
    return "long" if gap > 0 else "short"


def _which(got: np.ndarray, wanted: np.ndarray) -> str:
    wrong = tuple(k for k, (a, b) in enumerate(zip(got.shape, wanted.shape, strict=True)) if a != b)
    return f"{_axes(wrong).capitalize()} {'is' if len(wrong) == 1 else 'are'}"


UNLIKE: tuple[Relation, ...] = (
    ones,
    permuted,
    reshaped,
    reduced,
    cropped,
    one_number,
    lengths,
    longer_or_shorter,
)
