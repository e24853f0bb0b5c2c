"""Optional questions: what they earn comes on top of the 100 points, and whoever leaves them out loses nothing."""

import csv
import json

import nbformat
import pytest

from course.autograder.cli.export import _result
from course.autograder.cli.told import in_a_sentence
from course.autograder.feedback.from_gradebook import standings
from course.autograder.gradebook.changes import cells_of, differences
from course.autograder.gradebook.course import Course
from course.autograder.gradebook.grades import each_row, write_grades
from course.autograder.gradebook.history import history_of
from course.autograder.gradebook.nbgrader_steps import SaveScores
from course.autograder.gradebook.points import points_that_differ
from course.autograder.grading.gradescope import results
from course.autograder.grading.task import Task, digest
from course.autograder.insight.regrade import compared
from course.autograder.insight.report import write_report
from course.autograder.intake.timestamp import HandedInAt
from course.autograder.judging.rules import ExtraCredit
from course.common.notebooks import EXTRA
from tests.marked_class import folder_like, hand_in, marked, record

NAME = "ps4_normalizers"
OPTIONAL = {
    "groupnorm_backward": 6.0,
    "linear_moments": 4.0,
    "compensate_moment": 4.0,
    "cross_iteration_moments": 6.0,
}
NONE = {name: (points, "") for name, points in OPTIONAL.items()}
HALF = {name: NONE[name] for name in ("groupnorm_backward", "compensate_moment")}
WRITTEN = {"explain_batch_two": 6.0, "explain_constants": 6.0}
LATE = f"""
[late]
policy = "per_day"
percent = 10
[assignments.{NAME}]
due = 2026-10-15T22:00:00+00:00
"""


@pytest.fixture
def course(released_alone, tmp_path):
    return folder_like(released_alone(NAME), tmp_path / "root")


def say(course, text):
    """The same folder, with this in its course.toml."""
    (course.root / "course.toml").write_text(text, encoding="utf-8")
    return Course(course.root)


def enter(course, student="s1", lost=None, **rest):
    record(course, marked(course, student, lost, assignment=NAME, **rest))
    return course.score(NAME, student)


def by_hand(course, student, change):
    """Change grades as the formgrader does: `change` by name, of manual score and extra credit."""
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission(NAME, student).notebooks[0].grades:
            if grade.name in change:
                grade.manual_score, grade.extra_credit = change[grade.name]
                grade.needs_manual_grade = False
        gradebook.db.commit()


def all_written(course, student="s1"):
    by_hand(course, student, {name: (points, None) for name, points in WRITTEN.items()})
    return course.score(NAME, student)


def test_the_core_alone_is_100_of_100(course):
    enter(course, lost=NONE)
    score = all_written(course)
    assert (score.points, score.core, score.max_points, score.extra, score.max_extra) == (
        100,
        100,
        100,
        0,
        20,
    )
    assert in_a_sentence(score) == "100 of 100, and 0 of 20 extra"
    assert score.needs_person == () and score.named == {}
    with course.gradebook() as gradebook:
        book = gradebook.find_submission(NAME, "s1").notebooks[0]
        assert (book.score, book.max_score, book.needs_manual_grade) == (100, 100, False)


@pytest.mark.parametrize(("lost", "extra"), [({}, 20), (HALF, 10), ({"linear_moments": (1.0, "")}, 19)])
def test_extra_credit_is_above_the_100_and_nbgrader_counts_the_same(course, lost, extra):
    enter(course, lost=lost)
    score = all_written(course)
    assert (score.points, score.max_points, score.extra) == (100 + extra, 100, extra)
    with course.gradebook() as gradebook:
        book = gradebook.find_submission(NAME, "s1").notebooks[0]
        assert (book.score, book.max_score) == (100 + extra, 100)
        grades = {
            grade.name: (grade.auto_score, grade.extra_credit, grade.max_score) for grade in book.grades
        }
    less = lost.get("linear_moments", (0.0, ""))[0]
    assert grades["linear_moments"] == (0, 4 - less, 0) and grades["layernorm_forward"] == (12, None, 12)


def test_it_adds_to_a_core_that_is_not_complete(course):
    score = enter(course, lost={"layernorm_forward": (12.0, "a mistake"), **HALF})
    assert (score.automatic, score.max_automatic, score.extra, score.points) == (76, 88, 10, 86)
    assert in_a_sentence(score) == (
        "76 of 88 by machine, 12 wait for a person, and 10 of 20 extra; a mistake"
    )


