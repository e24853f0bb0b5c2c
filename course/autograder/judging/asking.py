"""Questions: a case's inputs, with its right and well-known wrong answers beside them."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import MAX_DIMENSIONS, Reply, Step, without_views
from course.autograder.checks.language.seen import Flaw, Property, Reader, Seen, seen
from course.autograder.checks.language.spec import Answers, Arrays, Case, Check, Inputs
from course.autograder.judging.reading import readings
from course.common.quiet import quiet_stderr

# Carries steps, inputs and wanted paths to the student's functions and brings the Reply.
Ask = Callable[[tuple[Step, ...], Inputs, tuple[str, ...]], Reply]

EXCEPTION = np.empty((0,) * (MAX_DIMENSIONS + 1))  # stands for an exception: no answer has its shape
Together = dict[tuple[str, str], Arrays]  # what two mistakes give, the second made in the first one's reading


def seed_for(secret: str, student: str, check: str) -> int:
    """The seed of one student's cases for one check: nobody without the secret can draw them in advance."""
    digest = hashlib.blake2b(f"{student}\0{check}".encode(), key=secret.encode()[:64], digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def case_generator(seed: int, check: str, case: str) -> np.random.Generator:
    """The generator that one case is drawn from; independent of which other cases there are."""
    digest = hashlib.blake2b(f"{seed}\0{check}\0{case}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


@dataclass(frozen=True)
class Question:
    """One case with its inputs drawn and, once asked for, its right and well-known wrong answers."""

    check: Check
    case: Case
    inputs: Inputs

    @functools.cached_property
    def values(self) -> Inputs:
        """The inputs with views as the arrays they show: what references and misconceptions are asked about."""
        return without_views(self.inputs)

    @functools.cached_property
    def right(self) -> Arrays:
        """The reference's outputs; `EXCEPTION` for each where one is wanted."""
        if self.case.raises:
            return dict.fromkeys(self.check.wanted, EXCEPTION)
        return arrays(self.check.reference(self.values))

    @functools.cached_property
    def wrong(self) -> dict[str, Arrays]:
        """What each misconception gives here."""
        return {m.name: arrays(m.wrong(self.values)) for m in self.check.misconceptions}

    def together(self, only: tuple[str, str] | None = None) -> Together:
        """For mistakes that are the right answer to inputs read otherwise: what each other gives on that reading.

        Args:
            only: the one pair to look for.
        """
        found: Together = {}
        if self.check.observe is not None or self.case.raises:
            return found
        with quiet_stderr():  # the framework complains of readings that make no sense
            for read in readings(self.values):
                right = _tried(self.check.reference, read)
                firsts = [name for name, wrong in self.wrong.items() if wrong and _gives(right, wrong)]
                for other in self.check.misconceptions if firsts else ():
                    pairs = [(first, other.name) for first in firsts if first != other.name]
                    wanted = [pair for pair in pairs if only in (None, pair)]
                    if wanted:
                        found |= dict.fromkeys(wanted, _tried(other.wrong, read))
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

    def observed(self, got: Arrays) -> "Question":
        """The same question about the student's own random draw, where the check reads one out of the outputs."""
        draw = self.reader.read(got) if self.reader is not None else None
        return self if draw is None else Observed(self.check, self.case, self.inputs, self, draw)

    def flaws(self, got: Arrays) -> list[Flaw]:
        """Nothing: there is no draw to find fault with."""
        return []


@dataclass(frozen=True)
class Observed(Question):
    """A question about a student's own random draw."""

    asked: Question
    seen: Seen

    @functools.cached_property
    def right(self) -> Arrays:
        """The right outputs for this draw."""
        return self.asked.right if self.seen.unread else self._of(self.asked.right_forms)

    @functools.cached_property
    def wrong(self) -> dict[str, Arrays]:
        """What each misconception makes of this draw."""
        if self.seen.unread:
            return self.asked.wrong
        return {name: self._of(answers) for name, answers in self.asked.wrong_forms.items()}

    def together(self, only: tuple[str, str] | None = None) -> Together:
        """Nothing: two mistakes in one draw are not looked for."""
        return {}

    @functools.cached_property
    def ground(self) -> np.ndarray | None:
        """The right value, for this draw, of the output that this check's answers are computed from."""
        ground = self.asked.ground_form
        return None if ground is None else self._of({"ground": ground}).get("ground")

    def _of(self, answers: Answers) -> Arrays:
        found = {path: a.of(self.seen) if hasattr(a, "of") else np.asarray(a) for path, a in answers.items()}
        return {path: array for path, array in found.items() if array is not None}

    def flaws(self, got: Arrays) -> list[Flaw]:
        """What the check's properties find wrong in this draw."""
        return [flaw for one in self.asked.properties for flaw in one.flaws(self.seen, got)]


def arrays(outputs: Mapping[str, Any]) -> Arrays:
    """Answers as arrays."""
    return {path: np.asarray(value) for path, value in outputs.items()}


def _tried(answer: Callable[[Inputs], Mapping[str, Any]], inputs: Inputs) -> Arrays:
    """An answer to inputs that it was not written for; nothing where there is none."""
    try:
        return arrays(answer(inputs))
    except Exception:
        return {}


def _gives(right: Arrays, wrong: Arrays) -> bool:
    """Whether these right answers are just this mistake, in everything that it changes."""
    return all(
        path in right
        and right[path].shape == value.shape
        and np.allclose(value, right[path], rtol=1e-6, atol=1e-9)
        for path, value in wrong.items()
    )


@functools.lru_cache(maxsize=256)  # one assignment; a class of thousands must not pile up
def question(check_name: str, case_index: int, seed: int) -> Question:
    """Draw one case; kept, so that a student who asks again (or another with the same seed) costs nothing."""
    check = find_check(check_name)
    case = (check.cases + check.hidden)[case_index]
    return Question(check, case, case.draw(case_generator(seed, check.name, case.name)))
