"""Feedback pages, several at a time: nbgrader's, written after the marks are in the gradebook."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path
from types import TracebackType

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.grading.marking import in_a_sentence
from course.autograder.grading.workers import bare_main, end_with_parent
from course.common.text import printable


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
        return page.stat().st_mtime_ns >= graded.stat().st_mtime_ns and _whole(page)

    return [student for student in students if not current(student)]


def _whole(page: Path) -> bool:
    """Whether a page was written to its end."""
    with page.open("rb") as file:
        file.seek(max(0, page.stat().st_size - 100))
        return file.read().rstrip().endswith(b"</html>")


class PagesMissing(GradingError):
    """Some pages could not be written; the message says which and why. All others are there."""


class PageWriter:
    """Writes pages in processes of its own, while others are still being graded. To be used in a `with`.

    At the end of the `with` every page that can be written is there; PagesMissing says which ones cannot, and why.
    An exception in it, Ctrl-C say, ends the writing at once; what is missing then, `without_page` finds.

    Args:
        root: the course folder.
        assignment: its name.
        expected: how many pages there may be.
        jobs: how many at a time; 0 for as many as there are cores.
        on_page: told each student as the page is there.
    """

    def __init__(
        self,
        root: Path,
        assignment: str,
        expected: int,
        jobs: int = 0,
        on_page: Callable[[str], None] = lambda student: None,
    ) -> None:
        """Remember; processes start with the first page."""
        self._about = (root, assignment)
        self._workers = min(jobs or os.cpu_count() or 1, expected)
        self._on_page = on_page
        self._pool: ProcessPoolExecutor | None = None
        self._asked = 0
        self._failed: dict[str, str] = {}
        self._not_ours: set[multiprocessing.process.BaseProcess] = set()

    def __enter__(self) -> "PageWriter":
        """Ready for pages."""
        self._not_ours = set(multiprocessing.active_children())
        return self

    def add(self, student: str) -> None:
        """Write this graded student's page, now or soon."""
        self._asked += 1
        if self._workers <= 1:
            try:
                _page(*self._about, student)
            except Exception as error:
                self._failed[student] = in_a_sentence(error)
            self._on_page(student)
            return
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, end_with_parent)
        try:
            with bare_main():
                page = self._pool.submit(_page, *self._about, student)
        except BrokenProcessPool:
            self._failed[student] = "the process that writes pages died"
            return
        page.add_done_callback(lambda done: self._written(student, done))

    def _written(self, student: str, done: "Future[None]") -> None:
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            self._failed[student] = in_a_sentence(error)
        self._on_page(student)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the pages; or, where something has gone wrong, for nothing."""
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)
            if kind is not None:
                for process in set(multiprocessing.active_children()) - self._not_ours:
                    process.kill()
        if self._failed and kind is None:
            told = "; ".join(f"{printable(student)}: {why}" for student, why in sorted(self._failed.items()))
            raise PagesMissing(
                f"{len(self._failed)} of {self._asked} feedback pages could not be written ({told})"
            )


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
        PagesMissing: when some pages cannot be written.
    """
    with PageWriter(root, assignment, len(students), jobs, on_page) as pages:
        for student in students:
            pages.add(student)
