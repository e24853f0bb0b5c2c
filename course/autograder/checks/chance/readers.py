"""Readers: how a student's own mask is told from what came out of it."""

import itertools
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.chance.bounds import likelier
from course.autograder.checks.language.seen import Seen

# What may be true of a draw.
ALL_KEPT, SOMETHING_KEPT = "all are kept", "something is kept"
LIKELIER_KEPT_BY_P = "looks as if p were the share to keep"
BETWEEN_0_AND_1 = "numbers from 0 to 1, not 0 and 1 alone"
OWN_MASK_KNOWN, OWN_MASK_ALL_KEPT = "the gradient has the same mask", "the gradient is masked nowhere"
ANOTHER_MASK = "the gradient has a mask of its own"
WITHOUT_BIAS = "what is left is the hidden units without their biases times one number"
ONE_FACTOR = "what is left is the hidden units times one number"
BIASES_KEPT, RANDOM = "all biases are kept", "something is dropped where nothing should be"

Arrays = dict[str, np.ndarray]


def survivors(out: np.ndarray) -> np.ndarray:
    """True where a value of an output was not dropped; what is not finite counts as dropped."""
    return np.isfinite(out) & (out != 0)


def alike(factors: np.ndarray) -> bool:
    """Whether factors are one number."""
    return not factors.size or bool(np.ptp(factors) <= 1e-3 * np.abs(factors).max())


def facts_of(kept: np.ndarray, p: float, coins: np.ndarray | None = None) -> set[str]:
    """What is true of masks.

    Args:
        kept: the first mask, the one that outputs are compared for.
        p: probability to drop.
        coins: what coins decided about, in all calls; all of `kept` where None.
    """
    tossed = kept if coins is None else coins
    found = {
        ALL_KEPT: bool(kept.all()),
        SOMETHING_KEPT: bool(kept.any()),
        LIKELIER_KEPT_BY_P: 0 < p < 1 and tossed.size > 0 and likelier(tossed, p),
    }
    return {fact for fact, holds in found.items() if holds}


@dataclass(frozen=True)
class Survivors:
    """What each call kept of values none of which is 0.

    Attributes:
        paths: of the calls' outputs.
        shape: of each.
        p: probability to drop.
    """

    paths: tuple[str, ...]
    shape: tuple[int, ...]
    p: float

    def read(self, got: Arrays) -> Seen | None:
        """'kept' [calls, *shape], and 'first', what the first call kept.

        At a p that leaves no choice values that are NaN or infinite say more than which of them are left.
        """
        outs = [got[path] for path in self.paths]
        if any(out.shape != self.shape for out in outs):
            return None
        if self.p in (0, 1) and not all(np.isfinite(out).all() for out in outs):
            return None
        kept = np.stack([survivors(out) for out in outs])
        return Seen({"kept": kept, "first": kept[0]}, frozenset(facts_of(kept[0], self.p, kept)))


@dataclass(frozen=True)
class MaskItself:
    """Masks as they were returned.

    Attributes:
        paths: of the masks.
        shape: of each.
    """

    paths: tuple[str, ...]
    shape: tuple[int, ...]

    def read(self, got: Arrays) -> Seen | None:
        """'kept' [calls, *shape], 'first', and 'answer', the first mask's own numbers."""
        if any(got[path].shape != self.shape for path in self.paths):
            return None
        kept = np.stack([got[path] != 0 for path in self.paths])
        answer = got[self.paths[0]].astype(np.float64)
        between = bool(((answer >= 0) & (answer < 1)).all()) and len(np.unique(answer)) > 2
        return Seen(
            {"kept": kept, "first": kept[0], "answer": answer},
            frozenset({BETWEEN_0_AND_1} if between else ()),
        )


@dataclass(frozen=True)
class NotZero:
    """What one output kept, where all outputs have one shape."""

    path: str
    shape: tuple[int, ...]

    def read(self, got: Arrays) -> Seen | None:
        """'first': what it kept."""
        if any(array.shape != self.shape for array in got.values()):
            return None
        return Seen({"first": got[self.path] != 0})


