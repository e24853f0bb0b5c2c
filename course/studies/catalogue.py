"""Every study, by name."""

from course.studies import eight_settings
from course.studies.record import Study

STUDIES: dict[str, Study] = {s.STUDY.name: s.STUDY for s in (eight_settings,)}
