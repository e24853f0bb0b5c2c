"""What an executor on a cluster does with what comes back, and with what does not; the cluster is one of the test's own."""

import json
from concurrent.futures import CancelledError
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from distributed.scheduler import KilledWorker

from course.autograder.gradebook.errors import GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.grading.carried import brought
from course.autograder.grading.cluster import executor as module
from course.autograder.grading.cluster.executor import ClusterExecutor
from course.autograder.grading.cluster.machines import Machines
from course.autograder.grading.cluster.worker import LACKS, OFFERS, offer
from course.autograder.grading.shards import as_data
from course.autograder.grading.task import Task
from course.autograder.sandbox.limits import Limits
from tests.marked_class import NAME

HERE = "tls://10.0.0.1:4000"
KILLED = KilledWorker("k", SimpleNamespace(address=HERE), 5)


def answer(student, **about):
    marked = as_data(Marked(student, NAME, "d", seconds={"whole": 0.25})) | about
    return json.dumps({"marked": marked, "machine": "m1", "worker": HERE}).encode()


DIED = json.dumps({"marked": None, "machine": "m1", "worker": HERE}).encode()


class Client:
    """Gives each submission's prepared ends in turn, then marks it: an exception, an answer, or a future's status."""

    def __init__(self, ends, workers=()):
        self.ends = {student: list(those) for student, those in ends.items()}
        self.workers, self.status, self.sent = dict(workers) or {HERE: {offer(): 1}}, "running", []

    def scheduler_info(self, n_workers=5):
        return {"workers": {address: {"resources": has} for address, has in self.workers.items()}}

    def submit(self, mark, content, limits, *, key, pure, resources):
        assert resources == {offer(): 1} and limits["cell_seconds"] == Limits().cell_seconds
        student = brought(content).task.student
        self.sent.append(student)
        left = self.ends.get(student)
        return Future(key, left.pop(0) if left else answer(student))

    def close(self, timeout=None):
        self.status = "closed"


class Future:
    def __init__(self, key, end):
        self.key, self.end = key, end
        self.status = end if isinstance(end, str) else "finished"

    def add_done_callback(self, call):
        if self.status == "finished":
            call(self)
            call(self)  # twice, as from a worker that answers twice

    def result(self, timeout):
        if isinstance(self.end, Exception):
            raise self.end
        return self.end

    def release(self):
        pass


@pytest.fixture
def marked(ps1, tmp_path, monkeypatch):
    """`marked(ends)`: failures by student after a class of four was marked so; what was told; what was sent."""
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    released = ps1.folder("release") / NAME / f"{NAME}.ipynb"
    tasks = []
    for student in ("s0", "s1", "s2", "s3"):
        (tmp_path / student).mkdir()
        (tmp_path / student / f"{NAME}.ipynb").write_text("{}")
        tasks.append(Task(student, NAME, tmp_path / student, released, "secret"))

    def run(ends, clients=(), patience=60.0, kind=Client, status="running", **about):
        told = []
        first = kind(ends, **about)
        first.status = status
        others = iter([first, *clients])

        def connect():
            one = next(others)
            if isinstance(one, Exception):
                raise one
            return one

        executor = ClusterExecutor(connect, told.append, patience)
        came = [(one.student, one.failure) for marks in executor.marked(tasks, Limits()) for one in marks]
        assert sorted(student for student, _ in came) == ["s0", "s1", "s2", "s3"]
        return dict(came), told, first.sent, executor

    return run


def test_each_is_marked_once_and_counted_where_it_was(marked):
    failures, told, sent, executor = marked({})
    assert set(failures.values()) == {""} and not told and sorted(sent) == ["s0", "s1", "s2", "s3"]
    ((name, machine),) = executor.machines.done
    assert (name, machine.submissions, machine.seconds, machine.deaths) == ("m1", 4, 1.0, 0)


@pytest.mark.parametrize(
    "end", [DIED, KILLED, ValueError("odd"), answer("s9"), answer("s1", points=[]), b"{"]
)
def test_what_comes_to_nothing_once_is_tried_again(marked, end):
    failures, _, sent, _ = marked({"s1": [end]})
    assert set(failures.values()) == {""} and sent.count("s1") == 2


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (DIED, "the process that graded it died, twice"),
        (KILLED, "every worker that graded it was lost"),
        (ValueError("odd"), "ValueError: odd"),
        (answer("s9"), "a worker answered for somebody else"),
    ],
)
def test_twice_is_that_row_s_sentence_and_costs_nobody_else(marked, end, why):
    failures, _, sent, _ = marked({"s1": [end, end]})
    assert why in failures.pop("s1") and set(failures.values()) == {""} and sent.count("s1") == 2


