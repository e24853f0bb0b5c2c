"""How well a named mistake is known again on other cases, where it can be stated as a relation.

    python -m benchmarks.named_again [ASSIGNMENT ...]

Each misconception of a check loses its name and is named as an instructor would name its group, on one class's cases. Then
all wrong answers to the check, those with other mistakes included, are asked on the next class's, with no names known.
"""

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from benchmarks.finder import Asked, by_paddle, from_bank, label_of, without
from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.spec import Check
from course.autograder.engine.engine import as_seed
from course.autograder.grading.class_mistakes.fingerprints import Answered, unnamed_outputs
from course.autograder.grading.class_mistakes.mistake import ClassMistake
from course.autograder.insight.groups import trace
from course.autograder.judging.answers import assignments_with_a_bank
from course.common.console import console, progress

NEXT = as_seed("the next class of a benchmark")


@dataclass
class Known:
    """Mistakes named, those of them stated as relations, and what became of the answers to these."""

    named: int = 0
    stated: int = 0
    members: int = 0
    known: int = 0
    others: int = 0
    mistaken: int = 0

    def __iadd__(self, other: "Known") -> "Known":
        """Both together."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


def counted(check: Check, now: Sequence[Asked], then: Sequence[Asked]) -> Known:
    """One check.

    Args:
        check: which.
        now, then: the same wrong answers on the cases of one class and of the next.
    """
    found = Known()
    labels = {one.writer: label_of(without(check, one.answered)[0]) for one in now}
    everything = [m.name for m in check.misconceptions]
    later: dict[str, tuple[Answered, tuple[str, ...]]] = {}
    for one in then:
        verdict, heard = without(check, one.answered, *everything)
        later[one.writer] = heard, unnamed_outputs(check, verdict.findings)
    for label in dict.fromkeys(label for label in labels.values() if label):
        first = next(one for one in now if labels[one.writer] == label)
        seen = trace(check, *without(check, first.answered, *everything))
        if seen is None:
            continue
        found.named += 1
        if not seen.relations:
            continue
        found.stated += 1
        mistake = ClassMistake(check.assignment, check.name, "a", "A.", seen.relations)
        for writer, (heard, outputs) in later.items():
            is_it = bool(outputs) and mistake.explains(check, heard, outputs)
            if labels[writer] == label:
                found.members, found.known = found.members + 1, found.known + is_it
            elif not set(label) & set(labels[writer]):
                found.others, found.mistaken = found.others + 1, found.mistaken + is_it
    return found


def main(assignments: Sequence[str]) -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    table = Table(
        "assignment", "mistakes", "stated", "answers with them", "known again", "other answers", "called so"
    )
    total = Known()
    with progress() as bar, np.errstate(all="ignore"):
        for assignment in assignments or assignments_with_a_bank():
            now, then, one = from_bank(assignment), from_bank(assignment, NEXT), Known()
            names = list_checks(assignment)
            task = bar.add_task(assignment, total=len(names))
            for name in names:
                check = find_check(name)
                one += counted(check, [*now[name], *by_paddle(check)], [*then[name], *by_paddle(check, NEXT)])
                bar.advance(task)
            table.add_row(assignment, *map(str, vars(one).values()))
            total += one
    table.add_row("all", *map(str, vars(total).values()), style="bold")
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
