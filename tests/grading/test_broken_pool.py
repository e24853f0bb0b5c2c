"""A pool that breaks while submissions are handed to it loses none of them."""

from collections import deque
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.marking import Task
from course.autograder.grading.pool import with_pool


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
    marked = [one.student for one in with_pool(BreaksAfter(2), waiting, 1)]
    assert marked == ["s0", "s1"]
    assert [task.student for task, _ in waiting] == ["s2", "s3", "s4"]
    marked = [one.student for one in with_pool(BreaksAfter(9), waiting, 1)]
    assert marked == ["s2", "s3", "s4"] and not waiting
