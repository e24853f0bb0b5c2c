"""Two ways to run, one meaning: the bank's answers get the same verdicts in this process and in a locked fork."""

import contextlib
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course.autograder import judging, student
from course.autograder.checks import find_check
from course.autograder.engine.engine import Engine
from course.autograder.gradebook.nbgrader_steps import released_notebook
from course.autograder.judging.answers import (
    assignments_with_a_bank,
    notebook_with,
    right_answers,
    solutions,
    sources_with,
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


def cases() -> list:
    found = []
    for assignment in assignments_with_a_bank():
        group = pytest.mark.xdist_group(f"parity {assignment}")  # one worker draws its cases, once
        kept = {"the instructor's": {}}
        kept |= {answer.name: dict(answer.sources) for answer in right_answers(assignment)}
        kept |= {wrong.id: sources_with(assignment, [wrong]) for wrong in wrong_answers(assignment)[::EVERY]}
        found += [
            pytest.param(assignment, sources, id=f"{assignment}-{name}", marks=group)
            for name, sources in kept.items()
        ]
    return found


@pytest.mark.parametrize(("assignment", "sources"), cases())
def test_verdicts_are_the_same_in_process_and_graded(
    released, engine: Engine, assignment: str, sources: dict
) -> None:
    notebook = notebook_with(given(released.root, assignment), {**solutions(assignment), **sources})
    ledger = engine.run(notebook, assignment=assignment, student_seed=SEED, rules=STRICTLY).ledger
    here = in_process(notebook)
    assert ledger and set(ledger) == set(here)
    for name, there in ledger.items():
        assert there.points == here[name].points and there.misconceptions == here[name].misconceptions, name
        assert _told(there) == _told(here[name]), name


def in_process(notebook: NotebookNode) -> dict[str, Verdict]:
    """Verdicts by grade_id of the same cells, top to bottom, with the judge a function call away."""
    verdicts: dict[str, Verdict] = {}

    def judge(name: str, functions: tuple) -> None:
        verdicts[find_check(name).grade_id] = judging.judge(name, *functions, seed=SEED, graded=True)

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
