"""Is that chance? Bounds on every false alarm, for counts of coins that were tossed by somebody else.

Under the hypothesis that every coin is independent and shows True with the probability that is said, each test below
raises a false alarm with probability ALPHA at most:

- one count: Chernoff's bound. For X ~ Binomial(n, q), P(n KL(X/n || q) >= t) <= 2 exp(-t), for every n and q;
- how far several counts lie from what is expected: Chernoff's bound again, of the sum of (X - nq)^2 over the counts, by
  its exact moment generating function, to either side;
- how many different rows of coins there are: McDiarmid's bound. Of N independent rows one changes that number by one at
  most, so P(different <= expected - t) <= exp(-2 t^2 / N).

A submission of ps2 goes through fewer than 15,000 tests, so one that is right sees a false alarm with probability below
5e-15 * 1.5e4 = 7.5e-11, and a class of 1,000 with probability below 1e-7. A test counts them.
"""

import functools
import math

import numpy as np

ALPHA = 5e-15
RATES = (
    *np.geomspace(0.05, 0.45, 5),
    *np.geomspace(0.6, 300, 12),
)  # of the exponents that bounds are tried with


def beyond(nats: float) -> bool:
    """Whether a two-sided bound 2 exp(-nats) on a probability is ALPHA or less."""
    return nats >= math.log(2 / ALPHA)


def surprise(successes: int, trials: int, probability: float) -> float:
    """n KL(successes/n || probability) in nats: 0 where just as expected, infinite where impossible."""
    total = 0.0
    for count, chance in ((successes, probability), (trials - successes, 1 - probability)):
        if count:
            total += count * math.log(count / trials / chance) if chance > 0 else math.inf
    return max(total, 0.0)


def surprising(successes: int, trials: int, probability: float) -> bool:
    """Whether so many successes are beyond chance, with a false alarm in ALPHA of all cases at most."""
    return beyond(surprise(successes, trials, probability))


def may_surprise(successes: np.ndarray, trials: np.ndarray | int, probability: float) -> np.ndarray:
    """Which of many counts may be beyond chance: a look at all of them at once that overlooks none; `surprising` decides."""
    k, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    with np.errstate(all="ignore"):
        some = np.where(k > 0, k * np.log(k / n / probability), 0.0)
        rest = np.where(k < n, (n - k) * np.log((n - k) / n / (1 - probability)), 0.0)
    return np.asarray(some + rest >= 0.99 * math.log(2 / ALPHA))


def telling(successes: int, trials: int, probability: float) -> bool:
    """Whether so many successes are so far off that somebody who expects them has a chance to be found out."""
    return surprise(successes, trials, probability) >= 0.42 * math.log(2 / ALPHA)


def likelier(kept: np.ndarray, p: float) -> bool:
    """Whether a draw looks more like one that keeps with probability p than like one that drops with it."""
    n, k = kept.size, int(kept.sum())
    return surprise(k, n, p) < surprise(k, n, 1 - p)


@functools.lru_cache(maxsize=512)
def _log_binomial(n: int, q: float) -> np.ndarray:
    """log P(X = k) of a Binomial(n, q), for k = 0..n."""
    k = np.arange(n + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    return np.asarray(logs[n] - logs - logs[::-1] + k * math.log(q) + (n - k) * math.log1p(-q))


def largest_chance(n: int, q: float) -> float:
    """The probability of the likeliest count of a Binomial(n, q)."""
    return float(np.exp(_log_binomial(n, q).max()))


@functools.lru_cache(maxsize=512)
def _generating(n: int, q: float) -> np.ndarray:
    """log E exp(r z) of z = (X - nq)^2 / (nq (1 - q)), X ~ Binomial(n, q), for r in RATES: below and above, [2, rates]."""
    k, rates = np.arange(n + 1), np.array(RATES)
    z = (k - n * q) ** 2 / (n * q * (1 - q))
    powers = np.stack([-rates, rates])[:, :, None] * z + _log_binomial(n, q)
    top = powers.max(axis=2)
    return np.asarray(top + np.log(np.exp(powers - top[:, :, None]).sum(axis=2)))


def scattered(counts: np.ndarray, n: int, q: float) -> int:
    """Whether independent counts of n coins vary less than chance would have it (-1), more (1), or neither (0)."""
    z = float(((counts - n * q) ** 2).sum()) / (n * q * (1 - q))
    less, more = _generating(n, q)
    rates = np.array(RATES)
    if beyond(-float((counts.size * less + rates * z).min())):
        return -1
    return int(beyond(-float((counts.size * more - rates * z).min())))


def few_rows(kept: np.ndarray, q: float) -> bool:
    """Whether too few of the columns of coins [tosses, N] differ from each other, each coin True with probability q."""
    tosses, n = kept.shape
    heads = np.arange(tosses + 1)
    log = heads * math.log(q) + (tosses - heads) * math.log1p(-q)  # of one row with so many heads
    ways = np.array([math.comb(tosses, k) for k in heads], dtype=float)
    expected = float((ways * -np.expm1(n * np.log1p(-np.exp(log)))).sum())
    different = len(np.unique(np.packbits(kept, axis=0), axis=1).T)
    return different < expected and beyond(2 * (expected - different) ** 2 / n)
