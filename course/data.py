"""`from course.data import load_digits`, as notebooks have it that were handed out before `course.teaching` was there."""

from course.teaching.data import *  # noqa: F403
