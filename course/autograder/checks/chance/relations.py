"""Coins that know of each other: neighbours, mirror images, places with one coin, and calls that repeat each other.

`kept` is an array of booleans [calls, *shape]: what several calls kept.
"""

import functools
import itertools
from collections.abc import Iterator

import numpy as np

from course.autograder.checks.chance.bounds import may_surprise, surprise, surprising

Halves = tuple[np.ndarray, np.ndarray]
BEHIND = 12.0  # nats that a relation shows at whatever share is kept; coins that are independent reach so many once in 1e5


def pairs(kept: np.ndarray, axis: int, lag: int) -> Halves:
    """Entries and their neighbours `lag` further along the axis, no entry in two pairs."""
    size = kept.shape[axis]
    first = [i for i in range(size - lag) if (i // lag) % 2 == 0]
    return kept.take(first, axis), kept.take([i + lag for i in first], axis)


def lags(size: int) -> Iterator[int]:
    """Distances at which an axis of this size is looked at: all, up to a hundred."""
    yield from range(1, min(size, 101))


def related(a: np.ndarray, b: np.ndarray, p: float) -> bool:
    """Whether paired coins fall together, or apart, more often than independent ones would."""
    return together(int(np.sum(~a & ~b)), int(np.sum(a == b)), a.size, p)


def together(dropped: int, alike: int, n: int, p: float) -> bool:
    """The same from how many of n pairs are both dropped, and how many fall alike."""
    return surprising(dropped, n, p * p) or surprising(alike, n, p * p + (1 - p) ** 2)


def fall_together(a: np.ndarray, b: np.ndarray) -> int:
    """Whether paired coins fall alike more often (1) or less often (-1) than independent ones that keep the share that
    these keep, or neither (0): then it is the share that is not as it should be.
    """
    p = 1 - (float(a.mean()) + float(b.mean())) / 2
    agree = p * p + (1 - p) ** 2
    dropped, alike, n = int(np.sum(~a & ~b)), int(np.sum(a == b)), a.size
    if max(surprise(dropped, n, p * p), surprise(alike, n, agree)) < BEHIND:
        return 0
    return 1 if alike > n * agree else -1


def related_lag(kept: np.ndarray, axis: int, p: float) -> int:
    """The shortest distance along the axis at which neighbours know of each other; 0 where none do.

    The pairs of a distance are those of `pairs`; a product of matrices counts them for all distances at once.
    """
    rows = np.moveaxis(kept, axis, 0).reshape(kept.shape[axis], -1).astype(np.float64)
    if len(rows) < 2:
        return 0
    first, second, starts, sizes = _at_lags(len(rows))
    counts = rows.sum(axis=1)
    both_kept = (rows @ rows.T)[first, second]
    both_dropped = rows.shape[1] - counts[first] - counts[second] + both_kept
    dropped = np.add.reduceat(both_dropped, starts)
    return _first_beyond(dropped, dropped + np.add.reduceat(both_kept, starts), sizes * rows.shape[1], p)


def related_lag_among(kept: np.ndarray, among: np.ndarray, axis: int, p: float) -> int:
    """The same of coins of which only those `among` count, an array of the shape of `kept`: a pair counts where both do."""
    size = kept.shape[axis]
    if size < 2:
        return 0
    first, second, starts, _ = _at_lags(size)

    def both(coins: np.ndarray) -> np.ndarray:
        """How many pairs of each distance have two of these coins."""
        rows = np.moveaxis(coins, axis, 0).reshape(size, -1).astype(np.float64)
        return np.asarray(np.add.reduceat((rows @ rows.T)[first, second], starts))

    dropped = both(~kept & among)
    return _first_beyond(dropped, dropped + both(kept & among), both(among), p)


def _first_beyond(dropped: np.ndarray, alike: np.ndarray, n: np.ndarray, p: float) -> int:
    """The shortest distance at which pairs fall together, or apart, beyond chance, by their numbers at each; else 0."""
    may = may_surprise(dropped, n, p * p) | may_surprise(alike, n, p * p + (1 - p) ** 2)
    for place in np.flatnonzero(may).tolist():
        if together(int(dropped[place]), int(alike[place]), int(n[place]), p):
            return int(place) + 1
    return 0


@functools.lru_cache(maxsize=64)
def _at_lags(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The places of `pairs` at each distance along an axis of this size, all in a row: (first, second, starts, sizes)."""
    places = np.arange(size)
    firsts = [places[: size - lag][places[: size - lag] // lag % 2 == 0] for lag in lags(size)]
    sizes = np.array([len(first) for first in firsts])
    first = np.concatenate(firsts)
    return first, first + np.repeat(np.arange(1, len(sizes) + 1), sizes), np.cumsum(sizes) - sizes, sizes


def related_calls(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two masks know of each other, whatever the share they keep.

    Given how many values each mask keeps, the number that both keep is hypergeometric if they are independent, and
    Chernoff's bound for the binomial holds for it too (Hoeffding 1963, section 6).
    """
    return surprising(int(np.sum(a & b)), int(a.sum()), float(b.mean()))


def shared_axes(kept: np.ndarray, p: float) -> tuple[int, ...]:
    """Axes of `shape` (call not counted) along which all values share one coin, beyond chance."""
    found = []
    for axis in range(1, kept.ndim):
        if kept.shape[axis] > 1 and bool((kept == kept.take([0], axis)).all()):
            n = pairs(kept, axis, 1)[0].size
            if surprising(n, n, p * p + (1 - p) ** 2):
                found.append(axis - 1)
    return tuple(found)


def opposite(kept: np.ndarray) -> Iterator[tuple[tuple[str, str], Halves]]:
    """Places that lie opposite each other within one call, no place in two pairs, each way with what is said of it where
    they fall alike too often, and where too rarely.
    """
    for axis in range(1, kept.ndim):
        half = kept.shape[axis] // 2
        if half:
            here, there = np.split(kept, [half], axis)
            mirrored = np.flip(there, axis).take(range(half), axis)
            often = (
                f"Values that mirror each other along axis {axis - 1} are kept or dropped together too often."
            )
            rarely = f"Values that mirror each other along axis {axis - 1} are kept or dropped together too rarely."
            yield (often, rarely), (here, mirrored)
    flat = kept.reshape(len(kept), -1)
    half = flat.shape[1] // 2
    if kept.ndim > 2 and half:
        often = "Values as far from the first as others from the last are kept or dropped together too often."
        rarely = (
            "Values as far from the first as others from the last are kept or dropped together too rarely."
        )
        yield (often, rarely), (flat[:, :half], flat[:, ::-1][:, :half])
        often = "Values half an array apart are kept or dropped together too often."
        rarely = "Values half an array apart are kept or dropped together too rarely."
        yield (often, rarely), (flat[:, :half], flat[:, half : 2 * half])
    for a, b in itertools.combinations(range(1, kept.ndim), 2):
        if kept.shape[a] == kept.shape[b] > 1:
            table = np.moveaxis(kept, (a, b), (0, 1))
            above = np.triu_indices(len(table), 1)
            often = (
                f"Values with indices exchanged along the axes {a - 1} and {b - 1} fall together too often."
            )
            rarely = (
                f"Values with indices exchanged along the axes {a - 1} and {b - 1} fall together too rarely."
            )
            yield (often, rarely), (table[above], table.swapaxes(0, 1)[above])


def diagonal(kept: np.ndarray) -> Iterator[tuple[int, int, Halves]]:
    """Neighbours one further along two axes at once, both ways, no entry in two pairs."""
    for a, b in itertools.combinations(range(kept.ndim), 2):
        rows, columns = kept.shape[a], kept.shape[b]
        if rows < 2 or columns < 2:
            continue
        first = range(0, rows - 1, 2)
        here, there = kept.take(first, a), kept.take([i + 1 for i in first], a)
        left, right = range(columns - 1), range(1, columns)
        yield a, b, (here.take(left, b), there.take(right, b))
        yield a, b, (here.take(right, b), there.take(left, b))
