"""All that a check's mistakes give for one output on one case, lined up so that an answer meets them all at once."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.spec import Arrays
from course.autograder.checks.language.tolerances import EXACT, Tolerance
from course.autograder.judging.comparing import allowance, near
from course.autograder.judging.excerpts import Excerpts
from course.autograder.judging.sketch import Sketch


@dataclass(frozen=True)
class Lineup:
    """What the mistakes give for one output.

    Attributes:
        showing: names of those that differ from the right answer.
        order: names of all, as the check has them.
        names, values, room: those whose values are of the right shape and finite, and how far off each value may be.
        others: what the rest gives, by name.
        right: the right answer.
        tolerance: how near is near enough.
        excerpts: where `values` are excerpts, a row for each of the names; None where they are whole.
    """

    showing: frozenset[str]
    order: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    room: np.ndarray
    others: dict[str, np.ndarray | Sketch]
    right: np.ndarray
    tolerance: Tolerance
    excerpts: Excerpts | None = None

    @functools.cached_property
    def given(self) -> frozenset[str]:
        """Names of all that give something for this output."""
        return frozenset((*self.names, *self.others))

    @functools.cached_property
    def silent(self) -> frozenset[str]:
        """Names of all that give nothing for this output: it is right with them."""
        return frozenset(self.order) - self.given

    def at(self, array: np.ndarray) -> np.ndarray:
        """An array of the right answer's shape as the values are: whole, or an excerpt."""
        return array if self.excerpts is None else self.excerpts.at(array)

    @functools.cached_property
    def alone(self) -> Arrays:
        """What each that shows gives alone, as `at` has it, as far as it has the right answer's shape."""
        whole = {name: v for name, v in self.others.items() if isinstance(v, np.ndarray)}
        alike = {name: self.at(v) for name, v in whole.items() if v.shape == self.right.shape}
        alike |= dict(zip(self.names, self.values, strict=True))
        return {name: alike[name] for name in self.order if name in alike and name in self.showing}

    def met_by(self, got: np.ndarray) -> set[str]:
        """Names of the mistakes that give just this."""
        alike, others = self._others
        met = {name for name, value in others.get(got.shape, ()) if self._meets(got, value)}
        met.update(name for name, sketch in self._sketched if self._meets(got, sketch))
        if alike and got.shape == self.right.shape:
            if got.dtype == self.right.dtype:
                same = (self._whole_numbers == got.reshape(-1)).all(axis=1)
                met.update(itertools.compress(alike, same.tolist()))
            else:
                met.update(name for name, value in alike.items() if self._meets(got, value))
        if got.shape == self.right.shape and self.names:
            met.update(self.names[row] for row in self._near(got) if self._elsewhere_too(row, got))
        return met

    @functools.cached_property
    def _sketched(self) -> list[tuple[str, Sketch]]:
        """Of `others` the sketches."""
        return [(name, value) for name, value in self.others.items() if isinstance(value, Sketch)]

    @functools.cached_property
    def _others(self) -> tuple[dict[str, np.ndarray], dict[tuple[int, ...], list[tuple[str, np.ndarray]]]]:
        """Of `others`, whole numbers as the right answer is, which are met exactly or not at all; and the rest by its shape.

        What came is asked about those of its own shape alone.
        """
        right = self.right
        alike: dict[str, np.ndarray] = {}
        rest: dict[tuple[int, ...], list[tuple[str, np.ndarray]]] = {}
        for name, value in self.others.items():
            if isinstance(value, Sketch):
                continue
            if right.dtype.kind in "iub" and (value.dtype, value.shape) == (right.dtype, right.shape):
                alike[name] = value
            else:
                rest.setdefault(value.shape, []).append((name, value))
        return alike, rest

    @functools.cached_property
    def _whole_numbers(self) -> np.ndarray:
        """[mistakes, values]: those whole numbers, to be met by an answer all at once."""
        alike, _ = self._others
        return np.stack([value.reshape(-1) for value in alike.values()])

    @functools.cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values and room, [names, places], and the right answer there."""
        count = len(self.names)
        right = self.at(self.right).astype(np.float64, copy=False).reshape(-1)
        return self.values.reshape(count, -1), self.room.reshape(count, -1), right

    def _near(self, got: np.ndarray) -> list[int]:
        """Which rows are near enough: most are not at the value that is farthest from right, and are asked no other."""
        values, room, right = self._rows
        came, share = self.at(got).astype(np.float64, copy=False).reshape(-1), self._rounding(got)
        if not came.size:
            return list(range(len(values)))
        at = int(np.abs(came - right).argmax())
        there = values[:, at]
        rows = (np.abs(there - came[at]) <= room[:, at] + share * np.abs(there)).nonzero()[0]
        if not len(rows):
            return []
        left = values[rows]
        within = (np.abs(left - came) <= room[rows] + share * np.abs(left)).all(axis=1)
        found: list[int] = rows[within].tolist()
        return found

    def _elsewhere_too(self, row: int, got: np.ndarray) -> bool:
        """Whether what is no part of an excerpt is met as well, as far as its sums tell."""
        if self.excerpts is None:
            return True
        return self.excerpts.sketch(row, self.right.shape).near(got, self.tolerance, share=1.0)

    def _rounding(self, got: np.ndarray) -> float:
        """Where the right answer is to be met exactly, a mistake in floats is still only met as far as they are kept.

        Returns:
            By what share of a value what came may be off beside its room.
        """
        if got.dtype.kind != "f" or self.tolerance != EXACT.float64:
            return 0.0
        return 2 * float(np.finfo(got.dtype).eps)

    def _meets(self, got: np.ndarray, value: np.ndarray | Sketch) -> bool:
        """Near enough; where a mistake lies in the shape alone, which NaN everywhere stands for, of that shape."""
        if isinstance(value, Sketch):
            return value.near(got, self.tolerance, share=1.0)
        if value.shape != got.shape:
            return False
        return in_shape_alone(value, self.right) or near(got, value, self.tolerance)

    @functools.cached_property
    def in_shape_alone(self) -> frozenset[str]:
        """Names of the mistakes that say nothing of the values."""
        whole = {name: v for name, v in self.others.items() if isinstance(v, np.ndarray) and v.size}
        return frozenset(name for name, value in whole.items() if in_shape_alone(value, self.right))


def in_shape_alone(value: np.ndarray | Sketch, right: np.ndarray) -> bool:
    """Whether a mistake says nothing of the values: another shape, and NaN everywhere."""
    if isinstance(value, Sketch):
        return False
    return value.shape != right.shape and value.dtype.kind == "f" and bool(np.isnan(value).all())


def line_up(
    path: str,
    right: np.ndarray,
    wrong: Mapping[str, Arrays],
    tolerance: Tolerance,
    excerpts: Excerpts | None = None,
) -> Lineup:
    """Line up what each mistake gives for the output at `path`, as far as it gives one.

    Args:
        path: of the output.
        right: the right answer.
        wrong: by the mistake's name, whole arrays by output.
        tolerance: how near is near enough.
        excerpts: what further mistakes give, by their places in `wrong`.
    """
    given = {name: found[path] for name, found in wrong.items() if path in found}
    if excerpts is None:
        alike = {name: value for name, value in given.items() if _plain(value, right)}
        values = np.stack([v.astype(np.float64) for v in alike.values()]) if alike else np.empty(0)
        room = _room(values, tolerance) if alike else np.empty(0)
        names = tuple(alike)
        showing = _showing(given, names, values, right, tolerance)
    else:
        showing = _showing(given, (), np.empty(0), right, tolerance)
        in_order = tuple(wrong)
        names = tuple(in_order[k] for k in excerpts.mistakes)
        values = excerpts.values
        scale = tolerance.atol * np.maximum(excerpts.peaks, 1.0)
        room = tolerance.rtol * np.abs(values) + scale[:, None]
        with np.errstate(all="ignore"):
            off = np.abs(values - excerpts.at(right)) > excerpts.at(allowance(right, tolerance))
        showing |= {name for name, some in zip(names, off.any(axis=1).tolist(), strict=True) if some}
    return Lineup(
        showing=frozenset(showing),
        order=tuple(wrong),
        names=names,
        values=values,
        room=room,
        others={name: value for name, value in given.items() if name not in names},
        right=right,
        tolerance=tolerance,
        excerpts=excerpts,
    )


def _room(values: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """How far off each value of each row may be: the `allowance` of each, all at once."""
    size = np.abs(values)
    scale = np.max(size, axis=tuple(range(1, size.ndim)), initial=1.0, keepdims=True)
    room: np.ndarray = tolerance.rtol * size + tolerance.atol * scale
    return room


def _showing(
    given: Mapping[str, np.ndarray | Sketch],
    names: Sequence[str],
    values: np.ndarray,
    right: np.ndarray,
    tolerance: Tolerance,
) -> set[str]:
    """Who differs from the right answer; `names`, whose `values` are of its shape and finite, are asked all at once."""
    told: dict[str, bool] = {}
    if names and right.dtype.kind == "f" and np.isfinite(right).all():
        wanted = right.astype(np.float64, copy=False)
        off = np.abs(values - wanted) > allowance(wanted, tolerance)
        some: list[bool] = np.any(off, axis=tuple(range(1, off.ndim))).tolist()
        told = dict(zip(names, some, strict=True))
    return {
        name
        for name, value in given.items()
        if (told[name] if name in told else isinstance(value, Sketch) or not near(value, right, tolerance))
    }


def _plain(value: np.ndarray | Sketch, right: np.ndarray) -> bool:
    if isinstance(value, Sketch):
        return False
    return value.dtype.kind == "f" and value.shape == right.shape and bool(np.isfinite(value).all())
