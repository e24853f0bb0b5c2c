"""From a submission to its marks: take it in, run it locked in, judge it. A pure function, in a worker of its own."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from time import perf_counter
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.task import Opened, Task, opened
from course.autograder.intake.released import Release, read_release
from course.autograder.intake.take_in import Intake, taken_in
from course.autograder.judging.rules import Counting
from course.languages.saying import choose

UNTIMED = "the time of handing in could not be read; it counts as in time until a person has looked at it"
TIMED_BY_A_PERSON = (
    "{}; it counts as in time. Write the time, such as 2026-11-26 01:45:34 UTC, into that file and grade again, "
    "or leave it so"
)


def intake_of(one: Task | Opened) -> Intake:
    """The submission, found, read and repaired; blank, with the reason, where there is nothing to read."""
    one = opened(one) if isinstance(one, Task) else one
    return taken_in(one.handed, _release_in(one.released), one.task.assignment, one.task.noted)


@lru_cache(maxsize=16)
def _release_in(content: bytes) -> Release:
    return read_release(nbformat.reads(content.decode("utf-8"), as_version=4))


def mark(one: Task | Opened, engine: Any) -> Marked:
    """Mark one submission.

    Args:
        one: which; from this machine's disk, or brought here with all that it needs.
        engine: a started `engine.Engine`.
    """
    from course.reference.device import device

    begun = perf_counter()
    one = opened(one) if isinstance(one, Task) else one
    task, at = one.task, one.at
    choose(task.language)
    intake = intake_of(one)
    taken = perf_counter()
    result = _run(task, intake.notebook, one.seed, engine)
    for incident in result.incidents:
        intake = intake.noting(incident)
    intake = intake.for_a_person(*result.needs_person)
    earned = counted({name: verdict.points for name, verdict in result.ledger.items()}, task.counting)
    for said in (*(counting.said for counting in task.counting), task.extra.said(earned)):
        intake = intake.noting(said) if said else intake
    if at.problem:
        intake = intake.noting(UNTIMED).for_a_person(TIMED_BY_A_PERSON.format(at.problem))
    about = {"notes": list(intake.notes), "needs_person": list(intake.needs_person)}
    result.notebook.metadata["course"] = about
    return Marked(
        student=task.student,
        assignment=task.assignment,
        digest=one.digest,
        notebook=_written(result.notebook),
        points={**earned, **task.extra.counted(earned)},
        verdicts={name: verdict.as_dict() for name, verdict in result.ledger.items()},
        notes=intake.notes,
        needs_person=intake.needs_person,
        handed_in_at=at,
        device=str(device()),
        seconds={"intake": taken - begun, **result.seconds, "whole": perf_counter() - begun},
        restarts=result.restarts,
    )


def counted(points: Mapping[str, float], counting: Iterable[Counting]) -> dict[str, float]:
    """Points by grade_id as they count."""
    return {**points, **{one.name: one.of(points.get(one.name, 0.0)) for one in counting}}


def _run(task: Task, notebook: NotebookNode, seed: int, engine: Any) -> Any:
    """The graded run; where the instructor has named mistakes, with these names where nothing else had one."""
    if not task.class_mistakes:
        return engine.run(notebook, assignment=task.assignment, student_seed=seed, rules=task.rules)
    from course.autograder.grading.class_mistakes.again import Heard
    from course.autograder.grading.class_mistakes.naming import Graded, with_names

    heard = Heard()
    result = engine.run(notebook, assignment=task.assignment, student_seed=seed, seen=heard, rules=task.rules)
    return with_names(Graded(result, heard.answers, engine, notebook, task.assignment), task.class_mistakes)


def _written(notebook: NotebookNode) -> str:
    """The notebook as text. nbformat's own writer copies it twice and cuts its texts into lines first."""
    nbformat.validate(notebook)
    rest = json.dumps({**notebook, "cells": []}, ensure_ascii=False, sort_keys=True)
    # A cell a line: with an indent, Python's own encoder would have to do the work, not the one in C.
    cells = ",\n".join(json.dumps(cell, ensure_ascii=False, sort_keys=True) for cell in notebook.cells)
    return rest.replace('"cells": []', f'"cells": [\n{cells}\n]', 1) + "\n"
