"""ps4, cross-iteration moments: the current batch and the steps before it, compensated and averaged."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language import BATCH_NORM, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import after, instead, swapped
from course.autograder.checks.normalizers import window_variants as wv
from course.autograder.checks.normalizers.variants import ASSIGNMENT
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

# --- what goes wrong before the averaging: another window, or another history ---


def _each(change: Callable[[wv.Step, np.ndarray], wv.Step]) -> Any:
    """A history whose entries are changed, from (entry, present weight)."""
    return instead(
        wv.right, history=lambda i: [{**past, **change(past, i["weight"])} for past in i["history"]]
    )


def _neighbours(i: Inputs) -> list[wv.Step]:
    """Each step's weight moved so that its distance from now is its distance from the next step."""
    newer = [i["weight"], *(past["weight"] for past in i["history"])]
    steps = zip(i["history"], newer, strict=False)
    return [{**past, "weight": i["weight"] - (to - past["weight"])} for past, to in steps]


HISTORY_MISTAKES = {
    "not compensated": Mistake(
        "You averaged the old moments as they were; expand each to the present weight first.",
        _each(lambda past, now: {"weight": now}),
    ),
    "weight change with the wrong sign": Mistake(
        "The change is the weight now minus the weight then.",
        _each(lambda past, now: {"weight": 2 * now - past["weight"]}),
    ),
    "second moment not compensated": Mistake(
        "Both moments have to be expanded, each with its own gradient; your second one is as it was.",
        _each(lambda past, now: {"second_gradient": 0 * now}),
    ),
    "mean not compensated": Mistake(
        "Both moments have to be expanded, each with its own gradient; your mean is as it was.",
        _each(lambda past, now: {"mean_gradient": 0 * now}),
    ),
    "one gradient for both moments": Mistake(
        "The second moment has a gradient of its own, second_gradient; you used the mean's.",
        _each(lambda past, now: {"second_gradient": past["mean_gradient"]}),
    ),
    "change since the step before": Mistake(
        "Take the change from that step to now, not to the step that followed it.",
        instead(wv.right, history=_neighbours),
    ),
    "k earlier steps": Mistake(
        "The window of k counts the current batch: only k - 1 earlier steps belong to it.",
        instead(wv.right, k=lambda i: i["k"] + 1),
    ),
    "one step short": Mistake(
        "k - 1 earlier steps belong to the window beside the current batch; you took one fewer.",
        instead(wv.right, k=lambda i: max(i["k"] - 1, 1)),
    ),
    "k ignored": Mistake(
        "You took the whole history; only its first k - 1 entries belong to the window.",
        instead(wv.right, k=lambda i: len(i["history"]) + 1),
    ),
    "newest earlier step skipped": Mistake(
        "The current batch is not in history: its first k - 1 entries belong to the window, entry 0 among them.",
        instead(wv.right, history=lambda i: i["history"][1:]),
    ),
    "gradients exchanged": Mistake(
        "The mean is expanded with mean_gradient and the second moment with second_gradient; yours are exchanged.",
        _each(
            lambda past, now: {
                "mean_gradient": past["second_gradient"],
                "second_gradient": past["mean_gradient"],
            }
        ),
    ),
    "oldest steps taken": Mistake(
        "history starts with the newest step: take its first k - 1 entries, not its last.",
        instead(wv.right, history=lambda i: i["history"][::-1]),
    ),
    "mean of the current batch": Mistake(
        "This is the mean of the current batch alone; average it with those of the window.",
        instead(wv.right, "mean", k=1),
    ),
}


# --- what goes wrong in the averaging ---


def _possible(mean: Any, second: Any) -> Any:
    return paddle.maximum(second, mean * mean)


def _averaged(combine: Callable[[Any, Any, int], tuple[Any, Any]]) -> Any:
    """(mean, var) by another way of putting the window's means and second moments together."""
    return lambda i: {
        name: value.numpy()
        for name, value in zip(("mean", "var"), combine(*wv.terms(i), i["k"]), strict=True)
    }


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


def _low_past(mean: Any, second: Any) -> Any:
    return paddle.concat([second[:1], paddle.minimum(second, mean * mean)[1:]])


def _variance_first(mean: Any, second: Any) -> Any:
    return paddle.concat([second[:1] - mean[:1] ** 2, _possible(mean, second)[1:]])


def _first_twice(value: Any) -> Any:
    return (value.sum(axis=0) + value[0]) / (len(value) + 1)


def _against_old(i: Inputs, mean: Any, second: Any) -> Any:
    """Second moments put right by the squares of means that were not expanded."""
    measured = [past["mean"] for past in i["history"][: i["k"] - 1]]
    old = paddle.stack([mean[0], *(tensor(value) for value in measured)])
    return paddle.maximum(second, old * old)


