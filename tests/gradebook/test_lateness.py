"""Due dates, late policies and extensions in the gradebook: our commands and nbgrader's own say the same."""

import datetime as dt
import shutil

import pytest
from nbgrader.api import Gradebook

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.grades import each_row
from course.autograder.gradebook.lateness import lateness_told, read_extensions, settle_class
from course.autograder.gradebook.scores import scores_of
from course.autograder.settings import Settings, SettingsError

PS0, PS1 = "ps0_warmup", "ps1_batchnorm"
TOML = f"""
[course]
time_zone = "Europe/Berlin"
[late]
policy = "late_days"
percent = 20
budget = 1
[assignments.{PS0}]
due = 2026-10-15T22:00:00+00:00
[assignments.{PS1}]
due = 2026-10-22T22:00:00+00:00
"""


def handed_in(gradebook: Gradebook, assignment: str, student: str, at: str, points: float) -> None:
    gradebook.update_or_create_student(student)
    gradebook.update_or_create_submission(assignment, student, timestamp=at)
    book = gradebook.find_submission(assignment, student).notebooks[0]
    grade = max(book.grades, key=lambda one: one.cell.max_score or 0)
    grade.auto_score, grade.needs_manual_grade = points, False
    gradebook.db.commit()


@pytest.fixture
def course(released, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(released.root, root)
    (root / "course.toml").write_text(TOML)
    made = Course(root)
    with made.gradebook() as gradebook:
        handed_in(gradebook, PS0, "ann", "2026-10-16 21:00:00 UTC", 5)  # within a day: takes the late day
        handed_in(gradebook, PS1, "ann", "2026-10-23 21:00:00 UTC", 10)  # a day late, none left
        handed_in(gradebook, PS0, "bob", "2026-10-15 21:59:00 UTC", 5)
    return made


def penalties(course, assignment):
    with course.gradebook() as gradebook:
        settle_class(gradebook, course.term())
        return {id: score.penalty for id, score in scores_of(gradebook, assignment, []).items()}


def test_a_budget_is_spent_over_the_term_and_the_page_says_so(course):
    assert penalties(course, PS0) == {"ann": 0, "bob": 0} and penalties(course, PS1) == {"ann": 2}
    with course.gradebook() as gradebook:
        told = lateness_told(gradebook.db, PS1)["ann"]
        assert "20% together" in told and "bob" not in lateness_told(gradebook.db, PS0)
        assert told in scores_of(gradebook, PS1, [])["ann"].notes


def test_an_extension_counts_for_nbgrader_too_and_taking_it_away_takes_it_back(course):
    row = f"ann,{PS1},2026-10-24 00:00,ill\n"
    (course.root / "extensions.csv").write_text("student,assignment,until,reason\n" + row)
    assert penalties(course, PS1) == {"ann": 0}
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(PS1, "ann")
        assert submission.extension == dt.timedelta(days=1) and submission.total_seconds_late == 0
    (course.root / "extensions.csv").unlink()
    assert penalties(course, PS1) == {"ann": 2}


def test_an_extension_where_nothing_is_due_changes_nothing(course):
    (course.root / "course.toml").write_text("[late]\npolicy = 'per_day'\n")
    (course.root / "extensions.csv").write_text(f"student,assignment,until\nann,{PS1},2026-10-24T00:00:00Z\n")
    with course.gradebook() as gradebook:
        gradebook.find_assignment(PS1).duedate = None
        gradebook.db.commit()
    assert penalties(course, PS1) == {"ann": 0}
    with course.gradebook() as gradebook:
        assert gradebook.find_submission(PS1, "ann").total_seconds_late == 0


def test_the_class_list_counts_penalties_that_manual_grading_changed(course):
    penalties(course, PS1)
    with course.gradebook() as gradebook:
        grade = max(
            gradebook.find_submission(PS1, "ann").notebooks[0].grades, key=lambda g: g.cell.max_score or 0
        )
        grade.manual_score = 20
        gradebook.db.commit()
    list(each_row(course, PS1, []))
    with course.gradebook() as gradebook:
        assert scores_of(gradebook, PS1, [])["ann"].penalty == 4


def test_nothing_is_touched_where_the_term_says_nothing(course):
    (course.root / "course.toml").unlink()
    with course.gradebook() as gradebook:
        gradebook.find_submission(PS1, "ann").extension = dt.timedelta(hours=3)
        gradebook.db.commit()
        settle_class(gradebook, course.term())
        assert gradebook.find_submission(PS1, "ann").extension == dt.timedelta(hours=3)


BAD = {
    "name,until\n": "no column student",
    "student,assignment,until\nann,ps1,soon\n": "until is 'soon'; wanted: a date with a time",
    "student,assignment,until\nann,ps1,2026-10-20\n": "without a time",
    "student,assignment,until\n,ps1,2026-10-20 23:59\n": "row 2: the student is missing",
    "student,assignment,until\na,p,2026-10-20 23:59\na,p,2026-10-21 23:59\n": "twice",
    "": "is empty",
}


@pytest.mark.parametrize("content", BAD)
def test_a_mistake_in_the_extensions_is_one_sentence(tmp_path, content):
    (tmp_path / "extensions.csv").write_text(content)
    with pytest.raises(SettingsError) as caught:
        read_extensions(tmp_path, Settings())
    assert BAD[content] in str(caught.value) and "\n" not in str(caught.value)


def test_a_mistake_in_course_toml_stops_before_anything_is_graded(course):
    (course.root / "course.toml").write_text("[assignments.ps1_batchnrm]\n")
    with pytest.raises(GradingError, match="did you mean ps1_batchnorm"):
        course.term()


def test_the_graders_limits_come_from_course_toml(course):
    (course.root / "course.toml").write_text("[grader]\ncell_seconds = 7\nmemory_mb = 512\n")
    limits = course.limits()
    assert (limits.cell_seconds, limits.memory, limits.total_seconds) == (7, 512 * 2**20, 300)
