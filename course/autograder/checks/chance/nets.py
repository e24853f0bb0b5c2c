"""What must be true of draws inside of a net: connections, hidden units, and a net that is asked often."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from course.autograder.checks.chance.bounds import may_surprise, surprising
from course.autograder.checks.chance.coins import Coins
from course.autograder.checks.chance.properties import Arrays, Named
from course.autograder.checks.chance.readers import WITHOUT_BIAS, alike, survivors
from course.autograder.checks.chance.relations import pairs, related, related_lag_among
from course.autograder.checks.language.seen import Flaw, Seen

NOT_ONE_EACH = (
    "Connections do not fall independently: in each sample every weight and every bias has a coin of its own."
)


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two answers are one."""
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-9)


@dataclass(frozen=True)
class ConnectionsFall:
    """Each connection has a coin of its own, and each bias.

    Attributes:
        coins: what is asked of them.
        of_biases: the same of the biases alone, which share coins in ways of their own.
        bias_kept: the mistake of those who drop no bias.
        bias_with: of those whose biases share coins with the weights of an input.
    """

    coins: Coins
    of_biases: Coins
    bias_kept: Named
    bias_with: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that it has not."""
        if seen.unread:
            told = "Some output is no sum of kept connections in any known scale."
            return [Flaw(self.coins.output, told)]
        kept = seen.draws["kept"]
        weights, biases = kept[:, :, :-1], kept[:, :, -1:]
        flaws = self._of_connections(self.coins.flaws(weights))
        if biases.all():
            return [Flaw(self.coins.output, self.bias_kept[1], self.bias_kept[0]), *flaws]
        flaws = flaws or self._of_connections(self.of_biases.flaws(biases))
        if not flaws and self.coins.flaws(kept):
            rows = np.moveaxis(weights, 2, 0)
            name, advice = (
                self.bias_with if any(np.array_equal(row, biases[:, :, 0]) for row in rows) else ("", "")
            )
            return [Flaw(self.coins.output, advice or NOT_ONE_EACH, name)]
        return flaws

    def _of_connections(self, flaws: list[Flaw]) -> list[Flaw]:
        """The flaws, in place of axes that students know nothing of what these run over."""
        return [f if f.misconception or f.plain else replace(f, advice=NOT_ONE_EACH) for f in flaws]


@dataclass(frozen=True)
class UnitsFall:
    """Units that ReLU lets through are not dropped together.

    Attributes:
        coins: what is asked of them.
        one_mask: the mistake of those who drop the same units in all samples.
        hidden: the units before ReLU and dropout, [N, M].
        before: what each input adds to them where it is not dropped, and last what is always there, [N, D + 1, M];
            None where there are too many ways to drop some.
        too_early: the mistake of those who do that.
        no_bias: the mistake of those who leave the bias out.
    """

    coins: Coins
    one_mask: Named
    hidden: np.ndarray
    before: np.ndarray | None
    too_early: Named
    no_bias: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that active units are not dropped by one independent coin each."""
        kept, active, p = seen.draws["first"], seen.draws["active"], self.coins.p
        output, out = self.coins.output, got[self.coins.output]
        if 0 < p < 1 and not self._one_factor(out, kept & active):
            if self._dropped_before(out):
                return [Flaw(output, self.too_early[1], self.too_early[0])]
            if WITHOUT_BIAS in seen.facts:
                return [Flaw(output, self.no_bias[1], self.no_bias[0], all_there_is=True)]
            told = "What is left is not relu(x @ w + b) times one number."
            return [Flaw(output, told, all_there_is=True)]
        if not 0 < p < 1 or kept[active].all() or not kept[active].any():
            return self.coins.of_rate(kept[active])
        if self._one_mask(kept, active):
            return [Flaw(output, self.one_mask[1], self.one_mask[0])]
        rate = self.coins.of_rate(kept[active])
        sentence = "" if rate else self._related(kept, active)
        return [*rate, Flaw(output, sentence)] if sentence else rate

    def _one_factor(self, out: np.ndarray, left: np.ndarray) -> bool:
        """Whether all that is left of the hidden values is multiplied by one number."""
        return alike(out[left] / self.hidden[left])

    def _dropped_before(self, out: np.ndarray) -> bool:
        """Whether each sample is what is left of its inputs by some mask gives."""
        if self.before is None:
            return False
        *parts, always = self.before.swapaxes(0, 1).astype(np.float64)
        found = np.zeros(len(out), dtype=bool)
        for left in itertools.product((False, True), repeat=len(parts)):
            kept = [part for part, there in zip(parts, left, strict=True) if there]
            found |= np.isclose(np.maximum(sum(kept, always), 0), out, rtol=1e-3, atol=1e-4).all(axis=1)
        return bool(found.all())

    def _related(self, kept: np.ndarray, active: np.ndarray) -> str:
        """How units that ReLU lets through are dropped together, beyond chance: a sentence, or nothing."""
        p = self.coins.p
        for axis in (0, 1):
            left, of = (coins.sum(axis=1 - axis) for coins in (kept & active, active))
            for index in np.flatnonzero(may_surprise(left, of, 1 - p)).tolist():
                lit = kept.take(index, axis)[active.take(index, axis)]
                if surprising(int(lit.sum()), lit.size, 1 - p):
                    row = (
                        f"Of sample {index} {lit.mean():.1%} of what ReLU lets through is kept at p = {p:g}."
                    )
                    column = (
                        f"Of unit {index} {lit.mean():.1%} of what ReLU lets through is kept at p = {p:g}."
                    )
                    return column if axis else row
        for axis, what in ((0, "Samples"), (1, "Units")):
            lag = related_lag_among(kept, active, axis, p)
            if lag:
                return f"{what} {lag} apart are dropped together, or apart, too often."
        return ""

    def _one_mask(self, kept: np.ndarray, active: np.ndarray) -> bool:
        """Whether every pair of neighbouring samples has the same mask where both are active, beyond chance."""
        here, there = pairs(active, 0, 1)
        first, second = (half[here & there] for half in pairs(kept, 0, 1))
        return np.array_equal(first, second) and related(first, second, self.coins.p)


