"""How an output is made, as data: of pieces, each with what belongs there and what students put there instead.

A misconception is a whole wrong answer. A making has the pieces of one, so that several that went wrong together are told
apart, whichever they are, and whether anybody ever made just these together or not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Inputs

Value = Callable[[Any], Any]  # from a making's context: an array that goes with the output's shape, or a number


@dataclass(frozen=True)
class Stead:
    """What a student puts in a piece's place.

    Attributes:
        advice: one sentence that helps whoever did.
        value: what it gives.
    """

    advice: str
    value: Value


@dataclass(frozen=True)
class Piece:
    """One piece of an output.

    Attributes:
        right: what belongs there.
        instead: by the name of the mistake, what is put there.
    """

    right: Value
    instead: Mapping[str, Stead]


@dataclass(frozen=True)
class Making:
    """How one output is made.

    Attributes:
        context: from the inputs of a case, what the pieces' values are computed from.
        pieces: by the argument of `combine` that they are.
        combine: the output from the pieces, value by value: it is asked about a few values of many answers at once.
        shape: of the array that the pieces are laid along, from the context; its values come in the output's order. None
            for the output's own.
        most: how many pieces may be wrong at once.
    """

    context: Callable[[Inputs], Any]
    pieces: Mapping[str, Piece]
    combine: Callable[..., np.ndarray]
    shape: Callable[[Any], tuple[int, ...]] | None = None
    most: int = 3