@dataclass(frozen=True)
class ForwardAndBack:
    """The masks of two forward passes, and of the gradient of the first.

    Attributes:
        x: of the first pass; it may hold zeros.
        out, later, gradient: paths of the two outputs and of the gradient.
    """

    x: np.ndarray
    out: str
    later: str
    gradient: str

    def read(self, got: Arrays) -> Seen | None:
        """'kept' [2, *shape], 'first' and 'later', 'gradient', 'inverted' and 'own'.

        Where x itself is 0 the output does not tell; there the gradient may be either, and a property looks at how
        many. 'inverted' is the first mask the other way round, as far as it is known. 'own' is what the first output
        is times x.
        """
        if any(array.shape != self.x.shape for array in got.values()):
            return None
        unknown = self.x == 0
        out_kept, gradient = survivors(got[self.out]), survivors(got[self.gradient])
        first = out_kept | (unknown & gradient)
        later = survivors(got[self.later])
        with np.errstate(all="ignore"):
            own = got[self.out] / self.x
        scale = float(np.median(own[out_kept])) if out_kept.any() else 0.0
        facts = {
            SOMETHING_KEPT: bool(first.any()),
            OWN_MASK_KNOWN: np.array_equal(gradient, first),
            OWN_MASK_ALL_KEPT: bool(gradient.all()),
        }
        draws = {
            "kept": np.stack([first, later]),
            "first": first,
            "later": later,
            "gradient": gradient,
            "inverted": np.where(unknown, gradient, ~first),
            "own": np.where(unknown, first * scale, own),
        }
        return Seen(draws, frozenset(fact for fact, holds in facts.items() if holds))


@dataclass(frozen=True)
class Units:
    """Which of an affine layer's units were kept: where ReLU lets through, the output tells.

    Attributes:
        path: of the output.
        hidden: the units before ReLU and dropout.
        bias: of each unit.
        p: probability to drop.
        gradient: path of x.T times the gradient that arrives at the units; '' where that cannot be told from it.
        x, dout: what it was made of.
    """

    path: str
    hidden: np.ndarray
    bias: np.ndarray
    p: float
    gradient: str = ""
    x: np.ndarray | None = None
    dout: np.ndarray | None = None

    def read(self, got: Arrays) -> Seen | None:
        """'first', where whatever ReLU stops counts as kept, and 'active'. Without a ReLU every value tells.

        Where the gradient has a mask unlike that one, it is there by the name of that fact.
        """
        out, active = got[self.path], self.hidden > 0
        if out.shape != active.shape or (self.p in (0, 1) and not np.isfinite(out).all()):
            return None
        if (out < 0).any():
            active = np.ones_like(active)
        kept = survivors(out) | ~active
        right = alike(out[kept & active] / self.hidden[kept & active])
        facts = facts_of(kept, self.p, kept[active]) | ({ONE_FACTOR} if right else set())
        if not right and self._without_bias(out):
            facts |= {WITHOUT_BIAS}
        draws = {"first": kept, "active": active}
        other = self._of_gradient(got, active) if right else None  # another layer has another gradient
        if other is not None and not np.array_equal(other, kept):
            facts, draws = facts | {ANOTHER_MASK}, {**draws, ANOTHER_MASK: other}
        return Seen(draws, frozenset(facts))

    def _without_bias(self, out: np.ndarray) -> bool:
        """Whether what is left is that of the units without their biases."""
        hidden, left = self.hidden - self.bias, survivors(out)
        return bool(left.any() and (hidden[left] > 0).all()) and alike(out[left] / hidden[left])

    def _of_gradient(self, got: Arrays, active: np.ndarray) -> np.ndarray | None:
        """Which active units a gradient came through, whatever else counts as kept; None where no mask tells."""
        if (
            self.x is None
            or self.dout is None
            or got[self.gradient].shape != (self.x.shape[1], active.shape[1])
        ):
            return None
        if not np.isfinite(got[self.gradient]).all():
            return None
        arrived = np.linalg.lstsq(self.x.T.astype(np.float64), got[self.gradient], rcond=None)[0] / self.dout
        through = np.abs(arrived[active])
        scale = float(through.max(initial=0.0))
        if not scale or not ((through < 1e-3 * scale) | (through > (1 - 1e-3) * scale)).all():
            return None
        return np.asarray((np.abs(arrived) > scale / 2) | ~active)


