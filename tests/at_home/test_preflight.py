"""A notebook tried as grading would run it: what would be lost, in words, before it is."""

import json
import os

import nbformat
import pytest

from course.autograder.at_home import grader as grading
from course.autograder.at_home.grader import Grader, given_cells
from course.autograder.at_home.helpers import submitted, wrong_file, wrong_name
from course.autograder.at_home.preflight import NotebookError, main, notebook_here, preflight
from course.autograder.at_home.told import Cell
from tests.warm import Warm

pytestmark = pytest.mark.xdist_group("preflight")  # they share the process that rehearsals are forked from
CODE = nbformat.v4.new_code_cell
SETUP = CODE("import numpy as np\nfrom course.autograder import check", id="setup")
SETUP.metadata["nbgrader"] = {"grade_id": "setup", "locked": True, "grade": False, "solution": False}


def test_cell(name, call):
    cell = CODE(call)
    cell.metadata["nbgrader"] = {
        "grade_id": name,
        "locked": True,
        "grade": True,
        "solution": False,
        "points": 3,
    }
    return cell


test_cell.__test__ = False
RIGHT = "def scale_shift(x_hat, gamma, beta):\n    return helper(gamma * x_hat) + beta"
CALL = test_cell("scale_shift", 'check("scale_shift", scale_shift)')
SKIPPED = CODE("raise SystemExit", metadata={"tags": ["not-graded"]})


@pytest.fixture(scope="module")
def warm():
    """The process that rehearsals are forked from."""
    rehearsals = Warm("tests.at_home.preloaded", env={**os.environ, "MPLBACKEND": "agg"})
    yield rehearsals
    rehearsals.close()


@pytest.fixture
def forked(warm, monkeypatch):
    """What a rehearsal does is tried without starting Python for each: its imports take longer than its cells."""
    monkeypatch.setattr("course.autograder.at_home.preflight.subprocess", warm)


by_a_fork = pytest.mark.usefixtures("forked")  # tests without it start Python, as students do


@pytest.fixture
def tried(tmp_path):
    """`tried(cells)`: the preflight of a notebook with these cells between the setup and the check."""

    def run(*cells, seconds=60.0, **about):
        notebook = nbformat.v4.new_notebook(cells=[SETUP, *cells, CALL, SKIPPED])
        path = tmp_path / "ps1_batchnorm.ipynb"
        nbformat.write(notebook, path)
        given = {"ps1_batchnorm": given_cells(notebook)}
        return preflight(path, grader=Grader(given=given, **about), seconds=seconds)

    return run


@pytest.mark.slow
def test_everything_that_grading_would_punish_is_told(tried, tmp_path):
    (tmp_path / "tools.py").write_text("x = 1\n")
    (tmp_path / "data.csv").write_text("1,2\n")
    found = tried(
        CODE("import pandas as pd"),
        CODE("import tools"),
        CODE("table = np.loadtxt('data.csv', delimiter=',')"),
        CODE("name = input('who?')"),
        CODE("%matplotlib widget\nshown = 1"),
        CODE("later(3)"),
        CODE("def later(x):\n    return x"),
        CODE("!touch was_here\n%pip install pandas\nfiles = !ls\nlen(files)"),
        CODE(RIGHT.replace("helper", "np.asarray")),
    )
    told = "\n".join(found.remarks)
    for sentence in (
        "cell 2 (import pandas as pd): pandas is not there while grading: write it with numpy.",
        "cell 3 (import tools): tools lies beside the notebook: hand it in together",
        "data.csv lies beside the notebook: hand it in together with the notebook, or do without it.",
        "cell 5 (name = input('who?')): input() waits for somebody",
        "%matplotlib widget is not there while grading",
        "cell 7 (later(3)) stops: NameError: name 'later' is not defined. Is it defined further down",
        "stops: ModuleNotFoundError: No module named 'pandas' while grading",
        "stops: FileNotFoundError",
        "(!touch was_here): not run while grading: touch was_here",
        "(!touch was_here): not run while grading: %pip install pandas",
        "(!touch was_here): not run while grading: ls",
    ):
        assert sentence in told, (sentence, told)
    assert (
        told.count("widget") == 2
        and "switch_backend" not in told
        and "input() waits" in told
        and "EOFError" not in told
    )
    assert found.points == {"scale_shift": 3.0} and "3 of " in found.text()


