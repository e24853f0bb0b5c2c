"""What goes out to students, and what must not."""

import csv
import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from course.autograder.gradebook.course import GradingError
from course.autograder.gradebook.leaks import leaks
from course.autograder.gradebook.release import build_release
from course.autograder.gradebook.release_folder import link_lessons, student_pins
from course.common.notebooks import solution_lines
from tests.waiting import LONG_STOP


@pytest.fixture(scope="session")
def folder(released):
    return released.folder("release")


def texts(folder):
    return {
        p: p.read_text("utf-8", "replace") for p in folder.rglob("*") if p.is_file() and p.suffix != ".gz"
    }


def test_no_line_of_any_solution_goes_out(released, folder):
    sources = [released.folder("source") / n / f"{n}.ipynb" for n in released.assignments()]
    assert sum(len(solution_lines(s)) for s in sources) > 50
    assert leaks(folder, sources) == []


def test_a_solution_line_that_goes_out_is_found(released, folder, tmp_path):
    copy = tmp_path / "release"
    shutil.copytree(folder, copy)
    name = released.assignments()[0]
    source = released.folder("source") / name / f"{name}.ipynb"
    line = max(solution_lines(source), key=len)
    (copy / "course" / "data.py").write_text(f"# {line}\n")
    assert any("course/data.py" in leak and line in leak for leak in leaks(copy, [source]))


def test_the_call_that_a_check_names_is_no_solution(released, tmp_path):
    source = tmp_path / "source" / "ps" / "ps.ipynb"
    source.parent.mkdir(parents=True)
    line = "mean, var = batch_moments(x)"
    code = f"### BEGIN SOLUTION\n{line}\n### END SOLUTION"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), source)
    out = tmp_path / "release"
    out.mkdir()
    (out / "check.py").write_text(f"STEPS = ({line!r},)\n")
    assert solution_lines(source) and leaks(out, [source]) == []
    (out / "check.py").write_text(f"def f(x):\n    {line}\n")
    assert len(leaks(out, [source])) == 1


def test_no_hidden_case_rubric_or_instructor_code_goes_out(root, folder):
    everything = "\n".join(texts(folder).values())
    hidden = [
        line
        for path in root.glob("course/autograder/checks/*/hidden.py")
        for line in path.read_text().splitlines()
    ]
    cases = [line.strip() for line in hidden if 'Case("' in line]
    assert len(cases) > 50 and not [line for line in cases if line in everything]
    assert not list(folder.rglob("hidden.py")) and not list(folder.rglob("rubrics"))
    with (root / "data/rubrics/answers.csv").open(encoding="utf-8", newline="") as lines:
        answers = [row[part] for row in csv.DictReader(lines) for part in "abc"]
    long = [text[:60] for text in answers if len(text) >= 60 and '"' not in text[:60]]
    assert len(long) > 100 and not [text for text in long if text in everything]
    for word in ("BEGIN SOLUTION", "Rubric", "nbgrader_config", "course_secret", "sample_class"):
        assert word not in everything, word


def test_released_notebooks_have_stubs_and_no_outputs(released, folder):
    for name in released.assignments():
        nb = nbformat.read(folder / name / f"{name}.ipynb", as_version=4)
        solutions = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("solution")]
        assert solutions
        for cell in solutions:
            assert "raise NotImplementedError" in cell.source or cell.source == "*Your answer here.*"
        assert all(not c.get("outputs") for c in nb.cells)


@pytest.mark.slow
def test_a_release_that_would_leak_is_not_made(released, tmp_path, monkeypatch):
    from course.autograder.gradebook import release_folder
    from course.autograder.gradebook.course import fresh_course

    course = fresh_course(tmp_path / "root")
    monkeypatch.setattr(release_folder, "leaks", lambda folder, sources: ["x has a line of y's solution: z"])
    with pytest.raises(GradingError, match="nothing is released"):
        build_release(course, course.assignments()[:1])
    assert not course.folder("release").exists()


def test_student_pins_hold_what_a_student_needs_and_no_grader():
    names = {line.split("==")[0] for line in student_pins()}
    assert {"numpy", "matplotlib", "jupyterlab", "ipykernel", "jinja2"} <= names
    assert not names & {
        "paddlepaddle",
        "scipy",
        "nbgrader",
        "sqlalchemy",
        "alembic",
        "pytest",
        "ruff",
        "click",
    }


@pytest.mark.slow
@pytest.mark.xdist_group("student")
def test_a_student_with_only_the_release_sees_the_same_verdicts(folder, tmp_path):
    """Install in a fresh environment outside the project, work on the notebook, run it, compare."""
    mine = tmp_path / "downloaded"
    shutil.copytree(folder, mine)
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COURSE", "VIRTUAL_ENV", "UV_"))
    }

    def run(*command):
        done = subprocess.run(
            command, cwd=mine, env=environment, capture_output=True, text=True, timeout=LONG_STOP
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    run(sys.executable, "-m", "uv", "venv", "--quiet", ".venv")
    run(
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        ".venv/bin/python",
        "-r",
        "requirements.txt",
    )
    python = str(mine / ".venv" / "bin" / "python")
    assert "FAIL" not in run(python, "check_env.py")

    answers = {
        "code-batch_moments": "def batch_moments(x):\n    return x.mean(0), x.var(0, ddof=1)",
        "code-normalize": "def normalize(x, mean, var, eps):\n    return (x - mean) / (var + eps) ** 0.5",
    }
    path = mine / "ps1_batchnorm" / "ps1_batchnorm.ipynb"
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    nbformat.write(nb, path)
    run(python, "-m", "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--inplace", str(path))

    from course.autograder.judging.verdict import VERDICT

    seen = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if VERDICT in output.get("data", {}):
                verdict = output["data"][VERDICT]
                verdict = json.loads(verdict) if isinstance(verdict, str) else verdict
                seen[verdict["check"]] = verdict
    assert seen["normalize"]["passed"] and not seen["normalize"]["graded"]
    assert seen["batch_moments"]["findings"][0]["misconception"] == "unbiased variance"
    assert seen["batch_moments"]["points"] == 2.5
    assert seen["scale_shift"]["findings"][0]["kind"] == "blank"


def test_a_notebook_says_where_the_lessons_are_that_it_sends_its_reader_to(root, tmp_path):
    path = tmp_path / "ps1_batchnorm.ipynb"
    shutil.copy(root / "course" / "assignments" / "ps1_batchnorm" / path.name, path)
    before = nbformat.read(path, as_version=4)
    link_lessons(path, "")
    assert nbformat.read(path, as_version=4) == before
    link_lessons(path, "https://x.example/l/")
    after = nbformat.read(path, as_version=4)
    assert after.cells[1:] == before.cells[1:]
    assert after.cells[0].source.count("*). The lessons are at <https://x.example/l/>.") == 1
