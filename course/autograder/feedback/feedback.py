"""Feedback pages, several at a time: nbgrader's, written after the marks are in the gradebook."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.grading.marking import in_a_sentence
from course.autograder.grading.workers import bare_main, end_with_parent


@cache
def _course(root: Path) -> Course:
    return Course(root)


def _page(root: Path, assignment: str, student: str) -> None:
    _course(root).feedback(assignment, student)


def without_page(root: Path, assignment: str, students: Sequence[str]) -> list[str]:
    """Those whose page is not there, or is older than what was graded: a run that was ended may not have got to it."""
    course = Course(root)

    def current(student: str) -> bool:
        graded = course.folder("autograded") / student / assignment / f"{assignment}.ipynb"
        page = course.folder("feedback") / student / assignment / f"{assignment}.html"
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
    failed: dict[str, str] = {}

    def write(student: str, page: Callable[[], None]) -> None:
        try:
            page()
        except Exception as error:
            failed[student] = in_a_sentence(error)
        on_page(student)

    workers = min(jobs or os.cpu_count() or 1, len(students))
    if workers <= 1:
        for student in students:
            write(student, lambda student=student: _page(root, assignment, student))  # type: ignore[misc]
    else:
        with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
            with bare_main():
                pages = {pool.submit(_page, root, assignment, student): student for student in students}
            for page in as_completed(pages):
                write(pages[page], page.result)
    if failed:
        told = "; ".join(f"{student}: {why}" for student, why in sorted(failed.items()))
        raise GradingError(f"{len(failed)} of {len(students)} feedback pages could not be written ({told})")
