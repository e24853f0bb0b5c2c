"""Faults of every kind while a class is graded on four workers: the end is as if there were none.

Five faults, 75 hand-ins and three workers; `COURSE_FAULTS=20` in the environment makes that twenty, three hundred and four,
which takes minutes. Before them a driver is killed in the midst of the class, and another one goes on.
"""

import multiprocessing
import os
import random
import re
import signal
import socket
import threading
from contextlib import closing

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from course.autograder.gradebook.record import Recorder, canonical_dump
from course.autograder.gradebook.states import DONE, read_states
from course.autograder.grading.cluster.executor import open_cluster
from course.autograder.grading.driver import Plan, grade
from course.autograder.grading.task import opened
from tests.grading.cluster.quick import FINISHED, HOLD, at_work, seem_to_mark
from tests.grading.cluster.running import Running, kill, parent
from tests.marked_class import NAME, folder_like, hand_in
from tests.waiting import comes_true

pytestmark = pytest.mark.slow
MANY = int(os.environ.get("COURSE_FAULTS", "5"))
KINDS = (
    "slow",
    "cut off",
    "scheduler killed",
    "nanny killed",
    "driver cut off",
    "killed",
    "killed under its nanny",
)
FAULTS = [KINDS[number % len(KINDS)] for number in range(MANY)]
STUDENTS, WORKERS, NANNIES = 15 * MANY, 3 if MANY < 20 else 4, 1
BETWEEN = STUDENTS // (MANY + 2)  # hand-ins that are entered from one fault to the next
GIVEN_UP = "8s"  # a worker that is not heard of for so long; 60 s in deploy/dask.yaml
SOON = 60  # seconds in which a worker, of a busy machine too, gets a submission, if there is one for it
SEED = 3
WARM = (
    "dask.cli",
    "distributed.cli.dask_scheduler",
    "distributed.cli.dask_worker",
    "tests.grading.cluster.quick",
)


class Faults:
    """What happens to a cluster, one after another, each in the midst of submissions."""

    def __init__(self, cluster, hold, entered) -> None:
        self.cluster, self.hold, self.entered = cluster, hold, entered
        self.rng, self.done = random.Random(SEED), []

    def run(self) -> None:
        for number, kind in enumerate(self.rng.sample(FAULTS, len(FAULTS)), start=1):
            comes_true(lambda wanted=number * BETWEEN: len(self.entered) >= wanted)
            self.hold.touch()  # nothing is finished meanwhile, so that it meets submissions under way
            try:
                getattr(self, kind.replace(" ", "_"))()
                self.done.append(kind)
            finally:  # the class is graded to its end, and what is not done is seen there
                self.hold.unlink(missing_ok=True)

    def killed(self) -> None:
        self._killed(self._at_work(self.cluster.names[:-NANNIES]))

    def nanny_killed(self) -> None:
        """Its worker ends with it, and both are started anew."""
        self._killed(self._at_work(self.cluster.names[-NANNIES:]))

    def scheduler_killed(self) -> None:
        self._at_work(self.cluster.names)
        self._killed("scheduler")

    def _killed(self, name) -> None:
        pid = self.cluster.pid(name)
        self.cluster.kill(name)
        comes_true(lambda: self.cluster.pid(name) != pid)

    def killed_under_its_nanny(self) -> None:
        """The nanny starts another one."""
        name = self._at_work(self.cluster.names[-NANNIES:])
        (pid,) = self._processes(name)
        kill(pid)
        comes_true(lambda: parent(pid) != self.cluster.pid(name))

    def slow(self) -> None:
        """It is given up, others have answered for it, and then its own answer comes."""
        name = self._at_work(self.cluster.names[:-NANNIES])
        pid = self.cluster.pid(name)
        os.kill(pid, signal.SIGSTOP)
        self._given_up(name)
        self._others_go_on()
        os.kill(pid, signal.SIGCONT)
        comes_true(lambda: self.cluster.pid(name) != pid)  # it ends when it hears, and is started anew

    def cut_off(self) -> None:
        """A worker is not heard of until it is given up; then the line is mended, or every connection on it dropped."""
        name = self._at_work(self.cluster.names[:-NANNIES])
        pid, line = self.cluster.pid(name), self.cluster.lines[name]
        line.cut()
        self._given_up(name)
        self._others_go_on()
        self.rng.choice([line.mend, line.hang_up])()
        comes_true(lambda: self.cluster.pid(name) != pid)

    def driver_cut_off(self) -> None:
        """What it has sent goes on being finished meanwhile."""
        self._at_work(self.cluster.names)
        line = self.cluster.lines["driver"]
        line.cut()
        self._others_go_on()
        self.rng.choice([line.mend, line.hang_up])()

    def _others_go_on(self) -> None:
        finished = self.hold.with_name(FINISHED)
        before = finished.stat().st_size
        self.hold.unlink()
        comes_true(lambda: finished.stat().st_size > before)

    def _at_work(self, names) -> str:
        """One of these workers, with a submission. They may be starting still, or those that are held are with others."""
        there: list[str] = []
        while not comes_true(lambda: there.extend(filter(self._processes, names)) or bool(there), SOON):
            self._others_go_on()
            self.hold.touch()
        return self.rng.choice(there)

    def _processes(self, name) -> list[int]:
        """The worker's process, where that is at a submission: the one started here, or a nanny's."""
        started = self.cluster.pid(name)
        return [pid for pid in at_work(self.hold) if started in (pid, parent(pid))]

    def _given_up(self, name) -> None:
        """Wait until the scheduler knows no more of a worker, as it was started last."""
        address = re.findall(r"Start worker at: *(\S+)", self.cluster.log(name))[-1]
        comes_true(lambda: f"Remove worker addr: {address} " in self.cluster.log("scheduler"))


