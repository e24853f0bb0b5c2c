"""All that a check's mistakes give for one output on one case, lined up so that an answer meets them all at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.spec import Arrays
from course.autograder.checks.language.tolerances import EXACT, Tolerance
from course.autograder.judging.comparing import allowance, near


@dataclass(frozen=True)
class Lineup:
    """What the mistakes give for one output.

    Attributes:
        showing: names of those that differ from the right answer.
        names, values, room: those whose values are of the right shape and finite, and how far off each value may be.
        others: what the rest gives, by name.
        right: the right answer.
        tolerance: how near is near enough.
    """

    showing: frozenset[str]
    names: tuple[str, ...]
    values: np.ndarray
    room: np.ndarray
    others: Arrays
    right: np.ndarray
    tolerance: Tolerance

    def met_by(self, got: np.ndarray) -> set[str]:
        """Names of the mistakes that give just this."""
        met = {name for name, value in self.others.items() if self._meets(got, value)}
        if got.shape == self.right.shape and self.names:
            gaps = np.abs(self.values - got.astype(np.float64, copy=False))
            within = (gaps <= self.room + self._rounding(got)).reshape(len(self.names), -1).all(axis=1)
            met.update(name for name, whole in zip(self.names, within.tolist(), strict=True) if whole)
        return met

    def _rounding(self, got: np.ndarray) -> np.ndarray | float:
        """Where the right answer is to be met exactly, a mistake in floats is still only met as far as they are kept."""
        if got.dtype.kind != "f" or self.tolerance != EXACT.float64:
            return 0.0
        return 2 * float(np.finfo(got.dtype).eps) * np.abs(self.values)

    def _meets(self, got: np.ndarray, value: np.ndarray) -> bool:
        """Near enough; where a mistake lies in the shape alone, which NaN everywhere stands for, of that shape."""
        if in_shape_alone(value, self.right):
            return value.shape == got.shape
        return near(got, value, self.tolerance)

    @property
    def in_shape_alone(self) -> set[str]:
        """Names of the mistakes that say nothing of the values."""
        return {
            name for name, value in self.others.items() if value.size and in_shape_alone(value, self.right)
        }


def in_shape_alone(value: np.ndarray, right: np.ndarray) -> bool:
    """Whether a mistake says nothing of the values: another shape, and NaN everywhere."""
    return value.shape != right.shape and value.dtype.kind == "f" and bool(np.isnan(value).all())


def line_up(path: str, right: np.ndarray, wrong: Mapping[str, Arrays], tolerance: Tolerance) -> Lineup:
    """Line up what each mistake gives for the output at `path`, as far as it gives one."""
    given = {name: found[path] for name, found in wrong.items() if path in found}
    alike = {name: value for name, value in given.items() if _plain(value, right)}
    values = np.stack([v.astype(np.float64) for v in alike.values()]) if alike else np.empty(0)
    room = np.stack([allowance(v, tolerance) for v in values]) if alike else np.empty(0)
    return Lineup(
        showing=frozenset(name for name, value in given.items() if not near(value, right, tolerance)),
        names=tuple(alike),
        values=values,
        room=room,
        others={name: value for name, value in given.items() if name not in alike},
        right=right,
        tolerance=tolerance,
    )


def _plain(value: np.ndarray, right: np.ndarray) -> bool:
    return value.dtype.kind == "f" and value.shape == right.shape and bool(np.isfinite(value).all())
