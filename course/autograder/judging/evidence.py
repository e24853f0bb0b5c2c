"""What speaks for a mistake: the cases on which it would show, and those on which it gives exactly what came."""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from course.autograder.checks.language.spec import Output
from course.autograder.judging.asking import Question
from course.autograder.judging.comparing import near, tolerance_from
from course.autograder.judging.lineup import Lineup

ENOUGH = 0.25  # of the cases on which a mistake would show, where it explains all that fails
HALF = 0.5  # of them, where some of what fails is left unexplained: cases whose sizes coincide meet more than one name
MANY = 8  # failing cases, of which a mistake may meet one by chance: it needs all on which it would show
FEW = 8  # values: shapes and counts meet by chance more often
MOST = 0.75  # of them, for so few values


@dataclass(slots=True)
class Evidence:
    """What speaks for one mistake in one output; all by the names of cases.

    Attributes:
        shows: where it would show.
        explains: where it shows and gives exactly what came.
        in_step: where what came is what it gives, those included where it must not show.
        in_shape_alone: whether it says nothing of the values.
        few: whether an answer here is so few values that they meet by chance.
        let_through: whether it explains nothing but what had to be refused: one number too small tells little.
    """

    shows: set[str] = field(default_factory=set)
    explains: set[str] = field(default_factory=set)
    in_step: set[str] = field(default_factory=set)
    in_shape_alone: bool = False
    few: bool = False
    let_through: bool = False

    def enough(self, failing: set[str]) -> bool:
        """Whether it may be named: a case that the mistake does not touch is no evidence for it.

        Args:
            failing: the cases on which the output is wrong.
        """
        if not self.explains:
            return False
        by_chance = len(self.explains) == 1 and (self.let_through or len(failing) >= MANY)
        whole = 1.0 if self.in_shape_alone or by_chance else MOST if self.few else HALF
        least = HALF if self.let_through else ENOUGH
        wanted = least if failing <= self.explains and not self.in_shape_alone else whole
        return len(self.explains) >= wanted * len(self.shows)


@dataclass(frozen=True)
class Answers:
    """What came for one output, case by case, and what speaks for each mistake.

    Attributes:
        output: which.
        by_case: the question and what came.
        evidence: by the mistake's name, of those that are in step on some case.
    """

    output: Output
    by_case: dict[str, tuple[Question, np.ndarray]]
    evidence: dict[str, Evidence]


def gather(output: Output, entries: list[tuple[Question, np.ndarray]]) -> Answers:
    """Compare what came for one output with what each misconception gives on the same inputs.

    Of a mistake that is in step nowhere there is nothing to say, and it gets no `Evidence`.
    """
    in_step: defaultdict[str, set[str]] = defaultdict(set)
    lineups: list[tuple[str, Lineup]] = []
    few = False
    refused = {asked.case.name for asked, _ in entries if asked.case.raises}
    for asked, got in entries:
        case, right = asked.case.name, asked.right[output.path]
        tolerance = tolerance_from(output, asked.single, got)
        known = asked.lineup(output.path, tolerance)
        lineups.append((case, known))
        met = known.met_by(got)
        if near(got, right, tolerance):
            met |= known.silent
        for name in met:
            in_step[name].add(case)
        few = max(got.size, right.size) <= FEW and right.dtype.kind in "iu"
    in_shape_alone = frozenset[str]().union(*(known.in_shape_alone for _, known in lineups))
    found: dict[str, Evidence] = {}
    for name, cases in in_step.items():
        shows = {case for case, known in lineups if name in known.showing}
        explains = shows & cases
        found[name] = Evidence(
            shows=shows,
            explains=explains,
            in_step=cases,
            in_shape_alone=name in in_shape_alone,
            few=few,
            let_through=explains <= refused,
        )
    names = dict.fromkeys(itertools.chain.from_iterable(asked.wrong for asked, _ in entries))
    in_order = {name: found[name] for name in names if name in found}
    return Answers(output, {asked.case.name: (asked, got) for asked, got in entries}, in_order)
