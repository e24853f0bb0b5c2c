"""The bank of answers that Paddle computes: cases drawn from a seed, asked of the references and of each mistake."""

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.seen import Property, Reader, seen
from course.autograder.checks.language.spec import Answers, Arrays, Check, Inputs, Misconception
from course.autograder.judging.asking import EXCEPTION, Question, Together, Two
from course.autograder.judging.reading import readings
from course.common.quiet import quiet_stderr
from course.reference.remembering import at_first

ROUNDING = 1e-9  # what two ways to the same answer may differ by, beside values of its size


def case_generator(seed: int, check: str, case: str) -> np.random.Generator:
    """The generator that one case is drawn from; independent of which other cases there are."""
    digest = hashlib.blake2b(f"{seed}\0{check}\0{case}".encode(), digest_size=16).digest()
    # The words of the digest as one large number, as numpy would cut it up, the last ones first.
    words = np.frombuffer(digest[::-1], dtype="<u4").astype(np.uint32, copy=False)
    return np.random.Generator(np.random.PCG64(words))


@dataclass(frozen=True)
class _Reading:
    """Inputs read otherwise, the mistakes whose answer that makes, and what others give there, each computed once."""

    inputs: Inputs
    firsts: tuple[str, ...]
    given: dict[str, Arrays] = field(default_factory=dict)

    def learn(self, mistake: Misconception) -> None:
        """Find out what a mistake gives on this reading."""
        if mistake.name not in self.given:
            self.given[mistake.name] = _tried(mistake.wrong, self.inputs)


@dataclass(frozen=True)
class Computed(Question):
    """A question that is answered by the check's own reference and misconceptions."""

    @functools.cached_property
    def right(self) -> Arrays:
        """The reference's outputs; `EXCEPTION` for each where one is wanted."""
        if self.case.raises:
            return dict.fromkeys(self.check.wanted, EXCEPTION)
        return arrays(at_first(self.check.reference, self.values))

    @functools.cached_property
    def wrong(self) -> dict[str, Arrays]:
        """What each misconception gives here; one that forgets epsilon may divide by 0, and its NaN is its answer."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return {m.name: arrays(m.wrong(self.values)) for m in self.check.misconceptions}

    def pairs(self) -> Sequence[Two]:
        """Mistakes that are the right answer to inputs read otherwise, each with each other that is made there."""
        return self._pairs

    @functools.cached_property
    def _pairs(self) -> tuple[Two, ...]:
        others = [mistake.name for mistake in self.check.misconceptions]
        by_reading = ((one, two) for read in self._readings for two in others for one in read.firsts)
        return tuple(dict.fromkeys(two for two in by_reading if two[0] != two[1]))

    def together(self, pairs: Sequence[Two]) -> Together:
        """What these pairs give, the second on the first one's reading; each is computed once.

        Args:
            pairs: some of `pairs`, or others, of which nothing is known.
        """
        read_by = self._read_by
        asked = {two: read_by[two[0]] for two in pairs if two[0] in read_by}
        missing = [(read, two[1]) for two, read in asked.items() if two[1] not in read.given]
        if missing:
            mistakes = {mistake.name: mistake for mistake in self.check.misconceptions}
            with quiet_stderr():  # the framework complains of readings that make no sense
                for read, name in missing:
                    read.learn(mistakes[name])
        return {two: read.given[two[1]] for two, read in asked.items()}

    @functools.cached_property
    def _read_by(self) -> dict[str, "_Reading"]:
        """By a mistake's name, the inputs read otherwise whose right answer it is; the last of them where there are more."""
        return {first: read for read in self._readings for first in read.firsts}

    @functools.cached_property
    def _readings(self) -> list["_Reading"]:
        """The inputs read otherwise, as far as the right answer then is some mistake's."""
        if self.check.observe is not None or self.case.raises:
            return []
        found = []
        with quiet_stderr():
            for read in readings(self.values):
                right = {path: (a, _room(a)) for path, a in _tried(self.check.reference, read).items()}
                firsts = tuple(name for name, wrong in self.wrong.items() if wrong and _gives(right, wrong))
                found += [_Reading(read, firsts)] if firsts else []
        return found

    @functools.cached_property
    def ground(self) -> np.ndarray | None:
        """The right value of the output that this check's answers are computed from; None where there is none."""
        base = self.check.rests_on
        return None if base is None else np.asarray(base.reference(self.values)[base.outputs[0].path])

    # --- answers to a student's own random draw ----------------------------------------------------------------

    @functools.cached_property
    def reader(self) -> Reader | None:
        """What reads the draw out of the outputs; None where nothing is random."""
        return self.check.observe(self.values) if self.check.observe else None

    @functools.cached_property
    def properties(self) -> tuple[Property, ...]:
        """What must be true of the draw."""
        return self.check.properties(self.values) if self.check.properties else ()

    @functools.cached_property
    def right_forms(self) -> Answers:
        """What is right for whatever the draw may be."""
        return self.check.reference(seen(self.values))

    @functools.cached_property
    def wrong_forms(self) -> dict[str, Answers]:
        """What each misconception gives then."""
        asked = seen(self.values)
        return {m.name: m.wrong(asked) for m in self.check.misconceptions}

    @functools.cached_property
    def ground_form(self) -> Any:
        """The ground then; None where there is none."""
        base = self.check.rests_on
        return None if base is None else base.reference(seen(self.values))[base.outputs[0].path]


