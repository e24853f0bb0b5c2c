"""Python's pool of processes, which does not hang when a worker dies while it is being handed a task.

Before Python 3.12.1 nothing keeps `submit`, which starts workers, and the thread that clears up after a dead worker apart: a
worker that is started between the two is waited for for ever, a task handed over between them is never answered. And those
that are left are asked to end (SIGTERM), which whoever is stuck or has Paddle's handler may not do.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, process
from typing import Any

from course.autograder.grading.workers import bare_main


class _Manager(process._ExecutorManagerThread):
    """The thread that hands tasks to workers and takes their answers."""

    def __init__(self, pool: "ProcessPool") -> None:
        super().__init__(pool)
        self._one_at_a_time = pool._one_at_a_time

    def terminate_broken(self, cause: Any) -> None:
        """Answer everything under way with BrokenProcessPool, and end the workers that are left."""
        with self._one_at_a_time:
            for worker in self.processes.values():
                worker.kill()
            super().terminate_broken(cause)


class ProcessPool(ProcessPoolExecutor):
    """Workers as `concurrent.futures` keeps them. One that dies breaks the pool, and everything under way is told so.

    What is asked of a future's callbacks: they submit nothing.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """As ProcessPoolExecutor's."""
        super().__init__(*arguments, **more)
        self._one_at_a_time = threading.Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have a worker call a function; a worker that starts for it does not run the caller's main module again.

        Raises:
            BrokenProcessPool: where a worker has died.
        """
        with self._one_at_a_time, bare_main():
            return super().submit(fn, *args, **kwargs)

    def _spawn_process(self) -> None:
        try:
            super()._spawn_process()  # type: ignore[misc]  # typeshed does not list it
        except (EOFError, ConnectionError):
            # The server that workers are forked from died meanwhile; now it is started anew.
            super()._spawn_process()  # type: ignore[misc]  # typeshed does not list it

    def _start_executor_manager_thread(self) -> None:
        if self._executor_manager_thread is None:
            self._executor_manager_thread = manager = _Manager(self)
            manager.start()
            process._threads_wakeups[manager] = self._executor_manager_thread_wakeup
