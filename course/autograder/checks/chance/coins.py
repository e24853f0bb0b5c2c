"""Are these coins, one for each value? What shows that they are not: their share, how it varies, and what knows of what.

`kept` is an array of booleans [calls, *shape]: what several calls kept. Each test has the bound of `bounds.py` on its
false alarms.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.chance.bounds import (
    ALPHA,
    few_rows,
    largest_chance,
    may_surprise,
    scattered,
    surprise,
    surprising,
    telling,
)
from course.autograder.checks.chance.relations import (
    Halves,
    diagonal,
    fall_together,
    opposite,
    pairs,
    related,
    related_lag,
    shared_axes,
)
from course.autograder.checks.language.seen import Flaw

SAME_MASK, EXACT_SHARE = "the same mask on every call", "an exact share is dropped"
LEFT_OUT = "one index left out of the draw"
WITH_REPLACEMENT = "indices drawn with replacement"
DECIDES = 6.0  # nats by which one way to draw must be the likelier one, for the other to be ruled out
KEPT = 256  # tosses whose flaws are remembered

Sharing = tuple[
    tuple[tuple[int, ...], str, str], ...
]  # (axes that share a coin, name of the mistake, advice)
Words = dict[str, str]  # advice by the name of a mistake


def groups_of(kept: np.ndarray) -> Iterator[np.ndarray]:
    """Coins whose number kept varies by chance, [groups, coins]: calls, slices, and lines along each axis."""
    axes = range(1, kept.ndim)
    if kept.shape[0] > 1:
        yield kept.reshape(len(kept), -1)
    for axis in axes:
        if 1 < kept.shape[axis] < kept[0].size:
            yield np.moveaxis(kept, axis, 1).reshape(len(kept) * kept.shape[axis], -1)
            if kept.ndim > 3:  # of two axes the one's slices are the other's lines
                yield np.moveaxis(kept, axis, -1).reshape(-1, kept.shape[axis])


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

    @functools.cached_property
    def _told(self) -> dict[tuple[tuple[int, ...], bytes], list[Flaw]]:
        return {}

    def flaws(self, kept: np.ndarray) -> list[Flaw]:
        """What shows that `kept` [calls, *shape] is not one independent coin for every value: rate, sharing, relations.

        The same coins are looked at once: whoever answers again, or draws as another did, mostly tosses the same.
        """
        tossed = kept.shape, np.packbits(kept).tobytes()
        if tossed not in self._told:
            if len(self._told) == KEPT:
                self._told.clear()
            self._told[tossed] = self._flaws(kept)
        return list(self._told[tossed])

    def _flaws(self, kept: np.ndarray) -> list[Flaw]:
        if not 0 < self.p < 1 or kept.all() or not kept.any():
            return self.of_rate(kept)
        flaws = []
        if len(kept) > 1 and bool((kept == kept[:1]).all()) and related(*pairs(kept, 0, 1), self.p):
            flaws.append(self._flaw(SAME_MASK))
            kept = kept[:1]
        shared = shared_axes(kept, self.p)
        if shared:
            listed = ", ".join(map(str, shared))
            long = [axis for axis in range(kept.ndim - 1) if kept.shape[axis + 1] > 1]
            told = [
                (name, advice)
                for axes, name, advice in self.sharing
                if tuple(axis for axis in axes if axis in long) == shared
            ]
            one = f"All values along axis {listed} share one draw."
            several = f"All values along the axes {listed} share one draw."
            name, advice = (told or [("", one if len(shared) == 1 else several)])[0]
            flaws.append(Flaw(self.output, advice, name))
            for axis in shared:
                kept = kept.take([0], axis + 1)
        found = self._left_out(kept) or self.of_rate(kept)
        if found:
            return flaws + found
        return flaws + (
            self._of_counts(kept)
            or self._of_repeats(kept)
            or self._of_relations(kept)
            or self._of_places(kept)
            or self._of_scatter(kept)
        )

    def of_rate(self, kept: np.ndarray) -> list[Flaw]:
        """The share that is kept, pooled over all calls: is it 1 - p, and if not, whose is it?"""
        n, k, p = kept.size, int(kept.sum()), self.p
        if not surprising(k, n, 1 - p):
            return []
        if p in (0, 1):
            what = "nothing" if p == 0 else "everything"
            sentence = f"At p = {p:g} {what} is dropped; you keep {k:,} of {n:,} values."
            return [Flaw(self.output, sentence, all_there_is=True)]
        plain = self._share(kept)
        # A mistake that so many coins are unlikely to show is not what these show.
        told = [(name, rate) for name, rate in self.rates if telling(round(n * rate), n, 1 - p)]
        near = [(surprise(k, n, rate), name) for name, rate in told if not surprising(k, n, rate)]
        fits = {name: self.words[name] for name in self._by_spread(kept, [name for _, name in sorted(near)])}
        name = next(iter(fits), "")
        return [Flaw(self.output, fits.get(name, plain), name, plain, fits)]

    def _share(self, kept: np.ndarray) -> str:
        """What is said of a share that no mistake with a name keeps."""
        return f"{kept.mean():.1%} of the values are kept at p = {self.p:g}; chance alone does not do that."

    def _by_spread(self, kept: np.ndarray, names: list[str]) -> list[str]:
        """Of the mistakes that keep such a share those that fit how the number kept varies from call to call.

        Indices drawn with replacement keep as many as coins at exp(-p) do, and their number varies much less.
        """
        if WITH_REPLACEMENT not in names:
            return names
        others = [name for name in names if name != WITH_REPLACEMENT]
        if kept.ndim < 2 or len(kept) < 2:
            return others
        counts, n = kept.reshape(len(kept), -1).sum(axis=1), kept[0].size
        q = math.exp(-self.p)
        off = float(((counts - counts.mean()) ** 2).sum())
        of_coins, of_indices = n * q * (1 - q), n * (q - (1 + self.p) * q * q)
        likelier = (
            off / of_coins - off / of_indices + (len(counts) - 1) * math.log(of_coins / of_indices)
        ) / 2
        if abs(likelier) > DECIDES:
            return [WITH_REPLACEMENT] if likelier > 0 else others
        return [WITH_REPLACEMENT, *others] if likelier > 0 else [*others, WITH_REPLACEMENT]

    def _left_out(self, kept: np.ndarray) -> list[Flaw]:
        """Whether all values at one index of an axis are always kept, beyond chance, or the first or the last value is."""
        places = [kept.reshape(len(kept), -1)[:, end] for end in (0, -1)]
        slices = [np.moveaxis(kept, a, 0) for a in range(1, kept.ndim) if kept.shape[a] > 1]
        for coins in (*places, *(coins for axis in slices for coins in axis)):
            if coins.all() and surprising(coins.size, coins.size, 1 - self.p):
                others = kept.size - coins.size, int(kept.sum()) - coins.size
                if not surprising(others[1], others[0], 1 - self.p):
                    return [self._flaw(LEFT_OUT)]
        return []

    def _of_counts(self, kept: np.ndarray) -> list[Flaw]:
        """Whether every call, or every sample of every call, or every column, drops one and the same number of values.

        Independent counts are all equal with probability at most (likeliest count's) ** (groups - 1).
        """
        for groups in groups_of(kept):
            counts = groups.sum(axis=1)
            if (counts != counts[0]).any():
                continue
            if largest_chance(groups.shape[1], 1 - self.p) ** (len(counts) - 1) <= ALPHA / 2:
                return [self._flaw(EXACT_SHARE)]
        return []

    def _of_scatter(self, kept: np.ndarray) -> list[Flaw]:
        """Whether the number that is kept varies less or more than that of independent coins, or is another at some index."""
        for axis in range(1, kept.ndim):
            slices = np.moveaxis(kept, axis, 0).reshape(kept.shape[axis], -1)
            counts, n = slices.sum(axis=1), slices.shape[1]
            for index in np.flatnonzero(may_surprise(counts, n, 1 - self.p)).tolist():
                if len(slices) > 1 and surprising(int(counts[index]), n, 1 - self.p):
                    told = f"At index {index} along axis {axis - 1}, {slices[index].mean():.1%} of the values are kept at p = {self.p:g}."
                    return [Flaw(self.output, told)]
        for groups in groups_of(kept):
            counts, n = groups.sum(axis=1), groups.shape[1]
            off = scattered(counts, n, 1 - self.p)
            if off > 0 and counts.var() < n * self.p * (
                1 - self.p
            ):  # about another share they do not vary more
                return [Flaw(self.output, self._share(kept))]
            if off:
                less = "The number of dropped values varies too little for chance: each value has a coin of its own."
                more = "The number of dropped values varies too much for chance: each value has a coin of its own."
                return [Flaw(self.output, less if off < 0 else more)]
        return []

    def _of_places(self, kept: np.ndarray) -> list[Flaw]:
        """Whether places have coins in common, wherever they lie, or opposite ones know of each other."""
        if len(kept) > 1 and few_rows(kept.reshape(len(kept), -1), 1 - self.p):
            told = "Some values share their coins in every call; each needs its own draw."
            shared = few_rows(kept.reshape(len(kept), -1), float(kept.mean()))
            return [Flaw(self.output, told if shared else self._share(kept))]
        for (often, rarely), halves in opposite(kept):
            if related(*halves, self.p):
                return [self._relation(kept, halves, often, rarely)]
        return []

    def _relation(self, kept: np.ndarray, halves: Halves, often: str, rarely: str) -> Flaw:
        """What is said of coins that fall together beyond chance: how, unless it is their share alone."""
        how = fall_together(*halves)
        return Flaw(self.output, self._share(kept) if not how else often if how > 0 else rarely)

    def independent(self, kept: np.ndarray) -> bool:
        """Whether nothing shows that some coins know of others, whatever the share that is kept."""
        return not (self._of_repeats(kept) or self._of_relations(kept) or self._of_places(kept))

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
            lag = related_lag(kept, axis, self.p)
            if not lag:
                continue
            often = f"Values {lag} apart along axis {axis - 1} are kept or dropped together too often."
            rarely = f"Values {lag} apart along axis {axis - 1} are kept or dropped together too rarely."
            calls = "Successive calls are related: each must draw anew."
            said = (often, rarely) if axis else (calls, calls)
            return [self._relation(kept, pairs(kept, axis, lag), *said)]
        for a, b, halves in diagonal(kept):
            if related(*halves, self.p):
                often = f"Neighbours on a diagonal of the axes {a - 1} and {b - 1} are kept or dropped together too often."
                rarely = f"Neighbours on a diagonal of the axes {a - 1} and {b - 1} are kept or dropped together too rarely."
                calls = f"Neighbours along axis {b - 1} in successive calls are kept or dropped together too often."
                anew = f"Neighbours along axis {b - 1} in successive calls are kept or dropped together too rarely."
                return [self._relation(kept, halves, *((often, rarely) if a else (calls, anew)))]
        return []
