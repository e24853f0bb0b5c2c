"""A pool that breaks while submissions are handed to it loses none of them."""

from collections import deque
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.pool import LocalExecutor, work_off
from course.autograder.grading.task import Task


class BreaksAfter:
    """A pool that marks so many submissions, and is then broken at the next one handed to it."""

    def __init__(self, many: int) -> None:
        self.left = many

    def submit(self, mark, task: Task) -> Future[Marked]:
        if not self.left:
            raise BrokenProcessPool("a worker died")
        self.left -= 1
        future: Future[Marked] = Future()
        future.set_result(Marked(task.student, task.assignment))
        return future


def test_a_pool_that_is_broken_when_it_is_handed_a_submission_leaves_it_for_the_next_pool():
    waiting = deque((Task(f"s{n}", "ps1", Path(), Path(), ""), 1) for n in range(5))
    marked = [one.student for came in work_off(LocalExecutor(BreaksAfter(2), 1), waiting) for one in came]
    assert marked == ["s0", "s1"]
    assert [task.student for task, _ in waiting] == ["s2", "s3", "s4"]
    marked = [one.student for came in work_off(LocalExecutor(BreaksAfter(9), 1), waiting) for one in came]
    assert marked == ["s2", "s3", "s4"] and not waiting


class AnswersTwice:
    """An executor that gives every answer a second time."""

    ahead = 2

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def submit(self, task: Task) -> None:
        self.tasks.append(task)

    def results(self) -> list[Marked]:
        return [Marked(task.student, task.assignment) for task in self.tasks for _ in range(2)]


def test_a_second_answer_for_the_same_submission_is_left_out():
    waiting = deque((Task(f"s{n}", "ps1", Path(), Path(), ""), 1) for n in range(5))
    assert [one.student for came in work_off(AnswersTwice(), waiting) for one in came] == [
        "s0",
        "s1",
        "s2",
        "s3",
        "s4",
    ]
