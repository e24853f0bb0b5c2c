"""Faults of every kind while a class is graded on four workers: the end is as if there were none.

Four faults and sixty hand-ins; `COURSE_FAULTS=20` in the environment makes that twenty and three hundred, which takes minutes.
"""

import os
import random
import signal
import socket
import threading
from contextlib import closing

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from course.autograder.gradebook.record import Recorder, canonical_dump
from course.autograder.grading.cluster.executor import open_cluster
from course.autograder.grading.driver import Plan, grade
from course.autograder.grading.marking import opened
from tests.grading.cluster.quick import HOLD, seem_to_mark
from tests.grading.cluster.running import Running
from tests.marked_class import NAME, folder_like, hand_in
from tests.waiting import comes_true

pytestmark = pytest.mark.slow
MANY = int(os.environ.get("COURSE_FAULTS", "4"))
STUDENTS, WORKERS = 15 * MANY, 4
FAULTS = [
    ("killed", "stopped", "scheduler killed", "stopped", "killed")[number % 5] for number in range(MANY)
]
BETWEEN = STUDENTS // (MANY + 1)  # hand-ins that are entered from one fault to the next
QUICK = ("--nthreads", "1", "--no-nanny", "--preload", "tests.grading.cluster.quick")
GIVEN_UP = "2s"  # a worker that is not heard of for so long; 60 s in deploy/dask.yaml
SEED = 3


class Faults:
    """What happens to a cluster, one after another, each in the midst of submissions."""

    def __init__(self, cluster, hold, entered) -> None:
        self.cluster, self.hold, self.entered = cluster, hold, entered
        self.rng, self.done = random.Random(SEED), []

    def run(self) -> None:
        kinds = self.rng.sample(FAULTS, len(FAULTS))
        for number, kind in enumerate(kinds, start=1):
            comes_true(lambda wanted=number * BETWEEN: len(self.entered) >= wanted)
            self.hold.touch()  # nothing is finished meanwhile, so that it meets submissions under way
            self.happens(kind)
            self.done.append(kind)
            self.hold.unlink()

    def happens(self, kind: str) -> None:
        name = "scheduler" if kind == "scheduler killed" else self.rng.choice(self._at_work())
        pid, removed = self.cluster.pid(name), self._removed()
        if (
            kind == "stopped"
        ):  # as by a network that is cut: the scheduler gives it up, and then it is back with its answer
            os.kill(pid, signal.SIGSTOP)
            comes_true(lambda: self._removed() > removed or self.cluster.pid(name) != pid)
            if self.cluster.pid(name) == pid:
                os.kill(pid, signal.SIGCONT)
        else:
            self.cluster.kill(name)
            comes_true(lambda: self.cluster.pid(name) != pid)

    def _at_work(self) -> list[str]:
        """Workers that the scheduler knows, with a submission; others may be starting still."""
        names = [f"worker {number}" for number in range(WORKERS)]

        def begun() -> list[str]:
            return [one for one in names if self.hold.with_name(f"begun by {self.cluster.pid(one)}").exists()]

        comes_true(lambda: bool(begun()))
        return begun()

    def _removed(self) -> int:
        return self.cluster.log("scheduler").count("Remove worker")


def test_nothing_is_lost_or_entered_twice(ps1, tmp_path, monkeypatch):
    course = folder_like(ps1, tmp_path / "root")
    for number in range(STUDENTS):
        hand_in(course, f"s{number:03}")
    other = folder_like(course, tmp_path / "other")
    grade(
        other.root,
        NAME,
        plan=Plan(marking=lambda tasks, limits: [[seem_to_mark(opened(one))] for one in tasks]),
    )
    entered, whole = [], Recorder.record_all

    def record_all(self, marks):
        entered.extend(one.student for one in marks)
        return whole(self, marks)

    monkeypatch.setattr(Recorder, "record_all", record_all)
    folder, hold = tmp_path / "running", tmp_path / "marks" / "hold"
    for place in (folder, hold.parent):
        place.mkdir()
    settings = {HOLD: str(hold), "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": GIVEN_UP}
    with Running(folder, WORKERS, QUICK, settings) as cluster:
        comes_true(lambda: cluster.log("scheduler").count("Register worker") == WORKERS)
        with closing(open_cluster(cluster.address, cluster.certificates, lambda told: None)) as executor:
            faults = Faults(cluster, hold, entered)
            thread = threading.Thread(target=faults.run)
            thread.start()
            rows = grade(course.root, NAME, plan=Plan(marking=executor.marked))
            thread.join()
    assert sorted(faults.done) == sorted(FAULTS)
    assert [row.failure for row in rows if row.failure] == []
    assert sorted(entered) == [f"s{number:03}" for number in range(STUDENTS)]
    assert canonical_dump(course) == canonical_dump(other)
    ((name, machine),) = executor.machines.done
    assert (name, machine.submissions) == (socket.gethostname(), STUDENTS) and machine.deaths > 0
