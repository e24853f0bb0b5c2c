"""Which section teaches a mistake: only mistakes that a check can name."""

import tomllib

import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.feedback import lessons

SECTIONS = tomllib.loads(lessons.MAP.read_text("utf-8"))


@pytest.mark.parametrize("assignment", SECTIONS)
def test_every_mistake_that_a_section_is_given_is_one_that_a_check_names(assignment):
    named = {m.name for check in list_checks(assignment) for m in find_check(check).misconceptions}
    given = [name for entry in SECTIONS[assignment] for name in entry.get("mistakes", [])]
    assert given and set(given) <= named
