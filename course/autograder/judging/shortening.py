"""Shortens what a release has to say of mistakes: excerpts in place of arrays, and multiples of what is there already."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from course.autograder.checks.chance.forms import Masked
from course.autograder.checks.language.spec import Answers, Output
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.comparing import allowance
from course.autograder.judging.excerpts import Excerpts, Sketched
from course.autograder.judging.seal import rounded
from course.autograder.judging.sketch import Sketch

LARGE = 32  # values: an array of no more is kept whole
PLACES = 16
COARSE = 24  # bits of a wrong answer that is held to 1e-6: rounded at 3e-8, it is met or missed as before
SUM_BITS = 36


def excerpted(
    output: Output, right: np.ndarray | None, wrong: Mapping[int, Sketched], bits: int
) -> tuple[Excerpts | None, dict[int, Sketched]]:
    """Take excerpts of an output where it is large.

    Args:
        output: which.
        right: the right answer.
        wrong: by the mistake's place, what it gives, by output.
        bits: of a value that are kept.

    Returns:
        The excerpts, None where nothing is large; and `wrong` without what they are of, with a sketch in place of each
        large array of another shape.
    """
    path = output.path
    if right is None or right.dtype != np.float64:
        return None, dict(wrong)
    wrong = {
        k: {p: _sketched(a, right) if p == path else a for p, a in given.items()}
        for k, given in wrong.items()
    }
    if right.size <= LARGE:
        return None, wrong
    plain = {k: given[path] for k, given in wrong.items() if path in given and _plain(given[path], right)}
    if not plain:
        return None, wrong
    stack = np.stack([array.reshape(-1) for array in plain.values()])
    tolerances = (output.tolerances.float64, output.tolerances.float32)
    places = _places(stack, right, tolerances)
    sketches = [Sketch.of(array).sums for array in plain.values()]
    made = Excerpts(
        mistakes=tuple(plain),
        places=places,
        values=rounded(stack[:, places], bits),
        peaks=rounded(np.abs(stack).max(axis=1), bits),
        sums=rounded(np.stack(sketches), SUM_BITS),
    )
    rest = {
        k: {p: array for p, array in given.items() if k not in plain or p != path}
        for k, given in wrong.items()
    }
    return made, {k: given for k, given in rest.items() if given}


def _sketched(value: np.ndarray, right: np.ndarray) -> np.ndarray | Sketch:
    other = isinstance(value, np.ndarray) and value.dtype == np.float64 and value.shape != right.shape
    return Sketch.of(value) if other and value.size > LARGE and np.isfinite(value).all() else value


def _plain(value: np.ndarray, right: np.ndarray) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.dtype == np.float64
        and value.shape == right.shape
        and bool(np.isfinite(value).all())
    )


def _places(stack: np.ndarray, right: np.ndarray, tolerances: tuple[Tolerance, ...]) -> np.ndarray:
    """Places drawn at random, and one more for each mistake that shows elsewhere alone, at either tolerance."""
    chosen = set(np.random.default_rng(right.size).choice(right.size, PLACES, replace=False).tolist())
    base = right.reshape(-1)
    with np.errstate(all="ignore"):
        for tolerance in tolerances:
            beyond = np.abs(stack - base) - allowance(base, tolerance)
            beyond = np.where(np.isnan(beyond), -np.inf, beyond)
            for row in beyond:
                if row.max() > 0 and not any(row[place] > 0 for place in chosen):
                    chosen.add(int(row.argmax()))
    return np.array(sorted(chosen), dtype=np.int32)


# --- what is random ---


def in_terms_of(known: list[np.ndarray], answers: Mapping[int, Answers]) -> dict[int, Answers]:
    """What mistakes make of a draw, said by arrays that are there already: the same, or times a number."""
    return {k: {path: _of_known(form, known) for path, form in given.items()} for k, given in answers.items()}


def _of_known(form: Any, known: list[np.ndarray]) -> Any:
    if not isinstance(form, Masked):
        return form
    others = tuple(next((one for one in known if _close(other, one)), other) for other in form.others)
    form = replace(form, others=others)
    for one in known:
        if one.shape == form.table.shape and one.size > LARGE and one.any():
            at = int(np.abs(one).argmax())
            factor = float(form.table.reshape(-1)[at] / one.reshape(-1)[at])
            if factor and _close(form.table, factor * one):
                return replace(form, table=one, factor=form.factor * factor)
    return form


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    """But for rounding to `COARSE` bits."""
    alike = one.dtype == other.dtype == np.float64 and one.shape == other.shape
    return alike and bool((np.abs(one - other) <= 2.0**-COARSE * np.abs(other)).all())


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """All arrays in it."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from arrays_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from arrays_in(getattr(value, field.name))