def drive(root, address, certificates) -> None:
    """A driver that is alone in its process."""
    executor = open_cluster(address, certificates, lambda told: None)
    grade(root, NAME, plan=Plan(marking=executor.marked))


def entered_so_far(course) -> set[str]:
    """Whose marks the gradebook has."""
    with course.gradebook() as gradebook:
        states = read_states(gradebook.db, NAME)
    return {student for student, one in states.items() if one.state == DONE}


def killed_in_the_midst(course, cluster) -> None:
    """A driver is killed once it has entered some."""
    how = (course.root, cluster.address, cluster.certificates)
    driver = multiprocessing.get_context("fork").Process(target=drive, args=how, daemon=True)
    driver.start()
    comes_true(lambda: bool(entered_so_far(course)))
    driver.kill()
    driver.join()


def test_nothing_is_lost_or_entered_twice(ps1, tmp_path, monkeypatch):
    course = folder_like(ps1, tmp_path / "root")
    everyone = [f"s{number:03}" for number in range(STUDENTS)]
    for student in everyone:
        hand_in(course, student)
    other = folder_like(course, tmp_path / "other")
    grade(
        other.root,
        NAME,
        plan=Plan(marking=lambda tasks, limits: [[seem_to_mark(opened(one))] for one in tasks]),
    )
    folder, hold, told = tmp_path / "running", tmp_path / "marks" / "hold", []
    for place in (folder, hold.parent):
        place.mkdir()
    settings = {HOLD: str(hold), "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": GIVEN_UP}
    quick = ("--preload", "tests.grading.cluster.quick")
    with Running(folder, WORKERS, quick, settings, NANNIES, lacking=True, warm=WARM) as cluster:
        comes_true(lambda: cluster.log("scheduler").count("Register worker") > WORKERS)
        killed_in_the_midst(course, cluster)
        before = entered_so_far(course)
        assert 0 < len(before) < STUDENTS // 2
        entered, whole = [], Recorder.record_all

        def record_all(self, marks):
            entered.extend(one.student for one in marks)
            return whole(self, marks)

        monkeypatch.setattr(Recorder, "record_all", record_all)
        with closing(open_cluster(cluster.address, cluster.certificates, told.append)) as executor:
            faults = Faults(cluster, hold, entered)
            thread = threading.Thread(target=faults.run, daemon=True)
            thread.start()
            rows = grade(course.root, NAME, plan=Plan(marking=executor.marked))
            thread.join()
    assert sorted(faults.done) == sorted(FAULTS)
    assert [row.failure for row in rows if row.failure] == []
    assert sorted(entered) == sorted({*everyone} - before)
    assert canonical_dump(course) == canonical_dump(other)
    answered = hold.with_name(FINISHED).read_text().split()
    assert {*answered} == {*everyone} and len(answered) > STUDENTS  # some were answered for twice
    assert any("submissions cannot be locked in there (the kernel offers no Landlock" in one for one in told)
    ((name, machine),) = executor.machines.done
    assert (name, machine.submissions) == (socket.gethostname(), len(entered))
    assert machine.deaths > 0
