"""Imported once by the process that workers are forked from: Paddle, the checks, and what a worker needs besides."""

import contextlib
import os
import signal

from course.autograder.engine import prefork
from course.autograder.grading.workers import FOR_ASSIGNMENT
from course.common.collecting import made_to_stay
from course.common.later import FORMATS, without

signal.signal(
    signal.SIGINT, signal.SIG_IGN
)  # Ctrl-C is the driver's to answer, and what is forked here inherits this
prefork.open_one()  # warms up while the imports below go on

with made_to_stay(), without(*FORMATS):
    from course.autograder.checks import list_checks
    from course.autograder.engine import engine, further, questions, session  # noqa: F401 - to be there after the fork
    from course.autograder.grading import marking, worker_process  # noqa: F401

    list_checks(os.environ.get(FOR_ASSIGNMENT) or None)
    # What fails here will fail in each worker again, where it is said of a submission.
    with contextlib.suppress(Exception):
        worker_process.first_times()
