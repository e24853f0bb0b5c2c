"""Two ways to run, one meaning: the bank's answers get the same verdicts in this process and in a locked fork."""

import contextlib
import functools
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course.autograder import judging, student
from course.autograder.checks import find_check
from course.autograder.engine.engine import Engine
from course.autograder.gradebook.nbgrader_steps import released_notebook
from course.autograder.judging.answers import (
    Wrong,
    assignments_with_a_bank,
    notebook_with,
    right_answers,
    solutions,
    sources_with,
    users_of,
    wrong_answers,
)
from course.autograder.judging.rules import Rules
from course.autograder.judging.verdict import Verdict
from course.autograder.sandbox import confinement

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.filterwarnings("ignore"),
]
STRICTLY = Rules(own_gradient=0, stand_ins=False)  # follow-up marks are for a grading run alone
SEED = 11
EVERY = 6  # of the wrong answers, one in so many: all of them take minutes


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as started:
        yield started


@functools.cache
def given(root: Path, assignment: str) -> NotebookNode:
    """The notebook as students get it."""
    return released_notebook(root, assignment, assignment)


MANY = re.compile(r"^\d+ of")


@dataclass(frozen=True)
class Kept:
    """Answers of the bank, and the functions that they may make different from the instructor's; all when None."""

    assignment: str
    sources: dict[str, str]
    touched: frozenset[str] | None = None


def apart(assignment: str, answers: Sequence[Wrong]) -> list[list[Wrong]]:
    """The answers in as few hand-ins as they go into where no function's verdict hangs on two of them."""
    together: list[tuple[set[str], list[Wrong]]] = []
    for answer in answers:
        touched = set(users_of(assignment, answer.function))
        for taken, beside in together:
            if taken.isdisjoint(touched):
                taken |= touched
                beside.append(answer)
                break
        else:
            together.append((touched, [answer]))
    return [beside for _, beside in together]


def cases() -> list:
    found = []
    for assignment in assignments_with_a_bank():
        group = pytest.mark.xdist_group(f"parity {assignment}")  # one worker draws its cases, once
        kept = {"the instructor's": Kept(assignment, {})}
        kept |= {a.name: Kept(assignment, dict(a.sources)) for a in right_answers(assignment)}
        for wrong in apart(assignment, wrong_answers(assignment)[::EVERY]):
            touched = frozenset().union(*(users_of(assignment, one.function) for one in wrong))
            kept["+".join(one.id for one in wrong)] = Kept(
                assignment, sources_with(assignment, wrong), touched
            )
        found += [pytest.param(one, id=f"{assignment}-{name}", marks=group) for name, one in kept.items()]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kept", cases())
def test_verdicts_are_the_same_in_process_and_graded(released, engine: Engine, kept: Kept) -> None:
    assignment, touched = kept.assignment, kept.touched
    notebook = notebook_with(given(released.root, assignment), {**solutions(assignment), **kept.sources})
    ledger = engine.run(notebook, assignment=assignment, student_seed=SEED, rules=STRICTLY).ledger
    here = in_process(notebook, touched)
    if touched is not None:  # what is as the instructor has it, is judged as the instructor's is
        assert here
        here = {**instructors(released.root, assignment), **here}
    assert ledger and set(ledger) == set(here)
    for name, there in ledger.items():
        assert there.points == here[name].points and there.misconceptions == here[name].misconceptions, name
        assert _told(there) == _told(here[name]), name


@functools.cache
def instructors(root: Path, assignment: str) -> dict[str, Verdict]:
    """The verdicts in this process on the instructor's answer."""
    return in_process(notebook_with(given(root, assignment), solutions(assignment)))


def in_process(notebook: NotebookNode, touched: frozenset[str] | None = None) -> dict[str, Verdict]:
    """Verdicts by grade_id of the same cells, top to bottom, with the judge a function call away.

    Only the checks that are handed one of the functions in `touched`, where that is not None.
    """
    verdicts: dict[str, Verdict] = {}

    def judge(name: str, functions: tuple) -> None:
        check = find_check(name)
        if touched is not None and touched.isdisjoint(check.functions):
            return
        verdicts[check.grade_id] = judging.judge(name, *functions, seed=SEED, graded=True)

    student.use_judge(judge)
    space: dict = {"__name__": "submission"}
    try:
        for cell in notebook.cells:
            if cell.cell_type == "code" and "not-graded" not in cell.metadata.get("tags", []):
                with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell.source, "<cell>", "exec"), space)
    finally:
        student.use_judge(None)
    return verdicts


def _told(verdict: Verdict) -> list[tuple[str, str, str]]:
    """What the findings say, but for the line of source that only a notebook's cells can quote, and for how many values
    differ: one that lies right at the tolerance may fall to either side in another process."""
    return [(f.case, f.output, MANY.sub("some of", f.message.split(" (in ")[0])) for f in verdict.findings]
