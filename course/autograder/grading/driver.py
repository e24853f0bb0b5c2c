"""The driver: every submission to a worker, every result to the one writer, none lost.

Killed at any moment it can be started again: what is graded and unchanged is left alone, the rest is graded.
"""

import contextlib
import csv
import fcntl
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.utils import parse_utc

from course.autograder.gradebook.course import DONE, Course, GradingError, Score, score_in
from course.autograder.gradebook.record import Recorder
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading.marking import (
    Marked,
    Task,
    digest,
    in_a_sentence,
    mark_here,
    printable,
    start_worker,
)
from course.autograder.grading.workers import bare_main, judging_context
from course.autograder.sandbox.limits import Limits

AHEAD = 4  # submissions under way or waiting for the writer, for each worker: memory stays flat
# A worker's share before all are replaced, which takes half a second. Paddle 3.3 keeps about 110 bytes of every tensor
# that is made from an array, some 55 kB for each submission: without new workers a large class would grow.
FRESH_AFTER = 250
TRIES = 2  # a submission during which the worker died is tried once more, alone


@dataclass(frozen=True)
class Graded:
    """One student's row: a score, or the sentence that says why there is none."""

    student: str
    score: Score | None
    failure: str = ""
    fresh: bool = True
    seconds: dict[str, float] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True)
class Plan:
    """How a class is graded.

    Attributes:
        jobs: workers; 0 for as many as there are cores.
        force: grade also what is graded and unchanged.
        isolated: lock submissions in; grading refuses where that cannot be had.
        limits: on each submission.
    """

    jobs: int = 0
    force: bool = False
    isolated: bool = True
    limits: Limits = Limits()  # noqa: RUF009 - frozen


def as_dict(row: Graded) -> dict[str, Any]:
    """A row as plain data for JSON."""
    score = row.score
    if score is None:
        return {"student": row.student, "failure": row.failure}
    cells = [asdict(cell) for cell in score.cells]
    return {
        "student": row.student, "assignment": score.assignment, "points": score.points,
        "max_points": score.max_points, "cells": cells, "notes": list(score.notes),
        "seconds": row.seconds,
    }  # fmt: skip


