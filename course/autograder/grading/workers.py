"""Worker processes: how they start, and that they end when the process that asked for them ends, however that ends."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from importlib import metadata
from multiprocessing import connection, forkserver
from multiprocessing.context import BaseContext
from types import ModuleType

PRELOADED = "course.autograder.grading.preloaded"
FOR_ASSIGNMENT = "COURSE_PRELOADED_FOR"  # in the environment: whose checks are imported ahead


def judging_context() -> BaseContext:
    """How workers that judge start: forked from one process that has Paddle imported; on their own with a GPU build.

    A CPU build can be forked after its import (200 of 200 children were right, with and without ops before). What a
    GPU build sets up on its device does not survive a fork.
    """
    try:
        metadata.version("paddlepaddle-gpu")
    except metadata.PackageNotFoundError:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([PRELOADED])
        return context
    return multiprocessing.get_context("spawn")


def start_ahead(*also: str, assignment: str = "") -> None:
    """Have Paddle imported for the workers to come, while this process goes on with imports of its own.

    Args:
        also: modules that other processes forked from the same one need.
        assignment: whose checks the workers will need; '' where that may be any.
    """
    os.environ[FOR_ASSIGNMENT] = assignment
    context = judging_context()
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([PRELOADED, *also])
        forkserver.ensure_running()


@contextlib.contextmanager
def bare_main() -> Iterator[None]:
    """Workers that start in here do not run the caller's main module again, as multiprocessing would have them do.

    They need nothing of it; it costs them time, and a script without `if __name__ == "__main__"` would begin anew
    in each of them.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def end_with_parent() -> None:
    """Call first in a worker: it will not outlive the process that started the pool, not even one that was killed.

    The kernel's own signal on a parent's death comes too late for a parent that died before it was asked for, and
    a forked worker's parent is the fork server; the sentinel that multiprocessing hands down covers both. Ctrl-C, which
    a terminal sends to every process, is the parent's to answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="watches the parent").start()
