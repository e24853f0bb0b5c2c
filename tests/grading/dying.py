"""A worker that dies over one student's submission; alone here, since each worker imports what it is to do."""

import os

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.task import Task
from course.autograder.grading.worker_process import mark_here


def dies_on_s2(task: Task) -> Marked:
    """Mark as a worker does, but for s2."""
    if task.student == "s2":
        os._exit(9)
    return mark_here(task)
