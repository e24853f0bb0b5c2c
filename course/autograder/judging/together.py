"""Two mistakes in one output: which pair of misconceptions gives exactly this on every case that has no name yet."""

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from course.autograder.checks.language.spec import Arrays, Output
from course.autograder.judging.asking import Question, Two
from course.autograder.judging.comparing import near, tolerance_from
from course.autograder.judging.facts import fact
from course.autograder.judging.lineup import Lineup, in_shape_alone
from course.autograder.judging.sketch import Sketch

Entry = tuple[Question, np.ndarray]  # a case and what came
TRIED = 3  # cases on which pairs are looked for; a pair found there must fit all the others too
ENOUGH = 4  # values that must agree: two mistakes of a long list meet a single number by chance


def two_mistakes(output: Output, entries: Sequence[Entry], right: Sequence[Entry] = ()) -> Two | None:
    """The names of two mistakes that together explain an output on all of these cases.

    Where more cases on which one of them would show are right than wrong, the two are not what was done.

    Effects that add up and effects that multiply are composed from what each mistake gives alone; for a mistake that
    is the right answer to inputs read otherwise, the question knows what another gives on the same reading. On a case
    that one of them does not touch, what the other gives alone must have come.
    """
    if sum(got.size for asked, got in entries if not _says_nothing(output, asked, got)) < ENOUGH:
        return None
    cases = [_Case.of(output, *entry) for entry in entries]
    tried: set[Two] = set()
    for place, case in enumerate(cases[:TRIED]):
        for two in case.fitting(cases[:place]):
            fits = two not in tried and all(other.fits(two) for other in cases) and not _one_place(cases, two)
            if fits and _contradicted(output, two, right) <= len(cases):
                return two
            tried.add(two)
    return None


def _contradicted(output: Output, two: Two, right: Sequence[Entry]) -> int:
    """On how many of the cases that are right one of the two would show."""
    lineups = (asked.lineup(output.path, tolerance_from(output, asked.single, got)) for asked, got in right)
    return sum(bool(known.showing & set(two)) for known in lineups)


def _one_place(cases: Sequence["_Case"], two: Two) -> bool:
    """Whether the two are one place got wrong in two ways, a term left out and with another sign: no answer has both.

    Then the effect of the one is the same multiple of the other's on each case, and the two were added up.
    """
    ratios = [ratio for case in cases if (ratio := case.ratio(two)) is not None]
    return bool(ratios) and float(np.ptp(ratios)) <= 1e-3 * float(np.abs(ratios).max())


def _says_nothing(output: Output, asked: Question, got: np.ndarray) -> bool:
    """Whether this is 0 everywhere, or the like: many a pair gives that."""
    right = asked.right[output.path]
    seen = fact(got, right, asked.arrays) if got.shape == right.shape else None
    return seen is not None and seen.empty