def students_of(course: Course, assignment: str) -> list[str]:
    """Every student with a folder for the assignment, empty or not."""
    return sorted(
        path.parent.name for path in course.folder("submitted").glob(f"*/{assignment}") if path.is_dir()
    )


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the course folder for one driver. Raises GradingError when another has it."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".grading.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            raise GradingError(
                f"another grading run (process {who}) is at work in {root}; wait for it, or stop it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _wanted(course: Course, assignment: str, students: Sequence[str] | None) -> list[str]:
    course.require(assignment)
    have = students_of(course, assignment)
    unknown = sorted(set(students or ()) - set(have))
    if unknown:
        raise GradingError(
            f"no submission of {assignment} from {', '.join(unknown)} under {course.folder('submitted')}"
        )
    if not have:
        where = course.folder("submitted") / "STUDENT" / assignment
        raise GradingError(
            f"nothing is submitted for {assignment}; submissions belong at {where}/{assignment}.ipynb"
        )
    return list(dict.fromkeys(students or have))


def grade(
    root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    plan: Plan | None = None,
    *,
    on_start: Callable[[int, int], None] = lambda to_do, up_to_date: None,
    on_row: Callable[[Graded], None] = lambda row: None,
) -> list[Graded]:
    """Grade a class.

    Args:
        root: the course folder.
        assignment: its name.
        students: whom; everyone with a folder under `submitted/` when None.
        plan: how.
        on_start: told how many there are to do, and how many are up to date.
        on_row: told each row as it comes.

    Returns:
        A row for every student asked for, by name.

    Raises:
        GradingError: when nothing can be graded at all: no such assignment or student, nothing submitted, another
            driver at work, no isolation to be had.
    """
    plan = plan or Plan()
    course = Course(root)
    wanted = _wanted(course, assignment, students)
    with alone(course.root):
        released = course.folder("release") / assignment / f"{assignment}.ipynb"
        if not released.exists():
            course.release(assignment)
        secret = course_secret(course.root)
        _require_isolation(plan)
        with Recorder(course, assignment) as recorder:
            states = recorder.states()
            tasks = []
            rows: dict[str, Graded] = {}
            for student in wanted:
                if (named := printable(student)) != student:
                    rows[named] = Graded(named, None, "the folder's name is not UTF-8 text; rename it")
                    on_row(rows[named])
                    continue
                folder = course.folder("submitted") / student / assignment
                task = Task(student, assignment, folder, released, secret)
                if not plan.force and _up_to_date(task, states):
                    rows[student] = Graded(student, course.score(assignment, student), fresh=False)
                else:
                    tasks.append(task)
            on_start(len(tasks), sum(row.score is not None for row in rows.values()))
            for marked in _all_marked(tasks, plan):
                rows[marked.student] = _entered(recorder, marked)
                on_row(rows[marked.student])
    return [rows[student] for student in sorted(rows)]


def _up_to_date(task: Task, states: Mapping[str, tuple[str, str]]) -> bool:
    try:
        return states.get(task.student) == (DONE, digest(task))
    except OSError:
        return False  # it cannot be read; the worker will say so


def _entered(recorder: Recorder, marked: Marked) -> Graded:
    """Enter marks into the gradebook; where that fails, it costs this row alone."""
    course, assignment, student = recorder.course, marked.assignment, marked.student
    try:
        recorder.record(marked, timestamp_of(course, assignment, student))
        if marked.failure:
            return Graded(student, None, marked.failure)
        score = score_in(recorder.gradebook, assignment, student, recorder.order, marked.named, marked.notes)
        return Graded(student, score, seconds=marked.seconds, device=marked.device)
    except Exception as error:
        recorder.db.rollback()
        return Graded(student, None, f"the gradebook did not take it: {in_a_sentence(error)}")


def _require_isolation(plan: Plan) -> None:
    from course.autograder.sandbox.confinement import missing

    if plan.isolated and (lacks := missing()):
        raise GradingError(
            f"submissions cannot be locked in on this machine: {'; '.join(lacks)}. "
            "Grade elsewhere, or trust every submission and say --no-sandbox"
        )


def timestamp_of(course: Course, assignment: str, student: str) -> str | None:
    """When it was handed in, from the exchange's timestamp.txt where there is one that can be read."""
    path = course.folder("submitted") / student / assignment / "timestamp.txt"
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 200:
            return None
        stamp = path.read_text(encoding="utf-8", errors="replace").strip()
        parse_utc(stamp)
        return stamp or None
    except (OSError, ValueError, OverflowError):
        return None


# --- workers -------------------------------------------------------------------------------------------------


def _all_marked(tasks: list[Task], plan: Plan) -> Iterator[Marked]:
    """Each task's marks as they come; a dead worker costs nobody else's."""
    waiting = deque((task, 1) for task in tasks)
    while waiting:
        jobs = min(plan.jobs or os.cpu_count() or 1, len(waiting))
        turn = deque(waiting.popleft() for _ in range(min(len(waiting), jobs * FRESH_AFTER)))
        yield from _with_pool(turn, jobs, plan)
        waiting.extendleft(reversed(turn))  # what a pool that broke has left


def _with_pool(waiting: deque[tuple[Task, int]], jobs: int, plan: Plan) -> Iterator[Marked]:
    """Work on until the pool breaks or nothing is left; what was under way then goes back, to be tried alone."""
    with ProcessPoolExecutor(jobs, judging_context(), start_worker, (plan.limits, plan.isolated)) as pool:
        under_way: dict[Future[Marked], tuple[Task, int]] = {}
        try:
            while waiting or under_way:
                alone_now = any(tries > 1 for _, tries in under_way.values())
                while waiting and len(under_way) < jobs * AHEAD and not alone_now:
                    if waiting[0][1] > 1 and under_way:
                        break
                    task, tries = waiting.popleft()
                    with bare_main():  # the first one starts the workers
                        under_way[pool.submit(mark_here, task)] = (task, tries)
                    alone_now = tries > 1
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    marked = future.result()
                    del under_way[future]
                    yield marked
        except BrokenProcessPool:
            for task, tries in under_way.values():
                if tries < TRIES:
                    waiting.append((task, tries + 1))
                else:
                    told = "the worker that graded it died, twice; is there memory left on this machine?"
                    yield Marked(task.student, task.assignment, failure=told)


# --- results -------------------------------------------------------------------------------------------------


def write_csv(rows: Sequence[Graded], path: Path) -> None:
    """grades.csv: a line per student, a column per graded cell; complete or not there at all."""
    scored = [row.score for row in rows if row.score]
    names = list(dict.fromkeys(cell.name for score in scored for cell in score.cells))
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["student", "assignment", "points", "max_points", "to_grade_by_hand", *names, "notes"]
        )
        for row in rows:
            if row.score is None:
                writer.writerow([row.student, "", "", "", "", *[""] * len(names), row.failure])
                continue
            by_name = {cell.name: cell.points for cell in row.score.cells}
            points = [f"{by_name[name]:g}" if name in by_name else "" for name in names]
            by_hand = sum(cell.max_points for cell in row.score.cells if cell.by_hand)
            head = [
                row.student,
                row.score.assignment,
                f"{row.score.points:g}",
                f"{row.score.max_points:g}",
                f"{by_hand:g}",
            ]
            writer.writerow([*head, *points, "; ".join(row.score.notes)])
    partial.replace(path)
