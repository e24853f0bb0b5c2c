"""A check as data: what is asked, on which cases, what is right, how near is near enough, what students mistake."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from course.autograder.checks.language.calls import call
from course.autograder.checks.language.protocol import Call, Step
from course.autograder.checks.language.seen import Property, Reader
from course.autograder.checks.language.tolerances import Tolerances

if TYPE_CHECKING:
    from course.autograder.checks.language.makings import Making

Inputs = dict[str, Any]
Arrays = dict[str, np.ndarray]
Answers = dict[str, Any]  # arrays, or numbers and tuples of numbers that the judge makes arrays of; or forms


@dataclass(frozen=True)
class Output:
    """One thing that is compared.

    Attributes:
        path: where it stands in the workspace after the calls, e.g. 'out', 'bn_param.running_mean', or
            'table.*.parameters' for that entry of each row of a list of dicts.
        tolerances: how near is near enough.
        weight: its share of the check's points, relative to the other outputs'.
        guard: a condition that doing nothing would meet ("the running mean is left alone in test mode"):
            it earns only if some output that is not a guard is right too.
    """

    path: str
    tolerances: Tolerances
    weight: float = 1.0
    guard: bool = False


@dataclass(frozen=True)
class Case:
    """Inputs drawn from a seeded generator, so that each student, question and secret has its own.

    Attributes:
        name: what is special about it, in a few words that a student may read.
        draw: makes the workspace from a generator.
        steps: instead of the check's own, where this case calls something else.
        raises: the exception that these inputs must raise ('ValueError'; a subclass will do). No output is compared.
        tells: the mistake that is made, whatever came, where an output is wrong on this case and on no other; '' where
            other causes are left.
    """

    name: str
    draw: Callable[[np.random.Generator], Inputs]
    steps: tuple[Step, ...] | None = None
    raises: str = ""
    tells: str = ""


@dataclass(frozen=True)
class Corner:
    """Cases at the edge of a question, which alone do not cost an output all of its points.

    Attributes:
        name: what the edge is: 'p = 1'.
        share: of an output's points that it loses where it is wrong on some of these cases, and on none that lie in no
            corner.
        cases: by name, hidden ones among them.
    """

    name: str
    share: float
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Misconception:
    """A named wrong answer.

    Attributes:
        name: a few words, lower case, unique within its check ("unbiased running variance").
        advice: one sentence that helps a student who made it; it gives no numpy solution away.
        wrong: computes, from the inputs of a case, the outputs that go wrong and what they become. It may return
            fewer outputs on cases where the mistake does not show, or an empty dict. On a case that must raise, it
            computes what is returned in place of the exception.
    """

    name: str
    advice: str
    wrong: Callable[[Inputs], Answers]


@dataclass(frozen=True)
class Mistake:
    """A misconception without its name: what a table of them has under each name."""

    advice: str
    wrong: Callable[[Inputs], Answers]

    def by(self, wrong: Callable[[Inputs], Answers]) -> "Mistake":
        """The same words for the same mistake made elsewhere."""
        return Mistake(self.advice, wrong)


Mistakes = Mapping[str, Mistake]


@dataclass(frozen=True)
class Check:
    """One question, its right answer and its well-known wrong ones.

    Attributes:
        name: e.g. 'batchnorm_forward.train'; its cell's grade_id is the same with '-' for '.'.
        assignment: 'ps1_batchnorm'.
        points: what a right answer earns.
        functions: names of the student's functions, in the order `check` takes them.
        steps: what is called with what.
        outputs: what is compared.
        cases: on what; all of these are released.
        reference: the right outputs for a case's inputs, by Paddle.
        misconceptions: the wrong answers with a name.
        observe: for answers that are random: what reads the student's draw (a mask, say) out of the outputs of a case.
            Reference and misconceptions are then asked once more with `seen` inputs, and give a `Form` (or arrays)
            that holds for whatever was drawn.
        properties: for answers that are random: what must be true of the draw, from the inputs of a case.
        may_change: input paths that the calls may change, e.g. a state that is written back.
        also: further paths that `observe` and `properties` look at; nothing is earned by them.
        rests_on: the check of the function that is called first and hands its cache on. Where its first output is
            wrong too, that is said beside what follows from it; nothing is earned or lost by it.
        hidden: further cases, on the grading side alone; a release does not have them.
        corners: cases that cost a share only; each topic's `corners.py` has them. Every other case costs an output that is
            wrong there all of its points.
        extra: whether the question is optional: its points are extra credit, above the assignment's own.
        called: by path, what it is called to students, where it is no name of the question's: an answer to a further call.
        makings: by output, how it is made, where the pieces that went wrong can be told apart; it is asked where no
            misconception fits. A release has none.
    """

    name: str
    assignment: str
    points: float
    functions: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    cases: tuple[Case, ...]
    reference: Callable[[Inputs], Answers]
    misconceptions: tuple[Misconception, ...] = ()
    observe: Callable[[Inputs], Reader] | None = None
    properties: Callable[[Inputs], tuple[Property, ...]] | None = None
    may_change: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    rests_on: "Check | None" = None
    hidden: tuple[Case, ...] = field(default=())
    corners: tuple[Corner, ...] = ()
    extra: bool = False
    called: Mapping[str, str] = field(default_factory=dict, compare=False)
    makings: Mapping[str, "Making"] = field(default_factory=dict, compare=False)

    @property
    def grade_id(self) -> str:
        """The grade_id of the cell that this check fills: nbgrader allows no dot there."""
        return self.name.replace(".", "-")

    def steps_of(self, case: Case) -> tuple[Step, ...]:
        """The steps of one case."""
        return case.steps or self.steps

    @functools.cached_property
    def wanted(self) -> tuple[str, ...]:
        """Paths that the judge needs."""
        return (*(output.path for output in self.outputs), *self.also)

    @functools.cached_property
    def asked_for(self) -> tuple[str, ...]:
        """Paths that the judge asks for: those it needs, and the one that they rest on."""
        return (*self.wanted, *((self.rests_on.outputs[0].path,) if self.rests_on else ()))


def overlay(right: Mapping[str, np.ndarray], wrong: Mapping[str, np.ndarray]) -> Arrays:
    """The outputs of a student who makes exactly one mistake."""
    return {**right, **wrong}


def check(
    assignment: str,
    name: str,
    points: float,
    steps: tuple[Step | str, ...],
    *,
    outputs: tuple[Output, ...],
    cases: tuple[Case, ...],
    reference: Callable[[Inputs], Answers],
    mistakes: Mistakes,
    **more: Any,
) -> Check:
    """A `Check` as it is written: steps as lines, its functions read from them, mistakes as a table by name.

    Args:
        assignment, name, points, outputs, cases, reference: as in `Check`.
        steps: each a line such as 'dx = relu_backward(dout, cache)', or a `Step`.
        mistakes: what becomes the misconceptions, in this order.
        more: other attributes of `Check`.
    """
    done = tuple(call(step) if isinstance(step, str) else step for step in steps)
    functions = tuple(dict.fromkeys(step.function for step in done if isinstance(step, Call)))
    named = tuple(Misconception(title, m.advice, m.wrong) for title, m in mistakes.items())
    return Check(name, assignment, points, functions, done, outputs, cases, reference, named, **more)
