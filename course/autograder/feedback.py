"""Feedback pages, several at a time: nbgrader's, written after the marks are in the gradebook."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from course.autograder.gradebook import Course
from course.autograder.workers import bare_main, end_with_parent


@cache
def _course(root: Path) -> Course:
    return Course(root)


def _page(root: Path, assignment: str, student: str) -> None:
    _course(root).feedback(assignment, student)


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
        GradingError: when a page cannot be written.
    """
    workers = min(jobs or os.cpu_count() or 1, len(students))
    if workers <= 1:
        for student in students:
            _page(root, assignment, student)
            on_page(student)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        with bare_main():
            pages = {pool.submit(_page, root, assignment, student): student for student in students}
        for page in as_completed(pages):
            page.result()
            on_page(pages[page])
