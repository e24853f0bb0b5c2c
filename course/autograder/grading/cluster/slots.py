"""The processes of one machine that mark what the cluster brings: one for each core, each with a warm engine."""

import multiprocessing
import queue
import threading
from concurrent.futures.process import BrokenProcessPool

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.carried import brought
from course.autograder.grading.executor import WorkerLost
from course.autograder.grading.pool import FRESH_AFTER
from course.autograder.grading.process_pool import ProcessPool
from course.autograder.grading.worker_process import mark_here, start_worker
from course.autograder.grading.workers import judging_context
from course.autograder.sandbox.limits import Limits

_starting = (
    threading.Lock()
)  # the main module is put aside for a moment, which two threads must not do at once


def mark_brought(content: bytes) -> Marked:
    """Mark what `carried` has packed, with this process's engine."""
    return mark_here(brought(content))


class Slot:
    """A process that marks one submission after another. Where it dies, that costs the submission it was at alone."""

    def __init__(self) -> None:
        """It starts with its first submission."""
        self._pool: ProcessPool | None = None
        self._limits = Limits()
        self._left = 0

    def mark(self, content: bytes, limits: Limits) -> Marked:
        """Mark a submission. Raises WorkerLost where the process died over it."""
        with _starting:
            pool = self._ready(limits)
            future = pool.submit(mark_brought, content)
        self._left -= 1
        try:
            return future.result()
        except BrokenProcessPool:
            self.close()
            raise WorkerLost from None

    def _ready(self, limits: Limits) -> ProcessPool:
        if self._pool is None or not self._left or limits != self._limits:
            self.close()
            self._pool = ProcessPool(1, judging_context(), start_worker, (limits, True))
            self._limits, self._left = limits, FRESH_AFTER
        return self._pool

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


class Slots:
    """A machine's slots. More submissions than there are wait for one."""

    def __init__(self, count: int) -> None:
        """So many, none of them started."""
        self._all = [Slot() for _ in range(count)]
        self._free: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        for slot in self._all:
            self._free.put(slot)

    def mark(self, content: bytes, limits: Limits) -> Marked:
        """Mark a submission on a slot that is free. Raises WorkerLost where its process died."""
        slot = self._free.get()
        try:
            return slot.mark(content, limits)
        finally:
            self._free.put(slot)

    def close(self) -> None:
        """End all processes, with what they are at."""
        for slot in self._all:
            slot.close()
        for process in multiprocessing.active_children():
            process.kill()  # Paddle would print a page about being asked to end
