"""A layer with coins, as its mistakes are made: the masks that it draws, and what it makes of any masks.

Where a student's answer is looked at, its own mask is read out of it (`chance/readers.py`), and reference and mistakes
are asked what they make of whatever mask there was: `Drawn` stands for it, and forms come back. A mistake that lies in
how the coins fall is then told by a property, and its `wrong` is silent; it speaks on cases before any answer, where
it draws as the student would.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.chance.coins import EXACT_SHARE, LEFT_OUT, SAME_MASK, WITH_REPLACEMENT
from course.autograder.checks.chance.forms import Drawn, Masked
from course.autograder.checks.chance.properties import SameAgain
from course.autograder.checks.chance.readers import ALL_KEPT, LIKELIER_KEPT_BY_P, Survivors
from course.autograder.checks.dropout.chance import (
    ADVICE,
    CALLS,
    HALVED,
    IGNORED,
    KEPT_BY_HALF,
    NOTHING,
    ONE_EACH,
    ONE_MASK,
    P_AS_KEEP,
    SQUARED,
    TWICE,
    UNLIKE,
    axes_of_sharing,
)
from course.autograder.checks.dropout.draws import Axes, at_test, default, seed_of, settings, tossed
from course.autograder.checks.dropout.factors import BY_P, layer_factors
from course.autograder.checks.language import DROPOUT, Answers, Inputs, Mistake, Mistakes, Output
from course.autograder.checks.language.seen import unseen
from course.autograder.checks.language.wrong import Wrong, where
from course.reference import dropout
from course.reference.dropout import UPSCALE, drawing
from course.reference.framework import paddle

Mask = np.ndarray | Drawn
Masks = Sequence[Mask]
FIRST = Drawn("first")


# --- the student's own draw ----------------------------------------------------------------------------------


def observe_survivors(paths: tuple[str, ...]) -> Callable[[Inputs], Survivors]:
    """Reads what each call kept out of its output, where all have the shape of x."""
    return lambda i: Survivors(paths, i["x"].shape, settings(i).p)


def elementwise(answer: Callable[[np.ndarray], np.ndarray], mask: Mask) -> np.ndarray | Masked:
    """An output whose every value is there where it was kept: for the student's draw, a form."""
    if isinstance(mask, Drawn):
        return Masked(answer(np.ones(())), mask.name)
    return answer(mask)


def possible(i: Inputs, drawn: Drawn = FIRST, shape: tuple[int, ...] = ()) -> Mask:
    """The student's own mask; where p leaves no choice, the only possible one."""
    p = settings(i).p
    return np.full(shape, 1.0 - p) if p in (0, 1) else drawn


def under(answers: Answers, *when: str, unless: tuple[str, ...] = ()) -> Answers:
    """Answers that a mistake gives under some facts only."""
    return {
        path: (a if isinstance(a, Masked) else Masked(a)).where(*when, unless=unless)
        for path, a in answers.items()
    }


def told(name: str, wrong: Wrong) -> Mistakes:
    """A mistake with the advice that its flaw gives."""
    return {name: Mistake(ADVICE[name], wrong)}


# --- the layer -----------------------------------------------------------------------------------------------


# --- a call with a twin generator ----------------------------------------------------------------------------

AGAIN = Output("again", DROPOUT, guard=True)
AGAIN_CALLED = {"again": "the output of a generator with the same seed"}
LATER_CALLED = {"later_out": "the output of the second forward pass"}


def same_again(i: Inputs) -> tuple[SameAgain, ...]:
    """That call gives what the first gave, where coins decide."""
    return (SameAgain("out", "again", (IGNORED, ADVICE[IGNORED])),) if tossed(i) else ()


def twice(answers: Wrong) -> Wrong:
    """The same answers with that call's, before any answer of a student's was read."""
    return lambda i: (
        {**found, "again": found["out"]} if "out" in (found := answers(i)) and unseen(i) else found
    )


