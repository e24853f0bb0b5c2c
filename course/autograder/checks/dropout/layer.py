"""A layer with coins, as its mistakes are made: the masks that it draws, and what it makes of any masks.

Where a student's answer is looked at, its own mask is read out of it ('kept' among the inputs), and reference and
mistakes are asked about that very mask. A mistake that lies in how the coins fall is then told by a property
(`chance`), and its `wrong` is silent; it speaks on cases before any answer, where it draws as the student would.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.dropout.chance import ADVICE, CALLS, axes_of_sharing, likelier
from course.autograder.checks.dropout.draws import Axes, at_test, seed_of, settings, tossed
from course.autograder.checks.dropout.factors import BY_P, P_AS_KEEP, layer_factors
from course.autograder.checks.language import Arrays, Inputs, Mistake, Mistakes
from course.autograder.checks.language.wrong import Wrong, where
from course.reference import dropout
from course.reference.dropout import UPSCALE, drawing
from course.reference.framework import paddle

Masks = list[np.ndarray]


# --- the student's own draw ----------------------------------------------------------------------------------


def survivors(out: np.ndarray) -> np.ndarray:
    """True where a value of an output was not dropped; what is not finite counts as dropped."""
    return np.isfinite(out) & (out != 0)


def out_of_hand(i: Inputs, *outs: np.ndarray) -> bool:
    """Whether, at a p that leaves no choice, values are NaN or infinite: that says more than which of them are left."""
    return settings(i).p in (0, 1) and not all(np.isfinite(out).all() for out in outs)


def observe_survivors(paths: tuple[str, ...]) -> Callable[[Inputs, Arrays], Inputs]:
    """Reads what each call kept out of its output: 'kept' [calls, *shape], where all have the shape of x."""

    def observe(i: Inputs, got: Arrays) -> Inputs:
        outs = [got[path] for path in paths]
        if any(out.shape != i["x"].shape for out in outs) or out_of_hand(i, *outs):
            return i
        return {**i, "kept": np.stack([survivors(out) for out in outs])}

    return observe


def possible(kept: np.ndarray, p: float) -> np.ndarray:
    """The mask as numbers; where p leaves no choice, the only possible one."""
    return np.full(kept.shape, 1.0 - p) if p in (0, 1) else kept.astype(np.float64)


def same_factor(i: Inputs, got: Arrays, paths: tuple[str, ...]) -> bool:
    """Whether survivors are multiplied alike in every call."""
    with np.errstate(all="ignore"):
        factors = np.concatenate([(got[path] / i["x"])[survivors(got[path])] for path in paths])
    return not factors.size or bool(np.ptp(factors) <= 1e-4 * np.abs(factors).max())


def unseen(i: Inputs) -> bool:
    """Whether no answer of a student's has been read yet."""
    return "kept" not in i


def told(name: str, wrong: Wrong) -> Mistakes:
    """A mistake with the advice that its flaw gives."""
    return {name: Mistake(ADVICE[name], wrong)}


