"""nbgrader's exchange by nbgrader's own commands, as instructor and as student: from release to fetched feedback."""

import shutil
import subprocess
import sys

import nbformat
import pytest
from nbgrader import apps
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import get_username

from course.autograder.gradebook.course import PROJECT, Course
from course.autograder.gradebook.release import build_release
from tests.marked_class import NAME, folder_like, hand_in, marked, record

CHECK = """
import course, pathlib, sys
from course.autograder import check
assert pathlib.Path(course.__file__).is_relative_to(pathlib.Path.cwd()), course.__file__
check("scale_shift", lambda x_hat, gamma, beta: gamma * x_hat)
"""


@pytest.fixture
def exchange(tmp_path, monkeypatch):
    """An exchange that students use, outside of the course folder."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    monkeypatch.setenv("COURSE_EXCHANGE", str(folder))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "no-config"))
    return folder


@pytest.fixture
def course(released, tmp_path, exchange, monkeypatch):
    made = folder_like(released, tmp_path / "root")
    monkeypatch.setenv("COURSE_ROOT", str(made.root))
    return made


@pytest.fixture
def student(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def nbgrader(monkeypatch, caplog):
    """Run a command of nbgrader's in a folder; returns what it logged."""

    def run(folder, command, *words):
        monkeypatch.chdir(folder)
        app = getattr(apps, command)()
        app.initialize(list(words))
        app.log.propagate = True
        with caplog.at_level("INFO"):
            caplog.clear()
            app.start()
        return caplog.text

    return run


@pytest.mark.slow
def test_from_release_to_fetched_feedback(course, exchange, student, nbgrader):
    as_student = (
        "--course=paddle_course",
        f"--Exchange.root={exchange}",
        f"--Exchange.cache={student}/cache",
    )
    me = get_username()

    nbgrader(PROJECT, "ReleaseAssignmentApp", NAME)
    nbgrader(student, "FetchAssignmentApp", NAME, *as_student)
    mine = student / NAME
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=mine, capture_output=True, text=True)
    assert done.returncode == 0 and "beta" in done.stdout, done.stderr

    notebook = nbformat.read(mine / f"{NAME}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("mine"))
    nbformat.write(notebook, mine / "my solution.ipynb")  # under another name
    (mine / f"{NAME}.ipynb").unlink()
    (mine / "data" / "own.csv").write_text("1,2\n")
    nbgrader(student, "SubmitApp", NAME, *as_student)
    nbgrader(PROJECT, "CollectApp", NAME)
    submitted = course.folder("submitted") / me / NAME
    brought = {str(path.relative_to(submitted)) for path in submitted.rglob("*") if path.is_file()}
    assert brought == {"my solution.ipynb", "data/own.csv", "timestamp.txt", "submission_secret.txt"}

    hand_in(course, "by-hand")
    record(course, marked(course, me), marked(course, "by-hand"))
    for name in (me, "by-hand"):
        page = course.folder("feedback") / name / NAME / f"{NAME}.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<html><link rel="stylesheet" href="../../feedback.css">{name}\'s page</html>')
    (course.folder("feedback") / "feedback.css").write_text("@font-face {}\nb { color: teal; }")
    said = nbgrader(PROJECT, "ReleaseFeedbackApp", NAME)
    assert "did not hand in through the exchange and cannot fetch: by-hand" in said

    nbgrader(student, "FetchFeedbackApp", NAME, *as_student)
    fetched = list((student / NAME / "feedback").rglob("*.html"))
    assert [page.read_text() for page in fetched] == [
        f"<html><style>b {{ color: teal; }}</style>{me}'s page</html>"
    ], "it takes its style along"


def test_a_release_without_the_checks_is_not_put_into_the_exchange(course, nbgrader):
    shutil.rmtree(course.folder("release") / "course")
    with pytest.raises(SystemExit):
        nbgrader(PROJECT, "ReleaseAssignmentApp", NAME)


def formgrader_of(course):
    return NbGraderAPI(CourseDirectory(config=course.config), config=course.config)


@pytest.mark.slow
def test_a_course_without_an_exchange_has_its_own_and_the_formgrader_knows_what_is_released(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    build_release(course, [NAME])
    api = formgrader_of(course)
    assert not api.exchange_missing and api.get_assignment(NAME)["status"] == "released"
    assert (course.root / "exchange").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_with_an_exchange_that_students_use_releasing_into_it_is_a_step_of_its_own(ps1, tmp_path, exchange):
    course = folder_like(ps1, tmp_path / "root")
    course = Course(course.root)
    assert build_release(course, [NAME]).own_exchange is False
    assert formgrader_of(course).get_assignment(NAME)["status"] == "draft" and not list(exchange.iterdir())


def test_students_without_a_name_are_shown_by_their_id(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    with course.gradebook() as gradebook:
        gradebook.add_student("s2", first_name="Ada", last_name="Lovelace")
    record(course, marked(course, "s1"), marked(course, "s2"))
    names = {one["id"]: (one["last_name"], one["first_name"]) for one in formgrader_of(course).get_students()}
    assert names == {"s1": ("s1", "(no name)"), "s2": ("Lovelace", "Ada")}


def test_a_time_that_cannot_be_read_breaks_no_list_of_the_formgrader(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    for student, said in (("s1", "yesterday"), ("s2", "5")):
        (hand_in(course, student) / "timestamp.txt").write_text(said)
    record(course, marked(course, "s1"))
    rows = {row["student"]: row["autograded"] for row in formgrader_of(course).get_submissions(NAME)}
    assert rows == {"s1": True, "s2": False}