@pytest.mark.slow
@by_a_fork
def test_a_sound_notebook_loses_nothing_and_an_unfinished_one_says_what_is_left(tried):
    helper = CODE("def helper(x):\n    return x")
    sound = tried(helper, CODE(RIGHT))
    assert sound.remarks == [] and "Nothing would be lost." in sound.text()
    blank = tried(CODE("def scale_shift(x_hat, gamma, beta):\n    raise NotImplementedError()"))
    assert len(blank.remarks) == 1 and "scale_shift is not written yet" in blank.remarks[0]
    lost = tried(CODE(RIGHT))
    assert lost.points == {"scale_shift": 0.0}
    assert lost.remarks == ["cell 3 (scale_shift) needs helper, which no cell above it defines."]


@pytest.mark.slow
@by_a_fork
def test_a_helper_that_is_defined_below_its_check_is_told(tmp_path):
    below = CODE("def helper(x):\n    return x")
    heading = nbformat.v4.new_markdown_cell("## 1.2 Scale and shift\n\nText.")
    notebook = nbformat.v4.new_notebook(cells=[SETUP, heading, CODE(RIGHT), CALL, below])
    nbformat.write(notebook, tmp_path / "x.ipynb")
    (told,) = preflight(tmp_path / "x.ipynb", grader=Grader()).remarks
    assert told == (
        "cell 4 (scale_shift, under “1.2 Scale and shift”) needs helper, which is defined further down: "
        "cells are run from top to bottom."
    )


@pytest.mark.slow
@by_a_fork
def test_a_helper_whose_cell_above_stops_is_told_there_alone(tried):
    (told,) = tried(CODE("1 / 0\ndef helper(x):\n    return x"), CODE(RIGHT)).remarks
    assert "stops: ZeroDivisionError" in told


@pytest.mark.slow
@by_a_fork
def test_a_written_answer_that_is_as_it_was_handed_out_is_told(tmp_path):
    from nbgrader.utils import compute_checksum

    answer = nbformat.v4.new_markdown_cell("*Your answer here.*")
    answer.metadata["nbgrader"] = {
        "grade_id": "explain", "grade": True, "solution": True, "locked": False, "points": 6,
    }  # fmt: skip
    answer.metadata.nbgrader["checksum"] = compute_checksum(answer)
    question = nbformat.v4.new_markdown_cell("### 6.1 Why is it so?")
    notebook = nbformat.v4.new_notebook(cells=[SETUP, question, answer])
    path = tmp_path / "x.ipynb"
    nbformat.write(notebook, path)
    told = ["“6.1 Why is it so?” is not answered yet (6 points, given by a person)."]
    assert preflight(path, grader=Grader()).remarks == told
    answer.source = "Because."
    nbformat.write(notebook, path)
    assert preflight(path, grader=Grader()).remarks == []


@pytest.mark.slow
@by_a_fork
def test_a_file_of_this_machine_alone_is_told_as_that(tried, tmp_path):
    (tmp_path / "away.csv").write_text("1\n")
    found = tried(
        CODE(f"np.loadtxt({str(tmp_path / 'away.csv')!r})"), CODE(RIGHT.replace("helper", "np.asarray"))
    )
    assert any("away.csv is on this machine alone" in told for told in found.remarks)


@pytest.mark.slow
@by_a_fork
def test_given_cells_that_were_changed_and_newer_python_are_told(tried, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[SETUP, CODE("type Row = list[int]"), CALL])
    path = tmp_path / "x.ipynb"
    nbformat.write(notebook, path)
    given = {"ps1_batchnorm": {**given_cells(notebook), "setup": "other", "gone": "digest"}}
    found = "\n".join(preflight(path, grader=Grader(python=(3, 11), given=given)).remarks)
    assert "The given cell setup was changed" in found and "The given cell gone is gone" in found


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("if x:\n    y = 1\n    # why?\n", "if x:\n    y = 1\n    # why?\n"),
        ("y = 1  # why?", "y = 1  # why?"),
        ("y = (7\n     % 3)", "y = (7\n     % 3)"),
        ("np.sum?\nnp.sum??\n?np\ny = 1  # why?", "pass\npass\npass\ny = 1  # why?"),
        ("if x:\n    %time f()\n    y = 1", "if x:\n    pass\n    y = 1"),
        ("files = !ls\ny = 1", "pass\ny = 1"),
    ],
)
def test_a_magic_is_left_out_and_nothing_else(source, python):
    assert Cell(1, "", source, graded=True, skipped=False).python == python


