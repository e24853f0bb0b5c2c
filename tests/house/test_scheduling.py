"""Tests are handed to workers as pytest-xdist hands them out; only the bookkeeping is smaller."""

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from tests.conftest import ROOT
from tests.scheduling import GroupScheduling, Places, tell_less
from tests.waiting import LONG_STOP

pytest_plugins = ["pytester"]

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


def handed_out(kind: type, ends_at: int = -1) -> tuple[list[list[int]], int]:
    """What each of two workers ran; the most groups that were kept in mind for one. One may end over a test at a step."""
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
        if step == ends_at:
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


def test_a_worker_leaves_unsaid_what_nobody_listens_to_and_nothing_else() -> None:
    said: list[tuple[str, Any]] = []

    class WorkerInteractor:
        def sendevent(self, name: str, **what: Any) -> None:
            said.append((name, what))

    worker, other = WorkerInteractor(), SimpleNamespace()
    tell_less(SimpleNamespace(pluginmanager=SimpleNamespace(get_plugins=lambda: [other, worker])))
    for when in ("setup", "call", "teardown"):
        for outcome in ("passed", "failed", "skipped"):
            worker.sendevent("testreport", data={"when": when, "outcome": outcome})
    for name in ("logstart", "logfinish", "runtest_protocol_complete"):
        worker.sendevent(name, nodeid="t")
    reports = [(what["data"]["when"], what["data"]["outcome"]) for name, what in said if name == "testreport"]
    assert ("setup", "passed") not in reports and len(reports) == 8
    assert [name for name, _ in said[8:]] == ["logfinish", "runtest_protocol_complete"]


def test_what_a_worker_left_undone_is_run_by_the_other_but_not_what_it_ended_over() -> None:
    (ended, other), _ = handed_out(GroupScheduling, ends_at=101)
    assert 0 < len(ended) < len(other) and len({*ended, *other}) == len(ended + other) == len(TESTS) - 1


@pytest.mark.slow
def test_a_test_that_ends_its_worker_or_has_no_end_fails_once_and_all_others_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\nfaulthandler_timeout = 10\nfaulthandler_exit_on_timeout = true")
    pytester.makeconftest(
        """
        def pytest_xdist_make_scheduler(config, log):
            from tests.scheduling import GroupScheduling
            return GroupScheduling(config, log)
        """
    )
    pytester.makepyfile(
        """
        import os, threading
        import pytest

        @pytest.mark.parametrize("k", range(20))
        def test_alone(k):
            if k in (3, 19):
                os._exit(9)

        @pytest.mark.xdist_group("together")
        @pytest.mark.parametrize("k", range(5))
        def test_together(k):
            if k == 2:
                threading.Event().wait()
        """
    )
    pytester.syspathinsert(ROOT)
    ran = pytester.runpytest_subprocess("-n", "2", "--dist", "loadgroup", timeout=LONG_STOP)
    ran.assert_outcomes(passed=22, failed=3)
    assert "in test_together" in ran.stderr.str()


def test_tests_of_one_name_are_found_as_in_a_list() -> None:
    places = Places(["a", "b", "a"])
    assert places == ["a", "b", "a"] and [places.index(name) for name in "ab"] == [0, 1]
    assert places.index("a", 1) == 2
