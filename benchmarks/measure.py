"""Wall time, processor time and memory of a command and all that it starts."""

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MB = 2**20
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of wall and processor time, and its process tree's largest memory in MB."""

    wall: float
    processor: float
    memory: float
    output: str


def tree_memory(pid: int) -> float:
    """Memory of a process and its descendants in MB; what forks share is counted once (PSS)."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += one.memory_full_info().pss
    return total / MB


def _adopt_orphans() -> None:
    """Have processes that outlive their parent become ours, so that their processor time is counted (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait_for_orphans() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Run a command to its end. Raises RuntimeError, with the end of what it printed, when it fails."""
    _adopt_orphans()
    largest = [0.0]
    done = threading.Event()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip

        def watch() -> None:
            while not done.wait(0.5):
                largest[0] = max(largest[0], tree_memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        output = process.stdout.read() if process.stdout else ""
        process.wait()
        _wait_for_orphans()
        done.set()
        watcher.join()
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} failed: {output[-1500:]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used, largest[0], output)
