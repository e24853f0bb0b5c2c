"""Short cuts in naming: what is told from one value first is what all values together tell."""

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from course.autograder.checks import find_check
from course.autograder.checks.chance.relations import lags, pairs, related, related_lag_among
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging import making, question
from course.autograder.judging.comparing import difference, near, outside
from course.autograder.judging.lineup import Lineup, _room
from course.autograder.judging.together import _Case

TOLERANCE = Tolerance(1e-7, 1e-9)
NAMES = tuple(f"mistake {k}" for k in range(9))
ROUNDS = 300


def made(rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A right answer and what mistakes give in its place: sizes far apart, zeros, and effects that are like each other."""
    size = int(rng.integers(1, 9))
    right = rng.normal(size=size) * 10.0 ** rng.integers(-8, 9, size=size)
    right[rng.random(size) < 0.1] = 0.0
    given = {}
    for name in NAMES:
        effect = right * rng.choice([0.0, -1.0, 2.0, 1 + 1e-8, 1 + 1e-6])
        given[name] = np.where(rng.random(size) < 0.5, right, effect + rng.choice([0.0, 1e-10, 3.0]))
    return right, given


def shaken(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """The same but for rounding, or for a little more than is allowed."""
    return array * (1 + rng.choice([0.0, 1e-16, 5e-8, 2e-7]) * rng.choice([-1, 1], size=array.shape))


@pytest.mark.filterwarnings("ignore")
def test_two_mistakes_make_what_each_of_their_values_says() -> None:
    rng, met = np.random.default_rng(5), 0
    for _ in range(ROUNDS):
        right, given = made(rng)
        one, other = (given[name] for name in rng.choice(NAMES, 2, replace=False))
        composed = [one + other - right, *([one / right * other] if right.all() else [])]
        got = shaken(rng, composed[rng.integers(len(composed))])
        known: Any = SimpleNamespace(tolerance=TOLERANCE)
        case = _Case("out", known, got, known, right, got, given)
        wanted = {
            two for two in itertools.combinations(NAMES, 2) if any(map(case._came, case._composed(two)))
        }
        assert set(case._composing()) == wanted
        met += bool(wanted)
    assert ROUNDS / 3 < met < ROUNDS  # else either half would be tried on next to nothing


def test_a_mistake_is_met_where_each_of_its_values_is() -> None:
    rng, met = np.random.default_rng(6), 0
    for _ in range(ROUNDS):
        right, given = made(rng)
        values = np.stack(list(given.values()))
        known = Lineup(frozenset(NAMES), NAMES, NAMES, values, _room(values, TOLERANCE), {}, right, TOLERANCE)
        got = shaken(rng, given[rng.choice(NAMES)])
        wanted = {name for name, value in given.items() if near(got, value, TOLERANCE)}
        assert known.met_by(got) == wanted
        met += bool(wanted)
    assert ROUNDS / 3 < met < ROUNDS


def test_whole_numbers_are_met_exactly() -> None:
    rng = np.random.default_rng(7)
    for _ in range(ROUNDS):
        right = rng.integers(-3, 4, size=3)
        given = {name: rng.integers(-3, 4, size=rng.integers(2, 4)) for name in NAMES}
        none = np.empty((0, 3))
        known = Lineup(frozenset(NAMES), NAMES, (), none, none, given, right, Tolerance(0, 0))
        for got in (given[rng.choice(NAMES)], right, right.astype(np.int32)):
            alike = {n for n, v in given.items() if v.shape == got.shape and (v == got).all()}
            assert known.met_by(got) == alike


@pytest.mark.parametrize("strange", [0.0, np.nan, np.inf, 5e-324])
def test_the_worst_value_is_the_one_that_all_values_tell(strange):
    """Also where a difference is no number, or so small that it counts as the smallest there is."""
    rng = np.random.default_rng(8)
    for _ in range(ROUNDS):
        wanted = rng.normal(size=(3, 4)) * 10.0 ** rng.integers(-8, 9, size=(3, 4))
        got = np.where(rng.random((3, 4)) < 0.3, wanted + rng.choice([1.0, 1e-6]), wanted)
        got[tuple(rng.integers((3, 4)))] += strange
        bad = outside(got, wanted, TOLERANCE)
        found = difference(got, wanted, TOLERANCE)
        if found is None:
            assert not bad.any()
            continue
        gap = np.abs(got - wanted)
        gap = np.where(bad, np.where(np.isfinite(gap), np.maximum(gap, np.finfo(float).tiny), np.inf), 0.0)
        index = np.unravel_index(np.argmax(gap), gap.shape)
        assert (found.index, found.largest, found.outside) == (index, gap[index], bad.sum())


def met_by_whole_arrays(made_of, choices, output, asked, got):
    """Which choices give what came, each put together whole from values that nobody has asked for before."""
    context = made_of.context(asked.values)
    shape = made_of.shape(context) if made_of.shape else got.shape
    met = []
    for choice in choices.tolist():
        ways = [
            [piece.right, *(s.value for s in piece.instead.values())][way]
            for piece, way in zip(made_of.pieces.values(), choice, strict=True)
        ]
        kinds = [complex if piece.two else float for piece in made_of.pieces.values()]
        values = [
            np.broadcast_to(np.asarray(way(context), kind), shape).reshape(1, -1)
            for way, kind in zip(ways, kinds, strict=True)
        ]
        whole = made_of.combine(**dict(zip(made_of.pieces, values, strict=True)))[0]
        met.append(near(got.reshape(-1), whole, making.tolerance_of(output, asked.inputs, got)))
    return met


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "path"), [("batch_moments", "var"), ("conv_backward_naive", "dx"), ("batchnorm_backward", "dx")]
)
def test_choices_of_pieces_are_met_where_they_are_one_by_one(name, path):
    """Answer after answer to one question, which keeps what its pieces give; and one value is asked before the others."""
    check, rng = find_check(name), np.random.default_rng(9)
    made_of, output = check.makings[path], next(o for o in check.outputs if o.path == path)
    every = making._choices(tuple(1 + len(piece.instead) for piece in made_of.pieces.values()), made_of.most)
    asked = question.__wrapped__(name, 0, 4)
    for _ in range(5):
        choices = every[rng.choice(len(every), 20)]
        values, taken = making._values(made_of, choices, path, asked, asked.right[path].shape)
        got = making._made(made_of, values, taken[:1], slice(None))[0].reshape(asked.right[path].shape)
        met = making._meeting(made_of, choices, output, asked, got)
        assert met.tolist() == met_by_whole_arrays(made_of, choices, output, asked, got) and met[0]


def test_neighbours_that_know_of_each_other_are_those_of_every_distance():
    """Among coins of which some do not count, as units do not that ReLU shuts off."""
    rng, met = np.random.default_rng(10), 0
    for _ in range(ROUNDS):
        p, lag = rng.choice([0.3, 0.5]), int(rng.integers(1, 6))
        kept, among = rng.random((12, 80)) >= p, rng.random((12, 80)) < 0.7
        if rng.random() < 0.5:  # from some distance on, repeated
            kept[lag:] = np.where(rng.random((12 - lag, 80)) < 0.9, kept[:-lag], kept[lag:])
        told = 0
        for distance in lags(len(kept)):
            here, there = pairs(among, 0, distance)
            first, second = (half[here & there] for half in pairs(kept, 0, distance))
            if first.size and related(first, second, p):
                told = distance
                break
        assert related_lag_among(kept, among, 0, p) == told
        assert related_lag_among(kept.T, among.T, 1, p) == told
        met += bool(told)
    assert ROUNDS / 6 < met < ROUNDS
