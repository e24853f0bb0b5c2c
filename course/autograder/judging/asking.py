"""Questions: a case's inputs, with its right and well-known wrong answers beside them, wherever these come from."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.plain import REFUSED
from course.autograder.checks.language.protocol import Reply, Step
from course.autograder.checks.language.seen import Flaw, Property, Reader, Seen
from course.autograder.checks.language.spec import Answers, Arrays, Case, Check, Inputs
from course.autograder.checks.language.stand_ins import input_arrays, without_views
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.comparing import has_single
from course.autograder.judging.excerpts import Excerpts
from course.autograder.judging.lineup import Lineup, line_up
from course.autograder.judging.sketch import Sketch

# Carries steps, inputs and wanted paths to the student's functions and brings the Reply.
Ask = Callable[[tuple[Step, ...], Inputs, tuple[str, ...]], Reply]

# Steps, inputs and wanted paths of a question beyond a check's cases.
Further = tuple[tuple[Step, ...], Inputs, tuple[str, ...]]
# Brings the Replies to further questions in turn; it may stop early.
AskFurther = Callable[[Sequence[Further]], Iterable[Reply]]

EXCEPTION = REFUSED  # stands for an exception: no answer has its shape
Two = tuple[str, str]  # mistakes by their names, the second made in the first one's reading
# What two mistakes give; where it is known from before, sketches of it.
Together = dict[Two, Mapping[str, np.ndarray | Sketch]]


@dataclass(frozen=True)
class Question(ABC):
    """One case with its inputs and, once asked for, its right and well-known wrong answers."""

    check: Check
    case: Case
    inputs: Inputs

    @functools.cached_property
    def values(self) -> Inputs:
        """The inputs with views as the arrays they show: what references and misconceptions are asked about."""
        return without_views(self.inputs)

    @functools.cached_property
    def arrays(self) -> Arrays:
        """Every array among the inputs, by its path; collected once for all answers to this question."""
        return input_arrays(self.inputs)

    @functools.cached_property
    def single(self) -> bool:
        """Whether the inputs hold an array in single or half precision."""
        return any(map(has_single, self.arrays.values()))

    @property
    @abstractmethod
    def right(self) -> Arrays:
        """The right outputs; `EXCEPTION` for each where one is wanted."""

    @property
    @abstractmethod
    def wrong(self) -> dict[str, Arrays]:
        """What each misconception gives here."""

    @property
    def excerpts(self) -> Mapping[str, Excerpts]:
        """By output, what mistakes give of which `wrong` has no whole array; nothing where all are whole."""
        return {}

    @functools.cached_property
    def _lineups(self) -> dict[tuple[str, Tolerance], Lineup]:
        return {}

    def lineup(self, path: str, tolerance: Tolerance) -> Lineup:
        """What each misconception gives for one output, lined up once for all answers to this question."""
        if (path, tolerance) not in self._lineups:
            excerpts = self.excerpts.get(path)
            self._lineups[path, tolerance] = line_up(path, self.right[path], self.wrong, tolerance, excerpts)
        return self._lineups[path, tolerance]

    @functools.cached_property
    def laid(self) -> dict[Any, Any]:
        """What the pieces of its outputs give here, as `making.py` has found it for earlier answers."""
        return {}

    @abstractmethod
    def pairs(self) -> Sequence[Two]:
        """Mistakes that are the right answer to inputs read otherwise, each with each other that is made there."""

    @abstractmethod
    def together(self, pairs: Sequence[Two]) -> Together:
        """What these pairs give, the second on the first one's reading, as far as that is known.

        To find it costs as much as all mistakes alone, so it is asked for the pairs that it can matter for.
        """

    @property
    @abstractmethod
    def ground(self) -> np.ndarray | None:
        """The right value of the output that this check's answers are computed from; None where there is none."""

    # --- of a check whose answers are random: what is known of a student's own draw before it is there ----------

    @property
    def reader(self) -> Reader | None:
        """What reads the draw out of the outputs; None where nothing is random."""
        return None

    @property
    def properties(self) -> tuple[Property, ...]:
        """What must be true of the draw."""
        return ()

    @property
    def right_forms(self) -> Answers:
        """What is right for whatever the draw may be."""
        return {}

    @property
    def wrong_forms(self) -> dict[str, Answers]:
        """What each misconception gives then."""
        return {}

    @property
    def ground_form(self) -> Any:
        """The ground then; None where there is none."""
        return None

    def observed(self, got: Arrays) -> "Question":
        """The same question about the student's own random draw, where the check reads one out of the outputs."""
        draw = self.reader.read(got) if self.reader is not None else None
        return self if draw is None else Observed(self.check, self.case, self.inputs, self, draw)

    def flaws(self, got: Arrays) -> list[Flaw]:
        """What the check's properties find wrong in the draw; there is none to find fault with."""
        return []


@dataclass(frozen=True)
class Observed(Question):
    """A question about a student's own random draw."""

    asked: Question
    draw: Seen

    @functools.cached_property
    def right(self) -> Arrays:
        """The right outputs for this draw."""
        return self.asked.right if self.draw.unread else self._of(self.asked.right_forms)

    @functools.cached_property
    def wrong(self) -> dict[str, Arrays]:
        """What each misconception makes of this draw."""
        if self.draw.unread:
            return self.asked.wrong
        return {name: self._of(answers) for name, answers in self.asked.wrong_forms.items()}

    @property
    def arrays(self) -> Arrays:
        """As of the question before the draw was there, for all answers to it; and so is the next."""
        return self.asked.arrays

    @property
    def single(self) -> bool:
        """Whether the inputs hold an array in single or half precision."""
        return self.asked.single

    def pairs(self) -> Sequence[Two]:
        """None: two mistakes in one draw are not looked for."""
        return ()

    def together(self, pairs: Sequence[Two]) -> Together:
        """Nothing."""
        return {}

    @functools.cached_property
    def ground(self) -> np.ndarray | None:
        """The right value, for this draw, of the output that this check's answers are computed from."""
        ground = self.asked.ground_form
        return None if ground is None else self._of({"ground": ground}).get("ground")

    def _of(self, answers: Answers) -> Arrays:
        found = {path: a.of(self.draw) if hasattr(a, "of") else np.asarray(a) for path, a in answers.items()}
        return {path: array for path, array in found.items() if array is not None}

    def flaws(self, got: Arrays) -> list[Flaw]:
        """What the check's properties find wrong in this draw."""
        return [flaw for one in self.asked.properties for flaw in one.flaws(self.draw, got)]
