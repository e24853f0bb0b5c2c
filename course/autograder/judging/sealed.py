"""A bank of answers that needs no framework: what Paddle said of the visible cases when the release was made."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from course.autograder.checks.chance import coins, forms, nets, properties, readers
from course.autograder.checks.language import protocol, stand_ins, tolerances
from course.autograder.checks.language.protocol import Step
from course.autograder.checks.language.seen import Property, Reader
from course.autograder.checks.language.spec import (
    Answers,
    Arrays,
    Case,
    Check,
    Corner,
    Inputs,
    Misconception,
    Output,
)
from course.autograder.judging.asking import EXCEPTION, Question, Together, Two
from course.autograder.judging.excerpts import Excerpts, Sketched
from course.autograder.judging.seal import ENDING, Sealed, SealError, from_planes, planes
from course.autograder.judging.sketch import Sketch
from course.common.frames import LENGTHS, Codec, FrameError, Limits
from course.languages import saying

FOLDER = Path(__file__).parents[2] / "sealed"  # a release has it, the project has not
WORDS = ".words"  # the ending of a sealed file with the words of its checks in other languages


@dataclass(frozen=True)
class KnownCase:
    """A case and everything that its answers are compared with.

    Attributes:
        name, steps, raises, tells: as in `Case`.
        inputs: as they were drawn.
        right: by output.
        wrong: by the mistake's place in the list, where it differs from what is right, by output: an array, or a sketch.
        excerpts: the same of large outputs, by output.
        pairs: of two mistakes made together: (first, second, output, sketch).
        ground: as in `Question`, and so are the last five, for answers that are random.
    """

    name: str
    steps: tuple[Step, ...] | None
    raises: str
    tells: str
    inputs: Inputs
    right: Arrays
    wrong: dict[int, Sketched]
    excerpts: dict[str, Excerpts]
    pairs: tuple[tuple[int, int, str, Sketch], ...]
    ground: np.ndarray | None
    reader: Any
    properties: tuple[Any, ...]
    right_forms: Answers
    wrong_forms: dict[int, Answers]
    ground_form: Any


@dataclass(frozen=True)
class KnownCheck:
    """A check without its reference and without what computes its mistakes.

    Attributes:
        name, assignment, points, functions, steps, outputs, may_change, also: as in `Check`.
        mistakes: name and advice of each.
        random: whether there is a draw to be read, and whether something must be true of it.
        rests_on: the same of the check that this one's answers come from, without cases.
        cases: the visible ones.
        corners: with the names of visible cases alone.
        extra, called: as in `Check`.
    """

    name: str
    assignment: str
    points: float
    functions: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    may_change: tuple[str, ...]
    also: tuple[str, ...]
    mistakes: tuple[tuple[str, str], ...]
    random: tuple[bool, bool]
    rests_on: "KnownCheck | None"
    cases: tuple[KnownCase, ...]
    corners: tuple[Corner, ...]
    extra: bool
    called: tuple[tuple[str, str], ...]


def _dataclasses(*modules: Any) -> list[type]:
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
    ]


LIMITS = Limits(
    array_bytes=2**24, elements=2**21, dimensions=8, header=2**25, body=2**26, arrays=10**5, items=10**6, depth=16
)  # fmt: skip
CODEC = Codec(
    (
        KnownCase, KnownCheck, Corner, Output, Sketch, Excerpts,
        *_dataclasses(protocol, stand_ins, tolerances, coins, forms, nets, properties, readers),
    ),
    LIMITS,
    once=True,
)  # fmt: skip


def packed(check: KnownCheck) -> bytes:
    """A check as a block of a sealed file."""
    frame = CODEC.encode(check)
    header, _ = LENGTHS.unpack_from(frame)
    start = LENGTHS.size + header
    return frame[:start] + planes(frame[start:])


def unpacked(block: bytes) -> KnownCheck:
    """The check in a block. Raises FrameError where there is none."""
    header, body = LENGTHS.unpack_from(block)
    start = LENGTHS.size + header
    found = CODEC.decode(block[LENGTHS.size : start], from_planes(block[start:], body))
    if not isinstance(found, KnownCheck):
        raise FrameError(f"a {type(found).__name__} is no check")
    return found


# --- as the judge asks ---------------------------------------------------------------------------------------


def _not_here(*_: Any) -> NoReturn:
    raise RuntimeError("a release has the answers to its cases, and nothing that computes others")


@dataclass(frozen=True)
class KnownQuestion(Question):
    """A question whose answers are known, and not computed."""

    known: KnownCase

    @functools.cached_property
    def right(self) -> Arrays:
        """What was right when the release was made; `EXCEPTION` where one is wanted."""
        return dict.fromkeys(self.check.wanted, EXCEPTION) if self.case.raises else self.known.right

    @functools.cached_property
    def wrong(self) -> dict[str, Arrays]:
        """What each mistake gives, where it is not what is right."""
        return {m.name: self.known.wrong.get(k, {}) for k, m in enumerate(self.check.misconceptions)}

    @property
    def excerpts(self) -> Mapping[str, Excerpts]:
        """What mistakes give of large outputs."""
        return self.known.excerpts

    @functools.cached_property
    def _together(self) -> dict[Two, dict[str, Sketch]]:
        names = [m.name for m in self.check.misconceptions]
        found: dict[Two, dict[str, Sketch]] = {}
        for first, second, path, sketch in self.known.pairs:
            found.setdefault((names[first], names[second]), {})[path] = sketch
        return found

    def pairs(self) -> Sequence[Two]:
        """Mistakes of which the release knows what they give together."""
        return tuple(self._together)

    def together(self, pairs: Sequence[Two]) -> Together:
        """What these pairs of mistakes give, as sketches."""
        return {two: self._together[two] for two in pairs if two in self._together}

    @functools.cached_property
    def ground(self) -> np.ndarray | None:
        """What is right of the output that the answers come from."""
        return self.known.ground

    @functools.cached_property
    def reader(self) -> Reader | None:
        """What reads a draw."""
        found: Reader | None = self.known.reader
        return found

    @functools.cached_property
    def properties(self) -> tuple[Property, ...]:
        """What must be true of it."""
        return self.known.properties

    @functools.cached_property
    def right_forms(self) -> Answers:
        """What is right for whatever the draw may be."""
        return self.known.right_forms

    @functools.cached_property
    def wrong_forms(self) -> dict[str, Answers]:
        """What each mistake gives then."""
        return {m.name: self.known.wrong_forms.get(k, {}) for k, m in enumerate(self.check.misconceptions)}

    @functools.cached_property
    def ground_form(self) -> Any:
        """The ground then."""
        return self.known.ground_form


def _check(known: KnownCheck) -> Check:
    """The check as the judge knows checks."""
    observed, held = known.random
    return Check(
        name=known.name,
        assignment=known.assignment,
        points=known.points,
        functions=known.functions,
        steps=known.steps,
        outputs=known.outputs,
        cases=tuple(Case(case.name, _not_here, case.steps, case.raises, case.tells) for case in known.cases),
        reference=_not_here,
        misconceptions=tuple(Misconception(name, advice, _not_here) for name, advice in known.mistakes),
        observe=_not_here if observed else None,
        properties=_not_here if held else None,
        may_change=known.may_change,
        also=known.also,
        corners=known.corners,
        extra=known.extra,
        called=dict(known.called),
        rests_on=_check(known.rests_on) if known.rests_on else None,
    )


class SealedBank:
    """The checks of a release."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Open every sealed file of a folder. Raises SealError where one cannot be read, or where there is none."""
        self.files = {path.stem: Sealed.open(path) for path in sorted(folder.glob(f"*{ENDING}"))}
        if not self.files:
            raise SealError(f"no answers are in {folder.name}; unpack the release again, all of it.")
        self.words = {path: Sealed.open(path) for path in sorted(folder.glob(f"*{WORDS}"))}
        saying.provide(self.words_of)
        self.places = {name: file for file in self.files.values() for name in file.blocks}
        self.known: dict[str, tuple[Check, KnownCheck]] = {}
        self.asked: dict[tuple[str, int], KnownQuestion] = {}  # with what was lined up for earlier answers

    def words_of(self, language: str) -> dict[str, str]:
        """The names and the advice of all checks in another language, by the English ones."""
        found: dict[str, str] = {}
        for file in self.words.values():
            if language in file.blocks:
                found.update(json.loads(file.block(language)))
        return found

    def names(self, assignment: str | None = None) -> list[str]:
        """Names of all checks, or of one assignment's, in the order of its notebook."""
        return [name for name, file in self.places.items() if assignment in (None, file.title)]

    def find(self, name: str) -> Check:
        """The check of that name. Raises KeyError where there is none, SealError where its block is no check."""
        if name not in self.known:
            try:
                known = unpacked(self.places[name].block(name))
            except FrameError as error:
                raise SealError(
                    f"the answers of {name} do not fit this course; unpack the release again."
                ) from error
            self.known[name] = _check(known), known
        return self.known[name][0]

    def points(self, name: str) -> float:
        """What a check can give. Raises KeyError where there is none of that name."""
        return self.places[name].points[name]

    def extra(self, name: str) -> bool:
        """Whether that is extra credit. Raises KeyError where there is no check of that name."""
        return name in self.places[name].extra

    def question(self, check: Check, index: int) -> Question:
        """One of its cases."""
        if (check.name, index) not in self.asked:
            known = self.known[check.name][1].cases[index]
            self.asked[check.name, index] = KnownQuestion(check, check.cases[index], known.inputs, known)
        return self.asked[check.name, index]
