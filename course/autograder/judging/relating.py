"""How wrong arrays relate to the right ones, where no mistake with a name gives them: only what holds on every case."""

import functools
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from course.autograder.checks.language.spec import Arrays, Inputs
from course.autograder.checks.language.stand_ins import input_arrays
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.axes import axis_words
from course.autograder.judging.comparing import near
from course.autograder.judging.ingredients import (
    Pair,
    another_output,
    by_ingredients,
    factor_in_words,
    numbers_in,
    on_each,
)
from course.autograder.judging.relations import LIKE, MAYBE, STRONG, UNLIKE, Relation, permuted


def pair(
    got: np.ndarray,
    wanted: np.ndarray,
    tolerance: Tolerance,
    inputs: Inputs,
    path: str = "",
    beside: Arrays | None = None,
) -> Pair:
    """Two arrays made ready to be related; `beside` are the right answers of the other outputs."""
    return Pair(got.astype(np.float64), wanted.astype(np.float64), tolerance, inputs, path, beside or {})


def relation(pairs: Sequence[Pair], *, strong: bool = False) -> str:
    """A sentence that is true of each of these cases, or '' where nothing simple is.

    Args:
        pairs: of one output, the cases on which it is wrong.
        strong: only what is so simple that it says more than a mistake which explains some of these cases.
    """
    said = simple_relation(pairs, strong=strong)
    return f"{said[:-1]}, on each of these {len(pairs)} cases." if said and len(pairs) > 1 else said


def simple_relation(pairs: Sequence[Pair], *, strong: bool = False) -> str:
    """`relation`, without how many cases these are."""
    usable = all(p.got.size and np.isfinite(p.got).all() and np.isfinite(p.wanted).all() for p in pairs)
    alike = {p.got.shape == p.wanted.shape for p in pairs}
    if not pairs or not usable:
        return ""
    if not strong and (said := another_output(pairs)):
        return said
    if len(alike) == 2:  # on some cases sizes coincide
        return _everywhere(pairs, (permuted,))
    if alike == {True}:
        said = _factor(pairs) or _offset(pairs) or _everywhere(pairs, STRONG)
        return said or (
            "" if strong else by_ingredients(pairs) or _factors(pairs) or _everywhere(pairs, LIKE)
        )
    return "" if strong else _everywhere(pairs, UNLIKE)


def _everywhere(pairs: Sequence[Pair], relations: Sequence[Relation]) -> str:
    """The first sentence that holds on every case."""
    for find in relations:
        said = on_each(functools.partial(_sentences, find), pairs)
        for sentence in dict.fromkeys(itertools.chain(*said)):
            told = not sentence.startswith(MAYBE)
            if told and all(sentence in of_case or MAYBE + sentence in of_case for of_case in said):
                return sentence
    return ""


def _sentences(find: Relation, p: Pair) -> Iterator[str]:
    """What is true of one case, its axes called by what they run over."""
    words = axis_words(p.path, p.wanted.ndim)
    return (sentence.format(*words) for sentence in find(p.got, p.wanted, p.tolerance))


# --- one number for all values -------------------------------------------------------------------------------


def _same(numbers: Sequence[float] | np.ndarray) -> bool:
    return float(np.ptp(numbers)) <= 1e-6 * float(np.max(np.abs(numbers)))


def _telling(pairs: Sequence[Pair]) -> bool:
    """Whether there are two values at least: of one alone anything is a multiple."""
    return sum(p.got.size for p in pairs) > 1


def _multiples(pairs: Sequence[Pair]) -> list[float]:
    """By what the right one is multiplied on each case; nothing where on some case it is not."""
    factors = []
    for p in pairs:
        if near(p.wanted, np.zeros_like(p.wanted), p.tolerance):
            return []  # of what is as good as 0 anything small is a multiple
        square = float(np.vdot(p.wanted, p.wanted))
        factor = float(np.vdot(p.wanted, p.got)) / square if square > 1e-300 else 0.0
        if abs(factor) < 1e-9 or not near(p.got, factor * p.wanted, p.tolerance):
            return []
        factors.append(factor)
    return factors if _telling(pairs) else []


def _on_all(pairs: Sequence[Pair], factor: float) -> bool:
    """Whether this factor is near enough on each case: one measured on float32 numbers is never quite the same."""
    return all(near(p.got, factor * p.wanted, p.tolerance) for p in pairs)


