"""Moments by a loop over the samples that goes wrong: not set back, assigned, divided too often, used too early."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.language import Answers, Inputs, Mistake, Mistakes
from course.autograder.checks.language.wrong import Wrong, of


def _moments(mean: Callable[[np.ndarray], np.ndarray]) -> Wrong:
    """Another mean of each feature, from x in float64, and the mean of the squares about it."""

    def wrong(i: Inputs) -> Answers:
        x = i["x"].astype(np.float64)
        about = mean(x)
        return {"mean": about, "var": ((x - about) ** 2).mean(axis=0)}

    return wrong


def _var(change: Callable[[np.ndarray], np.ndarray]) -> Wrong:
    """Another variance of each feature alone, from x in float64."""
    return of("var", lambda i: change(i["x"].astype(np.float64)))


def _divided_each_time(x: np.ndarray) -> np.ndarray:
    weights = float(len(x)) ** -np.arange(len(x), 0, -1)
    return np.asarray(weights @ x)


def _about_what_is_summed(x: np.ndarray) -> np.ndarray:
    return ((x - x.cumsum(axis=0) / len(x)) ** 2).mean(axis=0)


def _means_so_far(x: np.ndarray) -> np.ndarray:
    return x.cumsum(axis=0) / np.arange(1, len(x) + 1)[:, None]


def _about_the_mean_before(x: np.ndarray) -> np.ndarray:
    before = np.vstack([np.zeros_like(x[:1]), _means_so_far(x)[:-1]])
    return ((x - before) ** 2).mean(axis=0)


def _stepwise(step: Callable[[int, int], float]) -> Wrong:
    """One pass in which the mean moves by a share of the gap: step(samples so far, samples in all)."""

    def wrong(i: Inputs) -> Answers:
        x = i["x"].astype(np.float64)
        mean, squares = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        for count, row in enumerate(x, 1):
            gap = row - mean
            mean = mean + step(count, len(x)) * gap
            squares = squares + gap * (row - mean)
        return {"mean": mean, "var": squares / len(x)}

    return wrong


SO_FAR = "The deviations are from the mean of all samples: yours are from that of the samples so far."

MOMENT_LOOPS: Mistakes = {
    "sum carried over from feature to feature": Mistake(
        "Start each feature's sum at 0: yours goes on from the feature before.",
        _moments(lambda x: x.mean(axis=0).cumsum()),
    ),
    "squares carried over from feature to feature": Mistake(
        "Start each feature's sum of squares at 0: yours goes on from the feature before.",
        _var(lambda x: x.var(axis=0).cumsum()),
    ),
    "sum assigned, not added": Mistake(
        "The mean adds up all samples: yours holds the last one alone.", _moments(lambda x: x[-1] / len(x))
    ),
    "square assigned, not added": Mistake(
        "The variance adds up all squared deviations: yours holds the last one alone.",
        _var(lambda x: (x[-1] - x.mean(axis=0)) ** 2 / len(x)),
    ),
    "divided by N at every step": Mistake(
        "Divide by N once, after the loop: yours divides what is there again with each sample.",
        _moments(_divided_each_time),
    ),
    "mean used before it is summed up": Mistake(
        "Sum the mean up first, in a loop of its own: your deviations are from a part of it.",
        _var(_about_what_is_summed),
    ),
    "deviations from the mean so far": Mistake(
        SO_FAR, _var(lambda x: ((x - _means_so_far(x)) ** 2).mean(axis=0))
    ),
    "deviations from the mean before the sample": Mistake(SO_FAR, _var(_about_the_mean_before)),
    "the mean moves by 1/N at each step": Mistake(
        "In one pass the mean moves by 1/k of the gap, where k counts the samples so far; yours moves by 1/N.",
        _stepwise(lambda count, n: 1 / n),
    ),
    "half of the mean so far at each step": Mistake(
        "Every sample weighs the same: in yours each one counts for half of all that is there by then.",
        _stepwise(lambda count, n: 0.5),
    ),
    "variance twice as large": Mistake(
        "Your variance is twice the right one: of all pairs of samples the average squared difference is halved.",
        _var(lambda x: 2 * x.var(axis=0)),
    ),
}
