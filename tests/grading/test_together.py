"""Marks that come one soon after the other are entered together; the first is not kept waiting, nor are the workers."""

from concurrent.futures import Future

import pytest

from course.autograder.gradebook.marks import Marked
from course.autograder.grading import pool
from course.autograder.grading.pool import LocalExecutor


class Hands:
    """Tasks end when they are told to."""

    def __init__(self) -> None:
        self.futures: list[Future[Marked]] = []

    def submit(self, function, task) -> Future[Marked]:
        self.futures.append(Future())
        return self.futures[-1]

    def end(self, *which: int) -> None:
        for one in which:
            self.futures[one].set_result(Marked(str(one), "ps"))


@pytest.fixture
def waits(monkeypatch):
    """What ends during each wait, as it is put in here, and whether anybody waited for what has not come."""
    real, ending = pool.wait, []

    def wait(futures, timeout=None, return_when=""):
        if ending:
            ending.pop(0)()
        return real(futures, 0, return_when)  # by no clock

    monkeypatch.setattr(pool, "wait", wait)
    return ending


def begun(ahead: int) -> tuple[Hands, LocalExecutor]:
    hands = Hands()
    executor = LocalExecutor(hands, ahead)
    for number in range(ahead):
        executor.submit(number)
    return hands, executor


def told(executor: LocalExecutor) -> set[int]:
    return {int(marked.student) for marked in executor.results()}


def test_the_first_marks_are_passed_on_at_once_and_later_ones_wait_for_others(waits):
    hands, executor = begun(8)
    waits += [lambda: hands.end(0), lambda: hands.end(1), lambda: hands.end(2), lambda: hands.end(3)]
    assert told(executor) == {0}
    waits.append(lambda: hands.end(4))
    assert told(executor) == {1, 2, 3, 4}


def test_nothing_is_waited_for_once_half_is_there_or_all(waits):
    hands, executor = begun(4)
    hands.end(0)
    told(executor)
    waits += [lambda: hands.end(1, 2), lambda: hands.end(3)]
    assert told(executor) == {1, 2} and len(waits) == 1
    assert told(executor) == {3} and not waits


def test_what_does_not_come_soon_is_not_waited_for(waits, monkeypatch):
    hands, executor = begun(8)
    hands.end(0)
    told(executor)
    clock = iter((0.0, 0.1, pool.TOGETHER + 0.1))
    monkeypatch.setattr(pool, "monotonic", lambda: next(clock))
    hands.end(1)
    assert told(executor) == {1}
