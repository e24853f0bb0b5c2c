"""Is that chance? Tests of coins that were tossed by somebody else, with a bound on every false alarm.

`kept` is an array of booleans [calls, *shape]: what several calls kept. Under the hypothesis that every entry is an
independent coin that shows True with probability 1 - p, each test below raises a false alarm with probability ALPHA
at most. The bound is Chernoff's: for X ~ Binomial(n, q), P(n KL(X/n || q) >= t) <= 2 exp(-t), for every n and q.
A submission of ps2 goes through fewer than 10,000 tests, so a class of 1,000 sees a false alarm with probability
below 1e-14 * 1e4 * 1e3 = 1e-7.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.seen import Flaw

ALPHA = 1e-14
SAME_MASK, EXACT_SHARE = "the same mask on every call", "an exact share is dropped"

Sharing = tuple[
    tuple[tuple[int, ...], str, str], ...
]  # (axes that share a coin, name of the mistake, advice)
Words = dict[str, str]  # advice by the name of a mistake


# --- counts and probabilities --------------------------------------------------------------------------------


def surprise(successes: int, trials: int, probability: float) -> float:
    """n KL(successes/n || probability) in nats: 0 where just as expected, infinite where impossible."""
    total = 0.0
    for count, chance in ((successes, probability), (trials - successes, 1 - probability)):
        if count:
            total += count * math.log(count / trials / chance) if chance > 0 else math.inf
    return max(total, 0.0)


def surprising(successes: int, trials: int, probability: float) -> bool:
    """Whether so many successes are beyond chance, with a false alarm in ALPHA of all cases at most."""
    return surprise(successes, trials, probability) >= math.log(2 / ALPHA)


def likelier(kept: np.ndarray, p: float) -> bool:
    """Whether a draw looks more like one that keeps with probability p than like one that drops with it."""
    n, k = kept.size, int(kept.sum())
    return surprise(k, n, p) < surprise(k, n, 1 - p)


def largest_chance(n: int, q: float) -> float:
    """The probability of the likeliest count of a Binomial(n, q)."""
    k = min(n, math.floor((n + 1) * q))
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(q) + (n - k) * math.log(1 - q))


# --- coins that know of each other ---------------------------------------------------------------------------


def pairs(kept: np.ndarray, axis: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Entries and their neighbours `lag` further along the axis, no entry in two pairs."""
    size = kept.shape[axis]
    first = [i for i in range(size - lag) if (i // lag) % 2 == 0]
    return kept.take(first, axis), kept.take([i + lag for i in first], axis)


def lags(size: int) -> Iterator[int]:
    """Distances at which an axis of this size is looked at."""
    yield from range(1, size // 2 + 1)


def related(a: np.ndarray, b: np.ndarray, p: float) -> bool:
    """Whether paired coins fall together, or apart, more often than independent ones would."""
    both = int(np.sum(~a & ~b))
    return surprising(both, a.size, p * p) or surprising(int(np.sum(a == b)), a.size, p * p + (1 - p) ** 2)


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


# --- what is wrong with them ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coins:
    """What is asked of coins, one for each value.

    Attributes:
        output: whose flaw it is.
        p: probability to drop.
        rates: shares kept by those who make a well-known mistake at this p, each with the mistake's name.
        sharing: the well-known ways to share a coin.
        words: advice by the mistake's name.
    """

    output: str
    p: float
    rates: tuple[tuple[str, float], ...]
    sharing: Sharing
    words: Words

    def _flaw(self, name: str) -> Flaw:
        return Flaw(self.output, self.words[name], name)

    def flaws(self, kept: np.ndarray) -> list[Flaw]:
        """What shows that `kept` [calls, *shape] is not one independent coin for every value: rate, sharing, relations."""
        if not 0 < self.p < 1 or kept.all() or not kept.any():
            return self.of_rate(kept)
        flaws = []
        if len(kept) > 1 and bool((kept == kept[:1]).all()) and related(*pairs(kept, 0, 1), self.p):
            flaws.append(self._flaw(SAME_MASK))
            kept = kept[:1]
        shared = shared_axes(kept, self.p)
        if shared:
            listed = ", ".join(map(str, shared))
            told = [(name, advice) for axes, name, advice in self.sharing if axes == shared]
            one = f"All values along axis {listed} share one draw."
            several = f"All values along the axes {listed} share one draw."
            name, advice = (told or [("", one if len(shared) == 1 else several)])[0]
            flaws.append(Flaw(self.output, advice, name))
            for axis in shared:
                kept = kept.take([0], axis + 1)
        rate = self.of_rate(kept)
        if rate:
            return flaws + rate
        return flaws + (self._of_counts(kept) or self._of_repeats(kept) or self._of_relations(kept))

    def of_rate(self, kept: np.ndarray) -> list[Flaw]:
        """The share that is kept, pooled over all calls: is it 1 - p, and if not, whose is it?"""
        n, k, p = kept.size, int(kept.sum()), self.p
        if not surprising(k, n, 1 - p):
            return []
        if p in (0, 1):
            what = "nothing" if p == 0 else "everything"
            told = f"At p = {p:g} {what} is dropped; you keep {k:,} of {n:,} values."
            return [Flaw(self.output, told, all_there_is=True)]
        plain = f"{k / n:.1%} of the values are kept at p = {p:g}; chance alone does not do that."
        near = [(surprise(k, n, rate), name) for name, rate in self.rates if not surprising(k, n, rate)]
        fits = {name: self.words[name] for _, name in sorted(near)}
        name = next(iter(fits), "")
        return [Flaw(self.output, fits.get(name, plain), name, plain, fits)]

    def _of_counts(self, kept: np.ndarray) -> list[Flaw]:
        """Whether every call, or every sample of every call, drops one and the same number of values.

        Independent counts are all equal with probability at most (likeliest count's) ** (groups - 1).
        """
        for split in range(1, min(kept.ndim, 3)):
            groups = kept.reshape(math.prod(kept.shape[:split]), -1)
            counts = groups.sum(axis=1)
            chance = largest_chance(groups.shape[1], 1 - self.p) ** (len(counts) - 1)
            if len(set(counts.tolist())) == 1 and chance <= ALPHA / 2:
                return [self._flaw(EXACT_SHARE)]
        return []

    def _of_repeats(self, kept: np.ndarray) -> list[Flaw]:
        """Whether two calls, or two samples of one call, got the very same coins.

        Two independent masks of n coins are equal with probability (p^2 + (1-p)^2) ** n; there are so many pairs.
        """
        agree = self.p * self.p + (1 - self.p) ** 2
        for split, what in ((1, "calls"), (2, "samples of one call")):
            if kept.ndim <= split:
                break
            groups = kept.reshape(-1, kept.shape[split - 1], math.prod(kept.shape[split:]))
            chance = len(groups) * math.comb(groups.shape[1], 2) * agree ** groups.shape[2]
            if chance <= ALPHA and any(
                len({one.tobytes() for one in group}) < len(group) for group in groups
            ):
                return [Flaw(self.output, f"Two {what} got the very same coins: draw anew for each.")]
        return []

    def _of_relations(self, kept: np.ndarray) -> list[Flaw]:
        """Whether entries, samples or calls know of each other: every lag along every axis, in pairs."""
        for axis in range(kept.ndim):
            for lag in lags(kept.shape[axis]):
                if not related(*pairs(kept, axis, lag), self.p):
                    continue
                if axis == 0:
                    return [Flaw(self.output, "Successive calls are related: each must draw anew.")]
                told = f"Values {lag} apart along axis {axis - 1} are kept or dropped together too often."
                return [Flaw(self.output, told)]
        return []
