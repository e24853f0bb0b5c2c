"""A few numbers that stand for an array: enough to tell whether another array is that one, too few to read it off."""

import functools
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.tolerances import Tolerance

SUMS = 2
SHARE = 0.05  # of the tolerance: what a mistake gives is met far better than that
ROUNDING = 1e-9  # of the sums themselves, and of what they are sums of


@functools.lru_cache(maxsize=16)  # one output after another is sketched many times
def _weights(size: int) -> np.ndarray:
    """From 1 to 2, alike for no two places; to be read alone."""
    places = np.arange(1, size + 1, dtype=np.float64)
    made = 1 + np.outer(np.sqrt([2.0, 3.0])[:SUMS], places * places) % 1
    made.flags.writeable = False
    return made


def _sums(array: np.ndarray) -> np.ndarray:
    return _weights(array.size) @ array.ravel().astype(np.float64)


def room(array: np.ndarray, tolerance: Tolerance, share: float = SHARE) -> np.ndarray:
    """(SUMS,): how far the sums of an array of finite numbers may lie from those of the same array, computed otherwise."""
    size = np.abs(array.astype(np.float64))
    each = tolerance.rtol * size + tolerance.atol * np.max(size, initial=1.0)
    # Rounding errors are far below any tolerance and go either way: their sum grows with the root of their number.
    spread = np.sqrt(_weights(array.size) ** 2 @ each.ravel() ** 2)
    allowed: np.ndarray = share * spread + ROUNDING * _sums(size)
    return allowed


@dataclass(frozen=True)
class Sketch:
    """An array's shape and weighted sums.

    Two arrays that are one but for rounding have the same sums; two that are not have, but for an accident of one in
    many millions, other sums. An array that differs by a hair in a single value may pass: a sketch serves to give a
    mistake its name, never to call an answer right.
    """

    shape: tuple[int, ...]
    sums: np.ndarray

    @classmethod
    def of(cls, array: np.ndarray) -> "Sketch":
        """The sketch of an array of finite numbers."""
        return cls(array.shape, _sums(array))

    def near(self, got: np.ndarray, tolerance: Tolerance, share: float = SHARE) -> bool:
        """Whether this may well be the array, each value within so large a share of the tolerance."""
        if got.shape != self.shape or got.dtype.kind not in "fiub" or not np.isfinite(got).all():
            return False
        return bool((np.abs(_sums(got) - self.sums) <= room(got, tolerance, share)).all())
