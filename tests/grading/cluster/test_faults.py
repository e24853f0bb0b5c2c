"""Whatever becomes of workers and scheduler, the end is the gradebook that nothing disturbed, each hand-in entered once."""

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

STUDENTS = 12
QUICK = ("--nthreads", "1", "--no-nanny", "--preload", "tests.grading.cluster.quick")


@pytest.fixture
def course(ps1, tmp_path):
    made = folder_like(ps1, tmp_path / "root")
    for number in range(STUDENTS):
        hand_in(made, f"s{number:02}")
    return made


@pytest.fixture
def undisturbed(course, tmp_path):
    other = folder_like(course, tmp_path / "other")
    grade(
        other.root,
        NAME,
        plan=Plan(marking=lambda tasks, limits: ([seem_to_mark(opened(one))] for one in tasks)),
    )
    return canonical_dump(other)


def test_a_worker_and_then_the_scheduler_are_lost_and_nothing_is(course, undisturbed, tmp_path, monkeypatch):
    folder, hold = tmp_path / "running", tmp_path / "marks" / "hold"
    recorded, told, whole = [], [], Recorder.record_all

    def record_all(self, marks):
        recorded.extend(one.student for one in marks)
        return whole(self, marks)

    monkeypatch.setattr(Recorder, "record_all", record_all)
    for place in (folder, hold.parent):
        place.mkdir()
    hold.touch()

    def begun():
        return {int(one.name.rpartition(" ")[2]) for one in hold.parent.glob("begun by *")}

    def lose(cluster):
        """A worker in the midst of a submission, then the scheduler, which takes the other one along."""
        before = {cluster.pid(name) for name in ("worker 0", "worker 1")}
        comes_true(lambda: before <= begun())
        cluster.kill("worker 0")
        comes_true(lambda: "Remove worker" in cluster.log("scheduler"))
        cluster.kill("scheduler")
        comes_true(lambda: {cluster.pid(name) for name in ("worker 0", "worker 1")} <= begun() - before)
        hold.unlink()

    with Running(folder, 2, QUICK, {HOLD: str(hold)}) as cluster:
        comes_true(lambda: "Scheduler at" in cluster.log("scheduler"))
        with closing(open_cluster(cluster.address, cluster.certificates, told.append)) as executor:
            faults = threading.Thread(target=lose, args=(cluster,))
            faults.start()
            rows = grade(course.root, NAME, plan=Plan(marking=executor.marked))
            faults.join()
    assert [row.failure for row in rows if row.failure] == []
    assert sorted(recorded) == [f"s{number:02}" for number in range(STUDENTS)]
    assert canonical_dump(course) == undisturbed
    ((name, machine),) = executor.machines.done
    assert (name, machine.submissions) == (socket.gethostname(), STUDENTS)
