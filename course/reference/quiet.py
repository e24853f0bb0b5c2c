"""`quiet_stderr` under its earlier place."""

from course.common.quiet import quiet_stderr

__all__ = ["quiet_stderr"]