@pytest.mark.parametrize("end", ["cancelled", "lost", CancelledError(), OSError("the line is cut")])
def test_what_the_scheduler_has_forgotten_is_sent_again_as_often_as_it_takes(marked, end):
    failures, _, sent, _ = marked({"s2": [end] * 5})
    assert set(failures.values()) == {""} and sent.count("s2") == 6


@pytest.mark.parametrize("gone", ["closed", "connecting"])
def test_a_client_that_has_lost_its_scheduler_is_replaced_and_what_was_under_way_goes_with_the_new_one(
    marked, gone
):
    """It is lost at the first look, with one submission that never ends under way; the scheduler needs a while.

    A client may say for ever that it is connecting: an error that it did not foresee has ended its trying.
    """

    class Loses(Client):
        looks = 0

        def scheduler_info(self, n_workers=5):
            self.looks += 1
            if self.looks > 1:
                self.status = gone
            return super().scheduler_info(n_workers)

        def close(self, timeout=None):
            raise ValueError("IOStream is not idle; cannot convert to SSL")  # what had ended its listening

    second = Client({})
    failures, told, sent, _ = marked(
        {"s1": ["pending"]}, [GradingError("no scheduler answers"), second], kind=Loses
    )
    assert set(failures.values()) == {""} and told == ["the scheduler is gone; waiting for it"]
    assert "s1" in second.sent and "s1" in sent


def test_a_client_that_goes_while_it_sends_again_loses_nothing_and_sends_nothing_twice(marked):
    class Goes(Client):
        def submit(self, *given, **more):
            if len(self.sent) == 2:  # it has two under way, both forgotten; sending the first again fails
                raise OSError("the line is cut")
            return super().submit(*given, **more)

    second = Client({})
    failures, *_ = marked({f"s{n}": ["lost"] for n in range(4)}, [second], kind=Goes)
    assert set(failures.values()) == {""} and sorted(second.sent) == ["s0", "s1", "s2", "s3"]


def test_a_scheduler_that_stays_away_ends_the_run_in_one_sentence(marked):
    away = [GradingError("no scheduler answers at x")] * 1000
    with pytest.raises(
        GradingError, match="no scheduler answers at x; what is graded is kept, so run the same command"
    ):
        marked({"s1": ["pending"]}, away, 0.05, status="closed")


def test_a_cluster_without_a_worker_that_can_grade_ends_the_run_and_says_why_none_can(marked):
    others = {
        "tls://10.0.0.2:1": {f"{OFFERS}1 {'f' * 32}": 1},
        "tls://10.0.0.3:1": {LACKS + "no Landlock": 4},
    }
    with pytest.raises(GradingError) as error:
        marked({f"s{n}": ["pending"] for n in range(4)}, patience=0.05, workers=others)
    for part in (
        "no worker that can grade",
        "of another version (ffffffff)",
        "cannot be locked in there (no Landlock)",
    ):
        assert part in str(error.value)


def test_workers_that_cannot_be_used_are_told_of_once_each_and_their_cores_do_not_count():
    told = []
    machines = Machines(offer(), told.append)
    workers = {
        HERE: {"resources": {offer(): 4}},
        "tls://10.0.0.2:1": {"resources": {f"{OFFERS}1 {'f' * 32}": 8}},
        "tls://10.0.0.3:1": {"resources": {LACKS + "no Landlock": 8}},
        "tls://10.0.0.4:1": {"resources": {}},
    }
    for _ in range(3):
        machines.look(workers)
    assert machines.cores == 4 and len(told) == 3
    assert "it was not started with deploy/dask.yaml" in told[2]
    machines.look({})
    assert machines.cores == 0 and [(name, one.deaths) for name, one in machines.done] == [("10.0.0.1", 1)]


def test_a_hand_in_that_cannot_be_read_or_sent_is_its_own_row_s_sentence(marked, monkeypatch):
    def refuses(one):
        if one.task.student == "s3":
            raise GradingError("300 MB were handed in")
        return carried(one)

    carried = module.carried
    monkeypatch.setattr(module, "carried", refuses)
    failures, *_ = marked({})
    assert failures.pop("s3") == "300 MB were handed in" and set(failures.values()) == {""}


def test_a_scheduler_that_takes_nothing_ends_the_run(marked):
    class Refuses(Client):
        def submit(self, *given, **more):
            raise TypeError("it is of another kind")

    with pytest.raises(GradingError, match=r"takes no submission .*another kind.*; what is graded is kept"):
        marked({}, [Refuses({}) for _ in range(9)], kind=Refuses)
