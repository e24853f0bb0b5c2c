"""What must be true of what was drawn: coins that fall fairly, alike where they are shared, from the generator given."""

from dataclasses import dataclass

import numpy as np

from course.autograder.checks.chance.bounds import ALPHA
from course.autograder.checks.chance.coins import SAME_MASK, Coins
from course.autograder.checks.chance.readers import survivors
from course.autograder.checks.chance.relations import related_calls
from course.autograder.checks.language.seen import Flaw, Seen

Arrays = dict[str, np.ndarray]
Named = tuple[str, str]  # a mistake and its advice


@dataclass(frozen=True)
class FallFairly:
    """Each value of every call has a coin of its own."""

    coins: Coins

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that it has not."""
        return self.coins.flaws(seen.draws["kept"])


@dataclass(frozen=True)
class ZerosAndOnes:
    """The same of masks, which hold 0 and 1 alone."""

    paths: tuple[str, ...]
    coins: Coins

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """Nothing where the first mask is none: the comparison says so."""
        plain = [bool(np.isin(got[path], (0, 1)).all()) for path in self.paths]
        if not plain[0]:
            return []
        if not all(plain):
            return [Flaw(self.paths[0], "A later call returns other values than 0 and 1.")]
        return self.coins.flaws(seen.draws["kept"])


@dataclass(frozen=True)
class ScaledAlike:
    """Survivors are multiplied alike in every call, and whatever their place.

    Attributes:
        paths: of the calls' outputs; the first is the one that is blamed.
        x: what they were made of.
    """

    paths: tuple[str, ...]
    x: np.ndarray

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """Whether calls, or values, are scaled unlike."""
        with np.errstate(all="ignore"):
            factors = np.concatenate([(got[path] / self.x)[survivors(got[path])] for path in self.paths])
        if not factors.size or bool(np.ptp(factors) <= 1e-4 * np.abs(factors).max()):
            return []
        told = "Survivors are scaled unlike from call to call, or from value to value."
        return [Flaw(self.paths[0], told)]


@dataclass(frozen=True)
class SharedAlong:
    """Values share a coin along some axes, and have coins of their own along the others.

    Attributes:
        alike: looked at first.
        axes: along which values share a coin.
        misplaced: the well-known ways to share along other axes: those along which masks are constant, name and advice.
        coins: what is asked of the coins that are left.
    """

    alike: ScaledAlike
    axes: tuple[int, ...]
    misplaced: tuple[tuple[tuple[int, ...], str, str], ...]
    coins: Coins

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that it is not so."""
        unlike = self.alike.flaws(seen, got)
        if unlike:
            return unlike
        kept = seen.draws["kept"]
        constant = tuple(a for a in range(kept.ndim - 1) if bool((kept == kept.take([0], a + 1)).all()))
        if not set(self.axes) <= set(constant):
            plain = "Values that should share one draw do not."
            apart = bool(constant) or self.coins.independent(kept)  # else some share coins in another way
            fits = {name: advice for axes, name, advice in self.misplaced if axes == constant and apart}
            name = next(iter(fits), "")
            return [Flaw(self.coins.output, fits.get(name, plain), name, plain, fits, mostly=True)]
        for axis in self.axes:
            kept = kept.take([0], axis + 1)
        return self.coins.flaws(kept)


