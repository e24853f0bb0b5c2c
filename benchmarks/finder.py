"""How well the mistake finder groups: every mistake that has a name loses it, and is looked for again.

    python -m benchmarks.finder [ASSIGNMENT ...]

The answers are those of the banks (`data/sample_class`) and, for each misconception of a check, what Paddle computes as its
answer: the same mistake written by somebody else. They are asked on one class's cases. Then each misconception is taken out
of its check, one at a time, and all of them at once, and what has no name is grouped.
"""

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from rich.table import Table

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import Reply, perform
from course.autograder.checks.language.spec import Check, overlay
from course.autograder.engine.engine import as_seed
from course.autograder.grading.class_mistakes.fingerprints import Answered
from course.autograder.insight.groups import Trace, grouped, rests, trace
from course.autograder.judging import judge_with, question
from course.autograder.judging.answers import (
    assignments_with_a_bank,
    functions_of,
    sources_with,
    users_of,
    wrong_answers,
)
from course.autograder.judging.asking import Question
from course.autograder.judging.lineup import in_shape_alone
from course.autograder.judging.verdict import Verdict
from course.common.console import console, progress

SEED = as_seed("the class of a benchmark")


@dataclass(frozen=True)
class Asked:
    """One wrong answer to one check: who wrote it, and what came."""

    writer: str
    answered: Answered


@dataclass
class Count:
    """What was found."""

    mistakes: int = 0
    whole: int = 0
    mixed: int = 0
    versions: int = 0
    several: int = 0  # mistakes with two answers or more: of a single one it is only asked whether it is found, and alone
    several_whole: int = 0
    named: int = 0  # explained whole by a name that is left: there is no group to be found
    lost: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Count") -> "Count":
        """Both together."""
        self.mistakes, self.whole = self.mistakes + other.mistakes, self.whole + other.whole
        self.mixed, self.versions = self.mixed + other.mixed, self.versions + other.versions
        self.several += other.several
        self.several_whole += other.several_whole
        self.named += other.named
        self.lost += other.lost
        return self


# --- asking --------------------------------------------------------------------------------------------------


def asked_of(
    check: Check, functions: dict[str, Callable[..., Any]], seed: int = SEED
) -> dict[str, tuple[Question, Reply]]:
    """What functions answer on one class's cases, in this process: for code of the repository alone."""
    own = {name: functions[name] for name in check.functions}
    found = {}
    for index, case in enumerate(check.cases + check.hidden):
        asked = question(check.name, index, seed)
        found[case.name] = (asked, perform(check.steps_of(case), asked.inputs, check.asked_for, own))
    return found


def by_paddle(check: Check, seed: int = SEED) -> Iterator[Asked]:
    """Each misconception as somebody's answer."""
    if check.observe is not None:
        return  # a draw is the student's own
    for m in check.misconceptions:
        answered = {}
        for index, case in enumerate(check.cases + check.hidden):
            asked = question(check.name, index, seed)
            wrong = asked.wrong[m.name]
            values = overlay(asked.right, wrong)
            if case.raises:
                reply = Reply(dict(wrong)) if wrong else Reply(problem=_raised(case.raises))
            else:
                reply = Reply(dict(values))
            answered[case.name] = (asked, reply)
        if not any(
            in_shape_alone(wrong, asked.right[path])
            for asked, _ in answered.values()
            for path, wrong in asked.wrong[m.name].items()
        ):  # nobody's answer is NaN everywhere
            yield Asked(f"Paddle: {m.name}", answered)


def _raised(name: str) -> Any:
    from course.autograder.checks.language.plain import Problem

    return Problem("raised", f"{name}: no", (name,))


def from_bank(assignment: str, seed: int = SEED) -> dict[str, list[Asked]]:
    """The bank's wrong answers by check, wherever the function that the mistake is made in is used."""
    found: dict[str, list[Asked]] = defaultdict(list)
    for wrong in wrong_answers(assignment):
        functions = functions_of(assignment, sources_with(assignment, [wrong]))
        users = users_of(assignment, wrong.function)
        for name in list_checks(assignment):
            check = find_check(name)
            if users & set(check.functions):
                found[name].append(Asked(wrong.id, asked_of(check, functions, seed)))
    return found


def without(
    check: Check, answered: Answered, *names: str
) -> tuple[Verdict, dict[str, tuple[Question, Reply]]]:
    """The verdict of a check that does not know some of its misconceptions, and what it was given on.

    It has no makings either: their pieces would tell the same mistakes.
    """
    known = tuple(m for m in check.misconceptions if m.name not in names)
    bare = replace(check, misconceptions=known, makings={})
    heard = {case: (_bare(asked, bare), reply) for case, (asked, reply) in answered.items()}
    cases = [case.name for case in check.cases + check.hidden]
    replies = iter([heard[case][1] for case in cases])
    verdict = judge_with(
        bare, lambda *_: next(replies), graded=True, questions=lambda index: heard[cases[index]][0]
    )
    return verdict, heard


def _bare(asked: Question, bare: Check) -> Question:
    made = replace(asked, check=bare)
    made.__dict__["right"] = asked.right
    known = {m.name for m in bare.misconceptions}
    made.__dict__["wrong"] = {name: wrong for name, wrong in asked.wrong.items() if name in known}
    return made