def with_again(mistakes: Mistakes, other: Callable[[Inputs], Answers]) -> Mistakes:
    """Mistakes made by that call as well; and the generator that is ignored, from answers to `other` coins."""
    ignored = where(tossed, where(unseen, lambda i: {"again": other(i)["out"]}))
    return {**{name: m.by(twice(m.wrong)) for name, m in mistakes.items()}, **told(IGNORED, ignored)}


@dataclass(frozen=True)
class Layer:
    """How a layer tosses and what it returns.

    Attributes:
        shape: of one call's mask, from the inputs.
        outputs: what successive calls return with these masks, times another factor where one is given.
        axis: the axes along which a mask varies; all where None.
        shows: on which cases it can be seen how coins fall.
    """

    shape: Callable[[Inputs], tuple[int, ...]]
    outputs: Callable[[Inputs, Masks, float | None], Answers]
    axis: Callable[[Inputs], Axes | None] = lambda i: None
    shows: Callable[[Inputs], bool] = tossed

    def masks(
        self, i: Inputs, p: float | None = None, axis: Axes | None = None, count: int = CALLS
    ) -> list[np.ndarray]:
        """Paddle's own masks of the calls, at another p or along other axes where these are given."""
        chance = settings(i).p if p is None else p
        along = self.axis(i) if axis is None else axis
        return dropout.masks(self.shape(i), chance, seed_of(i), count, along)

    def drawn(self, i: Inputs) -> Masks:
        """The masks of the calls; of the first alone, the one compared, where a student's answer shows it."""
        return self.masks(i) if unseen(i) else [possible(i, shape=self.shape(i))]

    def otherwise(self, i: Inputs) -> Answers:
        """The outputs for other masks of Paddle's."""
        return self.outputs(
            i, dropout.masks(self.shape(i), settings(i).p, seed_of(i) + 1, 1, self.axis(i)), None
        )

    def right(self, i: Inputs) -> Answers:
        """The outputs for the student's own masks; before there are any, for Paddle's."""
        return self.outputs(i, self.drawn(i), None)

    def ones(self, i: Inputs) -> Masks:
        """Masks of nothing but ones for the calls: what test time has."""
        return [np.ones(())] * (CALLS if unseen(i) else 1)

    def whole(self, i: Inputs, factor: float) -> Answers:
        """The outputs where nothing is dropped, times a factor."""
        return self.outputs(i, self.ones(i), factor)

    def masked(self, i: Inputs, factor: float) -> Answers:
        """The outputs of training, times a factor."""
        return self.outputs(i, self.drawn(i), factor)

    def falling(self, make: Callable[[Inputs], Masks | None]) -> Wrong:
        """A mistake that lies in how coins fall, its masks made from the inputs; none where they would be right."""

        def wrong(i: Inputs) -> Answers:
            masks = make(i) if unseen(i) and self.shows(i) else None
            return {} if masks is None else self.outputs(i, masks, None)

        return wrong

    def factors(self) -> Mistakes:
        """The wrong factors, in both modes."""
        return layer_factors(self.masked, self.whole)

    def default(self) -> Mistakes:
        """Where no scaling is given the other one is taken, in both modes."""

        def other(i: Inputs) -> Answers:
            asked = settings(i)
            return self.masked(i, 1.0) if asked.mode == "train" else self.whole(i, 1 - asked.p)

        advice = "Where scaling is not given Paddle's default holds, upscale_in_train; yours is downscale_in_infer."
        return {"default is the other scaling": Mistake(advice, where(default, other))}

    def as_keep(self) -> Mistakes:
        """Divides by p: with coins that keep p, as in the courses whose p is the keep probability, or with the right ones."""

        def by_p(i: Inputs, masks: Masks) -> Answers:
            p, _, scaling = settings(i)
            return self.outputs(i, masks, 1 / p if scaling == UPSCALE else 1.0)

        def keeping(i: Inputs) -> Answers:
            if unseen(i):
                return by_p(i, self.masks(i, 1 - settings(i).p))
            return under(by_p(i, self.drawn(i)), LIKELIER_KEPT_BY_P)

        def dividing(i: Inputs) -> Answers:
            answers = by_p(i, self.drawn(i))
            return answers if unseen(i) else under(answers, unless=(LIKELIER_KEPT_BY_P,))

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
        return told(SAME_MASK, self.falling(lambda i: self.masks(i, count=1) * CALLS))

    def coins(self) -> Mistakes:
        """The ways to toss that are no coin of its own for each value."""

        def sharing(name: str) -> Wrong:
            return self.varying(lambda i: axes_of_sharing(len(self.shape(i))).get(name))

        return {
            **told("one half instead of p", self.falling(lambda i: self.masks(i, 0.5))),
            **told("normal instead of uniform", self.falling(self._normal)),
            **told(TWICE, self.falling(self._twice)),
            **told(HALVED, self.falling(lambda i: self.masks(i, settings(i).p / 2))),
            **told(KEPT_BY_HALF, self.falling(lambda i: self.masks(i, (1 + settings(i).p) / 2))),
            **told(UNLIKE, self.falling(lambda i: self.masks(i, 1 - math.exp(-settings(i).p)))),
            **told(SQUARED, self.falling(lambda i: self.masks(i, settings(i).p ** 2))),
            **told(NOTHING, self.falling(lambda i: [np.ones(self.shape(i))] * CALLS)),
            **told(ONE_MASK, sharing(ONE_MASK)),
            **told(ONE_EACH, sharing(ONE_EACH)),
            **self.same_mask(),
            **told(EXACT_SHARE, self.falling(self._exact)),
            **told(LEFT_OUT, self.falling(self._without_last)),
            **told(WITH_REPLACEMENT, self.falling(self._with_replacement)),
        }

    def _twice(self, i: Inputs) -> Masks:
        masks = self.masks(i, count=2 * CALLS)
        return [one * other for one, other in zip(masks[::2], masks[1::2], strict=True)]

    def _without_last(self, i: Inputs) -> Masks:
        """The last index of the last axis is not reached."""
        masks = self.masks(i)
        for mask in masks:
            mask[..., -1] = 1.0
        return masks

    def _normal(self, i: Inputs) -> list[np.ndarray]:
        with drawing(seed_of(i)):
            normal = [paddle.randn(self.shape(i)) for _ in range(CALLS)]
        return [(z >= settings(i).p).astype("float64").numpy() for z in normal]

    def _exact(self, i: Inputs) -> list[np.ndarray]:
        shape = self.shape(i)
        n = int(np.prod(shape))
        with drawing(seed_of(i)):
            orders = [paddle.randperm(n).numpy() for _ in range(CALLS)]
        return [(order >= round(settings(i).p * n)).astype(np.float64).reshape(shape) for order in orders]

    def _with_replacement(self, i: Inputs) -> list[np.ndarray]:
        """p n indices of n are drawn, some of them twice."""
        shape = self.shape(i)
        n = int(np.prod(shape))
        masks = []
        with drawing(seed_of(i)):
            for _ in range(CALLS):
                mask = np.ones(n)
                mask[paddle.randint(0, n, [int(settings(i).p * n)]).numpy()] = 0.0
                masks.append(mask.reshape(shape))
        return masks

    def random_at_test(self, advice: str) -> Mistakes:
        """Training's output at test time, with the student's own mask where some values are missing."""

        def wrong(i: Inputs) -> Answers:
            if not 0 < settings(i).p < 1:
                return {}
            answers = self.masked(i, settings(i).training)
            return answers if unseen(i) else under(answers, unless=(ALL_KEPT,))

        def unscaled(i: Inputs) -> Answers:
            if not 0 < settings(i).p < 1 or settings(i).scaling != UPSCALE:
                return {}
            answers = self.masked(i, 1.0)
            return answers if unseen(i) else under(answers, unless=(ALL_KEPT,))

        return {
            "random at test time": Mistake(advice, where(at_test, wrong)),
            "random at test time, without the scale": Mistake(advice, where(at_test, unscaled)),
        }
