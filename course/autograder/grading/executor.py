"""What the driver asks of whatever has submissions marked: the processes of this machine, or those of many."""

from typing import Protocol

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.task import Task


class WorkerLost(Exception):
    """A worker died. What was under way and has not come back is to be submitted again."""


class Executor(Protocol):
    """Takes tasks, and gives their marks back as they come, in any order."""

    @property
    def ahead(self) -> int:
        """How many tasks it is to be given before their marks are waited for."""

    def submit(self, task: Task) -> None:
        """Have a task marked. Raises WorkerLost, with the task not taken, where it can take none any more."""

    def results(self) -> list[Marked]:
        """The marks that have come, at least one; waits for it. Raises WorkerLost when no more will come."""
