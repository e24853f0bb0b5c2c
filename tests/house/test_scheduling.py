"""Tests are handed to workers as pytest-xdist hands them out; only the bookkeeping is smaller."""

from collections import deque
from types import SimpleNamespace
from typing import Any

from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from tests.scheduling import GroupScheduling, Places

TESTS = [f"tests/t.py::test_{k}" if k % 3 else f"tests/t.py::test_{k}@group {k % 7}" for k in range(400)]


class Worker:
    """What a scheduler sees of a worker: it is given numbers of tests, and told to end."""

    def __init__(self) -> None:
        self.waiting, self.ran, self.shutting_down = deque[int](), list[int](), False
        self.gateway = SimpleNamespace(id=id(self))

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.waiting.extend(numbers)

    def shutdown(self) -> None:
        self.shutting_down = True


def handed_out(kind: type, stops_at: int = -1) -> tuple[list[list[int]], int]:
    """What each of two workers ran; the most groups that were kept in mind for one. One may break off at a step."""
    options: Any = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=True, tx=["2*popen"], maxprocesses=None, numprocesses=2),
        getvalue=lambda name: ["2*popen"],
    )
    schedule, workers = kind(options, Producer("", enabled=False)), [Worker(), Worker()]
    most = 0
    for worker in workers:
        schedule.add_node(worker)
    for worker in workers:
        schedule.add_node_collection(worker, list(TESTS))
    schedule.schedule()
    for step in range(10 * len(TESTS)):
        worker = workers[step % 5 > 2]  # one is slower
        if step == stops_at:
            assert schedule.remove_node(workers[0]) == TESTS[workers[0].waiting[0]]
            workers[0].waiting.clear()
        if worker.waiting:
            worker.ran.append(number := worker.waiting.popleft())
            schedule.mark_test_complete(worker, number)
            most = max(most, len(schedule.assigned_work[worker]))
    assert schedule.tests_finished and not schedule.has_pending
    return [worker.ran for worker in workers], most


def test_every_worker_runs_what_it_would_be_given_otherwise_and_little_is_kept_in_mind() -> None:
    own, kept = handed_out(GroupScheduling)
    otherwise, all_of_it = handed_out(LoadGroupScheduling)
    assert own == otherwise and sorted(own[0] + own[1]) == list(range(len(TESTS)))
    assert kept <= 4 < 50 < all_of_it


def test_what_a_worker_left_undone_is_run_by_the_other() -> None:
    (stopped, other), _ = handed_out(GroupScheduling, stops_at=101)
    assert 0 < len(stopped) < len(other) and {*stopped, *other} == {*range(len(TESTS))}


def test_tests_of_one_name_are_found_as_in_a_list() -> None:
    places = Places(["a", "b", "a"])
    assert places == ["a", "b", "a"] and [places.index(name) for name in "ab"] == [0, 1]
    assert places.index("a", 1) == 2
