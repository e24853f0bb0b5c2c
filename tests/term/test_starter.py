"""The starter repository for GitHub: pushed, worked on, checked by its own workflow, and collected again."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.cli.sample_class import class_file, notebook_of
from course.autograder.gradebook.leaks import leaks
from course.autograder.gradebook.nbgrader_steps import released_notebook
from course.autograder.term.starter import CHECK, WORKFLOW

PS0 = "ps0_warmup"


def run(root, *words):
    return CliRunner().invoke(main, ["--root", str(root), "github", *map(str, words)])


@pytest.fixture(scope="module")
def starter(released, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("github") / "ps0"
    done = run(released.root, PS0, "--out", folder)
    assert done.exit_code == 0, done.output
    return folder


def test_it_has_the_release_of_this_assignment_and_no_more(root, released, starter):
    files = {path.relative_to(starter).as_posix() for path in starter.rglob("*") if path.is_file()}
    release = released.folder("release")
    ours = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    ours = {name for name in ours if not name.startswith(("ps", ".")) and "__pycache__" not in name}
    assert files == ours | {f"{PS0}/{PS0}.ipynb", CHECK, WORKFLOW, ".gitignore"}
    assert leaks(starter, [root / "course" / "assignments" / PS0 / f"{PS0}.ipynb"]) == []
    readme = (starter / "README.md").read_text()
    assert f"`{PS0}/{PS0}.ipynb`" in readme and "ps1_batchnorm" not in readme and "## On GitHub" in readme


def test_the_workflow_may_read_and_no_more(starter):
    flow = yaml.safe_load((starter / WORKFLOW).read_text())
    assert flow["permissions"] == {"contents": "read"} and flow["jobs"]["check"]["timeout-minutes"]
    assert flow[True][0] == "push"  # YAML takes `on` for a truth
    assert "secrets" not in (starter / WORKFLOW).read_text()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_a_students_push_is_checked_and_the_clone_is_collected(released, starter, tmp_path):
    clone = tmp_path / "clones" / "ps0-jana-m"
    shutil.copytree(starter, clone)
    entry = next(one for one in class_file(PS0)["student"] if one["id"] == "s003")
    nbformat.write(
        notebook_of(entry, released_notebook(released.root, PS0, PS0), PS0), clone / PS0 / f"{PS0}.ipynb"
    )
    at = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
          for key, value in (("NAME", "J"), ("EMAIL", "j@u.example"), ("DATE", "2026-10-14T10:00:00Z"))}  # fmt: skip
    env = os.environ | at | {"GIT_CONFIG_GLOBAL": "/dev/null"}
    for words in (("init", "-b", "main"), ("add", "-A"), ("commit", "-m", "work")):
        subprocess.run(["git", "-C", clone, *words], check=True, capture_output=True, env=env)

    steps = yaml.safe_load((clone / WORKFLOW).read_text())["jobs"]["check"]["steps"]
    command = next(step["run"] for step in steps if CHECK in step.get("run", ""))
    mine = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(clone),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_REPOSITORY": "org/ps0-jana-m",
        "GITHUB_SHA": "abc",
        "CLASSROOM": "dl",
        "SUBMISSION_TAG": "submit/1",
        "OMP_NUM_THREADS": "1",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(["bash", "-c", command], cwd=clone, env=mine, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((clone / "result.json").read_text())
    assert found["schema"] == "classroom50/result/v1" and found["datetime"] == "2026-10-14T10:00:00Z"
    assert (found["classroom"], found["submission"]) == ("dl", "submit/1")
    assert (found["score"], found["max-score"]) == (500, 1000)
    assert all(type(test[key]) is int for test in found["tests"] for key in ("score", "max-score"))
    assert [test["passed"] for test in found["tests"]] == [True, False]
    summary = (tmp_path / "summary.md").read_text()
    assert "5 of 10 points by machine" in summary and "over the wrong axis" in summary
    assert "What would be lost in grading" not in summary

    course = tmp_path / "course"
    (course / "course" / "assignments").mkdir(parents=True)
    (course / "course" / "assignments" / PS0).symlink_to(released.folder("source") / PS0)
    (course / "roster.csv").write_text("id,github\njm12,jana-m\n")
    done = CliRunner().invoke(main, ["--root", str(course), "collect", PS0, str(tmp_path / "clones")])
    assert done.exit_code == 0, done.output
    assert [path.name for path in (course / "submitted" / "jm12" / PS0).glob("*.ipynb")] == [f"{PS0}.ipynb"]


@pytest.mark.slow
def test_the_check_is_preflight_and_says_what_would_be_lost(released, starter, tmp_path, monkeypatch):
    """In this process: a right notebook that reads a file of its own, one that is damaged, and none."""
    check = runpy.run_path(str(starter / CHECK))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert check["main"]() == 1
    path = tmp_path / PS0 / f"{PS0}.ipynb"
    path.parent.mkdir()
    path.write_text("{")
    assert check["main"]() == 1 and not (tmp_path / "result.json").exists()

    notebook = notebook_of({"id": "right"}, released_notebook(released.root, PS0, PS0), PS0)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("open('my|data.csv')"))
    nbformat.write(notebook, path)
    assert check["main"]() == 0
    summary = (tmp_path / "summary.md").read_text()
    assert "10 of 10 points by machine" in summary
    assert "- " in summary.partition("What would be lost in grading:")[2] and "my\\|data.csv" in summary
    assert json.loads((tmp_path / "result.json").read_text())["score"] == 1000


def test_a_repository_that_is_there_keeps_its_history(released, starter):
    (starter / ".git").mkdir()
    (starter / ".git" / "HEAD").write_text("ref: refs/heads/main")
    assert run(released.root, PS0, "--out", starter).exit_code == 0
    assert (starter / ".git" / "HEAD").exists() and (starter / CHECK).exists()


def test_bad_input_is_one_sentence(released):
    for words, told in (
        (("ps9",), "there is no assignment 'ps9'"),
        ((PS0, "--out", "/proc/x/y"), "cannot be written"),
    ):
        done = run(released.root, *words)
        assert (
            done.exit_code == 1 and told in " ".join(done.output.split()) and "Traceback" not in done.output
        )
