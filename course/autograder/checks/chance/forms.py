"""Outputs that follow from a student's own draw: tables of values, and how the draw goes into them."""

from dataclasses import dataclass, replace

import numpy as np

from course.autograder.checks.language.seen import Seen


@dataclass(frozen=True)
class Drawn:
    """Stands for a mask that a student will have drawn, where answers are made from masks."""

    name: str


@dataclass(frozen=True)
class Masked:
    """Values that are there where something was kept.

    Attributes:
        table: what the output is where everything is kept, or what each part of a sum adds to it.
        draw: name of the mask, or of numbers that multiply; '' where the draw plays no part.
        sums: subscripts of `numpy.einsum` for the masked table and the others; '' where nothing is summed.
        others: further arrays of the sum.
        when, unless: facts that must, and that must not be true of the draw.
        by_share: divided by the share that was kept.
        factor: that the table is multiplied by.
    """

    table: np.ndarray
    draw: str = ""
    sums: str = ""
    others: tuple[np.ndarray, ...] = ()
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    by_share: bool = False
    factor: float = 1.0

    def of(self, seen: Seen) -> np.ndarray | None:
        """The output for a draw; None where the facts are others, or there is no such draw."""
        facts_hold = seen.facts.issuperset(self.when) and seen.facts.isdisjoint(self.unless)
        if not facts_hold or (self.draw and self.draw not in seen.draws):
            return None
        made = table = self.table if self.factor == 1 else self.table * self.factor
        if self.draw:
            drawn = seen.draws[self.draw]
            if drawn.dtype == bool:
                made = np.where(drawn, table * (1 / float(drawn.mean())) if self.by_share else table, 0.0)
            else:
                made = drawn * table
        return np.einsum(self.sums, made, *self.others) if self.sums else made

    def where(self, *when: str, unless: tuple[str, ...] = ()) -> "Masked":
        """The same under further facts."""
        return replace(self, when=(*self.when, *when), unless=(*self.unless, *unless))

    def times(self, factor: float) -> "Masked":
        """The same, multiplied."""
        return replace(self, factor=self.factor * factor)


@dataclass(frozen=True)
class Weighted:
    """A weighted sum of several draws.

    Attributes:
        draw: name of an array of numbers.
        weights: broadcast to it.
        axes: that are summed.
        ranked: whether the draws are put in order along the first axis before that, the smallest first.
    """

    draw: str
    weights: np.ndarray
    axes: tuple[int, ...]
    ranked: bool = False

    def of(self, seen: Seen) -> np.ndarray | None:
        """The sum; None where there is no such draw."""
        drawn = seen.draws.get(self.draw)
        if drawn is None:
            return None
        drawn = np.sort(drawn, axis=0) if self.ranked else drawn
        return np.asarray(np.sum(drawn * self.weights, axis=self.axes))


@dataclass(frozen=True)
class Quadratic:
    """A power of a sum of powers: (sum over axes of |own y + others S| ^ degree) ^ power, S the sum of all draws y."""

    draw: str
    axes: tuple[int, ...]
    own: float
    others: float
    power: float
    degree: int = 2

    def of(self, seen: Seen) -> np.ndarray | None:
        """The power; None where there is no such draw."""
        drawn = seen.draws.get(self.draw)
        if drawn is None:
            return None
        parts = self.own * drawn + self.others * np.sum(drawn, axis=self.axes, keepdims=True)
        return np.asarray(np.sum(np.abs(parts) ** self.degree, axis=self.axes) ** self.power)