@dataclass(frozen=True)
class _Case:
    """One case of one output: what came, what is right, and what each mistake that shows here gives alone.

    `base`, `came` and `alone` are whole, or are excerpts, as the question's lineup has them.
    """

    path: str
    asked: Question
    got: np.ndarray
    known: Lineup
    base: np.ndarray
    came: np.ndarray | None
    alone: Arrays
    tried: dict[Two, bool] = field(default_factory=dict)  # whether two mistakes fit here

    @classmethod
    def of(cls, output: Output, asked: Question, got: np.ndarray) -> "_Case":
        known = asked.lineup(output.path, tolerance_from(output, asked.single, got))
        right = asked.right[output.path]
        came = known.at(got) if got.shape == right.shape else None
        return cls(output.path, asked, got, known, known.at(right), came, known.alone)

    def _gives(self, made: np.ndarray | Sketch) -> bool:
        """Whether this, all of it, came."""
        if isinstance(made, Sketch):
            return made.near(self.got, self.known.tolerance)
        alone = in_shape_alone(made, self.known.right)
        return not alone and near(self.got, made, self.known.tolerance)

    def _came(self, made: np.ndarray) -> bool:
        """Whether this, as far as it is known, came."""
        return self.came is not None and near(self.came, made, self.known.tolerance)

    def fitting(self, others: Sequence["_Case"]) -> Iterator[Two]:
        """Pairs that both show here and together give exactly what came.

        Args:
            others: cases that they must fit as well. These were asked for all their pairs before, so that few are left
                whose answer has to be found here.
        """
        yield from self._composing() if np.isfinite(self.got).all() else self._composing_one_by_one()
        showing = self.known.showing
        both = [two for two in self.asked.pairs() if two[0] in showing and two[1] in showing]
        left = [two for two in both if all(other.fits(two) for other in others)]
        for two, wrong in self.asked.together(left).items():
            if self.path in wrong and self._gives(wrong[self.path]):
                yield two

    def _composing_one_by_one(self) -> Iterator[Two]:
        # What is finite on all sides makes nothing that is not, and only such a pair need be composed.
        plain = _finite(self.base)
        odd = {name for name, array in self.alone.items() if not (plain and _finite(array))}
        for two in itertools.combinations(self.alone, 2):
            if odd.intersection(two) and any(map(self._came, self._composed(two))):
                yield two

    def _composing(self) -> Iterator[Two]:
        """The same for what came in finite numbers: each mistake meets all that come after it at once."""
        if self.came is None or self.base.dtype.kind not in "fiu":
            return
        names = list(self.alone)
        if len(names) < 2:
            return
        with np.errstate(all="ignore"):
            effects = np.stack([self.alone[name].astype(np.float64).ravel() for name in names])
            got, base = (array.astype(np.float64).ravel() for array in (self.came, self.base))
            may = np.triu(self._may_compose(effects, got, base), 1)
            for k in np.flatnonzero(may.any(axis=1)).tolist():
                effect, places = effects[k], np.flatnonzero(may[k])
                rest = effects[places]
                fit = self._near_each(effect + rest - base, got)
                if base.all():
                    fit |= self._near_each(effect / base * rest, got)
                yield from ((names[k], names[j]) for j in places[fit].tolist())

    def _may_compose(self, effects: np.ndarray, got: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Which two mistakes may make together what came, [first, second], by the one value that is farthest from right.

        That is asked of all pairs at once, and leaves few whose other values need be composed. A composed answer is
        nowhere larger than the largest values that it is composed of, and twice that leaves room for rounding.
        """
        if not got.size:
            return np.ones((len(effects), len(effects)), dtype=bool)
        at, most = int(np.argmax(np.abs(got - base))), np.abs(effects).max(axis=1)
        room = 2 * (self.known.tolerance.rtol + self.known.tolerance.atol)
        here = effects[:, at]
        gap = np.abs(here[:, None] + here - base[at] - got[at])
        may: np.ndarray = gap <= room * np.maximum(most[:, None] + most + np.abs(base).max(), 1.0)
        if base.all():
            gap = np.abs(here[:, None] / base[at] * here - got[at])
            may |= gap <= room * np.maximum(np.abs(effects / base).max(axis=1)[:, None] * most, 1.0)
        return may

    def _near_each(self, made: np.ndarray, got: np.ndarray) -> np.ndarray:
        """Which rows are near enough; what is not finite is not met by finite numbers."""
        size = np.abs(made)
        scale = size.max(axis=1, initial=1.0, keepdims=True)
        within = np.abs(got - made) <= self.known.tolerance.rtol * size + self.known.tolerance.atol * scale
        met: np.ndarray = within.all(axis=1) & np.isfinite(scale[:, 0])
        return met

    def fits(self, two: Two) -> bool:
        """Whether these two give what came here, be it that one of them does not show."""
        if two not in self.tried:
            self.tried[two] = self._fits(two)
        return self.tried[two]

    def _fits(self, two: Two) -> bool:
        here = [name for name in two if name in self.known.showing]
        if len(here) == 1 and self._gives_alone(here[0]):
            return True
        if len(here) == 2 and any(map(self._came, self._composed(two))):
            return True
        read = self.asked.together([two]).get(two, {})
        return self.path in read and self._gives(read[self.path])

    def ratio(self, two: Two) -> float | None:
        """By what the second one's effect is multiplied to give the first one's, NaN where that is no number.

        None where the two are not added up here.
        """
        composed = self._composed(two)
        if not composed or any(map(self._came, composed[1:])):
            return None
        one, other = (self.alone[name].astype(np.float64).ravel() - self.base.ravel() for name in two)
        if one.size < 2 or not (np.isfinite(one).all() and np.isfinite(other).all()):
            return None
        factor = float(one @ other) / max(float(other @ other), 1e-300)
        alike = np.linalg.norm(one - factor * other) <= 1e-3 * np.linalg.norm(one)
        return factor if alike else math.nan

    def _gives_alone(self, name: str) -> bool:
        if name in self.known.others:
            return self._gives(self.known.others[name])
        return self._came(self.alone[name])

    def _composed(self, two: Two) -> list[np.ndarray]:
        """What two effects make that add up, and two that multiply."""
        if self.base.dtype.kind not in "fiu" or two[0] not in self.alone or two[1] not in self.alone:
            return []
        one, other = (self.alone[name].astype(np.float64, copy=False) for name in two)
        right, has_zero = self._divisor
        return [one + other - right, *([] if has_zero else [one / right * other])]

    @functools.cached_property
    def _divisor(self) -> tuple[np.ndarray, bool]:
        """The right answer in float64, and whether there is a 0 in it."""
        right = self.base.astype(np.float64, copy=False)
        return right, not right.all()


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind in "iub" or (array.dtype.kind == "f" and bool(np.isfinite(array).all()))
