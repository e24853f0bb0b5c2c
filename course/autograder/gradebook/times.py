"""nbgrader reads times of handing in as we do: strictly.

Its own reading takes `5` for a day of this month and `PST` for UTC, and where a file holds no date at all the formgrader's
list of a whole assignment, and `nbgrader collect`, end in an error. It offers no setting for it.
"""

from datetime import datetime
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from course.autograder.intake.timestamp import handed_in_at


def read_times_strictly() -> None:
    """Let every nbgrader command of this process take a time that cannot be read for none. Safe to call again."""
    CourseDirectory.get_existing_timestamp = _existing
    NbGraderAPI.get_submitted_timestamp = _submitted


def _existing(self: CourseDirectory, dest_path: str) -> datetime | None:
    at = handed_in_at(Path(dest_path)).utc
    return parse_utc(at) if at else None


def _submitted(self: NbGraderAPI, assignment_id: str, student_id: str) -> datetime | None:
    directory = self.coursedir.submitted_directory
    return _existing(self.coursedir, self.coursedir.format_path(directory, student_id, assignment_id))
