"""The autograder for Gradescope, from the zip to results.json, in a folder laid out as its container is."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.cli.sample_class import class_file, notebook_of
from course.autograder.gradebook.course import Course
from course.autograder.gradebook.leaks import leaks
from course.autograder.gradebook.nbgrader_steps import released_notebook
from course.autograder.grading import container
from course.autograder.grading.packed import autograder_zip
from course.autograder.judging import answers
from course.autograder.judging.rules import Counting
from course.autograder.sandbox import confinement

PS0 = "ps0_warmup"
SPY = """
for place in {places!r}:
    try:
        with open(place, "r+") as file:
            file.write(" " + file.read())
            relu = None  # whoever can read or write it loses points here, and the test sees that
    except OSError:
        pass
"""


def run(root, *words):
    return CliRunner().invoke(main, ["--root", str(root), "gradescope", *map(str, words)])


@pytest.fixture(scope="module")
def packed(released, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "autograder.zip"
    done = run(released.root, PS0, "--out", path, "--visibility", "after_published")
    assert done.exit_code == 0 and "upload one right answer first" in " ".join(done.output.split())
    return path


@pytest.fixture
def place(packed, tmp_path) -> Path:
    """The container's folder, after setup.sh."""
    place = tmp_path / "autograder"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(place / "source")
    for name in ("submission", "results"):
        (place / name).mkdir()
    (place / "venv").symlink_to(Path(sys.prefix))
    about = {"users": [{"email": "s003@u.example", "id": 7, "name": "Three"}], "submission_method": "upload"}
    (place / "submission_metadata.json").write_text(json.dumps(about))
    return place


def hand_in(released, place, student, extra=""):
    entry = next(one for one in class_file(PS0)["student"] if one["id"] == student)
    made = notebook_of(entry, released_notebook(released.root, PS0, PS0), PS0)
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "code-relu":
            cell.source += extra
    nbformat.write(made, place / "submission" / "My homework (1).ipynb")


@pytest.mark.slow
@pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing()))
def test_a_submission_is_graded_from_end_to_end_without_a_network(released, place):
    places = [place / "source" / "secret.txt", place / "results" / "results.json"]
    places[1].write_text("{}")
    spy = SPY.format(places=[str(path) for path in places])
    hand_in(released, place, "s003", spy)
    about = json.loads((place / "source" / "autograder.json").read_text())
    assert about["counting"] == []
    about["counting"] = [asdict(Counting("relu", was=5.0, most=8.0))]
    (place / "source" / "autograder.json").write_text(json.dumps(about))
    (place / "submission" / "json.py").write_text("raise SystemExit('imported from the submission')")
    runner = place / "source" / "run_autograder"
    runner.chmod(0o755)
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    env = {"PATH": os.environ["PATH"], "AUTOGRADER": str(place), "OMP_NUM_THREADS": "1", **nowhere}
    done = subprocess.run([str(runner)], env=env, capture_output=True, text=True, cwd=place)
    assert done.returncode == 0, done.stderr
    found = json.loads((place / "results" / "results.json").read_text())
    tests = {test["name"]: test for test in found["tests"]}
    assert [test["score"] for test in tests.values()] == [8, 0] and found["score"] == 8
    assert [test["number"] for test in tests.values()] == ["1", "2"]
    wrong = list(tests.values())[1]
    assert (
        wrong["tags"] == ["over the wrong axis"] and wrong["status"] == "failed" and "FAIL" in wrong["output"]
    )
    assert {test["visibility"] for test in tests.values()} == {"after_published"}
    assert found["stdout_visibility"] == "hidden"


def test_nothing_is_run_where_a_submission_cannot_be_locked_in(released, place, monkeypatch):
    hand_in(released, place, "s001")
    monkeypatch.setattr(confinement, "missing", lambda: ["the kernel offers no Landlock"])
    monkeypatch.setattr(container, "take_in", None)  # would fail
    assert container.main(place) == 0
    found = json.loads((place / "results" / "results.json").read_text())
    assert found["score"] == 0 and found["tests"] == []
    assert "does not let a submission be locked in (the kernel offers no Landlock)" in found["output"]


def test_there_are_results_whatever_happens(place, capsys):
    (place / "source" / "released.ipynb").write_text("{")
    assert container.main(place) == 1
    found = json.loads((place / "results" / "results.json").read_text())
    assert "The grader itself failed" in found["output"] and "your hand-in is kept" in found["output"]
    assert "Traceback" not in found["output"] and str(place) not in found["output"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"users": []}', '{"users": [3]}', '{"users": null}'])
def test_metadata_that_says_nothing_stops_nothing(tmp_path, text):
    (tmp_path / "submission_metadata.json").write_text(text)
    assert container.whose(tmp_path) == "" == container.whose(tmp_path / "none")


def test_what_counts_otherwise_is_in_the_zip(released, monkeypatch):
    out = (Counting("relu", was=5.0, most=0.0),)
    monkeypatch.setattr(Course, "counting", lambda self, assignment: out if assignment == PS0 else ())
    with zipfile.ZipFile(io.BytesIO(autograder_zip(released, PS0))) as archive:
        about = json.loads(archive.read("autograder.json"))
    assert tuple(Counting(**one) for one in about["counting"]) == out


def test_what_is_in_the_zip(root, released, packed, tmp_path):
    with zipfile.ZipFile(packed) as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        archive.extractall(tmp_path)
    assert modes["run_autograder"] == modes["setup.sh"] == 0o755 and modes["secret.txt"] == 0o600
    names = "\n".join(modes)
    assert "answers.py" not in names and "sample_class" not in names and "gradebook" not in names
    assert leaks(tmp_path, [root / "course" / "assignments" / PS0 / f"{PS0}.ipynb"]) == []
    assert not any(b"for tests" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", tmp_path / script], check=True)
    assert (tmp_path / "requirements.txt").read_text().count("==") > 20
    assert answers.BANK.name + "/" not in names


def test_bad_input_is_one_sentence(released, tmp_path):
    for words, told in (
        (("ps9",), "there is no assignment 'ps9'"),
        ((PS0, "--out", "/proc/x/y.zip"), "cannot be written"),
    ):
        done = run(released.root, *words)
        assert done.exit_code == 1 and told in done.output and "Traceback" not in done.output
