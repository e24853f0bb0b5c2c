"""ps4, cross-iteration moments: the current batch and the steps before it, compensated and averaged."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.autograder.checks.normalizers import window_variants as wv
from course.autograder.checks.normalizers.variants import ASSIGNMENT
from course.reference.framework import paddle

# --- what goes wrong before the averaging: another window, or another history ---


def _with(change: Callable[[Inputs], Inputs]) -> Callable[[Inputs], Arrays]:
    return lambda i: wv.right({**i, **change(i)})


def _each(change: Callable[[dict[str, np.ndarray], np.ndarray], dict[str, np.ndarray]]) -> Any:
    """A history whose entries are changed, from (entry, present weight)."""
    return _with(lambda i: {"history": [{**past, **change(past, i["weight"])} for past in i["history"]]})


def _neighbours(i: Inputs) -> Inputs:
    """Each step's weight moved so that its distance from now is its distance from the next step."""
    newer = [i["weight"], *(past["weight"] for past in i["history"])]
    steps = zip(i["history"], newer, strict=False)
    return {"history": [{**past, "weight": i["weight"] - (to - past["weight"])} for past, to in steps]}


# --- what goes wrong in the averaging ---


def _possible(mean: Any, second: Any) -> Any:
    return paddle.maximum(second, mean * mean)


def _averaged(combine: Callable[[Any, Any, int], tuple[Any, Any]]) -> Callable[[Inputs], Arrays]:
    """(mean, var) by another way of putting the window's means and second moments together."""

    def wrong(i: Inputs) -> Arrays:
        mean, var = combine(*wv.terms(i), i["k"])
        return {"mean": mean.numpy(), "var": var.numpy()}

    return wrong


def _from(mean: Any, second: Any) -> tuple[Any, Any]:
    return mean, second - mean * mean


def _dropped(mean: Any, second: Any, k: int) -> tuple[Any, Any]:
    kept = (second >= mean * mean).astype(mean.dtype)
    count = paddle.clip(kept.sum(axis=0), min=1.0)
    return _from((mean * kept).sum(axis=0) / count, (second * kept).sum(axis=0) / count)


def _whole_window(mean: Any, second: Any, k: int) -> tuple[Any, Any]:
    return _from(mean.sum(axis=0) / k, _possible(mean, second).sum(axis=0) / k)


def _without_current(mean: Any, second: Any, k: int) -> tuple[Any, Any]:
    first = 1 if len(mean) > 1 else 0
    return _from(mean[first:].mean(axis=0), _possible(mean, second)[first:].mean(axis=0))


HISTORY_MISTAKES = (
    Misconception(
        "not compensated",
        "You averaged the old moments as they were; expand each to the present weight first.",
        _each(lambda past, now: {"weight": now}),
    ),
    Misconception(
        "weight change with the wrong sign",
        "The change is the weight now minus the weight then.",
        _each(lambda past, now: {"weight": 2 * now - past["weight"]}),
    ),
    Misconception(
        "second moment not compensated",
        "Both moments have to be expanded, each with its own gradient; your second one is as it was.",
        _each(lambda past, now: {"second_gradient": 0 * now}),
    ),
    Misconception(
        "mean not compensated",
        "Both moments have to be expanded, each with its own gradient; your mean is as it was.",
        _each(lambda past, now: {"mean_gradient": 0 * now}),
    ),
    Misconception(
        "one gradient for both moments",
        "The second moment has a gradient of its own, second_gradient; you used the mean's.",
        _each(lambda past, now: {"second_gradient": past["mean_gradient"]}),
    ),
    Misconception(
        "change since the step before",
        "Take the change from that step to now, not to the step that followed it.",
        _with(_neighbours),
    ),
    Misconception(
        "k earlier steps",
        "The window of k counts the current batch: only k - 1 earlier steps belong to it.",
        _with(lambda i: {"k": i["k"] + 1}),
    ),
    Misconception(
        "one step short",
        "k - 1 earlier steps belong to the window beside the current batch; you took one fewer.",
        _with(lambda i: {"k": max(i["k"] - 1, 1)}),
    ),
    Misconception(
        "k ignored",
        "You took the whole history; only its first k - 1 entries belong to the window.",
        _with(lambda i: {"k": len(i["history"]) + 1}),
    ),
    Misconception(
        "oldest steps taken",
        "history starts with the newest step: take its first k - 1 entries, not its last.",
        _with(lambda i: {"history": i["history"][::-1]}),
    ),
    Misconception(
        "mean of the current batch",
        "This is the mean of the current batch alone; average it with those of the window.",
        lambda i: {"mean": wv.right({**i, "k": 1})["mean"]},
    ),
)

