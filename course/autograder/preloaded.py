"""Imported once by the process that workers are forked from: Paddle, every check, and what a worker needs besides."""

import course.autograder.engine
import course.autograder.marking  # noqa: F401 - imported to be there after the fork
from course.autograder.checks import list_checks

list_checks()
