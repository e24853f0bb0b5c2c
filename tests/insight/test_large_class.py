"""A report on a large class: read a few students at a time, of each some numbers kept, and the same as read at once."""

import gc
import math
import tracemalloc

import numpy as np

from course.autograder.gradebook.scores import CellScore, Score, graded_students, scores_of
from course.autograder.gradebook.states import Findings
from course.autograder.insight import figures, results
from course.autograder.insight.results import _Columns, read_results
from course.autograder.insight.term import _in_common
from tests.marked_class import NAME, folder_like, marked, record


def score(number, *cells):
    return Score(f"s{number:05}", NAME, tuple(cells))


def cell(name, points, **about):
    return CellScore(name, points, 4.0, False, **about)


def test_a_class_is_the_same_however_many_are_read_at_once(ps1, tmp_path, monkeypatch):
    course = folder_like(ps1, tmp_path / "root")
    lost = {"batchnorm_forward-train": (2.0, "unbiased running variance")}
    record(course, *(marked(course, f"s{n}", lost if n % 2 else None) for n in range(5)))
    with course.gradebook() as gradebook:
        gradebook.add_student("begun")
        gradebook.add_submission(NAME, "begun")  # a hand-in without a grade, as where a run was ended
        graded = graded_students(gradebook, NAME)
        assert graded == list(scores_of(gradebook, NAME, course.cell_order(NAME)))
    whole = read_results(course, NAME)
    monkeypatch.setattr(results, "TOGETHER", 2)
    parts = read_results(course, NAME)
    assert [s for s in whole.students if s != "begun"] == [f"s{n}" for n in range(5)]
    for field, value in vars(whole).items():
        np.testing.assert_array_equal(getattr(parts, field), value, field)


def test_a_question_that_some_do_not_have_gave_them_no_points_and_one_that_waits_is_named():
    columns = _Columns()
    columns.add(score(1, cell("a", 3.0)), None, math.nan)
    columns.add(score(2, cell("b", 2.0), cell("a", 4.0), cell("c", 1.0)), Findings(restarts=2), 5.0)
    columns.add(score(3, cell("a", 0.5), cell("c", 0.0, blank=True)), Findings(seconds=0.5), math.nan)
    made = columns.results(NAME)
    assert made.questions == ("a", "b") and made.waiting == ("c",) and made.max_points == 4.0
    assert made.points.tolist() == [[3.0, 0.0], [4.0, 2.0], [0.5, 0.0]] and made.totals.tolist() == [
        3.0,
        7.0,
        0.5,
    ]
    assert made.restarts.tolist() == [0, 2, 0] and made.before_due[1] == 5.0 and made.seconds[2] == 0.5


def test_of_a_student_some_numbers_are_kept_and_no_objects():
    columns, many = _Columns(), 500
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(many):
        columns.add(
            score(number, *(cell(f"q{n}", number / 7, named=("a mistake",)) for n in range(20))), None, 1.0
        )
    gc.collect()  # the interpreter keeps some of what is free
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert kept / many < 400  # bytes: twenty-four numbers and a name


def test_very_many_points_are_drawn_as_spots_and_few_as_they_are():
    few = np.arange(figures.MANY, dtype=float)
    assert figures.spots(few, few).tolist() == list(range(few.size))
    rng = np.random.default_rng(3)
    hours, totals = rng.normal(0, 30, 50_000), rng.uniform(0, 100, 50_000)
    drawn = figures.spots(hours, totals)
    assert drawn.size <= (figures.SPOTS[0] + 1) * (figures.SPOTS[1] + 1)
    assert {hours.argmin(), hours.argmax()} <= set(drawn)  # nobody else is so early, or so late
    assert figures.spots(np.zeros(9000), np.zeros(9000)).tolist() == [0]


def test_who_is_in_two_classes_is_found_in_the_order_of_ids():
    assert _in_common(("a", "b", "d", "e"), ("b", "c", "e")) == [(1, 0), (3, 2)]
    assert _in_common((), ("b",)) == []
