"""A question that is withdrawn, or counts other points than students were told: everything that shows points agrees."""

import csv

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.feedback.from_gradebook import standings
from course.autograder.gradebook.counting import countings
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.given import changes_after_hand_ins
from course.autograder.gradebook.grades import write_grades
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.release import build_release
from course.autograder.grading.marking import counted
from course.autograder.grading.task import Task, digest
from course.autograder.insight.regrade import compared
from course.autograder.insight.results import read_results
from course.autograder.judging.rules import Counting
from course.autograder.settings import AssignmentSettings, SettingsError
from tests.marked_class import NAME, folder_like, hand_in, marked, record

SAID = f"""
[assignments.{NAME}.withdrawn]
"batchnorm_forward.test" = "full points"
"normalize" = "out of the sum"

[assignments.{NAME}.points]
"scale_shift" = 6
"""
LOST = {"batchnorm_forward-test": (6.0, ""), "normalize": (5.0, "no epsilon"), "scale_shift": (2.0, "")}


@pytest.fixture
def course(ps1, tmp_path):
    return folder_like(ps1, tmp_path / "root")


def say(course: Course, text: str) -> Course:
    """The same folder, with this in its course.toml."""
    (course.root / "course.toml").write_text(text, encoding="utf-8")
    return Course(course.root)


def as_counted(course: Course, one: Marked) -> Marked:
    """What a worker would have sent: points as they count."""
    return Marked(**{**vars(one), "points": counted(one.points, course.counting(NAME))})


def points(course: Course) -> tuple[float, float]:
    score = course.score(NAME, "s1")
    return score.automatic, score.max_points


def test_grades_page_and_report_agree(course):
    record(course, marked(course, "s1", LOST))
    assert points(course) == (88 - 13, 100)
    said = say(course, SAID)
    record(said, as_counted(said, marked(said, "s1", LOST)))
    assert points(said) == (88 - 5 + 3 - 4, 100 - 5 + 3), "a third of scale_shift's points was earned"
    path, _ = write_grades(said, NAME, [])
    (row,) = csv.DictReader(path.open(newline="", encoding="utf-8"))
    assert (row["normalize"], row["batchnorm_forward-test"], row["scale_shift"]) == ("0", "6", "2")
    assert (row["points"], row["max_points"]) == ("82", "98")
    with said.gradebook() as gradebook:
        page = standings(gradebook, NAME, NAME, ["s1"])["s1"]
    assert page.max_points == 98 and page.marks["normalize"].max_points == 0
    results = read_results(said, NAME)
    assert (
        results.max_points == 98 and "normalize" not in results.questions and results.totals.tolist() == [82]
    )


def test_it_is_as_before_once_it_is_said_no_more(course):
    said = say(course, SAID)
    record(said, as_counted(said, marked(said, "s1", LOST)))
    record(say(course, ""), marked(course, "s1", LOST))
    assert points(course) == (88 - 13, 100)


@pytest.mark.slow
def test_a_new_release_keeps_it_and_finds_nothing_changed(course):
    said = say(course, SAID)
    hand_in(said, "s1")
    record(said, as_counted(said, marked(said, "s1", LOST)))
    assert changes_after_hand_ins(said, NAME) == []
    build_release(said, [NAME])
    assert points(Course(course.root)) == (82, 98)


def test_a_preview_says_the_reason(course):
    record(course, marked(course, "s1", LOST))
    said = say(course, SAID)
    outcome = compared(
        said.score(NAME, "s1"), as_counted(said, marked(said, "s1", LOST)), said.counting(NAME)
    )
    assert {cell.name: cell.why.partition(" (")[2] for cell in outcome.cells} == {
        "batchnorm_forward-test": "is withdrawn: everyone has its 6 points)",
        "scale_shift": "counts 6 points, not 3)",
    }
    assert outcome.gained == 7


def test_what_is_said_belongs_to_what_marks_depend_on(course, tmp_path):
    folder = hand_in(course, "s1")
    released = course.folder("release") / NAME / f"{NAME}.ipynb"
    task = Task("s1", NAME, folder, released, "secret")
    more = Task("s1", NAME, folder, released, "secret", counting=(Counting("normalize", 5, 0),))
    before, after = digest(task), digest(more)
    assert before.partition(".")[0] == after.partition(".")[0] and before != after


@pytest.mark.parametrize(
    ("withdrawn", "changed", "told"),
    [
        ({"normalise": "full points"}, {}, "did you mean normalize?"),
        ({"nothing": "full points"}, {}, "its questions are: normalize, explain"),
        ({"explain": "full points"}, {}, "which a person grades"),
        ({"normalize": "full points"}, {"normalize": 3.0}, "say it once"),
    ],
)
def test_what_cannot_be_is_one_sentence(withdrawn, changed, told):
    settings = AssignmentSettings(withdrawn=withdrawn, points=changed)
    with pytest.raises(SettingsError) as caught:
        countings(NAME, settings, {"normalize": 5.0, "explain": 4.0}, {"explain"})
    assert told in str(caught.value) and str(caught.value).startswith("course.toml: [assignments.")


def test_the_command_says_it_in_a_sentence(course):
    hand_in(course, "s1")
    said = say(course, SAID.replace("normalize", "normalise"))
    with pytest.raises(GradingError, match="did you mean normalize"):
        said.counting(NAME)
    found = CliRunner().invoke(main, ["--root", str(course.root), "regrade", NAME, "--preview"])
    assert found.exit_code != 0 and "did you mean normalize?" in found.output