@dataclass(frozen=True)
class UnitsDrawnAnew:
    """Units fall as they should in one pass, and another has a mask of its own.

    Attributes:
        fall: looked at first.
        later: path of its output.
        active: True where ReLU lets through there.
        same: the mistake of those who use one mask for both.
    """

    fall: UnitsFall
    later: str
    active: np.ndarray
    same: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """Whether they do not, or units that ReLU lets through in both passes fall together, beyond chance."""
        found, p = self.fall.flaws(seen, got), self.fall.coins.p
        if found or not 0 < p < 1 or got[self.later].shape != self.active.shape:
            return found
        both = self.active & seen.draws["active"]
        first, second = (kept[both] for kept in (seen.draws["first"], survivors(got[self.later])))
        if first.all() or second.all() or not related(first, second, p):
            return []
        return [Flaw("out", self.same[1], self.same[0])]


@dataclass(frozen=True)
class AskedOften:
    """A net with coins in it was asked about each row as often as it should, with coins of its own each time.

    Attributes:
        mean, std: paths of the two answers.
        again, other: of the first answer of a second run with a twin generator, and of one with another seed; the other is
            '' where there are so few predictions that they may well be the same.
        n: how often.
        once, few, many, same, ignored, seeded: the mistakes of those who ask once, who ask once too few or too many, who get
            one draw n times, who draw from elsewhere, who seed a generator of their own.
    """

    mean: str
    std: str
    again: str
    other: str
    n: int
    once: Named
    few: Named
    many: Named
    same: Named
    ignored: Named
    seeded: Named

    def flaws(self, seen: Seen, got: Arrays) -> list[Flaw]:
        """What shows that it was not."""
        predictions = seen.draws.get("predictions")
        if predictions is None:
            return self._wrong_count(seen.draws.get("times"))
        flaws = []
        if self.n > 1 and bool((predictions == predictions[:1]).all()):
            flaws.append(Flaw(self.std, self.same[1], self.same[0], taints=(self.mean,)))
        mean, again = got[self.mean], got[self.again]
        if not _alike(again, mean):
            flaws.append(Flaw(self.mean, self.ignored[1], self.ignored[0], taints=(self.std,)))
        elif self.n > 1 and self.other and not flaws and _alike(got[self.other], mean):
            flaws.append(Flaw(self.mean, self.seeded[1], self.seeded[0], taints=(self.std,)))
        return flaws

    def _wrong_count(self, times: np.ndarray | None) -> list[Flaw]:
        told = "predict was not called with the rows of x."
        if times is not None:
            told = f"Each row of x went through predict {times} times; n = {self.n} were asked for."
            counts = ((1, self.once), (self.n - 1, self.few), (self.n + 1, self.many))
            fits = dict(named for count, named in counts if times == count)
            name = next(iter(fits), "")
            return [Flaw(o, fits.get(name, told), name, told, fits) for o in (self.mean, self.std)]
        return [Flaw(output, told) for output in (self.mean, self.std)]
