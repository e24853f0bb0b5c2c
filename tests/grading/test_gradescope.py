"""One notebook's marks, as Gradescope reads them."""

import json
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from course.autograder.cli.commands import main
from course.autograder.gradebook.course import Course
from course.autograder.grading.gradescope import (
    BY_HAND,
    assignment_of,
    grade_notebook,
    released_of,
)
from course.autograder.judging.rules import Counting
from course.autograder.sandbox import confinement

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("gradescope"),
]


NAME = "ps1_batchnorm"


@pytest.fixture(scope="module")
def engine(one_engine):
    return one_engine


@pytest.fixture(scope="module")
def graded(ps1, engine):
    notebook = released_of(ps1.root, NAME)
    return lambda path: grade_notebook(path, notebook, NAME, "student", "secret", engine)


@pytest.fixture(scope="module")
def blank(ps1, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("one") / "ps1_batchnorm.ipynb"
    path.write_bytes((ps1.folder("release") / "ps1_batchnorm" / path.name).read_bytes())
    return path


@pytest.fixture(scope="module")
def answered(root, tmp_path_factory) -> Path:
    """The instructor's own answers, but one, under a name of the student's."""
    made = nbformat.read(root / "course" / "assignments" / "ps1_batchnorm" / "ps1_batchnorm.ipynb", 4)
    cell = next(
        c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "code-fold_batchnorm"
    )
    cell.source = "def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):\n    return weight, bias\n"
    path = tmp_path_factory.mktemp("one") / "final (2).ipynb"
    nbformat.write(made, path)
    return path


@pytest.mark.slow
def test_a_blank_notebook_has_a_test_for_each_graded_cell_and_no_points(graded, blank) -> None:
    found = graded(blank)
    assert (found["score"], found["max_score"]) == (0.0, 100.0)
    assert len({test["name"] for test in found["tests"]}) == len(found["tests"]) > 10
    assert {test.get("status", "by hand") for test in found["tests"]} == {"failed", "by hand"}


def test_an_answered_one_has_its_points_and_the_mistakes_name(graded, answered) -> None:
    found = graded(answered)
    by_name = {test["name"]: test for test in found["tests"]}
    assert found["score"] == sum(t["score"] for t in found["tests"])
    assert found["score"] == 88.0 - by_name["fold_batchnorm"]["max_score"]
    assert by_name["fold_batchnorm"]["status"] == "failed"
    assert "FAIL" in by_name["fold_batchnorm"]["output"]
    assert by_name["batch_moments"]["status"] == "passed"
    assert sum(t["output"] == BY_HAND for t in found["tests"]) == 2
    assert found["extra_data"]["isolated"] is True


def test_a_question_that_counts_otherwise_does_so_there_too(ps1, engine, answered) -> None:
    counting = (
        Counting("fold_batchnorm", 6.0, 6.0, full=True),
        Counting("batch_moments", 5.0, 0.0),
        Counting("normalize", 5.0, 10.0),
    )
    notebook = released_of(ps1.root, NAME)
    found = grade_notebook(answered, notebook, NAME, "student", "secret", engine, counting=counting)
    tests = {test["name"]: test for test in found["tests"]}
    for name, score, most, told in (
        ("fold_batchnorm", 6, 6, "fold_batchnorm is withdrawn: everyone has its 6 points.\n\nFAIL"),
        ("batch_moments", 0, 0, "batch_moments is withdrawn: its 5 points are out of the sum.\n\n"),
        ("normalize", 10, 10, "normalize counts 10 points, not 5.\n\n"),
        ("batchnorm_forward-train", 10, 10, ""),
    ):
        assert (tests[name]["score"], tests[name]["max_score"]) == (score, most)
        assert tests[name]["status"] == "passed" and tests[name]["output"].startswith(told)
    assert (found["score"], found["max_score"]) == (88, 100)


def test_what_gradescope_needs_is_there(graded, blank) -> None:
    found = graded(blank)
    assert found["visibility"] == "visible" and isinstance(found["execution_time"], float)
    assert all({"name", "score", "max_score", "output", "visibility"} <= set(test) for test in found["tests"])


def test_a_file_that_is_no_notebook_is_graded_as_blank(graded, tmp_path) -> None:
    path = tmp_path / "ps1_batchnorm.ipynb"
    path.write_text("not JSON")
    found = graded(path)
    assert found["score"] == 0.0 and "graded as blank" in found["output"]
    assert found["extra_data"]["readable"] is False


def test_a_notebook_that_never_gets_to_its_checks_says_so(graded, blank, tmp_path) -> None:
    made = nbformat.read(blank, 4)
    made.cells.insert(0, nbformat.v4.new_code_cell("import builtins\ndel builtins.__import__"))
    path = tmp_path / "ps1_batchnorm.ipynb"
    nbformat.write(made, path)
    found = graded(path)
    asked = [test["output"] for test in found["tests"] if test["output"] != BY_HAND]
    assert asked and all("The check was not reached" in told for told in asked)


def test_each_test_that_an_error_took_down_names_it(graded, answered, tmp_path) -> None:
    made = nbformat.read(answered, 4)
    cell = next(c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "code-normalize")
    cell.source += "\nif x = 3: pass"
    path = tmp_path / "ps1_batchnorm.ipynb"
    nbformat.write(made, path)
    tests = {test["name"]: test for test in graded(path)["tests"]}
    for name, score in (("normalize", 0), ("batchnorm_forward-train", 10), ("six_layer_net", 4)):
        # With a right function in the place of the one that the error took down, what calls it is right.
        assert tests[name]["score"] == score and tests[name]["status"] == ("passed" if score else "failed")
        assert "normalize was not defined: its cell stopped at line" in tests[name]["output"]
        assert "SyntaxError" in tests[name]["output"] and "(if x = 3: pass)" in tests[name]["output"]
    assert tests["batch_moments"]["score"] == 5


def test_the_assignment_is_found_by_name_or_by_cells(answered, blank, tmp_path) -> None:
    known = ["ps1_batchnorm", "ps2_dropout"]
    assert assignment_of(blank, known) == assignment_of(answered, known) == "ps1_batchnorm"
    other = tmp_path / "x.ipynb"
    other.write_text("{}")
    assert assignment_of(other, known) is None


def test_the_assignment_is_found_in_any_bytes_and_without_the_marks_of_the_release(
    answered, tmp_path
) -> None:
    known = ["ps1_batchnorm", "ps2_dropout"]
    made = nbformat.read(answered, 4)
    for cell in made.cells:
        cell.metadata = {}
    for name, encoding in (
        ("x.ipynb", "utf-16"),
        ("y.ipynb", "utf-8-sig"),
        ("PS1 BatchNorm (2).ipynb", "utf-8"),
    ):
        path = tmp_path / name
        path.write_text(nbformat.writes(made), encoding)
        assert assignment_of(path, known) == "ps1_batchnorm"


def test_a_place_for_the_json_that_is_none_is_told_before_the_grading(ps1, blank, tmp_path) -> None:
    where = tmp_path / "nowhere" / "results.json"
    done = CliRunner().invoke(main, ["--root", str(ps1.root), "grade-one", str(blank), "--json", str(where)])
    assert done.exit_code == 1 and done.stdout == "" and "there is no folder" in done.stderr


@pytest.mark.slow
def test_the_command_prints_json_alone(ps1, blank) -> None:
    command = ["--root", str(ps1.root), "grade-one", str(blank), "--json", "-"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0 and json.loads(done.stdout)["max_score"] == 100.0


@pytest.mark.slow
def test_what_cannot_be_read_ends_with_a_code_of_its_own_and_is_put_before_a_person(ps1, tmp_path) -> None:
    torn = tmp_path / "ps1_batchnorm.ipynb"
    torn.write_bytes(b"%PDF-1.7 \x00\x01 a picture of a notebook")
    command = ["--root", str(ps1.root), "grade-one", str(torn)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1 and "needs a person: " in done.stdout
    where = tmp_path / "results.json"
    done = CliRunner().invoke(main, [*command, "--json", str(where)])
    assert done.exit_code == 1 and json.loads(where.read_text())["extra_data"]["readable"] is False


def test_an_assignment_that_is_not_clear_is_asked_for(released, tmp_path) -> None:
    other = tmp_path / "x.ipynb"
    other.write_text("{}")
    done = CliRunner().invoke(main, ["--root", str(released.root), "grade-one", str(other)])
    assert done.exit_code == 1 and "--assignment" in done.stderr


def test_the_core_alone_has_all_its_points_and_nobody_need_look(root, released, engine, tmp_path) -> None:
    name = "ps4_normalizers"
    made = nbformat.read(root / "course" / "assignments" / name / f"{name}.ipynb", 4)
    given = released_of(released.root, name)
    blank = {cell.metadata.nbgrader.grade_id: cell for cell in given.cells if "nbgrader" in cell.metadata}
    left = ("groupnorm_backward", "linear_moments", "compensate_moment", "cross_iteration_moments")
    for cell in made.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade_id") in {f"code-{function}" for function in left}:
            cell.source = blank[mark["grade_id"]].source
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(made, path)
    extra = Course(released.root).extra_credit(name)
    found = grade_notebook(path, given, name, "student", "secret", engine, extra=extra)
    assert (found["score"], found["max_score"], found["output"]) == (88, 100, "")
    assert found["extra_data"]["needs_person"] == [] and found["extra_data"]["extra_credit"] == 0
    tests = {test["name"]: test for test in found["tests"]}
    for function in left:
        test = tests[f"{function} (extra credit)"]
        assert (test["score"], test["max_score"]) == (0, 0) and "points of extra credit" in test["output"]
