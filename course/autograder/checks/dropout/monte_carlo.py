"""ps2, dropout left on at test time: mean and spread of the very predictions that the student's calls got.

The net is a stand-in that remembers what it was given and what it returned, so whatever the order, grouping or
stacking of the calls, the answer is compared exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.chance.forms import Quadratic, Weighted
from course.autograder.checks.chance.nets import AskedOften
from course.autograder.checks.chance.readers import Predictions, by_row
from course.autograder.checks.dropout.chance import ADVICE, IGNORED
from course.autograder.checks.dropout.draws import ASSIGNMENT, seed_of, seeded, values
from course.autograder.checks.dropout.layer import told
from course.autograder.checks.language import DROPOUT, Answers, Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, away_from_zero, draw
from course.autograder.checks.language.seen import Seen, unseen
from course.autograder.checks.language.stand_ins import Thinned
from course.autograder.checks.language.wrong import Wrong, where
from course.reference import dropout
from course.reference.batch_norm import tensor
from course.reference.dropout import drawing
from course.reference.framework import paddle

NETS = 32  # thinned nets: two rows get the same one with probability 1/32
TELLING = 10  # predictions of rows that two generators give alike with probability 32 ** -10 at most, 1e-15
SAME = (
    "the same draw n times",
    "All n predictions are one and the same: let rng run on from one call to the next.",
)


@draw
def predictions(r: Generator, n: int, shape: tuple[int, int, int]) -> Inputs:
    """n predictions for x [N, D] by a net with K outputs, whose generator comes twice from one seed."""
    rows, d, k = shape
    net = Thinned(away_from_zero(r, (NETS, d, k), 0.3, 1.5), away_from_zero(r, (NETS, k), 0.3, 1.5))
    rng = seeded(r)
    nets = {"predict": net, "twin": net, "third": net}
    return {"x": values(r, (rows, d)), "n": n, **nets, "rng": rng, "twin_rng": rng, "other_rng": seeded(r)}


def _sampled(i: Inputs, again: int = 0) -> np.ndarray:
    """Predictions [n, N, K] by Paddle, each row through a thinned net of its own."""
    x, net = i["x"], i["predict"]
    with drawing(seed_of(i) + again):
        member = paddle.randint(0, NETS, [i["n"], len(x)])
        weights = paddle.index_select(tensor(net.weights), member.flatten())
        rows = tensor(np.tile(x, (i["n"], 1))).unsqueeze(1)
        out = paddle.bmm(rows, weights).squeeze(1) + paddle.index_select(tensor(net.biases), member.flatten())
        return out.numpy().reshape(i["n"], len(x), -1)


def _answer(i: Inputs, predictions: np.ndarray) -> Arrays:
    """What is asked for, and the memory of the net that gave the predictions."""
    n, _, k = predictions.shape
    memory = {"predict.given": np.tile(i["x"], (n, 1)), "predict.returned": predictions.reshape(-1, k)}
    right = dropout.spread(predictions)
    return {**right, **memory, "again": right["mean"], "other": dropout.spread(_sampled(i, 2))["mean"]}


# --- what is made of predictions -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """A mean and a spread over some axes of predictions [n, N, K], as their mistakes are made.

    Attributes:
        axes: what they are taken over.
        total: the mean times this.
        variance: the variance, divided by the number of values, times this.
        power: of the variance; a half for a standard deviation.
        last: whether the last prediction stands for the mean.
        median: whether the value in the middle does.
        halved: whether each prediction is averaged with what there was before it.
        centred: whether the spread is one around the mean.
        absolute: whether it averages distances, not their squares.
        draw: the predictions' name.
    """

    axes: tuple[int, ...] = (0,)
    total: Callable[[int], float] = lambda n: 1.0
    variance: Callable[[int], float] = lambda n: 1.0
    power: float = 0.5
    last: bool = False
    median: bool = False
    centred: bool = True
    absolute: bool = False
    halved: bool = False
    draw: str = "predictions"

    def forms(self, i: Inputs) -> Answers:
        """Mean and spread of whatever predictions a student's calls got."""
        shape = (i["n"], len(i["x"]), i["predict"].biases.shape[1])
        count = int(np.prod([shape[axis] for axis in self.axes]))
        weights = np.full((count, 1, 1) if self.axes == (0,) else (), self.total(i["n"]) / count)
        if self.last:
            weights = np.eye(count)[-1][:, None, None]
        if self.median:
            weights = (np.eye(count)[(count - 1) // 2] + np.eye(count)[count // 2])[:, None, None] / 2
        if self.halved:
            weights = 0.5 ** np.minimum(np.arange(count, 0, -1), count - 1)[:, None, None]
        degree, power = (1, 1.0) if self.absolute else (2, self.power)
        own = (self.variance(i["n"]) / count) ** (1 / degree)
        others = float(-own / count) if self.centred else 0.0
        spread = Quadratic(self.draw, self.axes, float(own), others, power, degree)
        return {"mean": Weighted(self.draw, weights, self.axes, self.median), "std": spread}

    def of(self, i: Inputs, predictions: np.ndarray) -> Arrays:
        """The same of given predictions."""
        draws = {"predictions": predictions, "by_row": by_row(predictions)}
        found = {path: form.of(Seen(draws)) for path, form in self.forms(i).items()}
        return {path: array for path, array in found.items() if array is not None}


def _right(i: Inputs) -> Answers:
    return _answer(i, _sampled(i)) if unseen(i) else Summary().forms(i)


def _changed(summary: Summary, *only: str) -> Wrong:
    """A wrong summary of the predictions that there were."""

    def wrong(i: Inputs) -> Answers:
        changed = summary.forms(i) if not unseen(i) else summary.of(i, _sampled(i))
        kept = {path: changed[path] for path in only}
        return {**kept, "again": kept["mean"]} if "mean" in kept and unseen(i) else kept

    return wrong


def _one_too_many(i: Inputs) -> Answers:
    """One prediction more for each row."""
    return _answer(i, np.concatenate([_sampled(i), _sampled(i, 3)[:1]]))


def _observe(i: Inputs) -> Predictions:
    return Predictions(i["x"], i["n"], "predict", "mean")


def _properties(i: Inputs) -> tuple[AskedOften, ...]:
    other = "other" if i["n"] * len(i["x"]) >= TELLING else ""
    return (
        AskedOften(
            "mean",
            "std",
            "again",
            other,
            i["n"],
            ONE,
            FEW,
            TOO_MANY,
            SAME,
            (IGNORED, ADVICE[IGNORED]),
            OWN_SEED,
        ),
    )


FEW = ("one prediction too few", "n predictions are asked for, each with its own draw; you make n - 1.")
TOO_MANY = ("one prediction too many", "n predictions are asked for, each with its own draw; you make n + 1.")
ONE = ("one prediction only", "n predictions are asked for, each with its own draw; you make one.")


OWN_SEED = (
    "a generator of its own",
    "Another generator gives the very same predictions: hand on the rng that comes in, do not seed one of your own.",
)


MC_CHECK = check(
    ASSIGNMENT, "mc_dropout", 5,
    ("mean, std = mc_dropout(predict, x, n, rng)", "again, again_std = mc_dropout(twin, x, n, twin_rng)",
     "other, other_std = mc_dropout(third, x, n, other_rng)"),
    outputs=(Output("mean", DROPOUT), Output("std", DROPOUT)),
    also=("again", "other", "predict.given", "predict.returned"),
    called={
        "again": "the mean by a generator with the same seed",
        "other": "the mean by another generator",
        "predict.given": "what predict was given",
        "predict.returned": "what predict returned",
    },
    cases=(
        Case("5 predictions", predictions(5, (7, 3, 4))),
        Case("2 predictions", predictions(2, (9, 4, 3))),
        Case("40 predictions", predictions(40, (6, 5, 2))),
        Case("as many predictions as samples", predictions(8, (8, 3, 5))),
        Case("4 of everything", predictions(4, (4, 4, 4))),
    ),
    reference=_right,
    observe=_observe,
    properties=_properties,
    mistakes={
        "unbiased standard deviation": Mistake(
            "Divide by n, not by n - 1: the spread of these n predictions is asked for.",
            where(lambda i: i["n"] > 1, _changed(Summary(variance=lambda n: n / (n - 1)), "std")),
        ),
        "unbiased variance for standard deviation": Mistake(
            "You return a variance that is divided by n - 1: divide by n, and take the root.",
            where(lambda i: i["n"] > 1, _changed(Summary(power=1.0, variance=lambda n: n / (n - 1)), "std")),
        ),
        "variance for standard deviation": Mistake(
            "You return the variance; its root has the units of a prediction.",
            _changed(Summary(power=1.0), "std"),
        ),
        "mean absolute deviation": Mistake(
            "You average the distances from the mean; a standard deviation is the root of the mean of their squares.",
            _changed(Summary(absolute=True), "std"),
        ),
        "spread around 0": Mistake(
            "You average the squares of the predictions: subtract their mean first.",
            _changed(Summary(centred=False), "std"),
        ),
        "standard error for standard deviation": Mistake(
            "Do not divide by the root of n: the spread of a prediction is asked for, not that of the mean.",
            _changed(Summary(variance=lambda n: 1 / n), "std"),
        ),
        "summed, not averaged": Mistake(
            "You add the predictions up; divide by n.", _changed(Summary(total=lambda n: n), "mean")
        ),
        "averaged over the samples": Mistake(
            "You average over the rows of x; average over the n predictions of each row.",
            _changed(Summary(axes=(1,)), "mean", "std"),
        ),
        "one spread for all outputs": Mistake(
            "Each output of each sample has a mean and a spread of its own, over the n predictions.",
            _changed(Summary(axes=(0, 1, 2)), "mean", "std"),
        ),
        "median for mean": Mistake(
            "You return the prediction in the middle; the mean of all n is asked for.",
            where(lambda i: i["n"] > 2, _changed(Summary(median=True), "mean")),
        ),
        "mean halved with each prediction": Mistake(
            "Halfway between the mean so far and the next prediction is no mean of all: every prediction counts alike.",
            where(lambda i: i["n"] > 2, _changed(Summary(halved=True), "mean")),
        ),
        "copies of rows taken for copies of x": Mistake(
            "You repeat each row by itself and cut the predictions up as if all of x were repeated: the two must fit.",
            where(lambda i: i["n"] > 1 and len(i["x"]) > 1, _changed(Summary(draw="by_row"), "mean", "std")),
        ),
        "last prediction for the mean": Mistake(
            "You return the last prediction; the mean of all n is asked for.", _changed(Summary(last=True), "mean")
        ),
        ONE[0]: Mistake(ONE[1], where(unseen, lambda i: _answer(i, _sampled(i)[:1]))),
        FEW[0]: Mistake(FEW[1], where(unseen, where(lambda i: i["n"] > 1, lambda i: _answer(i, _sampled(i)[1:])))),
        TOO_MANY[0]: Mistake(TOO_MANY[1], where(unseen, _one_too_many)),
        SAME[0]: Mistake(SAME[1], where(unseen, lambda i: _answer(i, _sampled(i)[:1].repeat(i["n"], axis=0)))),
        OWN_SEED[0]: Mistake(OWN_SEED[1], where(unseen, lambda i: {"other": _answer(i, _sampled(i))["mean"]})),
        **told(IGNORED, where(unseen, lambda i: {"again": dropout.spread(_sampled(i, 1))["mean"]})),
    },
)  # fmt: skip

CHECKS = (MC_CHECK,)
