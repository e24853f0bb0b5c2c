"""Functions for workers: here, because the process that workers are forked from imports the module that they lie in."""

import os
from dataclasses import replace

from course.autograder.feedback import writing


def dies(task):
    """Not what any page does; what a fault in a library could."""
    if task.standing.student == "s1" and not task.plain:
        os._exit(9)
    writing.write_page(replace(task, plain=True))


def dies_always(task):
    if task.standing.student == "s1":
        os._exit(9)
