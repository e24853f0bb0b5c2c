"""The driver: every submission to a worker, every result to the one writer, none lost.

Killed at any moment it can be started again: what is graded and unchanged is left alone, the rest is graded.
"""

import contextlib
import errno
import fcntl
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from course.autograder.gradebook.course import Course, GradingError, cannot_be_used
from course.autograder.gradebook.database import HeldElsewhere, locked, on_server
from course.autograder.gradebook.earlier import given_release
from course.autograder.gradebook.grades import REMOVED
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder
from course.autograder.gradebook.scores import Score, scores_of
from course.autograder.gradebook.states import DONE, STALE, State
from course.autograder.grading.class_mistakes import FILE
from course.autograder.grading.pool import marked_together
from course.autograder.grading.ready import require_all
from course.autograder.grading.task import Task, digest, in_a_sentence
from course.autograder.intake.hand_ins import find_hand_ins
from course.autograder.intake.matched import HandIn, HandIns, Unmatched
from course.autograder.sandbox.limits import Limits
from course.autograder.settings import SettingsError
from course.common.interrupts import finishing_first
from course.common.text import printable
from course.languages.saying import language

if TYPE_CHECKING:
    from course.autograder.grading.class_mistakes.mistake import ClassMistake


@dataclass(frozen=True)
class Graded:
    """One student's row: a score, or the sentence that says why there is none."""

    student: str
    score: Score | None
    failure: str = ""
    fresh: bool = True
    seconds: dict[str, float] = field(default_factory=dict)
    device: str = ""

    @property
    def why(self) -> tuple[str, ...]:
        """Why a person must look at it, a sentence each; empty when nobody must."""
        return self.score.needs_person if self.score else (self.failure,)


Marking = Callable[[list[Task], Limits], Iterator[list[Marked]]]


@dataclass(frozen=True)
class Plan:
    """How a class is graded.

    Attributes:
        jobs: workers; 0 for as many as there are cores.
        force: grade also what is graded and unchanged.
        isolated: lock submissions in; grading refuses where that cannot be had.
        limits: on each submission; those of the course when None.
        marking: what has the submissions marked, in any order; the processes of this machine when None.
    """

    jobs: int = 0
    force: bool = False
    isolated: bool = True
    limits: Limits | None = None
    marking: Marking | None = None

    def marked(self, tasks: list[Task], limits: Limits) -> Iterator[list[Marked]]:
        """Each task's marks as they come; those in one list that came together."""
        if self.marking is not None:
            return self.marking(tasks, limits)
        return marked_together(tasks, self.jobs, limits, self.isolated)


def as_dict(row: Graded) -> dict[str, Any]:
    """A row as plain data for JSON."""
    score = row.score
    if score is None:
        return {"student": printable(row.student), "failure": row.failure, "needs_person": list(row.why)}
    cells = [asdict(cell) for cell in score.cells]
    return {
        "student": row.student, "assignment": score.assignment, "points": score.points,
        "max_points": score.max_points, "extra_credit": score.extra, "max_extra_credit": score.max_extra,
        "to_grade_by_hand": score.waiting, "cells": cells,
        "notes": list(score.notes), "needs_person": list(row.why), "seconds": row.seconds,
    }  # fmt: skip


def handed_in(course: Course, assignment: str) -> HandIns:
    """Everything under `submitted/` that may belong to an assignment."""
    with course.gradebook() as gradebook:
        known = [student.id for student in gradebook.students]
    return find_hand_ins(course.folder("submitted"), assignment, course.assignments(), known)


@contextlib.contextmanager
def alone(root: Path, database: str = "", assignment: str = "") -> Iterator[None]:
    """Hold what one driver needs for itself: the course folder, where the gradebook is a file in it.

    Where it is on a server, drivers on several machines may write to it, each to another assignment: then that is held,
    in the database.

    Raises:
        GradingError: when another has it.
    """
    if not (database and on_server(database)):
        with held(root, ".grading.lock"):
            yield
        return
    with contextlib.ExitStack() as opened:
        try:
            opened.enter_context(locked(database, f"grading {assignment}"))
        except HeldElsewhere as who:
            raise GradingError(
                f"another grading run ({who}) is at work on {assignment} in this gradebook; wait for it, or stop it"
            ) from None
        except SQLAlchemyError as error:
            raise GradingError(cannot_be_used(database, error)) from None
        yield


@contextlib.contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock file, which is made where it is missing. Raises GradingError when another run has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / name).open("a+")
    except OSError as error:
        raise GradingError(f"nothing can be written into {folder}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            raise GradingError(
                f"another grading run (process {who}) is at work in {folder}; wait for it, or stop it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def wanted_of(
    course: Course, assignment: str, found: HandIns, students: Sequence[str] | None
) -> dict[str, HandIn]:
    """The hand-ins asked for, by student. Raises GradingError for one that is not there, and where nothing is."""
    have = found.by_student
    unknown = sorted(set(students or ()) - set(have))
    if unknown:
        raise GradingError(
            f"no submission of {assignment} from {', '.join(unknown)} under {course.folder('submitted')}"
        )
    if not have and not found.unmatched:
        where = course.folder("submitted") / "STUDENT" / assignment
        raise GradingError(
            f"nothing is submitted for {assignment}; submissions belong at {where}/{assignment}.ipynb"
        )
    return {student: have[student] for student in dict.fromkeys(students or have)}


