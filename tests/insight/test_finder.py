"""The mistake finder from end to end: a small class, its groups, a name, and the name in the next grading."""

import json
from dataclasses import replace

import nbformat
import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.gradebook.record import Recorder
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading.class_mistakes.mistake import ClassMistake
from course.autograder.grading.driver import handed_in, task_of
from course.autograder.grading.marking import mark
from course.autograder.grading.task import digest
from course.autograder.insight.finder import find, kept_in
from course.autograder.judging.answers import notebook_with, solutions
from tests.marked_class import folder_like

NAME = "ps0_warmup"
HALVES = (
    "def l1_norm(x):\n    return 0.5 * np.abs(x).sum(axis=1)",
    "def l1_norm(x):\n    # each row\n    return np.array([sum(abs(v) for v in row) / 2 for row in x])",
    "def l1_norm(x):\n    positive = np.maximum(x, 0) - x / 2\n    return positive @ np.ones(x.shape[1])",
)
MEDIANS = (
    "calls = []\n\ndef l1_norm(x):\n    calls.append(x)\n    print('call', len(calls), x.sum())\n"
    "    return np.median(np.abs(x), axis=1) * x.shape[1]",
    "def l1_norm(x):\n    n = x.shape[1]\n    s = np.sort(abs(x), 1)\n    return n * (s[:, (n - 1) // 2] + s[:, n // 2]) / 2",
)
NAMED = "def l1_norm(x):\n    return np.abs(x).sum(axis=0)"
HALVED = ("the norm is halved", "Nothing halves an L1 norm: add the absolute values.")
MEDIAN = ("median for mean", "An L1 norm adds the absolute values; their median is another number.")


@pytest.fixture(scope="module")
def engine(one_engine):
    return one_engine


def graded(course, engine):
    """Everyone's marks, entered as a driver enters them."""
    released = course.folder("release") / NAME / f"{NAME}.ipynb"
    secret = course_secret(course.root)
    marks = {}
    with Recorder(course, NAME) as recorder:
        for student, found in handed_in(course, NAME).by_student.items():
            marks[student] = mark(task_of(course, NAME, student, found, released, secret), engine)
            recorder.record(marks[student])
    return marks


@pytest.fixture(scope="module")
def course(released_alone, engine, tmp_path_factory):
    """Three who halve the norm, two who take a median, one with a mistake that has a name, and one who is right."""
    course = folder_like(released_alone(NAME), tmp_path_factory.mktemp("finder") / "root")
    empty = nbformat.read(course.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    right = solutions(NAME)
    for k, source in enumerate((*HALVES, *MEDIANS, NAMED, right["code-l1_norm"])):
        folder = course.folder("submitted") / f"s{k}" / NAME
        folder.mkdir(parents=True)
        nbformat.write(notebook_with(empty, {**right, "code-l1_norm": source}), folder / f"{NAME}.ipynb")
    course.first = graded(course, engine)
    return course


def said_by_itself(marks):
    """What a submission printed: here each call, with what was asked."""
    cells = json.loads(marks.notebook)["cells"]
    streams = [o["text"] for cell in cells for o in cell.get("outputs", ()) if o["output_type"] == "stream"]
    assert any("call 1 " in text for text in streams)
    return streams


def run(course, *words):
    result = CliRunner().invoke(main, ["--root", str(course.root), "mistakes", NAME, *words])
    return result.exit_code, result.output


@pytest.mark.slow
def test_a_class_is_grouped_named_and_graded_with_the_names(course, engine):
    before = course.first
    found = find(course, NAME)
    assert [group.students for group in found.groups] == [("s0", "s1", "s2"), ("s3", "s4")]
    halves, medians = found.groups
    assert "0.5 times the right one" in halves.trace.said["norms"]
    assert [one.stated.kind for one in halves.trace.relations.values()] == ["times"]
    assert not medians.trace.relations

    kept = kept_in(course, NAME).read_text()
    code, output = run(course)  # nothing is run again: no hand-in is another
    assert code == 0 and kept_in(course, NAME).read_text() == kept
    for text in (halves.id, medians.id, "positive @ np.ones", "0.5 * np.abs(x)", "np.median"):
        assert text in output
    assert "s5" not in output and "s6" not in output

    for group, (words, advice) in ((halves, HALVED), (medians, MEDIAN)):
        code, output = run(course, "name", group.id, words, "--advice", advice)
        assert code == 0, output
    assert "nothing that is wrong is without a name" in run(course)[1]

    after = graded(course, engine)
    names = {student: one.named.get("l1_norm", ()) for student, one in after.items()}
    assert names == {**dict.fromkeys(("s0", "s1", "s2"), (HALVED[0],)), **dict.fromkeys(("s3", "s4"), (MEDIAN[0],)),
                     "s5": ("over the wrong axis",), "s6": ()}  # fmt: skip
    assert {s: one.points for s, one in after.items()} == {s: one.points for s, one in before.items()}
    assert MEDIAN[1].split(";")[0] in after["s3"].notebook and MEDIAN[0] not in before["s3"].notebook
    cells = json.loads(after["s0"].notebook)["cells"]
    assert sum(HALVED[0] in json.dumps(cell["outputs"]) for cell in cells if cell["cell_type"] == "code") == 1
    assert said_by_itself(after["s3"]) == said_by_itself(before["s3"])  # it was asked nothing more
    assert after["s5"].verdicts == before["s5"].verdicts and after["s6"].verdicts == before["s6"].verdicts


@pytest.mark.slow
def test_what_is_asked_for_wrongly_is_told_in_a_sentence(course):
    for words in (("show", "zzzz"), ("name", "zzzz", "words", "--advice", "A sentence.")):
        code, output = run(course, *words)
        assert code != 0 and "has no group 'zzzz'" in output


@pytest.mark.slow
def test_marks_depend_on_the_names_and_on_nothing_new_where_there_are_none(course):
    found = handed_in(course, NAME).by_student["s0"]
    task = task_of(course, NAME, "s0", found, course.folder("release") / NAME / f"{NAME}.ipynb", "secret")
    bare = replace(task, class_mistakes=())
    known = replace(task, class_mistakes=(ClassMistake(NAME, "l1_norm", *HALVED),))
    other = replace(task, class_mistakes=(ClassMistake(NAME, "l1_norm", *MEDIAN),))
    assert len({digest(bare), digest(known), digest(other)}) == 3
