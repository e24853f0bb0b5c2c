"""`course.toml`: the term as data. Read once, checked key by key; every mistake in it is one sentence.

Without the file everything works as if it were empty: no dates, no penalty, no roster.
"""

from course.autograder.settings.reading import parse, read
from course.autograder.settings.table import FILE, SettingsError
from course.autograder.settings.term import (
    FULL_POINTS,
    OUT_OF_SUM,
    AssignmentSettings,
    ExtraCreditSettings,
    FollowUpSettings,
    GraderSettings,
    LatePolicy,
    Settings,
)

__all__ = [
    "FILE", "FULL_POINTS", "OUT_OF_SUM", "AssignmentSettings", "ExtraCreditSettings", "FollowUpSettings",
    "GraderSettings", "LatePolicy", "Settings", "SettingsError", "parse", "read",
]  # fmt: skip
