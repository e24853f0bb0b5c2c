"""Feedback pages for a class: the gradebook is asked once, and warm workers write the pages."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from pathlib import Path

from course.autograder.feedback.from_gradebook import standings
from course.autograder.feedback.writing import Writing, start_worker, write_here, write_style
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.grading.marking import in_a_sentence
from course.autograder.grading.workers import bare_main

AHEAD = 4  # pages under way or waiting, for each worker
Told = tuple[str, str]  # a student, and why there is no page; '' when there is one


def graded_notebook(course: Course, assignment: str, student: str) -> Path:
    """Where a student's notebook lies with its outputs."""
    return course.folder("autograded") / student / assignment / f"{assignment}.ipynb"


def page_of(course: Course, assignment: str, student: str) -> Path:
    """Where a student's page lies, or will."""
    return course.folder("feedback") / student / assignment / f"{assignment}.html"


def without_page(root: Path, assignment: str, students: Sequence[str]) -> list[str]:
    """Those whose page is not there, or is older than what was graded: a run that was ended may not have got to it."""
    course = Course(root)

    def current(student: str) -> bool:
        graded, page = graded_notebook(course, assignment, student), page_of(course, assignment, student)
        if not page.exists() or not graded.exists():
            return page.exists()
        return page.stat().st_mtime_ns >= graded.stat().st_mtime_ns

    return [student for student in students if not current(student)]


def write_feedback(
    root: Path,
    assignment: str,
    students: Sequence[str],
    jobs: int = 0,
    on_page: Callable[[str], None] = lambda student: None,
) -> None:
    """Write the pages of these students, who are graded.

    Args:
        root: the course folder.
        assignment: its name.
        students: whose.
        jobs: how many at a time; 0 for as many as there are cores.
        on_page: told each student as the page is there.

    Raises:
        GradingError: when some pages cannot be written; it says which and why, and all others are there.
    """
    if not students:
        return
    course = Course(root)
    failed: dict[str, str] = {}
    tasks = _tasks(course, assignment, students, failed)
    for student in failed:
        on_page(student)
    write_style(course.folder("feedback"))
    for student, why in _written(tasks, jobs or os.cpu_count() or 1):
        if why:
            failed[student] = why
        on_page(student)
    if failed:
        told = "; ".join(f"{student}: {why}" for student, why in sorted(failed.items()))
        raise GradingError(f"{len(failed)} of {len(students)} feedback pages could not be written ({told})")


def _tasks(course: Course, assignment: str, students: Sequence[str], failed: dict[str, str]) -> list[Writing]:
    with course.gradebook() as gradebook:
        known = standings(gradebook, assignment, assignment, students)
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    folder = course.folder("feedback")
    tasks = []
    for student in dict.fromkeys(students):
        if student in known:
            places = (
                graded_notebook(course, assignment, student),
                released,
                page_of(course, assignment, student),
            )
            tasks.append(Writing(known[student], *places, folder))
        else:
            failed[student] = f"the gradebook has no submission of {assignment}"
    return tasks


# --- workers --------------------------------------------------------------------------------------------------


def _context() -> BaseContext:
    """Workers are forked from a process that has done the imports; the one that grading has started serves as well."""
    context = get_context("forkserver")
    context.set_forkserver_preload([write_here.__module__])
    return context


def _written(tasks: Iterable[Writing], jobs: int) -> Iterator[Told]:
    """Each page as it comes. One that a worker dies of is tried again alone, then with its text plain."""
    waiting = deque(tasks)
    suspects: list[Writing] = []
    while waiting:
        yield from _with_pool(waiting, min(jobs, len(waiting)), suspects)
    for task in suspects:
        yield _alone(task)


def _with_pool(waiting: deque[Writing], jobs: int, suspects: list[Writing]) -> Iterator[Told]:
    under_way: dict[Future[None], Writing] = {}
    with bare_main(), ProcessPoolExecutor(jobs, _context(), start_worker) as pool:
        try:
            while waiting or under_way:
                while waiting and len(under_way) < jobs * AHEAD:
                    future = pool.submit(write_here, waiting[0])
                    under_way[future] = waiting.popleft()
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    why = _outcome(future)
                    yield under_way.pop(future).standing.student, why
        except BrokenProcessPool:
            suspects.extend(under_way.values())


def _outcome(future: Future[None]) -> str:
    """Why there is no page, or ''. Raises BrokenProcessPool when the worker is gone."""
    try:
        future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        return in_a_sentence(error)
    return ""


def _alone(task: Writing) -> Told:
    """One page in a process of its own."""
    student = task.standing.student
    for one in (task, replace(task, plain=True)):
        again: list[Writing] = []
        told = list(_with_pool(deque([one]), 1, again))
        if not again:
            return told[0]
    return student, "the worker that wrote it died, twice; is there memory left on this machine?"
