"""Old points are kept when a later grading gives others, and a preview enters nothing."""

import csv

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.gradebook.history import history_of
from course.autograder.insight.regrade import compared, write_outcomes
from tests.marked_class import NAME, folder_like, marked, record

TRAIN = "batchnorm_forward-train"


@pytest.fixture
def course(ps1, tmp_path):
    return folder_like(ps1, tmp_path / "root")


def changes(course, student):
    with course.gradebook() as gradebook:
        return history_of(gradebook.db, student)


def test_a_regrade_keeps_the_old_points(course):
    record(course, marked(course, "s1", digest="hand.old"))
    assert changes(course, "s1") == []
    record(course, marked(course, "s1", {TRAIN: (4.0, "x")}, digest="hand.new"))
    (change,) = changes(course, "s1")
    assert (change.gained, change.same_hand_in, change.fingerprint) == (-4.0, True, "new")
    assert change.before[TRAIN] - change.after[TRAIN] == 4.0 and list(change.after) == [TRAIN]
    record(course, marked(course, "s1", {TRAIN: (4.0, "x")}, digest="hand.newer"))
    assert len(changes(course, "s1")) == 1  # the same points again are no change
    record(course, marked(course, "s1", digest="other.newer"))
    assert [c.gained for c in changes(course, "s1")] == [-4.0, 4.0]
    assert not changes(course, "s1")[1].same_hand_in
    said = CliRunner().invoke(main, ["--root", str(course.root), "history", "s1"])
    assert said.exit_code == 0 and "-4" in said.output and "another" in said.output


def test_points_given_by_hand_stay_out_of_a_preview(course):
    record(course, marked(course, "s1"))
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission(NAME, "s1").notebooks[0].grades:
            if grade.name == TRAIN:
                grade.manual_score = 1.0
        gradebook.db.commit()
    new = marked(course, "s1", {TRAIN: (4.0, "x"), "scale_shift": (3.0, "gamma and beta swapped")})
    outcome = compared(course.score(NAME, "s1"), new)
    assert [cell.name for cell in outcome.cells] == ["scale_shift"] and outcome.gained == -3.0
    assert "no name → gamma and beta swapped" in outcome.cells[0].why


def test_follow_up_marks_are_the_reason_where_they_are(course):
    record(course, marked(course, "s1", {TRAIN: (4.0, "x")}))
    now = marked(course, "s1")
    now.verdicts[TRAIN]["follow_up"] = ["Follow-up marks: so."]
    (cell,) = compared(course.score(NAME, "s1"), now).cells
    assert cell.why == f"{TRAIN} 6 → 10 (follow-up marks)"


def test_extra_credit_for_a_question_of_the_machines_is_not_taken_for_a_change(course):
    record(course, marked(course, "s1"))
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission(NAME, "s1").notebooks[0].grades:
            if grade.name == TRAIN:
                grade.extra_credit = 2.0
        gradebook.db.commit()
    assert compared(course.score(NAME, "s1"), marked(course, "s1")).cells == ()
    (cell,) = compared(course.score(NAME, "s1"), marked(course, "s1", {TRAIN: (4.0, "")})).cells
    assert cell.before - cell.after == 4.0


def test_what_is_gained_in_one_question_and_lost_in_another_keeps_the_sum(course):
    record(course, marked(course, "s1", {TRAIN: (3.0, "")}))
    outcome = compared(course.score(NAME, "s1"), marked(course, "s1", {"scale_shift": (3.0, "")}))
    assert len(outcome.cells) == 2 and outcome.gained == 0


def test_a_preview_says_who_was_not_graded_before_and_who_failed(course):
    record(course, marked(course, "s1"))
    outcomes = [
        compared(None, marked(course, "s2")),
        compared(course.score(NAME, "s1"), marked(course, "s1")),
    ]
    assert [one.said for one in outcomes] == ["not graded before", ""] and not outcomes[1].cells
    with write_outcomes(course.root, NAME, outcomes).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["student"], row["gained"]) for row in rows] == [("s2", ""), ("s1", "0")]


def test_history_of_nobody(course):
    said = CliRunner().invoke(main, ["--root", str(course.root), "history", "nobody"])
    assert said.exit_code == 1 and "there is no student 'nobody' here" in said.output
