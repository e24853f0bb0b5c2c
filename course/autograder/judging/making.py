"""Which pieces of an output went wrong: found from the numbers, by putting it together with others in their places.

It is asked where no misconception, and no two of them, give what came. What is found must give the cases that fail, all
of them or nearly all, and must leave right those that are.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks.language.makings import Making, Piece, Value
from course.autograder.checks.language.spec import Inputs, Output
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.asking import Question
from course.autograder.judging.comparing import near, tolerance_of
from course.autograder.judging.facts import fact

Entry = tuple[Question, np.ndarray]  # a case and what came
PLACES = 5  # values that all choices are asked for; those that meet them are asked for the rest
ENOUGH = 8  # values that must agree: many choices meet a few numbers by chance
SPARED = 4  # one in so many failing cases may have a cause of its own: an edge that the code meets otherwise
AT_ONCE = 256  # choices that are computed as whole arrays at a time


@dataclass(frozen=True)
class Made:
    """Which pieces are wrong.

    Attributes:
        mistakes: of each wrong piece the mistake's name and its advice.
        cases: on which just this came; all that fail, or nearly all.
    """

    mistakes: tuple[tuple[str, str], ...]
    cases: frozenset[str]


def made_otherwise(
    making: Making, output: Output, wrong: Sequence[Entry], right: Sequence[Entry]
) -> Made | None:
    """The wrong pieces with which this output came, the fewest that give it; None where there are none.

    Args:
        making: of the output.
        output: which.
        wrong: the cases that fail; one in `SPARED` of them may have another cause.
        right: the cases that are right.
    """
    if not _tells(output, wrong, right):
        return None
    pieces = tuple(making.pieces.values())
    left = _choices(tuple(1 + len(piece.instead) for piece in pieces), making.most)
    missed = np.zeros(len(left), dtype=int)
    given: dict[str, np.ndarray] = {}
    for place, (asked, got) in enumerate(sorted(wrong, key=lambda entry: -min(entry[1].size, 64))):
        met = _meeting(making, left, output, asked, got)
        missed += ~met
        keep = missed <= (len(wrong) // SPARED if place else 0)
        left, missed = left[keep], missed[keep]
        given = {case: which[keep] for case, which in given.items()} | {asked.case.name: met[keep]}
        if not len(left):
            return None
    for asked, got in right:
        keep = _meeting(making, left, output, asked, got, or_nothing=True)
        left, missed = left[keep], missed[keep]
        given = {case: which[keep] for case, which in given.items()}
        if not len(left):
            return None
    best = int(np.argmin(missed))
    chosen = zip(pieces, left[best].tolist(), strict=True)
    mistakes = dict(itertools.chain.from_iterable(_named(piece, which) for piece, which in chosen if which))
    return Made(tuple(mistakes.items()), frozenset(case for case, which in given.items() if which[best]))


def _named(piece: Piece, which: int) -> Iterator[tuple[str, str]]:
    name = list(piece.instead)[which - 1]
    stead = piece.instead[name]
    yield (stead.name or name), stead.advice
    yield from stead.beside


def _tells(output: Output, wrong: Sequence[Entry], right: Sequence[Entry]) -> bool:
    """Whether there is something to go by: enough values, of the right shapes, on some case more than 0 everywhere."""
    path = output.path
    if not all(got.shape == asked.right[path].shape and got.dtype.kind in "fiu" for asked, got in wrong):
        return False
    telling = [got for asked, got in wrong if not _empty(path, asked, got)]
    several = all(got.size for got in telling) and len(telling) > 1
    return several and sum(got.size for got in telling) + sum(got.size for _, got in right) >= ENOUGH


def _empty(path: str, asked: Question, got: np.ndarray) -> bool:
    seen = fact(got, asked.right[path], asked.arrays)
    return seen is not None and seen.empty


@functools.lru_cache(maxsize=32)
def _choices(sizes: tuple[int, ...], most: int) -> np.ndarray:
    """[choices, pieces]: which of its values each piece takes, 0 for the right one; the fewest wrong ones first."""
    open_to_choice = [k for k, size in enumerate(sizes) if size > 1]
    wrong = [w for count in range(1, most + 1) for w in itertools.combinations(open_to_choice, count)]
    blocks = []
    for places in wrong:
        block = np.zeros((math.prod(sizes[k] - 1 for k in places), len(sizes)), dtype=np.int16)
        block[:, places] = list(itertools.product(*(range(1, sizes[k]) for k in places)))
        blocks.append(block)
    return np.concatenate(blocks)


def _meeting(
    making: Making,
    choices: np.ndarray,
    output: Output,
    asked: Question,
    got: np.ndarray,
    *,
    or_nothing: bool = False,
) -> np.ndarray:
    """Which choices give what came on one case.

    Args:
        or_nothing: a choice that gives no finite number here is let through.
    """
    values, taken = _values(making, choices, output.path, asked, got.shape)
    came, tolerance = got.astype(np.float64).reshape(-1), tolerance_of(output, asked.inputs, got)
    some = np.unique(np.linspace(0, came.size - 1, PLACES).astype(int))
    met = np.ones(len(choices), dtype=bool)
    for few in np.split(some, [1]):  # one value leaves few choices for the others
        rows = np.flatnonzero(met)
        made = _made(making, values, taken[rows], few)
        met[rows] = _near(made, came[few], tolerance, np.abs(came).max(), or_nothing)
    rows = np.flatnonzero(met)
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        made = _made(making, values, taken[part], slice(None))
        met[part] = [
            near(came, one, tolerance) or (or_nothing and not np.isfinite(one).all()) for one in made
        ]
    return met


@dataclass(frozen=True)
class _Laid:
    """What a making's pieces give on one case: each value is computed when somebody asks for it, and once for all answers.

    Attributes:
        ways: of each piece, to make it: the right one first.
        kinds: the dtype of each piece's values.
        context: what they are computed from.
        shape: that they are laid along.
        given: what was computed, by the piece's place and the way.
    """

    ways: tuple[tuple[Value, ...], ...]
    kinds: tuple[type, ...]
    context: Any
    shape: tuple[int, ...]
    given: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)

    @classmethod
    def along(cls, making: Making, inputs: Inputs, shape: tuple[int, ...]) -> "_Laid":
        """The pieces of an output of this shape, of which nothing is computed yet."""
        pieces, context = making.pieces.values(), making.context(inputs)
        return cls(
            tuple((one.right, *(stead.value for stead in one.instead.values())) for one in pieces),
            tuple(np.complex128 if one.two else np.float64 for one in pieces),
            context,
            making.shape(context) if making.shape else shape,
        )

    def of(self, piece: int, way: int) -> np.ndarray:
        """What a piece gives, value by value of the output, made in one of its ways."""
        if (piece, way) not in self.given:
            value: np.ndarray = np.asarray(self.ways[piece][way](self.context), dtype=self.kinds[piece])
            self.given[piece, way] = np.broadcast_to(value, self.shape).reshape(-1)
        return self.given[piece, way]


def _values(
    making: Making, choices: np.ndarray, path: str, asked: Question, shape: tuple[int, ...]
) -> tuple[list[np.ndarray], np.ndarray]:
    """For each piece the values that some choice asks for; and [choices, pieces], which of them each choice takes."""
    if (path, shape) not in asked.laid:
        asked.laid[path, shape] = _Laid.along(making, asked.values, shape)
    laid = asked.laid[path, shape]
    values: list[np.ndarray] = []
    places = np.empty_like(choices)
    for piece, column in enumerate(choices.T):
        asked_for = np.bincount(column) > 0
        places[:, piece] = (np.cumsum(asked_for) - 1)[column]
        values.append(np.stack([laid.of(piece, way) for way in np.flatnonzero(asked_for).tolist()]))
    return values, places


def _made(
    making: Making, values: Sequence[np.ndarray], taken: np.ndarray, places: np.ndarray | slice
) -> np.ndarray:
    """[choices, places]: what each choice gives, from the values and from which of them it takes."""
    chosen = (value[:, places][column] for value, column in zip(values, taken.T, strict=True))
    made: np.ndarray = making.combine(**dict(zip(making.pieces, chosen, strict=True)))
    return made


def _near(
    made: np.ndarray, came: np.ndarray, tolerance: Tolerance, largest: float, or_nothing: bool
) -> np.ndarray:
    """Which rows may be near enough, as far as these few values tell."""
    room = tolerance.rtol * np.abs(made) + tolerance.atol * max(1.0, 1.01 * largest)
    fits = (np.abs(made - came) <= room) | (made == came) | (np.isnan(made) & np.isnan(came))
    if or_nothing:
        fits |= ~np.isfinite(made)
    whole: np.ndarray = fits.all(axis=1)
    return whole
