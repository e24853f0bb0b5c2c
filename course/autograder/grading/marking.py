"""From a submission to its marks: take it in, run it locked in, judge it. A pure function, in a worker of its own.

What it depends on is the submission, the release, the course's secret and the code's fingerprint; `digest` is
those four in one line, so that a second run knows what it need not do again.
"""

import gc
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.class_mistakes.mistake import ClassMistake
from course.autograder.grading.fingerprint import course_version
from course.autograder.intake.find import Handed, fingerprint, look_through
from course.autograder.intake.released import Release, read_release
from course.autograder.intake.take_in import Intake, taken_in
from course.autograder.intake.timestamp import FILE, HandedInAt, handed_in_at
from course.autograder.judging import seed_for
from course.autograder.judging.rules import STANDARD, Counting, Rules
from course.autograder.sandbox.limits import Limits
from course.common.text import printable
from course.languages.saying import ENGLISH, choose

# New objects after which a worker searches for those that nobody needs any more. Python's own 700 have it look through a
# notebook's cells and a check's cases again and again while they are in use.
SEARCH_AFTER = 20_000
UNTIMED = "the time of handing in could not be read; it counts as in time until a person has looked at it"
TIMED_BY_A_PERSON = (
    "{}; it counts as in time. Write the time, such as 2026-11-26 01:45:34 UTC, into that file and grade again, "
    "or leave it so"
)


@dataclass(frozen=True)
class Task:
    """What a worker needs to know of one submission.

    Attributes:
        student, assignment: names.
        folder: where the submission lies.
        released: the notebook as students got it.
        secret: the course's.
        places: `HandIn.places`, when it lies elsewhere, or in more than one place.
        noted: `HandIn.notes`.
        class_mistakes: what the instructor has given names to, beside the checks' own.
        rules: how answers are judged.
        counting: questions that count otherwise than students were told.
        language: in which the student is spoken to.
    """

    student: str
    assignment: str
    folder: Path
    released: Path
    secret: str
    places: tuple[Path, ...] = ()
    noted: tuple[str, ...] = ()
    class_mistakes: tuple[ClassMistake, ...] = ()
    rules: Rules = STANDARD
    counting: tuple[Counting, ...] = ()
    language: str = ENGLISH

    @property
    def where(self) -> tuple[Path, ...]:
        """The places that the submission lies in."""
        return self.places or (self.folder,)

    @property
    def handed_in_at(self) -> HandedInAt:
        """When it was handed in, by the first `timestamp.txt` in its places."""
        timed = (place for place in self.where if (place / FILE).exists() or (place / FILE).is_symlink())
        return handed_in_at(next(timed, self.folder))


@dataclass(frozen=True)
class Opened:
    """A hand-in with all that its marks depend on at hand; its task's paths and secret are not looked at any more.

    Attributes:
        task: what is to be marked, and how.
        handed: the files that were handed in.
        at: when.
        released: bytes of the notebook as students got it.
        seed: what the student's cases are drawn from.
        digest: one line for everything that the marks depend on.
    """

    task: Task
    handed: Handed
    at: HandedInAt
    released: bytes
    seed: int
    digest: str


def opened(task: Task) -> Opened:
    """A hand-in as it lies on this machine's disk. Raises OSError where that cannot be read."""
    handed, at, released = look_through(task.where), task.handed_in_at, task.released.read_bytes()
    seed = seed_for(task.secret, task.student, task.assignment)
    return Opened(task, handed, at, released, seed, _digest(task, handed, at, released))


def digest(task: Task) -> str:
    """One line for everything that the marks depend on; what stands before the dot is of what was handed in alone."""
    return opened(task).digest


def _digest(task: Task, handed: Handed, at: HandedInAt, released: bytes) -> str:
    parts = [
        task.student,
        task.assignment,
        course_version(),
        task.secret,
        at.utc or "",
        at.problem,
        repr(task.rules),
        *map(repr, task.counting),
        *([task.language] if task.language != ENGLISH else ()),
        *task.noted,
    ]
    rest = hashlib.blake2b("\0".join(parts).encode(), digest_size=12)
    rest.update(b"\0" + released)
    for mistake in task.class_mistakes:
        rest.update(f"\0{mistake}".encode())
    return f"{fingerprint(handed).hex()}.{rest.hexdigest()}"


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
    for counting in task.counting:
        intake = intake.noting(counting.said)
    if at.problem:
        intake = intake.noting(UNTIMED).for_a_person(TIMED_BY_A_PERSON.format(at.problem))
    about = {"notes": list(intake.notes), "needs_person": list(intake.needs_person)}
    result.notebook.metadata["course"] = about
    return Marked(
        student=task.student,
        assignment=task.assignment,
        digest=one.digest,
        notebook=_written(result.notebook),
        points=counted({name: verdict.points for name, verdict in result.ledger.items()}, task.counting),
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


# --- a worker process: one engine, kept warm -----------------------------------------------------------------

_engine: Any = None


def start_worker(limits: Limits, isolated: bool, language: str = ENGLISH) -> None:
    """Make this process a worker: it ends with its parent, and has an engine of its own."""
    global _engine
    from course.autograder.engine.engine import Engine
    from course.autograder.grading.workers import end_with_parent

    end_with_parent()
    choose(language)
    gc.set_threshold(SEARCH_AFTER)
    _engine = Engine(limits, isolated=isolated)


def first_times() -> None:
    """Go through what is slow the first time: the device is chosen, a schema and templates compiled, files that count read."""
    from course.autograder.engine.outputs import verdict_outputs
    from course.autograder.judging import judge
    from course.reference.device import device

    device()
    course_version()
    verdict_outputs(judge("no such check", graded=True), 1)
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]))


def mark_here(one: Task | Opened) -> Marked:
    """Mark with this worker's engine; whatever goes wrong is a sentence."""
    try:
        return mark(one, _engine)
    except Exception as error:
        task = one if isinstance(one, Task) else one.task
        return Marked(task.student, task.assignment, failure=in_a_sentence(error))


def in_a_sentence(error: BaseException) -> str:
    """An error that nobody foresaw, in one line."""
    told = str(error).strip().splitlines() or [""]
    return printable(f"{type(error).__name__}: {told[0][:300]}")