@pytest.mark.parametrize(("percent", "added"), [(100, (6, 4, 4, 6)), (12, (6, 4, 2, 0)), (0, (0, 0, 0, 0))])
def test_it_counts_up_to_what_course_toml_says(course, percent, added):
    enter(course)
    said = say(course, f"[extra_credit]\npercent = {percent}\n")
    score = enter(said)
    assert tuple(cell.points for cell in score.cells if cell.name in OPTIONAL) == added
    assert (score.extra, score.max_extra, score.core) == (sum(added), min(20, percent), 88)
    assert ("extra" in in_a_sentence(score)) == bool(percent)
    earned = dict(OPTIONAL)
    told = {
        100: "",
        12: "extra credit counts up to 12 points; you earned 20",
        0: "extra credit does not count in this course",
    }
    assert said.extra_credit(NAME).said(earned) == told[percent]
    assert enter(say(course, "")).extra == 20, "it is as before once it is said no more"


def test_the_setting_belongs_to_what_marks_depend_on(course):
    folder, released = (
        hand_in(course, "s1", assignment=NAME),
        course.folder("release") / NAME / f"{NAME}.ipynb",
    )
    tasks = [
        Task("s1", NAME, folder, released, "secret", extra=ExtraCredit((("linear_moments", 4.0),), most))
        for most in (4.0, 2.0)
    ]
    assert len({digest(task) for task in (*tasks, Task("s1", NAME, folder, released, "secret"))}) == 3


def test_lateness_costs_the_same_share_of_both(course):
    said = say(course, LATE)
    score = enter(said, at=HandedInAt("2026-10-16 12:00:00 UTC"))
    assert (score.penalty, score.points, score.core, score.extra) == (10.8, 97.2, 79.2, 18)
    with said.gradebook() as gradebook:
        page = standings(gradebook, NAME, NAME, ["s1"])["s1"]
        assert gradebook.find_submission(NAME, "s1").notebooks[0].late_submission_penalty == pytest.approx(
            10.8
        )
    assert (page.core, page.extra, page.max_points, page.max_extra) == (79.2, 18, 100, 20)


def test_a_regrade_changes_it_and_the_history_says_so(course):
    enter(course, lost=HALF)
    better = marked(course, "s1", digest="same.other", assignment=NAME)
    outcome = compared(course.score(NAME, "s1"), better)
    assert {cell.name: (cell.before, cell.after) for cell in outcome.cells} == {
        name: (0, OPTIONAL[name]) for name in HALF
    }
    record(course, better)
    assert course.score(NAME, "s1").extra == 20
    with course.gradebook() as gradebook:
        (change,) = history_of(gradebook.db, "s1")
    assert change.gained == 10 and set(change.after) == set(HALF)


def test_a_persons_number_stays_at_a_regrade_and_none_is_nobodys(course):
    enter(course, lost=NONE)
    by_hand(course, "s1", {"linear_moments": (None, 2.5), "compensate_moment": (None, None)})
    assert course.score(NAME, "s1").extra == 2.5
    for given in ("same.other", "same.third"):
        score = enter(course, digest=given)
        points = {cell.name: (cell.points, cell.by_machine) for cell in score.cells if cell.extra}
        assert points == {
            "groupnorm_backward": (6, 6),
            "linear_moments": (2.5, None),
            "compensate_moment": (4, 4),
            "cross_iteration_moments": (6, 6),
        }
    with course.gradebook() as gradebook:
        page = standings(gradebook, NAME, NAME, ["s1"])["s1"]
    assert page.marks["linear_moments"].points == 2.5 and page.extra == 18.5
    later = compared(score, marked(course, "s1", NONE, assignment=NAME))
    assert {cell.name for cell in later.cells} == set(OPTIONAL) - {"linear_moments"}


def test_full_and_no_credit_in_the_formgrader_mean_what_they_say(course):
    """Its buttons write 0 of 0 points: 'full' leaves the extra credit, 'no' takes it away; neither is undone."""
    enter(course)
    by_hand(course, "s1", {"linear_moments": (0.0, 4.0), "compensate_moment": (0.0, 0.0)})
    for score in (course.score(NAME, "s1"), enter(course, lost=NONE, digest="same.other")):
        cells = {cell.name: cell.points for cell in score.cells}
        assert (cells["linear_moments"], cells["compensate_moment"]) == (4, 0)


def test_an_optional_question_that_is_withdrawn_adds_nothing_or_everything(course):
    enter(course)
    said = say(
        course,
        f'[assignments.{NAME}.withdrawn]\nlinear_moments = "out of the sum"\ncompensate_moment = "full points"\n',
    )
    score = enter(said, lost=NONE)
    assert (score.max_points, score.max_extra) == (100, 16)
    assert {c.name: c.points for c in score.cells if c.name in OPTIONAL}["linear_moments"] == 0
    with said.gradebook() as gradebook:
        cell = gradebook.find_grade_cell("compensate_moment", NAME, NAME)
        assert cell.max_score == 0


