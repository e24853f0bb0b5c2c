"""Is that chance? Tests of coins that were tossed by somebody else, with a bound on every false alarm.

`kept` is an array of booleans [calls, *shape]: what several calls kept. Under the hypothesis that every entry is an
independent coin that shows True with probability 1 - p, each test below raises a false alarm with probability ALPHA
at most. The bound is Chernoff's: for X ~ Binomial(n, q), P(n KL(X/n || q) >= t) <= 2 exp(-t), for every n and q.
A submission of ps2 goes through fewer than 10,000 tests, so a class of 1,000 sees a false alarm with probability
below 1e-14 * 1e4 * 1e3 = 1e-7.
"""

import math
from collections.abc import Iterator

import numpy as np

from course.autograder.checks.language import Flaw

ALPHA = 1e-14
CALLS = 16  # successive calls that are looked at together: a count that never varies shows in so many

Sharing = dict[tuple[int, ...], tuple[str, str]]

ADVICE = {
    "p taken for the keep probability": "p is the probability to DROP: a value survives with probability 1 - p.",
    "one half instead of p": "You drop every second value whatever p is: compare with p, not with 0.5 or a fair coin.",
    "normal instead of uniform": "You compare normally distributed numbers with p; uniform ones in [0, 1) are needed.",
    "dropped twice": "Each value runs the risk twice, as if two masks were multiplied: one draw is enough.",
    "nothing is dropped": "No value is ever dropped, although 0 < p < 1.",
    "everything is dropped": "Every value is dropped, although 0 < p < 1.",
    "one mask for the whole batch": "All samples share one mask; each sample drops values of its own.",
    "one draw for each sample": "A sample is kept or dropped as a whole; each of its values needs its own draw.",
    "the same mask on every call": "Every call returns the same mask: draw from the rng that is given, do not seed anew.",
    "an exact share is dropped": "The number of dropped values never varies: each value has a coin of its own.",
    "generator ignored": "The same seed gives another mask each time: draw from the rng given, from nothing else.",
}


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