@dataclass(frozen=True)
class Connections:
    """Which connections an output is the sum of: each is larger than all the smaller ones together.

    Attributes:
        paths: of the calls' outputs.
        parts: what each connection adds if it is there, [N, D + 1, M], the bias last.
        factors: of the connections and of the bias, that an answer may have been scaled by.
        p: probability to drop.
        training: whether connections are dropped at all.
    """

    paths: tuple[str, ...]
    parts: np.ndarray
    factors: tuple[tuple[float, float], ...]
    p: float
    training: bool

    def read(self, got: Arrays) -> Seen | None:
        """'kept' [calls, N, D + 1, M] and 'first'; at test time 'first' alone, where something is dropped."""
        wanted = (len(self.parts), self.parts.shape[2])
        if any(got[path].shape != wanted for path in self.paths):
            return None
        if not self.training:
            first = self._decoded(got[self.paths[0]]) if 0 < self.p < 1 else None
            if first is None or first.all():
                return Seen()
            return Seen({"first": first}, frozenset({RANDOM}))
        if self.p in (0, 1):
            return None
        read = [self._decoded(got[path]) for path in self.paths]
        masks = [mask for mask in read if mask is not None]
        if len(masks) < len(read):
            return Seen(unread=True)
        kept = np.stack(masks)
        facts = facts_of(kept[0], self.p, kept) | ({BIASES_KEPT} if kept[:, :, -1].all() else set())
        return Seen({"kept": kept, "first": kept[0]}, frozenset(facts))

    def _decoded(self, out: np.ndarray) -> np.ndarray | None:
        """The connections that add up to an output [N, M] under one of the factors; None where none do."""
        out, parts = out.astype(np.float64), self.parts
        subsets = np.array(list(itertools.product((0.0, 1.0), repeat=parts.shape[1])))
        for weight, bias in self.factors:
            scale = np.full(parts.shape[1], weight)
            scale[-1] = bias
            gaps = np.abs(np.einsum("sd,ndm->snm", subsets * scale, parts) - out)
            if gaps.min(axis=0).max() <= 1e-4 * max(1.0, np.abs(out).max()):
                return np.moveaxis(subsets[gaps.argmin(axis=0)], 2, 1) > 0.5
        return None


def by_row(predictions: np.ndarray) -> np.ndarray:
    """Predictions [n, N, K], one row's after the other, as they are cut up by whoever takes them for one pass after the other."""
    return predictions.swapaxes(0, 1).reshape(predictions.shape)


@dataclass(frozen=True)
class Predictions:
    """What a net that remembers was asked, and what it said: n predictions for each row of x.

    Attributes:
        x: [N, D].
        n: how many predictions are asked for.
        net: path of the net, below which 'given' and 'returned' are.
        mean: path of the answer that tells which predictions count, where there is one too many.
    """

    x: np.ndarray
    n: int
    net: str
    mean: str

    def read(self, got: Arrays) -> Seen | None:
        """'predictions' [n, N, K], or nothing; 'times', how often each row was asked about, where rows of x were.

        One call more than n (to learn the shape) is let pass, first or last, where the mean leaves it out.
        """
        rows = self._by_row(got[f"{self.net}.given"], got[f"{self.net}.returned"])
        if rows is None:
            return Seen()
        times = {len(row) for row in rows}
        if times not in ({self.n}, {self.n + 1}):
            return Seen({"times": np.asarray(max(times))})
        everything = np.stack(rows, axis=1)
        if len(everything) == self.n + 1 and got[self.mean].shape == everything.shape[1:]:
            if np.allclose(everything.mean(axis=0), got[self.mean], rtol=1e-6, atol=1e-9):
                return Seen({"times": np.asarray(self.n + 1)})
            windows = (everything[1:], everything[:-1])
            everything = min(windows, key=lambda w: float(np.abs(w.mean(axis=0) - got[self.mean]).max()))
        predictions = everything[: self.n]
        return Seen({"predictions": predictions, "by_row": by_row(predictions), "times": np.asarray(self.n)})

    def _by_row(self, given: np.ndarray, returned: np.ndarray) -> list[np.ndarray] | None:
        """What the net returned for each row of x, in the order of the calls; None where it was given other rows."""
        x = self.x
        if (
            given.ndim != 2
            or returned.ndim != 2
            or len(given) != len(returned)
            or given.shape[1:] != x.shape[1:]
        ):
            return None
        gaps = np.abs(given[:, None, :] - x[None]).max(axis=2)
        if len(given) == 0 or gaps.min(axis=1).max() > 1e-5:
            return None
        nearest = gaps.argmin(axis=1)
        return [returned[nearest == row] for row in range(len(x))]
