"""Imports what a driver does, and starts the servers that its workers come from: for a process that is forked.

Drivers forked from it share these servers, as drivers that follow each other in one process do.
"""

from multiprocessing import forkserver

from course.autograder.cli import commands, grade  # noqa: F401
from course.autograder.grading import driver, workers  # noqa: F401

workers.start_ahead()
# It is this process's child, whom alone the system would tell that it runs.
forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None