AVERAGING_MISTAKES = {
    "no maximum": Mistake(
        "Where an expanded second moment is below its squared mean, take the squared mean in its place.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), s.mean(axis=0))),
    ),
    "maximum taken after averaging": Mistake(
        "Take the maximum for each step of the window, then average; you averaged first.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), _possible(m.mean(axis=0), s.mean(axis=0)))),
    ),
    "square of the averaged mean in the maximum": Mistake(
        "Each step's second moment is compared with the square of its own expanded mean, not of the averaged one.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), paddle.maximum(s, m.mean(axis=0) ** 2).mean(axis=0))),
    ),
    "impossible steps dropped": Mistake(
        "A step whose second moment is too small stays in the window, its squared mean taken instead.",
        _averaged(_dropped),
    ),
    "minimum for maximum": Mistake(
        "A second moment is never below the squared mean: it is the larger of the two that counts.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), paddle.minimum(s, m * m).mean(axis=0))),
    ),
    "mean not squared in the maximum": Mistake(
        "The second moment is compared with the square of the mean, not with the mean.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), paddle.maximum(s, m).mean(axis=0))),
    ),
    "variances averaged": Mistake(
        "Average the second moments and take the variance at the end: the means differ as well.",
        _averaged(lambda m, s, k: (m.mean(axis=0), (_possible(m, s) - m * m).mean(axis=0))),
    ),
    "minimum for maximum on the earlier steps": Mistake(
        "An expanded second moment below the squared mean is put right by the LARGER of the two.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), _low_past(m, s).mean(axis=0))),
    ),
    "current batch's variance for its second moment": Mistake(
        "What is averaged are second moments, the means of x * x; you took the current batch's variance.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), _variance_first(m, s).mean(axis=0))),
    ),
    "current batch's variance in the maximum": Mistake(
        "What is averaged are second moments, the means of x * x; you took the current batch's variance.",
        _averaged(lambda m, s, k: _from(m.mean(axis=0), _possible(m, _variance_first(m, s)).mean(axis=0))),
    ),
    "divided by the number of earlier steps": Mistake(
        "Divide by the number of steps that you averaged, and the current batch is one of them.",
        _averaged(lambda m, s, k: _from(*(v.sum(axis=0) / max(len(v) - 1, 1) for v in (m, _possible(m, s))))),
    ),
    "current batch twice": Mistake(
        "The current batch is one step of the window; yours counts it twice.",
        _averaged(lambda m, s, k: _from(_first_twice(m), _first_twice(_possible(m, s)))),
    ),
    "divided by the whole history": Mistake(
        "Divide by the number of steps that you averaged, which is k at most.",
        lambda i: _averaged(
            lambda m, s, k: _from(*(v.sum(axis=0) / (len(i["history"]) + 1) for v in (m, _possible(m, s))))
        )(i),
    ),
    "absolute value of the variance": Mistake(
        "Put each impossible second moment right before averaging, instead of the sign in the end.",
        _averaged(lambda m, s, k: (m.mean(axis=0), (s.mean(axis=0) - m.mean(axis=0) ** 2).abs())),
    ),
    "squared mean as it was measured in the maximum": Mistake(
        "The expanded second moment is compared with the square of the expanded mean.",
        lambda i: _averaged(lambda m, s, k: _from(m.mean(axis=0), _against_old(i, m, s).mean(axis=0)))(i),
    ),
    "always divided by k": Mistake(
        "While fewer than k - 1 earlier steps are there, divide by the number of steps there are.",
        _averaged(_whole_window),
    ),
    "current batch left out": Mistake(
        "The current batch is the first of the window: average it with the earlier steps.",
        _averaged(_without_current),
    ),
    "second moment for variance": Mistake(
        "You return the averaged second moment: take the squared mean away.",
        _averaged(lambda m, s, k: (m.mean(axis=0), _possible(m, s).mean(axis=0))),
    ),
    "squared mean added": Mistake(
        "The variance is the averaged second moment less the squared mean; you add it.",
        _averaged(lambda m, s, k: (m.mean(axis=0), _possible(m, s).mean(axis=0) + m.mean(axis=0) ** 2)),
    ),
    "standard deviation for variance": Mistake(
        "You returned the standard deviation; the variance is its square.",
        after(wv.right, "var", change=np.sqrt),
    ),
    "variance of the current batch": Mistake(
        "This is the variance of the current batch alone; it comes from the averages over the window.",
        instead(wv.right, "var", k=1),
    ),
    "mean and variance swapped": Mistake(
        "You return (var, mean); the order asked for is (mean, var).", swapped(wv.right, "mean", "var")
    ),
}

WINDOW_CHECK = check(
    ASSIGNMENT,
    "cross_iteration_moments",
    6,
    (f"mean, var = cross_iteration_moments({', '.join(wv.ARGUMENTS)})",),
    extra=True,
    outputs=(Output("mean", BATCH_NORM), Output("var", BATCH_NORM)),
    cases=(
        Case("a window of three, four steps kept", wv.given((5, 3), 4, 4, 3)),
        Case("training has just begun: two steps there, k = 6", wv.given((2, 4), 3, 2, 6)),
        Case("the first step of all: no history", wv.given((5, 3), 2, 0, 4)),
        Case("k = 1: batch norm", wv.given((4, 3), 5, 3, 1)),
        Case("a second moment that no data can have", wv.impossible((4, 3), 5, 3, 3)),
        Case("large changes of the weight", wv.given((3, 5), 2, 6, 5, stride=0.6)),
        Case("float32 input", wv.given((6, 2), 3, 3, 4, dtype="float32")),
        Case("a view that is not contiguous", draws.views(wv.given((4, 5), 3, 2, 2), "x")),
        Case("as many samples as channels, inputs and steps", wv.given((3, 3), 3, 3, 3, stride=0.3)),
    ),
    reference=wv.right,
    mistakes={**HISTORY_MISTAKES, **AVERAGING_MISTAKES},
)

CHECKS = (WINDOW_CHECK,)