# --- the layer -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """How a layer tosses and what it returns.

    Attributes:
        shape: of one call's mask, from the inputs.
        outputs: what successive calls return with these masks, times another factor where one is given.
        axis: the axes along which a mask varies; all where None.
        shows: on which cases it can be seen how coins fall.
        tossed: what was kept in the student's own draw, of those values alone that had a coin.
    """

    shape: Callable[[Inputs], tuple[int, ...]]
    outputs: Callable[[Inputs, Masks, float | None], Arrays]
    axis: Callable[[Inputs], Axes | None] = lambda i: None
    shows: Callable[[Inputs], bool] = tossed
    tossed: Callable[[Inputs], np.ndarray] = lambda i: i["kept"]

    def masks(self, i: Inputs, p: float | None = None, axis: Axes | None = None, count: int = CALLS) -> Masks:
        """Paddle's own masks of the calls, at another p or along other axes where these are given."""
        chance = settings(i).p if p is None else p
        along = self.axis(i) if axis is None else axis
        return dropout.masks(self.shape(i), chance, seed_of(i), count, along)

    def drawn(self, i: Inputs) -> Masks:
        """The masks of the calls; of the first alone, the one compared, where a student's answer shows it."""
        return self.masks(i) if unseen(i) else list(possible(i["kept"][:1], settings(i).p))

    def right(self, i: Inputs) -> Arrays:
        """The outputs for the student's own masks; before there are any, for Paddle's."""
        return self.outputs(i, self.drawn(i), None)

    def ones(self, i: Inputs) -> Masks:
        """Masks of nothing but ones for the calls: what test time has."""
        return [np.ones(())] * (CALLS if unseen(i) and "answer" not in i else 1)

    def whole(self, i: Inputs, factor: float) -> Arrays:
        """The outputs where nothing is dropped, times a factor."""
        return self.outputs(i, self.ones(i), factor)

    def masked(self, i: Inputs, factor: float) -> Arrays:
        """The outputs of training, times a factor."""
        return self.outputs(i, self.drawn(i), factor)

    def falling(self, make: Callable[[Inputs], Masks | None]) -> Wrong:
        """A mistake that lies in how coins fall, its masks made from the inputs; none where they would be right."""

        def wrong(i: Inputs) -> Arrays:
            masks = make(i) if unseen(i) and self.shows(i) else None
            return {} if masks is None else self.outputs(i, masks, None)

        return wrong

    def factors(self) -> Mistakes:
        """The wrong factors, in both modes."""
        return layer_factors(self.masked, self.whole)

    def as_keep(self) -> Mistakes:
        """Divides by p: with coins that keep p, as in the courses whose p is the keep probability, or with the right ones."""

        def by_p(i: Inputs, masks: Masks) -> Arrays:
            p, _, scaling = settings(i)
            return self.outputs(i, masks, 1 / p if scaling == UPSCALE else 1.0)

        def keeping(i: Inputs) -> Arrays:
            if unseen(i):
                return by_p(i, self.masks(i, 1 - settings(i).p))
            return by_p(i, self.drawn(i)) if likelier(self.tossed(i), settings(i).p) else {}

        def dividing(i: Inputs) -> Arrays:
            if unseen(i) or not likelier(self.tossed(i), settings(i).p):
                return by_p(i, self.drawn(i))
            return {}

        return {
            **told(P_AS_KEEP, where(tossed, keeping)),
            BY_P: Mistake(
                "You keep the right share of the values, 1 - p, but divide them by p: divide by 1 - p.",
                where(tossed, where(lambda i: settings(i).scaling == UPSCALE, dividing)),
            ),
        }

    def varying(self, axes: Callable[[Inputs], Axes | None]) -> Wrong:
        """Draws along other axes than it should; nowhere to be seen where these are none, or the right ones."""

        def make(i: Inputs) -> Masks | None:
            along = axes(i)
            return self.masks(i, axis=along) if along and along != self.axis(i) else None

        return self.falling(make)

    def same_mask(self) -> Mistakes:
        """Every call gets the mask of the first."""
        return told("the same mask on every call", self.falling(lambda i: self.masks(i, count=1) * CALLS))

    def coins(self) -> Mistakes:
        """The ways to toss that are no coin of its own for each value."""

        def sharing(name: str) -> Wrong:
            return self.varying(lambda i: axes_of_sharing(len(self.shape(i))).get(name))

        return {
            **told("one half instead of p", self.falling(lambda i: self.masks(i, 0.5))),
            **told("normal instead of uniform", self.falling(self._normal)),
            **told("dropped twice", self.falling(self._twice)),
            **told("nothing is dropped", self.falling(lambda i: [np.ones(self.shape(i))] * CALLS)),
            **told("one mask for the whole batch", sharing("one mask for the whole batch")),
            **told("one draw for each sample", sharing("one draw for each sample")),
            **self.same_mask(),
            **told("an exact share is dropped", self.falling(self._exact)),
        }

    def _twice(self, i: Inputs) -> Masks:
        masks = self.masks(i, count=2 * CALLS)
        return [one * other for one, other in zip(masks[::2], masks[1::2], strict=True)]

    def _normal(self, i: Inputs) -> Masks:
        with drawing(seed_of(i)):
            normal = [paddle.randn(self.shape(i)) for _ in range(CALLS)]
        return [(z >= settings(i).p).astype("float64").numpy() for z in normal]

    def _exact(self, i: Inputs) -> Masks:
        shape = self.shape(i)
        n = int(np.prod(shape))
        with drawing(seed_of(i)):
            orders = [paddle.randperm(n).numpy() for _ in range(CALLS)]
        return [(order >= round(settings(i).p * n)).astype(np.float64).reshape(shape) for order in orders]

    def random_at_test(self, advice: str) -> Mistakes:
        """Training's output at test time, with the student's own mask where some values are missing."""

        def wrong(i: Inputs) -> Arrays:
            if not 0 < settings(i).p < 1 or (not unseen(i) and i["kept"].all()):
                return {}
            return self.masked(i, settings(i).training)

        return {"random at test time": Mistake(advice, where(at_test, wrong))}
