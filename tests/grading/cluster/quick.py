"""Preloaded by workers that only seem to mark: what a cluster does with submissions is tried without their running."""

import json
import os
import time
from pathlib import Path

import nbformat
from distributed import Worker

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.carried import brought
from course.autograder.grading.cluster.worker import PLUGIN, Judging, offer
from course.autograder.grading.executor import WorkerLost
from course.autograder.grading.task import Opened

HOLD = "QUICK_HOLD"  # names a file: while it is there, nothing is finished
FINISHED = "finished"  # the file beside it with a line for each submission that any worker has finished


def seem_to_mark(one: Opened) -> Marked:
    """The released notebook and no points."""
    notebook = json.dumps(nbformat.reads(one.released.decode(), as_version=4))
    return Marked(one.task.student, one.task.assignment, one.digest, notebook, seconds={"whole": 0.5})


AT_WORK = (
    "at work"  # what the file beside it is called, with the process's id, while a process is at a submission
)


def at_work(hold: Path) -> set[int]:
    """Processes that are at a submission, and any that were killed over one."""
    return {int(path.name.split()[-1]) for path in hold.parent.glob(f"{AT_WORK} *")}


class Slots:
    """Nothing is finished while the file is there; what a worker was at when it is told to end is lost."""

    def __init__(self) -> None:
        self.ended = False

    def mark(self, content: bytes, limits: object) -> Marked:
        one, hold = brought(content), Path(os.environ[HOLD])
        mine = hold.with_name(f"{AT_WORK} {os.getpid()}")
        mine.touch()
        try:
            while hold.exists():
                time.sleep(0.1)
                if self.ended:
                    raise WorkerLost
            with hold.with_name(FINISHED).open("a") as file:
                file.write(f"{one.task.student}\n")
        finally:
            mine.unlink()
        return seem_to_mark(one)

    def close(self) -> None:
        self.ended = True


class Quick(Judging):
    def setup(self, worker: Worker) -> None:
        self.slots = Slots()


async def dask_setup(worker: Worker) -> None:
    await worker.plugin_add(plugin=Quick(), name=PLUGIN)
    worker.state.total_resources[offer()] = worker.state.available_resources[offer()] = worker.state.nthreads
