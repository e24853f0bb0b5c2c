"""Excerpts of what mistakes give: their values at a few places, and sums of the rest, in place of whole arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.judging.sketch import Sketch

Sketched = dict[str, Any]  # by output, an array or the Sketch of one


@dataclass(frozen=True)
class Excerpts:
    """What some mistakes give for one output on one case; all of the right answer's shape, and finite.

    Attributes:
        mistakes: their places in the check's list, one for each row.
        places: indices into the flattened output, int32.
        values: what each gives there, of shape (mistakes, places).
        peaks: the largest size of all that each gives.
        sums: the sums of `Sketch`, of shape (mistakes, 2).
    """

    mistakes: tuple[int, ...]
    places: np.ndarray
    values: np.ndarray
    peaks: np.ndarray
    sums: np.ndarray

    def at(self, array: np.ndarray) -> np.ndarray:
        """The array's values at these places."""
        return array.reshape(-1)[self.places]

    def sketch(self, row: int, shape: tuple[int, ...]) -> Sketch:
        """What stands for all values of one mistake, in the shape of the right answer."""
        return Sketch(shape, self.sums[row])
