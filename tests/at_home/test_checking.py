"""A check on the student's own machine: a picture, a case to work with, points so far, and no frame of ours."""

import atexit
import re
import threading
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from course.autograder import student
from course.autograder.at_home import cells, checking
from course.autograder.at_home.patience import Running, patient
from course.autograder.at_home.picture import MOST, picture
from course.autograder.at_home.stopping import Said, Stopped
from course.autograder.checks import find_check
from course.autograder.judging import question


def moments(x):
    return x.mean(0), x.var(0, ddof=1)


def right_moments(x):
    return x.mean(0), x.var(0)


def test_a_case_that_fails_is_drawn_and_can_be_had(capsys):
    here = checking.checked_here("batch_moments", (moments,))
    assert here.verdict.misconceptions == ("unbiased variance",)
    assert here.html.count("<details>") == 1 and len(here.html.encode()) < MOST
    line = 'given = check("batch_moments", batch_moments, case=1)'
    assert line in here.text and line.replace('"', "&quot;") in here.html
    assert "So far 2.5 of" in here.text and here.text.count("So far") == 1
    given = student.check("batch_moments", moments, case=1)
    assert np.array_equal(given["x"], question("batch_moments", 0, 0).values["x"])
    told = capsys.readouterr().out
    assert (
        told
        == f"Case 1 of 6 (“{find_check('batch_moments').cases[0].name}”) calls batch_moments(x) with\n  x: array (7, 5) float64\n"
    )


@pytest.mark.parametrize("number", [0, 7, -1, True, "3"])
def test_a_case_that_there_is_not_is_one_sentence(number):
    with pytest.raises(Said, match=r"^batch_moments has the cases 1 to 6; case=.* was asked for\.$"):
        student.check("batch_moments", moments, case=number)


def test_nothing_of_this_is_shown_in_a_grading_run(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    here = checking.checked_here("batch_moments", (moments,))
    assert here.html == here.text == "" and all(f.wanted is None for f in here.verdict.findings)
    monkeypatch.setattr(student, "show", lambda *told: None)
    assert type(student.check("batch_moments", moments)) is student.Points  # nbgrader reads the cell's value
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert type(student.check("batch_moments", moments)) is student.Shown


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (np.zeros(5), np.arange(5.0)),
        (np.zeros((7, 5)), np.ones((5,))),
        (np.full((40, 60), np.nan), np.ones((40, 60))),
        (np.zeros((2, 3, 20, 20)), np.random.default_rng(0).normal(size=(2, 3, 20, 20)) * 1e-9),
        (np.ones((7, 7)) * -1.234e-123, np.ones((7, 7)) * 1.234e200),
        (np.array([True, False]), np.array([3, 4])),
    ],
)
def test_a_picture_is_small_and_sound(got, wanted):
    bad = got != wanted if got.shape == wanted.shape else None
    svg = picture("a<b", got, wanted, bad)
    root = ElementTree.fromstring(svg)
    assert len(svg.encode()) <= MOST and root.get("aria-label").startswith("a<b")
    assert ("minus right" in svg) == (bad is not None) and "axis" in svg


def test_letters_can_be_read_on_both_grounds():
    """Contrast by WCAG 2: of the marks on cards, and of dark letters on the pictures' colours."""
    from course.autograder.at_home.picture import INK, OTHER, SAME, SHADES

    def light(colour):
        part = [int(colour[1:][k : k + len(colour) // 3] * (2 if len(colour) == 4 else 1), 16) / 255
                for k in range(0, len(colour) - 1, len(colour) // 3)]  # fmt: skip
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in part]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    def contrast(one, other):
        low, high = sorted((light(one), light(other)))
        return (high + 0.05) / (low + 0.05)

    assert min(contrast(INK, shade) for shade in (*SHADES, SAME, OTHER)) >= 4.5
    html = checking.checked_here("batch_moments", (moments,)).verdict.html()
    grounds = re.findall(r"background:(#\w+);color:#fff", html)
    assert grounds and all(contrast(ground, "#fff") >= 4.5 for ground in [*grounds, "#1a7f37"])
    assert not re.search(r'[";]color:(?!#fff)', html)  # all else has the notebook's own colour


def test_an_interrupt_ends_in_one_sentence():
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(Stopped) as stopped:
        checking.checked_here("batch_moments", (endless,))
    (told,) = stopped.value._render_traceback_()
    assert re.match(
        r"Stopped: batch_moments ran for \d+ s on the case “.*” \(in endless, line .*raise Keyb", told
    )
    assert "\n" not in told and isinstance(stopped.value, KeyboardInterrupt)


def test_an_error_of_ours_is_one_sentence(monkeypatch):
    def broken(*_, **__):
        raise ValueError("inside the judge")

    monkeypatch.setattr(checking, "judge_with", broken)
    with pytest.raises(Said, match="Your work is not to blame") as said:
        checking.checked_here("batch_moments", (moments,))
    assert len(said.value._render_traceback_()) == 1


def test_what_takes_long_is_told_once(capsys):
    running, done = Running(), threading.Event()
    running.at(("conv_forward_naive",), "two strides")
    says = running.told

    def told(verb):
        done.set()
        return says(verb)

    running.told = told
    with patient(running, seconds=0.0):
        assert done.wait(60)
    out = capsys.readouterr().out
    assert "conv_forward_naive has been running for 0 s on the case “two strides”" in out or out == ""


@pytest.fixture
def shell():
    made = InteractiveShell()
    cells._waiting.clear()
    cells.install(made)
    yield made
    made.atexit_operations()
    atexit.unregister(made.atexit_operations)
    InteractiveShell.clear_instance()


def test_a_run_goes_on_past_functions_that_are_not_written(shell, capsys):
    assert shell.run_cell("def step(x):\n    raise NotImplementedError()").success
    capsys.readouterr()
    assert shell.run_cell("losses = [step(k) for k in range(3)]", store_history=True).success
    assert capsys.readouterr().out.startswith("This cell uses step, which is not written yet")
    assert shell.run_cell("print(losses[-1])").success
    assert capsys.readouterr().out.startswith("This cell uses losses, which waits for step")
    assert not shell.run_cell("raise NotImplementedError('mine')").success
    assert "Traceback" in capsys.readouterr().out
    assert not shell.run_cell("batch_moment").success
    assert capsys.readouterr().out.startswith("NameError: batch_moment is not there yet.")
    assert not shell.run_cell("1 / 0").success
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_a_check_alone_in_a_fresh_kernel_says_which_cell_to_run(shell, capsys):
    alone = 'from course.autograder import check\n\ncheck("batch_moments", batch_moments)'
    assert not shell.run_cell(alone).success
    assert capsys.readouterr().out == (
        "NameError: batch_moments is not there yet. Run the cell that makes it first; it stands further up.\n"
    )
    assert shell.run_cell("def batch_moments(x): return np.mean(x, 0), np.var(x, 0)").success
    assert (
        "no np yet: run the notebook's first cell"
        in checking.checked_here("batch_moments", (shell.user_ns["batch_moments"],)).text
    )


def test_without_paddle_a_lesson_says_one_sentence(monkeypatch):
    from course.reference import framework

    monkeypatch.setattr(framework.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(framework.sys.modules, "paddle", raising=False)
    with pytest.raises(framework.PaddleMissing) as missing:
        framework.load_paddle()
    (told,) = missing.value._render_traceback_()
    assert told.startswith("Paddle is not installed") and "make setup" in told
