"""Answers that hold one sample or feature alone, and 0 in the place of all others: a return inside of the loop."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.language import Answers, Inputs, Mistake
from course.autograder.checks.language.wrong import Wrong

# By what an axis runs over: the names and the advice where the first is left, and where the last is.
SLICES = {
    "samples": (
        (
            "only the first sample",
            "Only the first sample is filled: go through all, and return after the loop.",
        ),
        ("only the last sample", "Only the last sample is filled: go through all, each into its own place."),
    ),
    "features": (
        (
            "only the first feature",
            "Only the first feature is filled: go through all, and return after the loop.",
        ),
        (
            "only the last feature",
            "Only the last feature is filled: go through all, each into its own place.",
        ),
    ),
    "channels": (
        (
            "only the first channel",
            "Only the first channel is filled: go through all, and return after the loop.",
        ),
        (
            "only the last channel",
            "Only the last channel is filled: go through all, each into its own place.",
        ),
    ),
}


def _left(reference: Wrong, outputs: tuple[str, ...], axis: int, place: int) -> Wrong:
    def one(value: np.ndarray) -> np.ndarray:
        kept = np.zeros_like(value)
        index = (slice(None),) * axis + (place,)
        kept[index] = value[index]
        return kept

    def wrong(i: Inputs) -> Answers:
        found = reference(i)
        return {path: one(found[path]) for path in outputs if found[path].shape[axis] > 1}

    return wrong


def one_alone(reference: Wrong, *outputs: str, **axes: int) -> dict[str, Mistake]:
    """What is left where a loop over samples, features or channels ends too soon, or writes to one place.

    Args:
        reference: what is asked.
        outputs: that the loop fills.
        axes: of these outputs, by what it runs over.
    """
    made: Callable[[int, int], Wrong] = lambda axis, place: _left(reference, outputs, axis, place)  # noqa: E731
    return {
        name: Mistake(advice, made(axis, place))
        for what, axis in axes.items()
        for place, (name, advice) in zip((0, -1), SLICES[what], strict=True)
    }
