"""ps2's coins: the well-known ways to toss them wrongly, as shares that are kept and as axes that share a coin."""

import math

from course.autograder.checks.chance.coins import (
    EXACT_SHARE,
    LEFT_OUT,
    SAME_MASK,
    WITH_REPLACEMENT,
    Coins,
    Sharing,
)

CALLS = 16  # successive calls that are looked at together: a count that never varies shows in so many

TWICE = "dropped twice"
P_AS_KEEP = "p taken for the keep probability"
HALVED, KEPT_BY_HALF, SQUARED = (
    "dropped with half the probability",
    "kept with half the probability",
    "probability squared",
)
UNLIKE = "numbers of another distribution"
NOTHING, EVERYTHING, IGNORED = "nothing is dropped", "everything is dropped", "generator ignored"
ONE_MASK, ONE_EACH = "one mask for the whole batch", "one draw for each sample"

ADVICE = {
    P_AS_KEEP: "p is the probability to DROP: a value survives with probability 1 - p.",
    "one half instead of p": "You drop every second value whatever p is: compare with p, not with 0.5 or a fair coin.",
    "normal instead of uniform": "You compare normally distributed numbers with p; uniform ones in [0, 1) are needed.",
    TWICE: "Each value runs the risk twice, as if two masks were multiplied: one draw is enough.",
    HALVED: "You drop with half the probability: each value is dropped with probability p.",
    KEPT_BY_HALF: "You keep with half the probability: each value is kept with probability 1 - p.",
    UNLIKE: "Compare p with numbers drawn uniformly from 0 to 1; yours are distributed otherwise.",
    SQUARED: "You drop with probability p * p: a value is dropped with probability p.",
    NOTHING: "No value is ever dropped, although 0 < p < 1.",
    EVERYTHING: "Every value is dropped, although 0 < p < 1.",
    ONE_MASK: "All samples share one mask; each sample drops values of its own.",
    ONE_EACH: "A sample is kept or dropped as a whole; each of its values needs its own draw.",
    SAME_MASK: (
        "Every call returns the same mask: draw anew from the rng that is given, not from a copy of it or from a new one."
    ),
    EXACT_SHARE: "The number of dropped values never varies: each value has a coin of its own.",
    WITH_REPLACEMENT: (
        "Indices drawn with replacement meet some values twice and others never: give each value a coin of its own."
    ),
    LEFT_OUT: "At one index all values are always kept: the draw must reach the first and the last as well.",
    IGNORED: "The same seed gives another mask each time: draw from the rng given, from nothing else.",
}


def normal_below(z: float) -> float:
    """P(Z < z) for a standard normal Z."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def rates(p: float) -> list[tuple[str, float]]:
    """Shares kept by those who make a well-known mistake at this p."""
    return [
        (P_AS_KEEP, p),
        ("one half instead of p", 0.5),
        ("normal instead of uniform", normal_below(-p)),  # randn(...) >= p
        ("normal instead of uniform", normal_below(1 - p)),  # randn(...) < 1 - p
        (TWICE, (1 - p) ** 2),
        (HALVED, 1 - p / 2),  # uniform(-1, 1) < 1 - p
        (KEPT_BY_HALF, (1 - p) / 2),  # uniform(-1, 1) >= p
        (SQUARED, 1 - p * p),
        (UNLIKE, math.exp(-p)),  # exponential numbers >= p
        (WITH_REPLACEMENT, math.exp(-p)),  # p n indices of n
        (UNLIKE, 1 - math.exp(p - 1)),  # < 1 - p, or a Poisson count of 1 - p that is not 0
        (NOTHING, 1.0),
        (EVERYTHING, 0.0),
    ]


def coins(output: str, p: float, sharing: Sharing = ()) -> Coins:
    """What is asked of coins that drop with probability p."""
    return Coins(output, p, tuple(rates(p)), sharing, ADVICE)


def batch_sharing(rank: int) -> Sharing:
    """The named ways of sharing coins in an array [N, ...] whose every value should have its own."""
    if rank < 2:
        return ()
    return (((0,), ONE_MASK, ADVICE[ONE_MASK]), (tuple(range(1, rank)), ONE_EACH, ADVICE[ONE_EACH]))


def axes_of_sharing(rank: int) -> dict[str, tuple[int, ...]]:
    """The same by name, with the axes along which such a mask still varies."""
    return {
        name: tuple(axis for axis in range(rank) if axis not in shared)
        for shared, name, _ in batch_sharing(rank)
    }
