"""The sample class, from release to gradebook: every row true, nobody lost, a second run the same.

One engine in this process marks all classes: `tests/grading/` has what becomes of worker processes. Whoever is right
throughout has cases of their own; the others share theirs, so that what each mistake gives is asked once for a class, not
once for each student. That wrong answers are found out whatever the cases are, the answer banks show on several seeds.
"""

import json
from dataclasses import replace

import nbformat
import pytest

from course.autograder.checks import list_checks
from course.autograder.cli import sample_class
from course.autograder.engine.engine import Engine
from course.autograder.gradebook.course import fresh_course
from course.autograder.gradebook.record import canonical_dump
from course.autograder.gradebook.scores import CellScore, Score
from course.autograder.grading import driver as grading
from course.autograder.grading import marking
from course.autograder.grading import task as tasks_of
from course.autograder.judging import answers
from course.autograder.sandbox.limits import Limits

CLASSES = sorted(path.parent.name for path in answers.BANK.glob("*/class.toml"))
pytestmark = pytest.mark.xdist_group("class")  # each is graded once
LIMITS = Limits(cell_seconds=5)
SHORT = replace(LIMITS, cell_seconds=0.5)  # for the one in each class whose cell never ends


@pytest.fixture(scope="module")
def engine():
    with Engine(LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def plan(engine, assignment, expected):
    """How the class is graded: here."""
    right = {row.student for row in expected if not row.lost}
    endless = {entry["id"] for entry in sample_class.class_file(assignment)["student"] if never_ends(entry)}
    own_seed = tasks_of.seed_for

    def mark_here(tasks, limits):
        for task in tasks:
            engine.limits = SHORT if task.student in endless else limits
            yield [marking.mark(task, engine)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            tasks_of,
            "seed_for",
            lambda secret, who, what: own_seed(secret, who if who in right else "", what),
        )
        yield grading.Plan(limits=LIMITS, marking=mark_here)


def never_ends(entry):
    return any("while True" in edit.get("by", "") for edit in entry.get("edits", []))


@pytest.mark.parametrize("assignment", CLASSES)
def test_what_is_written_of_each_student_adds_up(assignment):
    rows = sample_class.expected(assignment)
    assert len(rows) >= (5 if assignment.startswith("ps0") else 24)
    for row in rows:
        assert set(row.lost) | set(row.named) <= set(list_checks(assignment)), row.student
        assert set(row.named) <= set(row.lost), f"{row.student}: what is named has cost something"


@pytest.fixture(scope="module", params=CLASSES)
def assignment(request):
    return request.param


@pytest.fixture(scope="module")
def course(tmp_path_factory, assignment):
    made = fresh_course(tmp_path_factory.mktemp("class"))
    made.release(assignment)
    return made


@pytest.fixture(scope="module")
def expected(course, assignment):
    return sample_class.make_class(course.root, assignment)


@pytest.fixture(scope="module")
def graded(course, expected, assignment, plan):
    return {row.student: row for row in grading.grade(course.root, assignment, None, plan)}


@pytest.mark.slow
def test_every_student_is_there(expected, graded):
    assert sorted(graded) == sorted(row.student for row in expected)


@pytest.mark.slow
def test_every_row_is_true(expected, graded):
    faults = {row.student: row.matches(graded[row.student].score) for row in expected}
    assert not {student: fault for student, fault in faults.items() if fault}


@pytest.mark.slow
def test_a_right_answer_handed_in_as_given_out_gets_no_note(graded, assignment):
    for entry in sample_class.class_file(assignment)["student"]:
        if not {"edits", "file"} & set(entry):
            assert graded[entry["id"]].score.notes == (), entry["id"]


@pytest.mark.slow
def test_a_second_run_gives_the_same(course, graded, assignment, plan):
    before = canonical_dump(course)
    again = grading.grade(course.root, assignment, None, plan)
    assert {row.student: row.score for row in again} == {s: row.score for s, row in graded.items()}
    assert canonical_dump(course) == before


def score_like(row, **changes):
    cells = [
        CellScore(check.replace(".", "-"), 6.0 - row.lost.get(check, 0), 6.0, False) for check in row.lost
    ]
    about = {"student": row.student, "assignment": "ps1_batchnorm", "cells": tuple(cells), "notes": row.noted}
    return Score(**{**about, **changes})


def test_a_row_that_is_not_true_is_told_in_words():
    row = sample_class.Expected(
        "s1", "", 3.0, {"fold_batchnorm": 3.0}, {"fold_batchnorm": ("beta forgotten",)}, ("is missing",)
    )
    assert row.matches(None) == ["s1 has no score"]
    told = row.matches(score_like(row, notes=()))
    assert told == ["fold_batchnorm: 'beta forgotten' was not named", "nothing was noted with 'is missing'"]
    too_much = row.matches(score_like(sample_class.Expected("s1", "", 6.0, {"fold_batchnorm": 1.0})))
    assert "5 points; 3 are true" in too_much
    assert "fold_batchnorm lost 1 points; 3 are true" in too_much


@pytest.mark.slow
def test_the_class_is_made_from_the_release_alone(course, expected):
    """No solution mark of the instructor's notebook and no rubric reaches a submission."""
    for path in (course.root / "submitted").rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text and "Rubric" not in text, path


def test_submissions_that_should_be_notebooks_are(course, expected, assignment):
    files = {
        entry["id"]: entry.get("file", "notebook") for entry in sample_class.class_file(assignment)["student"]
    }
    for student, how in files.items():
        path = course.root / "submitted" / student / assignment / f"{assignment}.ipynb"
        if how == "notebook":
            nbformat.validate(nbformat.read(path, as_version=4))
        elif how == "nbformat 3":
            assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 3
        else:
            assert how in ("misnamed", "absent") or path.exists()