def _factor(pairs: Sequence[Pair]) -> str:
    """One factor on all cases, or how many there are of something."""
    factors = _multiples(pairs)
    if factors and _on_all(pairs, -1.0):
        return "Yours has the right magnitude and the opposite sign."
    if factors and _same(factors):
        return f"Yours is {factors[0]:.6g} times the right one everywhere."
    return _count_behind(pairs, factors) if factors else ""


def _factors(pairs: Sequence[Pair]) -> str:
    """A factor of its own on each case."""
    factors = _multiples(pairs) if all(p.got.size > 1 for p in pairs) else []
    if not factors:
        return ""
    if said := factor_in_words(factors, [numbers_in(p.inputs) for p in pairs]) or _ratio(pairs, factors):
        return said
    digits = [f"{factor:.4g}" for factor in factors]
    if len(set(digits)) == 1:
        return ""
    listed = ", ".join(digits[:4]) + (", and so on" if len(factors) > 4 else "")
    return f"Yours is the right one times a number that depends on the case ({listed})."


KERNELS = ("w", "weight")  # of a convolution, where they have four axes


def counts_in(inputs: Inputs) -> dict[str, int]:
    """How many values each input has along its axes, and along those that statistics of features run over."""
    found = {}
    for path, array in input_arrays(inputs).items():
        if array.ndim == 0 or array.ndim > 5:
            continue
        found[f"the number of values in {path}"] = array.size
        for axis, size in enumerate(array.shape):
            found[f"{path}.shape[{axis}]"] = size
        if array.ndim > 2:
            channel = "an input channel" if path in KERNELS else "a channel"
            found[f"the number of values in {channel} of {path}"] = array.size // array.shape[1]
            places = "places in a kernel" if path in KERNELS else "pixels in a channel of a sample"
            found[f"the number of {places} of {path}"] = array[0, 0].size
    return found


def _count_behind(pairs: Sequence[Pair], factors: Sequence[float]) -> str:
    """Whether the factor is on each case how many there are of something; told where cases differ in that number."""
    counted = [counts_in(p.inputs) for p in pairs]
    for what in counted[0]:
        if not all(what in c for c in counted):
            continue
        numbers = np.array([c[what] for c in counted], dtype=np.float64)
        if _same(numbers):
            continue
        for made, verb in (
            (numbers, "multiplied by"),
            (1 / numbers, "divided by"),
            (numbers / (numbers - 1 + (numbers == 1)), "taken with n - 1 for n, where n is"),
            ((numbers - 1) / numbers, "taken with n for n - 1, where n is"),
        ):
            if np.allclose(factors, made, rtol=1e-5, atol=0):
                return f"Yours is the right one {verb} {what}."
    return ""


def _ratio(pairs: Sequence[Pair], factors: Sequence[float]) -> str:
    """Whether the factor is one count over another on each case, of three at least that differ in it."""
    if len({round(factor, 5) for factor in factors}) < 3:
        return ""
    counted = [counts_in(p.inputs) for p in pairs]
    common = [what for what in counted[0] if all(what in c for c in counted)]
    for above, below in itertools.permutations(common, 2):
        made = [c[above] / c[below] if c[below] else 0.0 for c in counted]
        if np.allclose(factors, made, rtol=1e-5, atol=0):
            return f"Yours is the right one multiplied by {above} and divided by {below}."
    return ""


def _offset(pairs: Sequence[Pair]) -> str:
    gaps = [p.got - p.wanted for p in pairs]
    shifts = [float(np.mean(gap)) for gap in gaps]
    if _telling(pairs) and all(
        near(p.got, p.wanted + shift, p.tolerance) for p, shift in zip(pairs, shifts, strict=True)
    ):
        if _same(shifts):
            return f"Yours differs from the right one by {shifts[0]:+.6g} everywhere."
        if all(p.got.size > 1 for p in pairs):
            return "Yours differs from the right one by a number that is the same everywhere on a case."
    entries = {tuple(gap.tolist()) for gap in gaps if gap.ndim == 1 and 1 < gap.size <= 6}
    if len(pairs) > 1 and len(entries) == 1 and all(gap.ndim == 1 for gap in gaps):
        (entry,) = entries
        if all(value == int(value) for value in entry):
            return f"Yours minus the right one is ({', '.join(f'{int(v):+d}' if v else '0' for v in entry)})."
    return ""