AVERAGING_MISTAKES = (
    Misconception(
        "no maximum",
        "Where an expanded second moment is below its squared mean, take the squared mean in its place.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), s.mean(axis=0))),
    ),
    Misconception(
        "maximum taken after averaging",
        "Take the maximum for each step of the window, then average; you averaged first.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), _possible(m.mean(axis=0), s.mean(axis=0)))),
    ),
    Misconception(
        "impossible steps dropped",
        "A step whose second moment is too small stays in the window, its squared mean taken instead.",
        _averaged(_dropped),
    ),
    Misconception(
        "minimum for maximum",
        "A second moment is never below the squared mean: it is the larger of the two that counts.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), paddle.minimum(s, m * m).mean(axis=0))),
    ),
    Misconception(
        "mean not squared in the maximum",
        "The second moment is compared with the square of the mean, not with the mean.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), paddle.maximum(s, m).mean(axis=0))),
    ),
    Misconception(
        "variances averaged",
        "Average the second moments and take the variance at the end: the means differ as well.",
        _averaged(lambda m, s, k: (m.mean(axis=0), (_possible(m, s) - m * m).mean(axis=0))),
    ),
    Misconception(
        "always divided by k",
        "While fewer than k - 1 earlier steps are there, divide by the number of steps there are.",
        _averaged(_whole_window),
    ),
    Misconception(
        "current batch left out",
        "The current batch is the first of the window: average it with the earlier steps.",
        _averaged(_without_current),
    ),
    Misconception(
        "second moment for variance",
        "You return the averaged second moment: take the squared mean away.",
        _averaged(lambda m, s, k: (m.mean(axis=0), _possible(m, s).mean(axis=0))),
    ),
    Misconception(
        "standard deviation for variance",
        "You returned the standard deviation; the variance is its square.",
        lambda i: {"var": np.sqrt(wv.right(i)["var"])},
    ),
    Misconception(
        "variance of the current batch",
        "This is the variance of the current batch alone; it comes from the averages over the window.",
        lambda i: {"var": wv.right({**i, "k": 1})["var"]},
    ),
    Misconception(
        "mean and variance swapped",
        "You return (var, mean); the order asked for is (mean, var).",
        lambda i: {"mean": wv.right(i)["var"], "var": wv.right(i)["mean"]},
    ),
)

WINDOW_CHECK = Check(
    name="cross_iteration_moments",
    assignment=ASSIGNMENT,
    points=8,
    functions=("cross_iteration_moments",),
    steps=(Call("cross_iteration_moments", wv.ARGUMENTS, ("mean", "var")),),
    outputs=(Output("mean", BATCH_NORM), Output("var", BATCH_NORM)),
    cases=(
        Case("a window of three, four steps kept", wv.drawn((5, 3), 4, 4, 3)),
        Case("training has just begun: two steps there, k = 6", wv.drawn((2, 4), 3, 2, 6)),
        Case("the first step of all: no history", wv.drawn((5, 3), 2, 0, 4)),
        Case("k = 1: batch norm", wv.drawn((4, 3), 5, 3, 1)),
        Case("a second moment that no data can have", wv.impossible((4, 3), 5, 3, 3)),
        Case("large changes of the weight", wv.drawn((3, 5), 2, 6, 5, stride=0.6)),
        Case("float32 input", wv.drawn((6, 2), 3, 3, 4, dtype="float32")),
        Case("a view that is not contiguous", wv.drawn((4, 5), 3, 2, 2, view=True)),
    ),
    reference=wv.right,
    misconceptions=(*HISTORY_MISTAKES, *AVERAGING_MISTAKES),
)

CHECKS = (WINDOW_CHECK,)
