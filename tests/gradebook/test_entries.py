"""Rows that are written in bulk are those that nbgrader's own objects write."""

import pytest
from nbgrader import utils
from nbgrader.api import Comment, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import inspect, select

from course.autograder.gradebook.course import GradingError
from course.autograder.gradebook.entries import read_entries, sheet_of, write_entries, write_students
from course.autograder.gradebook.record import Recorder, canonical_dump
from course.autograder.gradebook.scores import scores_of
from course.autograder.gradebook.states import INDEXES
from course.autograder.grading.driver import entered_together
from course.autograder.intake.timestamp import HandedInAt
from tests.marked_class import NAME, folder_like, marked

AT = HandedInAt("2026-10-01 12:00:00", "")
LATE = "[assignments.ps1_batchnorm]\ndue = 2026-09-30T12:00:00Z\n[late]\npolicy = 'per_day'\npercent = 10\n"


@pytest.fixture
def course(ps1, tmp_path):
    return folder_like(ps1, tmp_path / "course")


def rows_of(db, student):
    """A submission's rows in all tables, without the ids that are drawn for each."""
    found = db.scalars(select(SubmittedAssignment).where(SubmittedAssignment.student_id == student)).one()
    books = db.scalars(select(SubmittedNotebook).where(SubmittedNotebook.assignment_id == found.id)).all()
    own = {found.id, *(book.id for book in books)}
    rows = [("submitted_assignment", found)]
    for book in books:
        rows.append(("submitted_notebook", book))
        rows += [
            (kind.__tablename__, row)
            for kind in (Grade, Comment)
            for row in db.scalars(select(kind).where(kind.notebook_id == book.id))
        ]
    told = []
    for table, row in rows:
        values = {
            c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in ("id", "student_id")
        }
        told.append((table, sorted((k, str(v)) for k, v in values.items() if v not in own)))
    return sorted(told)


def test_a_new_submission_has_the_rows_that_nbgrader_makes(course):
    with course.gradebook() as gradebook:
        other = gradebook.add_notebook("second", NAME)
        gradebook.add_grade_cell("of the second", other.name, NAME, max_score=3, cell_type="code")
        gradebook.add_solution_cell("also of the second", other.name, NAME)
        gradebook.add_task_cell("a task", other.name, NAME, cell_type="markdown", max_score=2)
        gradebook.add_task_cell("a task of the first", NAME, NAME, cell_type="markdown", max_score=2)
        gradebook.add_student("by nbgrader")
        gradebook.add_submission(NAME, "by nbgrader", timestamp=AT.utc)
        write_students(gradebook.db, ["in bulk"])
        sheet = sheet_of(gradebook, NAME)
        entry = read_entries(gradebook.db, sheet, ["in bulk"])["in bulk"]
        entry.timestamp = utils.parse_utc(AT.utc)
        write_entries(gradebook.db, sheet, [entry])
        gradebook.db.commit()
        assert len(sheet.others) == 1
        assert rows_of(gradebook.db, "in bulk") == rows_of(gradebook.db, "by nbgrader")


def test_values_are_those_that_nbgraders_objects_would_have_been_given(course):
    """The same marks set by hand on nbgrader's objects, as its autograding sets them."""
    given = marked(course, "in bulk", {"batch_moments": (2.5, "unbiased variance")}, at=AT)
    with Recorder(course, NAME) as recorder:
        score = recorder.record(given)
        gradebook = recorder.gradebook
        gradebook.add_student("by nbgrader")
        submission = gradebook.add_submission(NAME, "by nbgrader", timestamp=AT.utc)
        (book,) = submission.notebooks
        for grade in book.grades:
            by_hand = grade.name in recorder.asked.by_hand
            grade.auto_score = None if by_hand else given.points.get(grade.name, 0.0)
            grade.needs_manual_grade = by_hand
        gradebook.db.commit()
        assert rows_of(gradebook.db, "in bulk") == rows_of(gradebook.db, "by nbgrader")
        assert score == scores_of(gradebook, NAME, recorder.order, "in bulk")["in bulk"]
        assert gradebook.find_submission(NAME, "in bulk").score == 85.5


def some_marks(course):
    return [
        marked(course, "s1", at=AT),
        marked(course, "s2", {"batch_moments": (2.5, "unbiased variance")}, notes=("mended",)),
        marked(course, "s3", blank=True, needs_person=("It is empty.",)),
        marked(course, "s4", digest="other.same"),
    ]


@pytest.mark.parametrize("term", ["", LATE])
def test_several_at_once_are_what_they_are_one_by_one(ps1, tmp_path, term):
    """Also when they are graded again, and a person has given points in between."""
    dumps = []
    for name in ("together", "one by one"):
        course = folder_like(ps1, tmp_path / name)
        (course.root / "course.toml").write_text(term)
        for again in (False, True):
            with Recorder(course, NAME) as recorder:
                if again:
                    key = ("batch_moments", NAME, NAME, "s2")
                    recorder.gradebook.find_grade(*key).manual_score = 4.0
                    recorder.db.commit()
                marks = some_marks(course)
                if name == "together":
                    told = recorder.record_all(marks)
                else:
                    told = {one.student: recorder.record(one) for one in marks}
                assert told == scores_of(recorder.gradebook, NAME, recorder.order)
        dumps.append(canonical_dump(course))
    assert dumps[0] == dumps[1] and "s2 grade batch_moments (2.5, 4.0, None, False)" in dumps[0]
    assert ("s1 penalty None" in dumps[0]) == (not term)


def test_one_that_cannot_be_entered_costs_none_that_came_with_it(course):
    marks = [marked(course, "s1"), marked(course, "s2"), marked(course, "s3")]
    marks[1].points["batch_moments"] = "not a number"  # type: ignore[assignment]
    with Recorder(course, NAME) as recorder:
        rows = entered_together(recorder, marks, 0)
        assert [row.score is None for row in rows] == [False, True, False]
        assert "the gradebook did not take it" in rows[1].failure
        assert set(recorder.states()) == {"s1", "s3"}


def test_points_that_differ_from_the_checks_stop_grading(course):
    marks = some_marks(course)
    marks[2].verdicts["batch_moments"]["max_points"] = 99.0
    with Recorder(course, NAME) as recorder, pytest.raises(GradingError, match="give both the same"):
        entered_together(recorder, marks, 0)


def test_what_is_asked_of_each_submission_has_an_index(course):
    with Recorder(course, NAME) as recorder:
        there = inspect(recorder.db.connection())
        assert all(there.has_index(table, name) for name, (table, _) in INDEXES.items())
