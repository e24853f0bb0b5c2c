"""Imported once by the process that workers are forked from: Paddle, every check, and what a worker needs besides."""

import signal

from course.autograder.engine import prefork

signal.signal(
    signal.SIGINT, signal.SIG_IGN
)  # Ctrl-C is the driver's to answer, and what is forked here inherits this
prefork.open_one()  # warms up while the imports below go on

from course.autograder.checks import list_checks  # noqa: E402
from course.autograder.grading import marking  # noqa: E402, F401 - to be there after the fork

list_checks()
