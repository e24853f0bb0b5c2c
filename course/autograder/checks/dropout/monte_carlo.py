"""ps2, dropout left on at test time: mean and spread of the very predictions that the student's calls got.

The net is a stand-in that remembers what it was given and what it returned, so whatever the order, grouping or
stacking of the calls, the answer is compared exactly.
"""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.chance import ADVICE
from course.autograder.checks.dropout.draws import ASSIGNMENT, seed_of, seeded, values
from course.autograder.checks.dropout.layer import told
from course.autograder.checks.language import DROPOUT, Arrays, Case, Flaw, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, away_from_zero, draw
from course.autograder.checks.language.protocol import Thinned
from course.autograder.checks.language.wrong import Wrong, where
from course.reference import dropout
from course.reference.batch_norm import tensor
from course.reference.dropout import drawing
from course.reference.framework import paddle

NETS = 32  # thinned nets: two rows get the same one with probability 1/32
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
    return {"x": values(r, (rows, d)), "n": n, "predict": net, "twin": net, "rng": rng, "twin_rng": rng}


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
    return {**right, **memory, "again": right["mean"]}


def _right(i: Inputs) -> Arrays:
    if "predictions" not in i:
        return _answer(i, _sampled(i))
    return {} if i["predictions"] is None else dropout.spread(i["predictions"])


def _by_row(i: Inputs, given: np.ndarray, returned: np.ndarray) -> list[np.ndarray] | None:
    """What the net returned for each row of x, in the order of the calls; None where it was given other rows."""
    x = i["x"]
    if given.ndim != 2 or returned.ndim != 2 or len(given) != len(returned) or given.shape[1:] != x.shape[1:]:
        return None
    gaps = np.abs(given[:, None, :] - x[None]).max(axis=2)
    if len(given) == 0 or gaps.min(axis=1).max() > 1e-5:
        return None
    nearest = gaps.argmin(axis=1)
    return [returned[nearest == row] for row in range(len(x))]


def _observe(i: Inputs, got: Arrays) -> Inputs:
    """The n predictions [n, N, K]; one call more than n (to learn the shape) is let pass, first or last."""
    rows = _by_row(i, got["predict.given"], got["predict.returned"])
    if rows is None:
        return {**i, "predictions": None, "times": None}
    times = {len(row) for row in rows}
    if times not in ({i["n"]}, {i["n"] + 1}):
        return {**i, "predictions": None, "times": max(times)}
    everything = np.stack(rows, axis=1)
    if len(everything) == i["n"] + 1 and got["mean"].shape == everything.shape[1:]:
        windows = (everything[1:], everything[:-1])
        everything = min(windows, key=lambda w: float(np.abs(w.mean(axis=0) - got["mean"]).max()))
    return {**i, "predictions": everything[: i["n"]], "times": i["n"]}


def _calls(i: Inputs, got: Arrays) -> list[Flaw]:
    if i["predictions"] is None:
        if i["times"] is None:
            return [Flaw(o, "predict was not called with the rows of x.") for o in ("mean", "std")]
        told = f"Each row of x went through predict {i['times']} times; n = {i['n']} were asked for."
        name = ONE[0] if i["times"] == 1 else ""
        return [Flaw(o, ONE[1] if name else told, name) for o in ("mean", "std")]
    flaws = []
    if i["n"] > 1 and bool((i["predictions"] == i["predictions"][:1]).all()):
        flaws.append(Flaw("std", SAME[1], SAME[0]))
    if got["again"].shape != got["mean"].shape or not np.allclose(
        got["again"], got["mean"], rtol=1e-6, atol=1e-9
    ):
        flaws.append(Flaw("mean", ADVICE["generator ignored"], "generator ignored"))
    return flaws


ONE = ("one prediction only", "n predictions are asked for, each with its own draw; you make one.")


def _changed(change: Callable[[Inputs, np.ndarray], Arrays]) -> Wrong:
    """A wrong summary of the predictions that there were."""

    def wrong(i: Inputs) -> Arrays:
        predictions = i["predictions"] if "predictions" in i else _sampled(i)
        if predictions is None:
            return {}
        changed = change(i, predictions)
        return {**changed, "again": changed["mean"]} if "mean" in changed else changed

    return wrong


def _before(i: Inputs) -> bool:
    """Whether no answer of a student's has been read yet."""
    return "predictions" not in i


def _std(predictions: np.ndarray, **how: object) -> np.ndarray:
    return paddle.std(tensor(predictions), **{"axis": 0, "unbiased": False, **how}).numpy()


MC_CHECK = check(
    ASSIGNMENT, "mc_dropout", 5,
    ("mean, std = mc_dropout(predict, x, n, rng)", "again, again_std = mc_dropout(twin, x, n, twin_rng)"),
    outputs=(Output("mean", DROPOUT), Output("std", DROPOUT)),
    also=("again", "predict.given", "predict.returned"),
    cases=(
        Case("5 predictions", predictions(5, (7, 3, 4))),
        Case("2 predictions", predictions(2, (9, 4, 3))),
        Case("40 predictions", predictions(40, (6, 5, 2))),
        Case("as many predictions as samples", predictions(8, (8, 3, 5))),
        Case("4 of everything", predictions(4, (4, 4, 4))),
    ),
    reference=_right,
    observe=_observe,
    properties=(_calls,),
    mistakes={
        "unbiased standard deviation": Mistake(
            "Divide by n, not by n - 1: the spread of these n predictions is asked for.",
            _changed(lambda i, y: {"std": _std(y, unbiased=True)} if len(y) > 1 else {}),
        ),
        "variance for standard deviation": Mistake(
            "You return the variance; its root has the units of a prediction.",
            _changed(lambda i, y: {"std": _std(y) ** 2}),
        ),
        "standard error for standard deviation": Mistake(
            "Do not divide by the root of n: the spread of a prediction is asked for, not that of the mean.",
            _changed(lambda i, y: {"std": _std(y) / np.sqrt(i["n"])}),
        ),
        "summed, not averaged": Mistake(
            "You add the predictions up; divide by n.",
            _changed(lambda i, y: {"mean": paddle.sum(tensor(y), axis=0).numpy()}),
        ),
        "averaged over the samples": Mistake(
            "You average over the rows of x; average over the n predictions of each row.",
            _changed(lambda i, y: {"mean": paddle.mean(tensor(y), axis=1).numpy(), "std": _std(y, axis=1)}),
        ),
        "one spread for all outputs": Mistake(
            "Each output of each sample has a mean and a spread of its own, over the n predictions.",
            _changed(lambda i, y: {"mean": y.mean().reshape(()), "std": y.std().reshape(())}),
        ),
        "last prediction for the mean": Mistake(
            "You return the last prediction; the mean of all n is asked for.", _changed(lambda i, y: {"mean": y[-1]})
        ),
        ONE[0]: Mistake(ONE[1], where(_before, lambda i: _answer(i, _sampled(i)[:1]))),
        SAME[0]: Mistake(SAME[1], where(_before, lambda i: _answer(i, _sampled(i)[:1].repeat(i["n"], axis=0)))),
        **told("generator ignored", where(_before, lambda i: {"again": dropout.spread(_sampled(i, 1))["mean"]})),
    },
)  # fmt: skip

CHECKS = (MC_CHECK,)
