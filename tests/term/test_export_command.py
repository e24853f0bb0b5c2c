"""`python -m course export` on a graded class: into each platform's file, and not before all is graded."""

import json
import shutil
import zipfile

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.cli.sample_class import make_class
from course.autograder.grading import driver
from course.autograder.sandbox import confinement
from course.autograder.term.people import Student
from course.autograder.term.roster import write_roster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("term"),
]
PS0 = "ps0_warmup"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,ps0 (31),Final Score\n"
    "    Points Possible,,,,,10,(read only)\n"
    '"One, Ann",11,,s001,A,,\n"Three, Cem",13,,s003,A,,\n"Gone, Dee",99,,s099,A,,\n"Out, Eve",98,,e98,A,,\n'
)
WORKSHEET = (
    "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
    "Participant 7,Ann One,s001@u.example,,10.00,-,\nParticipant 8,Dee Gone,s099@u.example,,10.00,-,\n"
)


@pytest.fixture(scope="module")
def graded(released_alone, marked_here, tmp_path_factory):
    root = tmp_path_factory.mktemp("term") / "root"
    shutil.copytree(released_alone(PS0).root, root)
    make_class(root, PS0)
    driver.grade(root, PS0, None, driver.Plan(marking=marked_here))
    write_roster(
        root / "roster.csv",
        [
            Student("s001", "Ann One", "s001@u.example", canvas_id="11"),
            Student("s003", "Cem Three", canvas_id="13"),
            Student("s099", "Dee Gone", "s099@u.example", canvas_id="99"),
        ],
    )
    (root / "course.toml").write_text('[course]\nnot_handed_in = "zero"\n')
    (root / "canvas.csv").write_text(CANVAS)
    (root / "moodle.csv").write_text(WORKSHEET)
    return root


def run(root, *words):
    return CliRunner().invoke(main, ["--root", str(root), "export", PS0, *map(str, words)])


def test_canvas(graded):
    done = run(graded, "--to", "canvas", "--into", graded / "canvas.csv")
    assert done.exit_code == 0, done.output
    assert (graded / "exports" / f"{PS0}-canvas.csv").read_text().splitlines()[2:] == [
        '"One, Ann",11,,s001,A,10',
        '"Three, Cem",13,,s003,A,5',
        '"Gone, Dee",99,,s099,A,0',  # on the roster, handed in nothing
        '"Out, Eve",98,,e98,A,',
    ]
    assert "Out, Eve is nobody on the roster" in done.output and "s002" in done.output
    (graded / "matches.csv").write_text('called,id\n"Out, Eve",s004\n')
    assert "Out, Eve" not in run(graded, "--to", "canvas", "--into", graded / "canvas.csv").output
    (graded / "matches.csv").unlink()


def test_moodle(graded):
    done = run(graded, "--to", "moodle", "--into", graded / "moodle.csv")
    assert done.exit_code == 0, done.output
    rows = (graded / "exports" / f"{PS0}-moodle.csv").read_text().splitlines()
    assert rows[1].split(",")[3] == "10" and rows[2].split(",")[3] == "0"
    assert (graded / "exports" / f"{PS0}-moodle.feedback.zip").exists()


def test_gradescope_and_plain(graded):
    assert run(graded, "--to", "gradescope").exit_code == 0
    found = json.loads((graded / "exports" / f"{PS0}-gradescope" / "s003.json").read_text())
    assert found["score"] == 5 and [t["score"] for t in found["tests"]] == [5, 0]
    assert found["tests"][1]["output"] == "over the wrong axis"
    assert run(graded, "--to", "csv").exit_code == 0
    lines = (graded / "exports" / f"{PS0}.csv").read_text().splitlines()
    assert "s001,10,10" in lines and "s099,0,10" in lines


def test_bad_input_is_one_sentence_and_writes_nothing(graded, tmp_path):
    (tmp_path / "other.csv").write_text("Student,ID,Section\n")
    for words, told in (
        (("--to", "canvas"), "say --into FILE"),
        (("--to", "canvas", "--into", tmp_path / "none.csv"), "cannot be read"),
        (("--to", "canvas", "--into", tmp_path / "other.csv"), "no column of the file"),
        (
            ("--to", "moodle", "--into", graded / "moodle.csv", "--column", "Gread"),
            "say --column with one of",
        ),
    ):
        done = run(graded, *words, "--out", tmp_path / "out")
        assert done.exit_code == 1 and told in done.output and "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


def test_nothing_goes_out_while_something_is_not_graded(graded):
    new = graded / "submitted" / "s050" / PS0
    shutil.copytree(graded / "submitted" / "s001" / PS0, new)
    try:
        done = run(graded, "--to", "csv")
        assert done.exit_code == 1 and "handed in and not graded: s050" in done.output
        assert run(graded, "--to", "csv", "--incomplete").exit_code == 0
    finally:
        shutil.rmtree(new.parent)


def test_the_commands_of_the_page_on_a_term_run(graded, root, tmp_path):
    """docs/term.md in its order, on a small course: the warm-up in place of its assignment."""
    page = (root / "docs" / "term.md").read_text(encoding="utf-8")
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    (course / "roster.csv").unlink()
    settings = page.split("```toml\n")[1].split("```")[0].replace("ps1_batchnorm", PS0)
    settings = settings.partition(f"[assignments.{PS0}.withdrawn]")[
        0
    ]  # its questions are the other assignment's
    (course / "course.toml").write_text(settings.replace('canvas = "ps1 (12345)"', 'canvas = "ps0 (31)"'))
    (course / "gradebook-export.csv").write_text(CANVAS)
    (course / "worksheet.csv").write_text(WORKSHEET)
    with zipfile.ZipFile(course / "submissions.zip", "w") as archive:
        for name in ("s001", "s003"):
            book = course / "submitted" / name / PS0 / f"{PS0}.ipynb"
            archive.write(book, f"{name}_{ {'s001': 11, 's003': 13}[name] }_55_{PS0}.ipynb")
    lines = [line for line in page.splitlines() if line.startswith("python -m course ")]
    assert len(lines) >= 8
    for line in (
        line for line in lines if "GROUP" not in line
    ):  # nobody in this class has a mistake without a name
        words = line.removeprefix("python -m course ").replace("ps1_batchnorm", PS0)
        words = words.replace("STUDENT", "s001").split()
        words = [str(course / word) if (course / word).is_file() else word for word in words]
        done = CliRunner().invoke(main, ["--root", str(course), *words], input="y\n")
        assert done.exit_code == 0, f"{line}\n{done.output}"
    assert (course / "exports" / f"{PS0}-canvas.csv").exists() and (course / "roster.csv").exists()
