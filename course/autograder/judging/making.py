"""Which pieces of an output went wrong: found from the numbers, by putting it together with others in their places.

It is asked where no misconception, and no two of them, give what came. What is found must give the cases that fail, all
of them or nearly all, and must leave right those that are.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.makings import Making, Piece
from course.autograder.checks.language.spec import Output
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
    context = making.context(asked.values)
    shape = making.shape(context) if making.shape else got.shape
    values = [
        _laid(piece, np.unique(column).tolist(), context, shape)
        for piece, column in zip(making.pieces.values(), choices.T, strict=True)
    ]
    came, tolerance = got.astype(np.float64).reshape(-1), tolerance_of(output, asked.inputs, got)
    some = np.unique(np.linspace(0, came.size - 1, PLACES).astype(int))
    met = _near(_made(making, values, choices, some), came[some], tolerance, np.abs(came).max(), or_nothing)
    rows = np.flatnonzero(met)
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        made = _made(making, values, choices[part], slice(None))
        met[part] = [
            near(came, one, tolerance) or (or_nothing and not np.isfinite(one).all()) for one in made
        ]
    return met


def _laid(piece: Piece, which: list[int], context: object, shape: tuple[int, ...]) -> np.ndarray:
    """[values of the piece, values of the output]: those that are asked for, all others NaN."""
    ways = [piece.right, *(stead.value for stead in piece.instead.values())]
    kind = np.complex128 if piece.two else np.float64
    found = np.full((len(ways), math.prod(shape)), np.nan, dtype=kind)
    for k in which:
        found[k] = np.broadcast_to(np.asarray(ways[k](context), dtype=kind), shape).reshape(-1)
    return found


def _made(
    making: Making, values: Sequence[np.ndarray], choices: np.ndarray, places: np.ndarray | slice
) -> np.ndarray:
    """[choices, places]: what each choice gives."""
    taken = (value[:, places][column] for value, column in zip(values, choices.T, strict=True))
    made: np.ndarray = making.combine(**dict(zip(making.pieces, taken, strict=True)))
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