def normal_below(z: float) -> float:
    """P(Z < z) for a standard normal Z."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def rates(p: float) -> list[tuple[str, float]]:
    """Shares kept by those who make a well-known mistake at this p."""
    return [
        ("p taken for the keep probability", p),
        ("one half instead of p", 0.5),
        ("normal instead of uniform", normal_below(-p)),  # randn(...) >= p
        ("normal instead of uniform", normal_below(1 - p)),  # randn(...) < 1 - p
        ("dropped twice", (1 - p) ** 2),
        ("nothing is dropped", 1.0),
        ("everything is dropped", 0.0),
    ]


def rate_flaw(output: str, kept: np.ndarray, p: float) -> list[Flaw]:
    """The share that is kept, pooled over all calls: is it 1 - p, and if not, whose is it?"""
    n, k = kept.size, int(kept.sum())
    if not surprising(k, n, 1 - p):
        return []
    if p in (0, 1):
        what = "nothing" if p == 0 else "everything"
        told = f"At p = {p:g} {what} is dropped; you keep {k:,} of {n:,} values."
        return [Flaw(output, told, all_there_is=True)]
    plain = f"{k / n:.1%} of the values are kept at p = {p:g}; chance alone does not do that."
    near = [(surprise(k, n, rate), name) for name, rate in rates(p) if not surprising(k, n, rate)]
    fits = {name: ADVICE[name] for _, name in sorted(near)}
    name = next(iter(fits), "")
    return [Flaw(output, fits.get(name, plain), name, plain, fits)]


def pairs(kept: np.ndarray, axis: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Entries and their neighbours `lag` further along the axis, no entry in two pairs."""
    size = kept.shape[axis]
    first = [i for i in range(size - lag) if (i // lag) % 2 == 0]
    return kept.take(first, axis), kept.take([i + lag for i in first], axis)


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


def _lags(size: int) -> Iterator[int]:
    yield from range(1, size // 2 + 1)


def shared_axes(kept: np.ndarray, p: float) -> tuple[int, ...]:
    """Axes of `shape` (call not counted) along which all values share one coin, beyond chance."""
    found = []
    for axis in range(1, kept.ndim):
        if kept.shape[axis] > 1 and bool((kept == kept.take([0], axis)).all()):
            n = pairs(kept, axis, 1)[0].size
            if surprising(n, n, p * p + (1 - p) ** 2):
                found.append(axis - 1)
    return tuple(found)


def largest_chance(n: int, q: float) -> float:
    """The probability of the likeliest count of a Binomial(n, q)."""
    k = min(n, math.floor((n + 1) * q))
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(q) + (n - k) * math.log(1 - q))


def count_flaw(output: str, kept: np.ndarray, p: float) -> list[Flaw]:
    """Whether every call, or every sample of every call, drops one and the same number of values.

    Independent counts are all equal with probability at most (likeliest count's) ** (groups - 1).
    """
    for split in range(1, min(kept.ndim, 3)):
        groups = kept.reshape(math.prod(kept.shape[:split]), -1)
        counts = groups.sum(axis=1)
        if (
            len(set(counts.tolist())) == 1
            and largest_chance(groups.shape[1], 1 - p) ** (len(counts) - 1) <= ALPHA / 2
        ):
            name = "an exact share is dropped"
            return [Flaw(output, ADVICE[name], name)]
    return []


def repeat_flaw(output: str, kept: np.ndarray, p: float) -> list[Flaw]:
    """Whether two calls, or two samples of one call, got the very same coins.

    Two independent masks of n coins are equal with probability (p^2 + (1-p)^2) ** n; there are so many pairs.
    """
    agree = p * p + (1 - p) ** 2
    for split, what in ((1, "calls"), (2, "samples of one call")):
        if kept.ndim <= split:
            break
        groups = kept.reshape(-1, kept.shape[split - 1], math.prod(kept.shape[split:]))
        chance = len(groups) * math.comb(groups.shape[1], 2) * agree ** groups.shape[2]
        if chance <= ALPHA and any(len(np.unique(group, axis=0)) < len(group) for group in groups):
            return [Flaw(output, f"Two {what} got the very same coins: draw anew for each.")]
    return []


def relation_flaw(output: str, kept: np.ndarray, p: float) -> list[Flaw]:
    """Whether entries, samples or calls know of each other: every lag along every axis, in pairs."""
    for axis in range(kept.ndim):
        for lag in _lags(kept.shape[axis]):
            if related(*pairs(kept, axis, lag), p):
                if axis == 0:
                    return [Flaw(output, "Successive calls are related: each must draw anew.")]
                return [
                    Flaw(
                        output,
                        f"Values {lag} apart along axis {axis - 1} are kept or dropped together too often.",
                    )
                ]
    return []


def coin_flaws(output: str, kept: np.ndarray, p: float, sharing: Sharing | None = None) -> list[Flaw]:
    """What shows that `kept` [calls, *shape] is not one independent coin for every value: rate, sharing, relations.

    Args:
        output: whose flaw it is.
        kept: True where a value survived.
        p: probability to drop.
        sharing: name and advice of a mistake by the axes that share a coin.
    """
    if not 0 < p < 1 or kept.all() or not kept.any():
        return rate_flaw(output, kept, p)
    flaws = []
    if len(kept) > 1 and bool((kept == kept[:1]).all()) and related(*pairs(kept, 0, 1), p):
        name = "the same mask on every call"
        flaws.append(Flaw(output, ADVICE[name], name))
        kept = kept[:1]
    shared = shared_axes(kept, p)
    if shared:
        listed = ", ".join(map(str, shared))
        name, advice = (sharing or {}).get(shared, ("", f"All values along axis {listed} share one draw."))
        flaws.append(Flaw(output, advice, name))
        for axis in shared:
            kept = kept.take([0], axis + 1)
    rate = rate_flaw(output, kept, p)
    if rate:
        return flaws + rate
    return flaws + (
        count_flaw(output, kept, p) or repeat_flaw(output, kept, p) or relation_flaw(output, kept, p)
    )


def batch_sharing(rank: int) -> Sharing:
    """The named ways of sharing coins in an array [N, ...] whose every value should have its own."""
    if rank < 2:
        return {}
    names = {(0,): "one mask for the whole batch", tuple(range(1, rank)): "one draw for each sample"}
    return {axes: (name, ADVICE[name]) for axes, name in names.items()}


def axes_of_sharing(rank: int) -> dict[str, tuple[int, ...]]:
    """The same by name, with the axes along which such a mask still varies."""
    return {
        name: tuple(axis for axis in range(rank) if axis not in shared)
        for shared, (name, _) in batch_sharing(rank).items()
    }
