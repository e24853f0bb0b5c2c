"""Short cuts in naming: what is told from one value first is what all values together tell."""

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.comparing import near
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