def arrays(outputs: Mapping[str, Any]) -> Arrays:
    """Answers as arrays."""
    return {path: np.asarray(value) for path, value in outputs.items()}


def _tried(answer: Callable[[Inputs], Mapping[str, Any]], inputs: Inputs) -> Arrays:
    """An answer to inputs that it was not written for; nothing where there is none."""
    try:
        return arrays(answer(inputs))
    except Exception:
        return {}


def _gives(right: Mapping[str, tuple[np.ndarray, float]], wrong: Arrays) -> bool:
    """Whether these right answers, each with its `_room`, are just this mistake, in everything that it changes."""
    return all(
        path in right and right[path][0].shape == value.shape and _close(value, *right[path])
        for path, value in wrong.items()
    )


def _room(right: np.ndarray) -> float:
    """How far from a right answer in floats another may lie, whatever a value's own size.

    Paddle keeps a momentum in single precision, which a value near 0 beside large ones feels.
    """
    if right.dtype.kind != "f":
        return ROUNDING
    return ROUNDING + 2e-7 * float(np.max(np.abs(right), initial=0.0, where=np.isfinite(right)))


def _close(value: np.ndarray, right: np.ndarray, room: float) -> bool:
    """As `np.allclose` tells; but that asks much first, and nearly all that comes differs in its first value already."""
    if value.dtype.kind != "f" or right.dtype.kind != "f":
        room = ROUNDING
    elif value.size:
        one, other = value.flat[0], right.flat[0]
        if np.isfinite(one) and np.isfinite(other) and abs(one - other) > room + 1e-6 * abs(other):
            return False
    return bool(np.allclose(value, right, rtol=1e-6, atol=room))


@functools.lru_cache(maxsize=256)  # one assignment; a class of thousands must not pile up
def question(check_name: str, case_index: int, seed: int) -> Computed:
    """Draw one case; kept, so that a student who asks again (or another with the same seed) costs nothing."""
    check = find_check(check_name)
    case = (check.cases + check.hidden)[case_index]
    return Computed(check, case, case.draw(case_generator(seed, check.name, case.name)))


@dataclass(frozen=True)
class ComputedBank:
    """All checks of the project, their hidden cases included, on cases drawn from a seed."""

    seed: int = 0

    def names(self, assignment: str | None = None) -> list[str]:
        """Names of all checks, or of one assignment's, in the order of its notebook."""
        return list_checks(assignment)

    def find(self, name: str) -> Check:
        """The check of that name. Raises KeyError where there is none."""
        return find_check(name)

    def points(self, name: str) -> float:
        """What a check can give."""
        return find_check(name).points

    def extra(self, name: str) -> bool:
        """Whether that is extra credit."""
        return find_check(name).extra

    def question(self, check: Check, index: int) -> Question:
        """One of its cases."""
        return question(check.name, index, self.seed)
