"""A verdict taken apart: what was asked and came back, case by case, and a notebook that does it again."""

import functools

import numpy as np
import pytest

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import perform
from course.autograder.gradebook.course import GradingError
from course.autograder.insight.explain import Asked, cases_seen, check_called, page
from course.autograder.insight.stepping import literal, notebook_for, place
from course.autograder.judging.deciding import judge_with
from tests.english import english_in

MOMENTS = """
def batch_moments(x):
    return x.mean(axis=0), x.var(axis=0, ddof=1)
"""


def taken_apart(name, source):
    """The verdict on a function, and all that was asked for it."""
    space = {"np": np}
    exec(source, space)
    check = find_check(name)
    asked = Asked(check)
    by_name = {function: space[function] for function in check.functions}
    ask = functools.partial(perform, functions=by_name)
    verdict = judge_with(check, lambda s, i, w: ask(s, i, w), graded=True, seen=asked)
    return check, asked.answers, verdict


@pytest.fixture(scope="module")
def moments():
    return taken_apart("batch_moments", MOMENTS)


def test_every_case_is_there_with_what_differs(moments):
    check, answers, verdict = moments
    seen = cases_seen(check, answers, verdict)
    assert [case.name for case in seen] == [case.name for case in check.cases + check.hidden]
    first = next(case for case in seen if not case.right)
    (look,) = first.looks
    assert look.output == check.outputs[1].path and "values differ" in look.said
    assert [bool(said) for said, _ in look.pictures] == [False, bool(verdict.misconceptions)]
    assert "batch_moments(x)" in first.about


def test_the_page_says_whose_eyes_it_is_for_and_shows_what_is_right(moments):
    check, answers, verdict = moments
    text = page("<s1>", check, verdict, cases_seen(check, answers, verdict))
    assert "For the instructor&#39;s eyes" in text or "For the instructor's eyes" in text
    assert "<svg" in text and "&lt;s1&gt;" in text and "<s1>" not in text
    assert "(hidden)" in text or not check.hidden


def test_in_chinese_the_page_leaves_no_english(moments, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    check, answers, verdict = moments
    text = page("s1", check, verdict, cases_seen(check, answers, verdict))
    assert english_in(text) == [] and "学生看到的结果" in text


def test_a_call_that_raises_is_told_in_words(moments):
    check, answers, verdict = taken_apart(
        "batch_moments", "def batch_moments(x):\n    raise KeyError('mean')"
    )
    seen = cases_seen(check, answers, verdict)
    assert all("KeyError" in case.said for case in seen) and 0 < len(seen) <= len(check.cases + check.hidden)


@pytest.mark.parametrize("name", ["batch_moments", "batchnorm_backward", "dropout_forward.train"])
def test_the_notebook_makes_the_same_call_again(name):
    from course.autograder.judging.answers import solutions

    check = find_check(name)
    own = "\n".join(solutions(check.assignment).values())
    check, answers, _ = taken_apart(name, own)
    asked, reply = next(iter(answers.values()))
    notebook = notebook_for(check, asked, [own])
    space = {}
    for cell in notebook.cells[:-1]:
        if cell.cell_type == "code":
            exec(cell.source, space)
    for path in check.wanted:
        if "*" not in path:
            assert np.array_equal(eval(place(path), space), reply.outputs[path]), path


def test_values_are_written_to_the_last_digit():
    value = {
        "a": np.array([[1 / 3, np.nan], [np.inf, -0.0]], np.float32),
        "b": (1, None),
        "c": [np.float64(0.1), "x"],
    }
    again = eval(literal(value), {"np": np, "nan": np.nan, "inf": np.inf})
    assert np.array_equal(again["a"], value["a"], equal_nan=True) and again["a"].dtype == np.float32
    assert (again["b"], again["c"]) == (value["b"], value["c"])
    empty = eval(literal(np.empty((0, 3))), {"np": np})
    assert empty.shape == (0, 3)


def test_a_check_is_found_by_either_name():
    assert check_called("ps1_batchnorm", "batchnorm_forward-train") is check_called(
        "ps1_batchnorm", "batchnorm_forward.train"
    )
    with pytest.raises(GradingError, match="ps1_batchnorm has no check 'x'; its checks are: batch_moments"):
        check_called("ps1_batchnorm", "x")
