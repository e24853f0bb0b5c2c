"""Two mistakes in one output: which pair of misconceptions gives exactly this on every case that has no name yet."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from course.autograder.checks.language.spec import Output
from course.autograder.judging.asking import Question
from course.autograder.judging.comparing import near, tolerance_of

Entry = tuple[Question, np.ndarray]  # a case and what came
Two = tuple[str, str]
ENOUGH = 4  # values that must agree: two mistakes of a long list meet a single number by chance


def two_mistakes(output: Output, entries: Sequence[Entry]) -> Two | None:
    """The names of two mistakes that together explain an output on all of these cases.

    Effects that add up and effects that multiply are composed from what each mistake gives alone; for a mistake that
    is the right answer to inputs read otherwise, the question knows what another gives on the same reading.
    """
    if sum(got.size for _, got in entries) < ENOUGH:
        return None
    first, *others = entries
    for two in _fitting(output, *first, None):
        if all(two in set(_fitting(output, *entry, two)) for entry in others):
            return two
    return None


def _fitting(output: Output, asked: Question, got: np.ndarray, only: Two | None) -> Iterator[Two]:
    """Pairs that give exactly this on one case."""
    path, tolerance = output.path, tolerance_of(output, asked.inputs, got)
    right = asked.right[path]
    alone = {name: wrong[path] for name, wrong in asked.wrong.items() if path in wrong}
    showing = {n: a for n, a in alone.items() if a.shape != right.shape or not near(a, right, tolerance)}
    pairs = [only] if only else itertools.combinations(showing, 2)
    for a, b in pairs:
        if a in showing and b in showing:
            made = _composed(showing[a], showing[b], right)
            if any(near(got, m, tolerance) for m in made):
                yield a, b
    for (a, b), wrong in asked.together(only).items():
        if path in wrong and a in showing and b in showing and near(got, wrong[path], tolerance):
            yield a, b


def _composed(one: np.ndarray, other: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
    """What two effects make that add up, and two that multiply."""
    if not one.shape == other.shape == right.shape or right.dtype.kind not in "fiu":
        return []
    one, other, right = (array.astype(np.float64) for array in (one, other, right))
    made = [one + other - right]
    if right.all():
        made.append(one / right * other)
    return made