def _unshared(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two masks with one value for each coin, where values along some axes share one in both."""
    for axis in range(first.ndim):
        one, other = first.take([0], axis), second.take([0], axis)
        if (first == one).all() and (second == other).all():
            first, second = one, other
    return first, second


def _beyond_chance(kept: np.ndarray) -> bool:
    """Whether another mask of independent coins is hardly ever just this one."""
    share = float(kept.mean())
    return bool((share**2 + (1 - share) ** 2) ** kept.size <= ALPHA)


@dataclass(frozen=True)
class Repeats:
    """Two calls with one generator are unrelated, and a call with its twin the same as the first.

    Attributes:
        first, second, again: paths of the calls' outputs.
        words: advice by the mistake's name.
        constant: names of the mistakes that keep everything, and nothing.
        ignored: name of the mistake that draws from elsewhere.
    """

    first: str
    second: str
    again: str
    words: dict[str, str]
    constant: tuple[str, str]
    ignored: str

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that it is not so."""
        flaws = []
        first, second = seen.draws["first"], got[self.second] != 0
        if np.array_equal(first, second) and (first.all() or not first.any()):
            everything, nothing = self.constant
            name = everything if first.all() else nothing
            advice = self.words[name]  # where few coins decide about all values, a case shows it now and then
            flaws.append(Flaw(self.second, advice, name, advice, {name: advice}, always=True))
        else:
            first, second = _unshared(first, second)
            if np.array_equal(first, second):
                flaws += (
                    [Flaw(self.second, self.words[SAME_MASK], SAME_MASK)] if _beyond_chance(first) else []
                )
            elif related_calls(first, second):
                flaws.append(Flaw(self.second, "The second mask is related to the first."))
        if not np.array_equal(got[self.first], got[self.again]):
            flaws.append(Flaw(self.again, self.words[self.ignored], self.ignored))
        return flaws


@dataclass(frozen=True)
class SameAgain:
    """A call with a twin generator gives what the first call gave.

    Attributes:
        first, again: paths of the calls' outputs.
        mistake: of those who draw from elsewhere.
    """

    first: str
    again: str
    mistake: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """Whether it gives something else."""
        first, again = got[self.first], got[self.again]
        if first.shape == again.shape and np.allclose(first, again, rtol=1e-6, atol=1e-9, equal_nan=True):
            return []
        return [Flaw(self.again, self.mistake[1], self.mistake[0], all_there_is=True)]


@dataclass(frozen=True)
class CachesKept:
    """Each pass has a gradient of its own, as often as it is asked for, and the generator runs on meanwhile.

    Attributes:
        gradient, again: paths of the first pass's gradient, and of the same asked for once more.
        later, later_gradient: of another pass.
        third: of a pass after the gradients; '' where no coins are looked at.
        spent, rewound: the mistakes of those whose cache is no longer there, and whose generator was set back.
    """

    gradient: str
    again: str
    later: str
    later_gradient: str
    third: str
    spent: Named
    rewound: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that it is not so."""
        flaws, first = [], seen.draws["first"]
        if not np.array_equal(seen.draws["gradient"], first):
            return []  # another mistake
        if not np.allclose(got[self.gradient], got[self.again], rtol=1e-6, atol=1e-9, equal_nan=True):
            flaws.append(Flaw(self.again, self.spent[1], self.spent[0], all_there_is=True))
        later = seen.draws["later"]
        if not self.third or first.all() or not first.any():
            return flaws
        if not np.array_equal(survivors(got[self.later_gradient]), later):
            told = "The gradient of a later pass is not masked as that pass was: take the mask from the cache that comes in."
            flaws.append(Flaw(self.gradient, told))
        third = survivors(got[self.third])
        if not related_calls(first, later) and any(related_calls(kept, third) for kept in (first, later)):
            flaws.append(Flaw(self.again, self.rewound[1], self.rewound[0]))
        return flaws


@dataclass(frozen=True)
class SomethingDropped:
    """A forward pass that drops nothing, at all of two hundred coins, leaves no gradient to judge."""

    coins: Coins

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """Whether nothing was dropped, beyond chance."""
        kept = seen.draws["kept"]
        return self.coins.of_rate(kept) if kept.all() else []


@dataclass(frozen=True)
class ZerosTossed:
    """Values that were 0 before they met dropout are kept and dropped like all others.

    Attributes:
        output: that tells.
        zeros: True where a value was 0.
        mistake: where they are not.
    """

    output: str
    zeros: np.ndarray
    mistake: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """Whether all of them were dropped, or all kept, beyond the chance of the others."""
        if seen.draws["gradient"].all():
            return []  # a gradient without any mask is another mistake
        first = seen.draws["first"]
        zeros, others = first[self.zeros], first[~self.zeros]
        share = float(others.mean()) if zeros.all() else 1 - float(others.mean())
        if zeros.any() != zeros.all() or share**zeros.size > ALPHA:
            return []
        return [Flaw(self.output, self.mistake[1], self.mistake[0])]