# --- counting ------------------------------------------------------------------------------------------------


def label_of(verdict: Verdict) -> frozenset[tuple[str, str]]:
    """What a check that knows all its mistakes says of an answer: output and name; empty unless that explains all."""
    told = {(f.output, f.misconception) for f in verdict.findings if not f.scope and f.kind != "changed"}
    whole = all(name for _, name in told) and not any(f.scope for f in verdict.findings)
    return frozenset(told) if whole else frozenset()


def counted(check: Check, answers: Sequence[Asked]) -> tuple[Count, Count]:
    """With each mistake's name taken out by itself, and with all of them out at once."""
    labels: dict[str, frozenset[tuple[str, str]]] = {}
    open_already: dict[str, Trace] = {}
    for one in answers:
        verdict, heard = without(check, one.answered)
        labels[one.writer] = label_of(verdict)
        if (seen := trace(check, verdict, heard)) is not None:
            open_already[one.writer] = seen
    singly = Count()
    for m in check.misconceptions:
        members: dict[str, Any] = {}
        traces: dict[str, Trace | None] = dict(open_already)
        named = 0
        for one in answers:
            outputs = frozenset(output for output, name in labels[one.writer] if name == m.name)
            if not outputs:
                continue
            verdict, heard = without(check, one.answered, m.name)
            traces[one.writer] = trace(check, verdict, heard)
            if any(rests(check, f) for f in verdict.findings):
                continue  # its forward pass is wrong: this is a consequence
            if traces[one.writer] is None and label_of(verdict):
                named += 1
            else:
                members[one.writer] = outputs
        singly += _judged(check, m.name, members, traces)
        singly.named += named and not members
    names = tuple(m.name for m in check.misconceptions)
    every: dict[str, Trace | None] = {}
    left_out = set()
    at_once = Count()
    for one in answers:
        verdict, heard = without(check, one.answered, *names)
        every[one.writer] = trace(check, verdict, heard)
        if any(rests(check, f) for f in verdict.findings):
            left_out.add(one.writer)
        elif every[one.writer] is None and label_of(verdict):
            left_out.add(one.writer)  # what a draw itself shows has its name elsewhere
            at_once.named += 1
    for label in dict.fromkeys(label for label in labels.values() if label):
        mine = {w: label for w, its in labels.items() if its == label and w not in left_out}
        if mine:
            at_once += _judged(check, str(sorted(label)), mine, every)
    return singly, at_once


def _judged(check: Check, name: str, members: dict[str, Any], traces: dict[str, Trace | None]) -> Count:
    """Whether the answers with one mistake are one group, and nobody else is in it."""
    groups = grouped([(writer, one) for writer, one in traces.items() if one is not None])
    made = Count()
    for outputs in dict.fromkeys(members.values()):
        mine = {writer for writer, its in members.items() if its == outputs}
        holding = [set(group.students) for group in groups if mine & set(group.students)]
        whole = len(holding) == 1 and mine <= holding[0]
        strangers = {writer for group in holding for writer in group - set(members)}
        more = len(mine) > 1
        made += Count(1, int(whole), int(bool(strangers)), len(mine), int(more), int(whole and more))
        if not whole:
            parts = [sorted(group & mine) for group in holding]
            made.lost.append(
                f"{check.name}: {name}: {parts}, not found: {sorted(mine - set().union(*holding))}"
            )
        if strangers:
            made.lost.append(f"{check.name}: {name}: with {sorted(strangers)}")
    return made


def measure(assignments: Sequence[str]) -> dict[str, tuple[Count, Count]]:
    """By assignment: one at a time, and all at once."""
    found = {}
    with progress() as bar, np.errstate(all="ignore"):
        for assignment in assignments:
            bank = from_bank(assignment)
            names = list_checks(assignment)
            task = bar.add_task(assignment, total=len(names))
            singly, at_once = Count(), Count()
            for name in names:
                check = find_check(name)
                one, all_out = counted(check, [*bank[name], *by_paddle(check)])
                singly += one
                at_once += all_out
                bar.advance(task)
            found[assignment] = singly, at_once
    return found


def main(assignments: Sequence[str]) -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    found = measure(assignments or assignments_with_a_bank())
    table = Table(
        "assignment",
        "names taken out",
        "named by others",
        "mistakes",
        "versions",
        "found whole",
        "with another in it",
    )
    for place, how in enumerate(("one at a time", "all at once")):
        total = Count()
        for assignment, counts in found.items():
            total += counts[place]
            table.add_row(assignment, how, *_cells(counts[place]))
        table.add_row("all", how, *_cells(total), style="bold")
    console.print(table)
    for assignment, counts in found.items():
        for how, count in zip(("one at a time", "all at once"), counts, strict=True):
            for line in count.lost:
                console.print(f"{assignment}, {how}: {line}", markup=False, highlight=False, soft_wrap=True)


def _cells(count: Count) -> tuple[str, ...]:
    whole, mixed = (f"{n} ({n / max(1, count.mistakes):.1%})" for n in (count.whole, count.mixed))
    several = f"{count.several_whole} of {count.several}"
    return str(count.named), str(count.mistakes), str(count.versions), whole, several, mixed


if __name__ == "__main__":
    main(sys.argv[1:])
