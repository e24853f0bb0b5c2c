"""Submissions to worker processes, and their marks back as they come; a worker that dies costs nobody else's."""

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from time import monotonic

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.executor import Executor, WorkerLost
from course.autograder.grading.process_pool import ProcessPool
from course.autograder.grading.task import Task
from course.autograder.grading.worker_process import mark_here, start_worker
from course.autograder.grading.workers import judging_context
from course.autograder.sandbox.limits import Limits
from course.languages.saying import language

TOGETHER = 0.2  # seconds that marks may wait for others to be entered with: a transaction costs more than two of them
AHEAD = 4  # submissions under way or waiting for the writer, for each worker: memory stays flat
# A worker's share before all are replaced, which takes half a second. What a submission leaves behind was measured as 2 to
# 40 kB, by assignment; whatever a later Paddle keeps of its tensors, without new workers a large class would grow.
FRESH_AFTER = 1_000
TRIES = 2  # a submission during which the worker died is tried once more, alone
Waiting = deque[tuple[Task, int]]


def all_marked(tasks: list[Task], jobs: int, limits: Limits, isolated: bool) -> Iterator[Marked]:
    """Each task's marks as they come, one by one; what is asked is as in `marked_together`."""
    return chain.from_iterable(marked_together(tasks, jobs, limits, isolated))


def marked_together(tasks: list[Task], jobs: int, limits: Limits, isolated: bool) -> Iterator[list[Marked]]:
    """Each task's marks as they come: one, or several that came while the last ones were being entered.

    Args:
        tasks: what is to be marked.
        jobs: workers; 0 for as many as there are cores.
        limits: on each submission.
        isolated: lock submissions in.
    """
    waiting: Waiting = deque((task, 1) for task in tasks)
    while waiting:
        workers = min(jobs or os.cpu_count() or 1, len(waiting))
        turn = deque(waiting.popleft() for _ in range(min(len(waiting), workers * FRESH_AFTER)))
        with _pool(workers, limits, isolated) as pool:
            yield from work_off(LocalExecutor(pool, workers * AHEAD), turn)
        waiting.extendleft(reversed(turn))  # what a pool that broke has left


@contextlib.contextmanager
def _pool(workers: int, limits: Limits, isolated: bool) -> Iterator[ProcessPool]:
    """Workers, which are gone afterwards; where the run was interrupted, without waiting for what they are at."""
    before = set(multiprocessing.active_children())
    pool = ProcessPool(workers, judging_context(), start_worker, (limits, isolated, language()))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.kill()  # Paddle would print a page about being asked to end
        raise
    pool.shutdown()


class LocalExecutor:
    """The worker processes of this machine, as an executor. One that dies takes the whole pool with it."""

    def __init__(self, pool: ProcessPool, ahead: int) -> None:
        """On a pool that the caller has started and will end, given so many tasks ahead."""
        self.ahead = ahead
        self._pool = pool
        self._under_way: set[Future[Marked]] = set()
        self._begun = False

    def submit(self, task: Task) -> None:
        """Have a task marked. Raises WorkerLost, with the task not taken, where the pool has broken."""
        try:
            self._under_way.add(self._pool.submit(mark_here, task))
        except BrokenProcessPool:
            raise WorkerLost from None

    def results(self) -> list[Marked]:
        """The marks that have come, at least one. Raises WorkerLost where the pool has broken and none is left.

        But for the first, they wait a moment for others, while the workers have enough to do: until half of what they were
        given is there.
        """
        finished, going_on = wait(self._under_way, return_when=FIRST_COMPLETED)
        until = monotonic() + (TOGETHER if self._begun else 0)
        self._begun = True
        while going_on and len(finished) < self.ahead // 2 and (left := until - monotonic()) > 0:
            more, going_on = wait(going_on, left, FIRST_COMPLETED)
            finished |= more
        came = [future for future in finished if not isinstance(future.exception(), BrokenProcessPool)]
        if not came:
            raise WorkerLost
        self._under_way.difference_update(came)
        return [future.result() for future in came]


def work_off(executor: Executor, waiting: Waiting) -> Iterator[list[Marked]]:
    """Marks as they come, those in one list that came together, until a worker is lost or nothing is left.

    What was under way when a worker was lost goes back, to be tried alone.
    """
    under_way: dict[tuple[str, str], tuple[Task, int]] = {}  # by assignment and student
    try:
        while waiting or under_way:
            alone_now = any(tries > 1 for _, tries in under_way.values())
            while waiting and len(under_way) < executor.ahead and not alone_now:
                task, tries = waiting[0]
                if tries > 1 and under_way:
                    break
                executor.submit(task)
                waiting.popleft()  # only now: an executor that has lost its workers meanwhile takes nothing
                under_way[task.assignment, task.student] = (task, tries)
                alone_now = tries > 1
            came = executor.results()
            # A second answer is nobody's.
            yield [one for one in came if under_way.pop((one.assignment, one.student), None)]
    except WorkerLost:
        for task, tries in under_way.values():
            if tries < TRIES:
                waiting.append((task, tries + 1))
            else:
                told = "the worker that graded it died, twice; is there memory left on this machine?"
                yield [Marked(task.student, task.assignment, failure=told)]
