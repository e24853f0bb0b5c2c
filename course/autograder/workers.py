"""Worker processes that end when the process that asked for them ends, however that ends."""

import multiprocessing
import os
import threading
from multiprocessing import connection


def end_with_parent() -> None:
    """Call first in a worker: it will not outlive the process that started the pool, not even one that was killed.

    The kernel's own signal on a parent's death comes too late for a parent that died before it was asked for, and
    a forked worker's parent is the fork server; the sentinel that multiprocessing hands down covers both.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="watches the parent").start()
