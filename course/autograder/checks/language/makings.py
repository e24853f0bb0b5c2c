"""How an output is made, as data: of pieces, each with what belongs there and what students put there instead.

A misconception is a whole wrong answer. A making has the pieces of one, so that several that went wrong together are told
apart, whichever they are, and whether anybody ever made just these together or not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Inputs

Value = Callable[
    [Any], Any
]  # from a making's context: an array that goes with the output's shape, or a number


@dataclass(frozen=True)
class Stead:
    """What a student puts in a piece's place.

    Attributes:
        advice: one sentence that helps whoever did.
        value: what it gives.
        beside: the name and the advice of a second mistake that is made with it, where the two cannot be had apart.
        name: of the first of the two then; else the key says it.
    """

    advice: str
    value: Value
    beside: tuple[tuple[str, str], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Piece:
    """One piece of an output.

    Attributes:
        right: what belongs there.
        instead: by the name of the mistake, what is put there.
        two: whether each value is two numbers, which one place of the formula hands to another: real and imaginary part.
    """

    right: Value
    instead: Mapping[str, Stead]
    two: bool = False


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