@pytest.mark.slow
@by_a_fork
def test_a_cell_that_never_ends_and_one_that_ends_the_process_are_told_and_the_rest_is_tried(tried):
    helper = CODE("def helper(x):\n    return x")
    found = tried(
        CODE("import threading\nthreading.Event().wait()"),
        CODE("import os\nos._exit(0)"),
        helper,
        CODE(RIGHT),
        seconds=12.0,
    )
    assert found.remarks == [
        "cell 2 (import threading) stops: it took longer than 12 s",
        "cell 3 (import os) stops: it ended the whole process",
    ]
    assert found.points == {"scale_shift": 3.0}


@pytest.mark.slow
@by_a_fork
def test_what_lies_below_is_not_tried_without_end(tried):
    found = tried(*(CODE(f"import os\nos._exit({k})") for k in range(6)))
    assert len(found.remarks) == 4 and found.remarks[-1].endswith("; the cells below were not tried")


def test_what_is_no_notebook_is_one_sentence(tmp_path, capsys, monkeypatch):
    path = tmp_path / "x.ipynb"
    for text in ("", "{}", "[1]", '{"cells": 3}'):
        path.write_text(text)
        with pytest.raises(NotebookError, match=r"is no notebook.*\.$"):
            preflight(path)
    assert main([str(tmp_path / "none.ipynb")]) == 2 and main([]) == 2
    assert "cannot be read" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook_here() == tmp_path / "x.ipynb"
    (tmp_path / "y.ipynb").touch()
    with pytest.raises(NotebookError, match="Which notebook is meant"):
        notebook_here()


def test_a_release_says_what_grading_has(released):
    folder = released.folder("release") / "course" / "sealed"
    about = grading.read(folder)
    assert about.has("numpy") and about.has("json") and not about.has("paddle") and not about.has("nbgrader")
    assert set(about.given) == set(released.assignments())
    path = released.folder("release") / "ps1_batchnorm" / "ps1_batchnorm.ipynb"
    assert about.given["ps1_batchnorm"] == given_cells(json.loads(path.read_text()))


@pytest.mark.slow
@pytest.mark.parametrize("linked", [False, True])
def test_a_file_that_may_come_along_is_tried_as_grading_takes_it(linked, tried, tmp_path, request):
    if linked:  # that a fresh Python finds what lies beside the notebook is seen where it comes along
        request.getfixturevalue("forked")
    place = tmp_path / ("elsewhere.py" if linked else "helpers.py")
    place.write_text("def helper(x): return x")
    if linked:
        (tmp_path / "helpers.py").symlink_to(place)
    asked = {"ps1_batchnorm": ("helpers.py", "absent.csv")}
    found = tried(CODE("from helpers import helper"), CODE(RIGHT), submit=asked)
    if linked:
        assert found.along == [] and "does not come along as it is: it is a link" in found.remarks[0]
    else:
        assert found.remarks == [] and found.points == {"scale_shift": 3.0} and found.along == ["helpers.py"]


def test_what_does_not_come_along_is_told_with_its_reason(tmp_path):
    (tmp_path / "folder.py").mkdir()
    with (tmp_path / "large.py").open("wb") as large:
        large.truncate(100 * 2**20)
    (tmp_path / "small.py").touch()
    assert wrong_file(tmp_path / "folder.py") == "it is a folder"
    assert wrong_file(tmp_path / "large.py") == "it has 100.0 MB, and 1 MB comes along"
    assert wrong_file(tmp_path / "gone.py") == "it is not there" and wrong_file(tmp_path / "small.py") == ""


def test_names_of_files_that_may_come_along():
    for name in ("numpy.py", "course.py", "random.py", "json.py"):
        assert "in front of the module" in wrong_name(name)
    for name in ("../x.py", "a b.py", ".x.py", "x", "x.exe", "numpy/x.py", "x.ipynb"):
        assert wrong_name(name).startswith("its name must")
    assert [wrong_name(name) for name in ("helpers.py", "numpy.csv", "table_2.csv")] == ["", "", ""]
    assert submitted({"course": {"submit": ["ps1.ipynb", "helpers.py", 3]}}) == ("helpers.py",)
    assert submitted({}) == submitted({"course": {"submit": "helpers.py"}}) == submitted({"course": 3}) == ()
