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

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def children(pid: int) -> list[int]:
    """Processes that a process has started, and those that they have, nearest first."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found + [below for one in found for below in children(one)]


@dataclass
class Running:
    """A cluster in a folder of its own.

    Attributes:
        folder: where it runs; `cluster/` in it has the certificates.
        workers: how many.
        options: of each worker.
        environment: beside this process's own.
    """

    folder: Path
    workers: int
    options: tuple[str, ...] = ("--nthreads", "1")
    environment: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> "Running":
        make_certificates(self.folder / "cluster")
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen] = {}
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._commands = {
            "scheduler": ("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        }
        for number in range(self.workers):
            self._commands[f"worker {number}"] = (
                "worker",
                self.address,
                "--no-dashboard",
                "--nworkers",
                "1",
                *self.options,
            )
        self._keeper = threading.Thread(target=self._keep)
        for name in self._commands:
            self._start(name)
        self._keeper.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._keeper.join()
        for process in self.processes.values():
            for pid in (process.pid, *children(process.pid)):
                _kill(pid)
            process.wait()

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    @property
    def certificates(self) -> Path:
        return self.folder / "cluster"

    def pid(self, name: str) -> int:
        with self._lock:
            return self.processes[name].pid

    def kill(self, name: str) -> None:
        """End one and nothing else, as a machine does that loses its power; it is started again."""
        _kill(self.pid(name))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _start(self, name: str) -> None:
        environment = os.environ | {
            "DASK_CONFIG": str(ROOT / "deploy" / "dask.yaml"),
            "PYTHONPATH": str(ROOT),
        }
        with self._lock, (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *self._commands[name]],
                cwd=self.folder,
                env=environment | self.environment,
                stdout=log,
                stderr=log,
            )

    def _keep(self) -> None:
        while not self._ended.wait(0.1):
            for name, process in list(self.processes.items()):
                if process.poll() is not None:
                    self._start(name)


def _kill(pid: int, how: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
