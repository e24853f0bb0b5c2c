"""A scheduler and workers as processes of this machine, each started again when it ends, as a service manager would."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from course.autograder.grading.cluster.certificates import make_certificates
from tests.grading.cluster.line import Line
from tests.warm import Forked, Warm

ROOT = Path(__file__).parents[3]
LACKING = "worker without Landlock"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def parent(pid: int) -> int:
    """Which process has started one; 0 where that is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def children(pid: int) -> list[int]:
    """Processes that a process has started, and those that they have, nearest first."""
    found = [int(one.name) for one in Path("/proc").glob("[0-9]*") if parent(int(one.name)) == pid]
    return found + [below for one in found for below in children(one)]


@dataclass
class Running:
    """A cluster in a folder of its own. Workers and driver reach the scheduler by lines that can be cut.

    Attributes:
        folder: where it runs; `cluster/` in it has the certificates.
        workers: how many.
        options: of each worker.
        environment: beside this process's own.
        nannies: how many of the workers, the last ones, are started by a nanny of Dask's.
        lacking: whether there is one more worker, on what is a machine without Landlock; it ends with its first scheduler.
        warm: modules for one process that all are forked from, since Dask takes as long to be imported as they to run; ()
            where Python is started for each.
    """

    folder: Path
    workers: int
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    nannies: int = 0
    lacking: bool = False
    warm: tuple[str, ...] = ()

    def __enter__(self) -> "Running":
        make_certificates(self.folder / "cluster")
        self.port = free_port()
        self.lines = {name: Line(self.port) for name in (*self.names, "driver")}
        self.processes: dict[str, subprocess.Popen | Forked] = {}
        self._environment = os.environ | {
            "DASK_CONFIG": str(ROOT / "deploy" / "dask.yaml"),
            "PYTHONPATH": str(ROOT),
            **self.environment,
        }
        self._warm = Warm(*self.warm, env=self._environment) if self.warm else None
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._commands = {
            "scheduler": (
                "dask",
                "scheduler",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--no-dashboard",
            )
        }
        for number, name in enumerate(self.names):
            nanny = "--nanny" if number >= self.workers - self.nannies else "--no-nanny"
            self._commands[name] = (*self._worker(self.lines[name].address), nanny, *self.options)
        if self.lacking:
            worker = (*self._worker(f"tls://127.0.0.1:{self.port}"), "--no-nanny")
            self._commands[LACKING] = ("tests.grading.cluster.without_landlock", *worker)
        self._keeper = threading.Thread(target=self._keep)
        for name in self._commands:
            self._start(name)
        self._keeper.start()
        return self

    @staticmethod
    def _worker(address: str) -> tuple[str, ...]:
        return ("dask", "worker", address, "--no-dashboard", "--nworkers", "1", "--nthreads", "1")

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._keeper.join()
        for process in self.processes.values():
            for pid in (process.pid, *children(process.pid)):
                kill(pid)
            process.wait()
        if self._warm:
            self._warm.close()
        for line in self.lines.values():
            line.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the workers that can grade."""
        return tuple(f"worker {number}" for number in range(self.workers))

    @property
    def address(self) -> str:
        """The scheduler's, by the driver's line."""
        return self.lines["driver"].address

    @property
    def certificates(self) -> Path:
        return self.folder / "cluster"

    def pid(self, name: str) -> int:
        with self._lock:
            return self.processes[name].pid

    def kill(self, name: str) -> None:
        """End one and nothing else, as a machine does that loses its power; it is started again."""
        kill(self.pid(name))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _start(self, name: str) -> None:
        start = self._warm.Popen if self._warm else subprocess.Popen
        with self._lock, (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = start(
                [sys.executable, "-m", *self._commands[name]],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def _keep(self) -> None:
        while not self._ended.wait(0.1):
            for name, process in list(self.processes.items()):
                if process.poll() is not None and name != LACKING:  # that one has been seen by then
                    self._start(name)


def kill(pid: int) -> None:
    """End a process, if it is there still."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