def test_tables_exports_and_the_report_show_it_apart(course):
    enter(course)
    enter(course, "s2", lost=NONE)
    path, _ = write_grades(course, NAME, [])
    rows = {row["student"]: row for row in csv.DictReader(path.open(newline="", encoding="utf-8"))}
    told = {s: (row["points"], row["max_points"], row["extra_credit"]) for s, row in rows.items()}
    assert told == {"s1": ("108", "100", "20"), "s2": ("88", "100", "0")}
    assert rows["s1"]["linear_moments"] == "4"
    (first, _) = each_row(course, NAME, [])
    by_name = {test["name"]: test for test in _result(first)["tests"]}
    test = by_name["linear_moments (extra credit)"]
    assert (test["score"], test["max_score"], _result(first)["score"]) == (4, 0, 108)
    report = write_report(course, NAME)
    assert report.results.totals.tolist() == [88, 88] and report.results.max_points == 100
    assert not set(OPTIONAL) & set(report.results.questions)
    page = report.files[0].read_text(encoding="utf-8")
    assert "Extra credit" in page and "at most 20 points" in page
    listed = csv.DictReader(report.files[1].open(newline="", encoding="utf-8"))
    assert {row["question"] for row in listed if row["extra_credit"]} == set(OPTIONAL)


def test_a_release_whose_extra_credit_differs_is_refused(course):
    source = course.folder("source") / NAME / f"{NAME}.ipynb"
    given = nbformat.read(source, as_version=4)
    for change, told in (
        ({EXTRA: 5}, "linear_moments is extra credit of 4 points in its check"),
        ({"points": 4}, "linear_moments is extra credit of 4 points in its check"),
        ({EXTRA: None}, "linear_moments is extra credit of 4 points in its check"),
    ):
        made = nbformat.from_dict(json.loads(json.dumps(given)))
        cell = next(
            c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "linear_moments"
        )
        if "points" in change:
            cell.metadata.nbgrader.points = change["points"]
        else:
            cell.metadata = {**cell.metadata, **change}
        (said,) = points_that_differ(made)
        assert said.startswith(told)
    cell.metadata[EXTRA] = 5
    assert differences(cells_of(given), cells_of(made)) == [
        "linear_moments has 5 points of extra credit and had 4 points"
    ]
    core = next(
        c for c in given.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "layernorm_forward"
    )
    core.metadata[EXTRA] = 12
    (said,) = points_that_differ(given)
    assert "layernorm_forward is no extra credit in its check" in said


class _Ran:
    """A run and an intake as far as Gradescope's results look at them."""

    notes = incidents = needs_person = ()
    isolated = readable = True
    seconds = {"total": 1.0}  # noqa: RUF012

    def __init__(self, ledger):
        self.ledger = ledger


def test_gradescope_gets_it_as_points_above_the_sum(course):
    from course.autograder.checks import find_check, list_checks
    from course.autograder.judging.verdict import Verdict

    released = nbformat.read(course.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    checks = [find_check(name) for name in list_checks(NAME)]
    ran = _Ran({c.grade_id: Verdict(c.name, 1.0, c.points, graded=True, extra=c.extra) for c in checks})
    for most, extra in ((20, 20), (7, 7)):
        made = ExtraCredit(tuple(OPTIONAL.items()), most)
        found = results(released, ran, ran, extra=made)
        assert (found["score"], found["max_score"]) == (88 + extra, 100)
        tests = {test["name"]: test for test in found["tests"]}
        assert tests["linear_moments (extra credit)"]["max_score"] == 0
        assert "of extra credit" in tests["linear_moments (extra credit)"]["output"]
        assert found["output"] == ("" if most == 20 else "extra credit counts up to 7 points; you earned 20")


def test_nbgraders_own_autograding_enters_the_same(course):
    """`nbgrader autograde`, and so the formgrader's button, scores cell by cell from the verdicts."""
    enter(course, lost=NONE)
    by_hand(course, "s1", {"linear_moments": (None, 2.5)})
    released = nbformat.read(course.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    cells = {
        c.metadata.nbgrader.grade_id: c for c in released.cells if c.metadata.get("nbgrader", {}).get("grade")
    }
    resources = {"course_ledger": {name: {"points": points} for name, points in OPTIONAL.items()}}
    with course.gradebook() as gradebook:
        step = SaveScores()
        step.gradebook, step.notebook_id, step.assignment_id, step.student_id = gradebook, NAME, NAME, "s1"
        for name in (*OPTIONAL, "layernorm_forward"):
            step._add_score(cells[name], resources)
    entered = resources["course_extra"]
    assert entered == {name: points for name, points in OPTIONAL.items() if name != "linear_moments"}
    cells = {cell.name: cell.points for cell in course.score(NAME, "s1").cells}
    assert cells["linear_moments"] == 2.5 and cells["groupnorm_backward"] == 6
    assert cells["layernorm_forward"] == 0, "no verdict, no points"
