"""Submissions to worker processes, and their marks back as they come; a worker that dies costs nobody else's."""

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.marking import Task, mark_here, start_worker
from course.autograder.grading.workers import bare_main, judging_context
from course.autograder.sandbox.limits import Limits
from course.languages.saying import language

AHEAD = 4  # submissions under way or waiting for the writer, for each worker: memory stays flat
# A worker's share before all are replaced, which takes half a second. Paddle 3.3 keeps about 110 bytes of every tensor
# that is made from an array, some 55 kB for each submission: without new workers a large class would grow.
FRESH_AFTER = 250
TRIES = 2  # a submission during which the worker died is tried once more, alone
Waiting = deque[tuple[Task, int]]


def all_marked(tasks: list[Task], jobs: int, limits: Limits, isolated: bool) -> Iterator[Marked]:
    """Each task's marks as they come.

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
            yield from with_pool(pool, turn, workers * AHEAD)
        waiting.extendleft(reversed(turn))  # what a pool that broke has left


@contextlib.contextmanager
def _pool(workers: int, limits: Limits, isolated: bool) -> Iterator[ProcessPoolExecutor]:
    """Workers, which are gone afterwards; where the run was interrupted, without waiting for what they are at."""
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, judging_context(), start_worker, (limits, isolated, language()))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.kill()  # Paddle would print a page about being asked to end
        raise
    pool.shutdown()


def with_pool(pool: ProcessPoolExecutor, waiting: Waiting, ahead: int) -> Iterator[Marked]:
    """Work on until the pool breaks or nothing is left; what was under way then goes back, to be tried alone."""
    under_way: dict[Future[Marked], tuple[Task, int]] = {}
    try:
        while waiting or under_way:
            alone_now = any(tries > 1 for _, tries in under_way.values())
            while waiting and len(under_way) < ahead and not alone_now:
                if waiting[0][1] > 1 and under_way:
                    break
                task, tries = waiting[0]
                with bare_main():  # the first one starts the workers
                    under_way[pool.submit(mark_here, task)] = (task, tries)
                waiting.popleft()  # only now: a pool that has broken meanwhile takes nothing
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
