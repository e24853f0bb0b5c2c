"""What speaks for a mistake: the cases on which it would show, and those on which it gives exactly what came."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from course.autograder.checks.language.spec import Output
from course.autograder.judging.asking import Question
from course.autograder.judging.comparing import near, tolerance_of

ENOUGH = 0.25  # of the cases on which a mistake would show


@dataclass
class Evidence:
    """What speaks for one mistake in one output; all by the names of cases.

    Attributes:
        shows: where it would show.
        explains: where it shows and gives exactly what came.
        in_step: where what came is what it gives, those included where it must not show.
        in_shape_alone: whether it says nothing of the values.
    """

    shows: set[str] = field(default_factory=set)
    explains: set[str] = field(default_factory=set)
    in_step: set[str] = field(default_factory=set)
    in_shape_alone: bool = False

    @property
    def enough(self) -> bool:
        """Whether it may be named: a case that the mistake does not touch is no evidence for it."""
        return bool(self.explains) and len(self.explains) >= ENOUGH * len(self.shows)


@dataclass(frozen=True)
class Answers:
    """What came for one output, case by case, and what speaks for each mistake.

    Attributes:
        output: which.
        by_case: the question and what came.
        evidence: by the mistake's name.
    """

    output: Output
    by_case: dict[str, tuple[Question, np.ndarray]]
    evidence: dict[str, Evidence]


def gather(output: Output, entries: list[tuple[Question, np.ndarray]]) -> Answers:
    """Compare what came for one output with what each misconception gives on the same inputs."""
    found: dict[str, Evidence] = defaultdict(Evidence)
    for asked, got in entries:
        tolerance, case = tolerance_of(output, asked.inputs, got), asked.case.name
        known, right = asked.lineup(output.path, tolerance), asked.right[output.path]
        for name in known.in_shape_alone:
            found[name].in_shape_alone = True
        met, as_right = known.met_by(got), near(got, right, tolerance)
        for name, wrong in asked.wrong.items():
            evidence, shows = found[name], name in known.showing
            if shows:
                evidence.shows.add(case)
            if name in met or (output.path not in wrong and as_right):
                evidence.in_step.add(case)
                if shows:
                    evidence.explains.add(case)
    return Answers(output, {asked.case.name: (asked, got) for asked, got in entries}, dict(found))
