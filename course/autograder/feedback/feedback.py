"""Feedback pages for a class: the gradebook is asked for several at once, and warm workers write them."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType

from course.autograder.feedback.from_gradebook import standings
from course.autograder.feedback.standing import Standing
from course.autograder.feedback.writing import Writing, start_worker, write_here, write_page, write_style
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.grading.process_pool import ProcessPool
from course.autograder.grading.task import in_a_sentence
from course.common.text import printable
from course.languages.saying import language

TOGETHER = 8  # pages that the gradebook is asked for at once
AHEAD = 32  # pages for each worker that are under way: of a large class only some are ever in memory


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
        self._root, self._assignment = root, assignment
        self._workers = min(jobs or os.cpu_count() or 1, expected)
        self._on_page = on_page
        self._pool: ProcessPool | None = None
        self._room = threading.Semaphore(AHEAD * max(self._workers, 1))
        self._asked: list[str] = []
        self._waiting: list[str] = []
        self._suspects: list[Writing] = []  # under way when a worker died
        self._failed: dict[str, str] = {}
        self._not_ours: set[multiprocessing.process.BaseProcess] = set()

    def __enter__(self) -> "PageWriter":
        """Ready for pages."""
        self._not_ours = set(multiprocessing.active_children())
        return self

    @cached_property
    def _tasks(self) -> "_Tasks":
        return _Tasks(Course(self._root), self._assignment)

    def add(self, student: str) -> None:
        """Write this graded student's page, now or soon."""
        self._asked.append(student)
        self._waiting.append(student)
        if self._workers <= 1 or len(self._waiting) >= TOGETHER:
            self._send()

    def _send(self) -> None:
        students, self._waiting = self._waiting, []
        try:
            tasks = self._tasks.of(students)
        except (OSError, GradingError) as error:
            tasks = []
            self._failed |= dict.fromkeys(students, in_a_sentence(error))
        self._failed |= dict.fromkeys(
            set(students) - {task.standing.student for task in tasks} - self._failed.keys(),
            f"the gradebook has no submission of {self._assignment}",
        )
        for task in tasks:
            if self._workers <= 1:
                self._ended(task, _why(lambda task=task: _page(task)))  # type: ignore[misc]
            else:
                self._room.acquire()  # given back when the page is written, or is not going to be
                self._submit(task)

    def _submit(self, task: Writing) -> None:
        self._pool = self._pool or _pool(self._workers)
        try:
            page = self._pool.submit(write_here, task)
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = None
            self._submit(task)
            return
        page.add_done_callback(lambda done: self._written(task, done))

    def _written(self, task: Writing, done: "Future[None]") -> None:
        self._room.release()
        if done.cancelled():
            return
        if isinstance(done.exception(), BrokenProcessPool):
            self._suspects.append(task)
        else:
            self._ended(task, _why(done.result))

    def _ended(self, task: Writing, why: str) -> None:
        if why:
            self._failed[task.standing.student] = why
        self._on_page(task.standing.student)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the pages; or, where something has gone wrong, for nothing."""
        if kind is None and self._waiting:
            self._send()
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)
        if kind is not None:
            for process in set(multiprocessing.active_children()) - self._not_ours:
                process.kill()
            return
        for task, why in _one_by_one(self._suspects):
            self._ended(task, why)
        if self._failed:
            told = "; ".join(f"{printable(student)}: {why}" for student, why in sorted(self._failed.items()))
            asked = len(self._asked)
            raise PagesMissing(f"{len(self._failed)} of {asked} feedback pages could not be written ({told})")


class _Tasks:
    """What there is to write, with what the gradebook says now."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.released = course.folder("release") / assignment / f"{assignment}.ipynb"
        self.folder = course.folder("feedback")
        self.lessons_url = course.term().settings.lessons_url
        write_style(self.folder)

    def of(self, students: Sequence[str]) -> list[Writing]:
        """A task for each student whom the gradebook knows; GradingError where it cannot be read."""
        with self.course.gradebook() as gradebook:
            known = standings(gradebook, self.assignment, self.assignment, students)
        return [self._one(known[student]) for student in students if student in known]

    def _one(self, standing: Standing) -> Writing:
        return Writing(
            standing,
            graded=self.course.graded_notebook(self.assignment, standing.student),
            released=self.released,
            page=self.folder / standing.student / self.assignment / f"{self.assignment}.html",
            folder=self.folder,
            lessons_url=self.lessons_url,
        )


# --- workers --------------------------------------------------------------------------------------------------


def _page(task: Writing) -> None:
    """One page in this process, for a class of one."""
    write_page(task)


def _pool(workers: int) -> ProcessPool:
    """Workers forked from a process that has done the imports; the one that grading has started serves as well."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([write_here.__module__, "course.autograder.feedback.page"])
    return ProcessPool(workers, context, start_worker, (language(),))


def _why(page: Callable[[], None]) -> str:
    """Why there is no page, in a sentence; '' when there is one."""
    try:
        page()
    except BrokenProcessPool:
        raise
    except Exception as error:
        return in_a_sentence(error)
    return ""


def _one_by_one(suspects: Sequence[Writing]) -> Iterator[tuple[Writing, str]]:
    """Pages that were under way when a worker died: each by itself, and with its text plain where that kills again."""
    pool: ProcessPool | None = None
    for task in suspects:
        why = "the process that wrote it died, twice; is there memory left on this machine?"
        for one in (task, replace(task, plain=True)):
            pool = pool or _pool(1)
            try:
                page = pool.submit(write_here, one)
                why = _why(page.result)
                break
            except BrokenProcessPool:
                pool.shutdown()
                pool = None
        yield task, why
    if pool:
        pool.shutdown()


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