def task_of(
    course: Course, assignment: str, student: str, hand_in: HandIn, released: Path, secret: str
) -> Task:
    """One hand-in as a worker gets it. Raises GradingError where mistakes.toml or course.toml is not as it should be."""
    folder = course.folder("submitted") / student / assignment
    mistakes = class_mistakes(course.root, assignment)
    noted, rules = tuple(hand_in.notes), course.rules
    places, spoken = hand_in.places, language()
    counting = course.counting(assignment)
    given = given_release(course, assignment, released, places or (folder,))
    extra = course.extra_credit(assignment)
    return Task(
        student, assignment, folder, given, secret, places, noted, mistakes, rules, counting, extra, spoken
    )


def class_mistakes(root: Path, assignment: str) -> "tuple[ClassMistake, ...]":
    """The mistakes that the instructor has named. Raises GradingError, in one sentence, where their file is wrong."""
    path = root / FILE
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    try:
        return _mistakes_at(root, assignment, stamp) if stamp else ()
    except SettingsError as error:
        raise GradingError(str(error)) from None


@functools.lru_cache(maxsize=16)
def _mistakes_at(root: Path, assignment: str, stamp: int) -> "tuple[ClassMistake, ...]":
    """Read once for a whole class, and with all that this takes only where there is a file."""
    from course.autograder.grading.class_mistakes.file import read_mistakes

    return read_mistakes(root, assignment)


def grade(
    root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    plan: Plan | None = None,
    *,
    on_start: Callable[[int, int], None] = lambda to_do, up_to_date: None,
    on_row: Callable[[Graded], None] = lambda row: None,
    on_unmatched: Callable[[Sequence[Unmatched]], None] = lambda things: None,
) -> list[Graded]:
    """Grade a class.

    Args:
        root: the course folder.
        assignment: its name.
        students: whom; everyone with something under `submitted/` when None.
        plan: how.
        on_start: told how many there are to do, and how many are up to date.
        on_row: told each row as it comes.
        on_unmatched: told what lies under `submitted/` and is nobody's for sure.

    Returns:
        A row for every student asked for, by name.

    Raises:
        GradingError: when nothing can be graded at all: no such assignment or student, nothing submitted, another
            driver at work, no isolation to be had, nowhere to write; or when it cannot go on, with the disk full say.
    """
    plan = plan or Plan()
    course = Course(root)
    course.require(assignment)
    with alone(course.root, course.db_url, assignment):
        found = handed_in(course, assignment)
        wanted = wanted_of(course, assignment, found, students)
        limits = plan.limits or course.limits()
        released, secret = require_all(
            course,
            assignment,
            plan.jobs,
            plan.isolated and plan.marking is None,
            len(wanted),
            anew=plan.force and not students,
        )
        on_unmatched(found.unmatched)
        rows: dict[str, Graded] = {}
        with Recorder(course, assignment) as recorder:
            tasks = []
            named = set(wanted if students else ())
            for one, row in _looked_at(recorder, wanted, released, secret, plan.force, named):
                if row is None:
                    tasks.append(one)
                else:
                    rows[row.student] = row
                    if row.score is None:
                        on_row(row)
            on_start(len(tasks), sum(row.score is not None for row in rows.values()))
            for marks in plan.marked(tasks, limits):
                with finishing_first():
                    for row in entered_together(recorder, marks, len(rows)):
                        rows[row.student] = row
                        on_row(row)
    return [rows[student] for student in sorted(rows)]


def _looked_at(
    recorder: Recorder, wanted: dict[str, HandIn], released: Path, secret: str, force: bool, named: set[str]
) -> Iterator[tuple[Task, Graded | None]]:
    """Each student's task, and the row of those for whom there is nothing to do."""
    states, scores = recorder.states(), scores_of(recorder.gradebook, recorder.assignment, recorder.order)
    known = {student.id for student in recorder.gradebook.students}
    for student, hand_in in wanted.items():
        task = task_of(recorder.course, recorder.assignment, student, hand_in, released, secret)
        state, score = states.get(student, State()), scores.get(student)
        if state.state in (DONE, STALE) and student not in known and not (force or student in named):
            yield task, Graded(student, None, REMOVED, fresh=False)
        elif score is not None and not force and up_to_date(recorder.course, task, state):
            yield task, Graded(student, score, fresh=False)
        else:
            yield task, None


def up_to_date(course: Course, task: Task, state: State) -> bool:
    """Whether a submission is graded and nothing that its marks depend on has changed."""
    graded = course.graded_notebook(task.assignment, task.student)
    try:
        return state.state == DONE and graded.is_file() and state.digest == digest(task)
    except OSError:
        return False  # it cannot be read; the worker will say so


def entered_together(recorder: Recorder, marks: Sequence[Marked], so_far: int) -> list[Graded]:
    """Enter marks that came together, in one transaction; where that fails, one after the other."""
    if len(marks) > 1:
        try:
            scores = recorder.record_all(marks)
        except Exception:
            recorder.db.rollback()
        else:
            return [_row(marked, scores.get(marked.student)) for marked in marks]
    return [entered(recorder, marked, so_far + done) for done, marked in enumerate(marks)]


def entered(recorder: Recorder, marked: Marked, so_far: int) -> Graded:
    """Enter marks into the gradebook; where that fails, it costs this row alone, unless all others would fail as well."""
    try:
        return _row(marked, recorder.record(marked))
    except GradingError:
        raise
    except Exception as error:
        recorder.db.rollback()
        if _disk_full(error):
            raise GradingError(
                f"the disk is full; {so_far} submissions are graded and kept. Make room, and run the same command again"
            ) from None
        return Graded(marked.student, None, f"the gradebook did not take it: {in_a_sentence(error)}")


def _row(marked: Marked, score: Score | None) -> Graded:
    if score is None:
        return Graded(marked.student, None, marked.failure)
    return Graded(marked.student, score, seconds=marked.seconds, device=marked.device)


def _disk_full(error: Exception) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "database or disk is full" in str(error)
