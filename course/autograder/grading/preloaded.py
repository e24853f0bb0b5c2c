"""Imported once by the process that workers are forked from: Paddle, every check, and what a worker needs besides."""

from course.autograder.engine import prefork

prefork.open_one()  # warms up while the imports below go on

from course.autograder.checks import list_checks  # noqa: E402
from course.autograder.grading import marking  # noqa: E402, F401 - to be there after the fork

list_checks()
