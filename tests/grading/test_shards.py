"""A class graded in parts, into files, and entered from them: the gradebook that grading it here would have made."""

import json

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.gradebook.record import canonical_dump
from course.autograder.grading import driver, marking, results, shards, workers
from course.autograder.grading.shards import Shard
from course.autograder.sandbox import confinement
from tests.marked_class import NAME, folder_like, hand_in, marked

STUDENTS = ("s1", "s2", "s3", "s4", "s5", "学生")


def marks_of(course, task):
    lost = {"batch_moments": (2.5, "unbiased variance")} if task.student == "s2" else None
    return marked(course, task.student, lost, digest=marking.digest(task))


@pytest.fixture
def course(ps1, tmp_path, monkeypatch):
    made = folder_like(ps1, tmp_path / "root")
    for student in STUDENTS:
        hand_in(made, student)
    monkeypatch.setattr(workers, "start_ahead", lambda: None)
    monkeypatch.setattr(confinement, "missing", list)
    for module in (driver, shards):
        monkeypatch.setattr(
            module, "all_marked", lambda tasks, *how: (marks_of(made, task) for task in tasks)
        )
    return made


@pytest.fixture
def undisturbed(course, tmp_path):
    """What the gradebook holds after grading the class here, in another copy of it."""
    other = folder_like(course, tmp_path / "other")
    driver.grade(other.root, NAME)
    return canonical_dump(other)


def run(course, *words, code=0):
    done = CliRunner().invoke(main, ["--root", str(course.root), *words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def grade_all(course, of=3):
    for number in range(1, of + 1):
        run(course, "grade", NAME, "--shard", f"{number}/{of}")
    return sorted((course.root / "results").iterdir())


def record(course, code=0):
    return run(course, "record", str(course.root / "results"), "--no-feedback", code=code)


def test_parts_entered_from_files_make_the_gradebook_that_one_machine_makes(course, undisturbed):
    said = run(course, "grade", NAME, "--shard", "1/1", "--to", str(course.root / "whole"))
    assert f"{len(STUDENTS)} graded, 0 failed" in said and "nothing is entered yet: python -m course" in said
    again = run(course, "grade", NAME, "--shard", "1/1", "--to", str(course.root / "whole"))
    assert f"{len(STUDENTS)} are graded and unchanged" in again
    grade_all(course)
    assert "done" not in canonical_dump(course)
    assert f"{len(STUDENTS)} graded, 0 failed" in record(course)
    assert canonical_dump(course) == undisturbed
    assert "are graded and unchanged" in record(course)
    assert canonical_dump(course) == undisturbed


def test_every_student_is_in_one_part_whoever_else_handed_in():
    parts = [Shard(number, 7) for number in range(1, 8)]
    assert all(sum(part.has(f"s{n}") for part in parts) == 1 for n in range(50))
    assert all(any(part.has(f"s{n}") for n in range(200)) for part in parts)


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3"])
def test_a_part_that_is_none_is_a_sentence(course, wrong):
    assert f"--shard is '{wrong}'; wanted: which of how many, as 3/40" in run(
        course, "grade", NAME, f"--shard={wrong}", code=1
    )


def test_a_file_that_was_cut_short_costs_its_last_line_and_a_new_run_goes_on(course, undisturbed):
    path, *_ = (one for one in grade_all(course) if one.read_bytes().count(b"\n") > 1)
    path.write_bytes(path.read_bytes()[:-40])
    said = record(course, code=1)
    assert "its last line is cut short, so that submission is not entered; grade it again" in said
    assert f"{len(STUDENTS) - 1} graded, 0 failed" in said
    number = path.name.split(".")[1].replace("-of-", "/")
    assert "1 graded, 0 failed" in run(course, "grade", NAME, "--shard", number)
    record(course)
    assert canonical_dump(course) == undisturbed


def changed(**about):
    def change(content):
        first, rest = content.split(b"\n", 1)
        return json.dumps(json.loads(first) | about).encode() + b"\n" + rest

    return change


def other_points(content):
    return content.replace(b'"points": {', b'"points": {"x": 1, ', 1)


REFUSED = {
    "does not begin as": lambda content: b"PK\x03" + content,
    "is empty": lambda content: b"",
    "was graded by another version of the course": changed(version="f" * 32),
    "is of another course, whose cases are drawn from another secret": changed(course="0" * 24),
    "there is no assignment 'ps9'": changed(assignment="ps9"),
    "line 2 is damaged": other_points,
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_does_not_fit_is_not_entered_and_said_in_one_sentence_and_the_rest_is(course, why):
    path, *others = (one for one in grade_all(course, 2) if one.read_bytes().count(b"\n") > 1)
    path.write_bytes(REFUSED[why](path.read_bytes()))
    said = record(course, code=1)
    assert why in said and said.count(str(path)) == 1
    kept = sum(one.read_bytes().count(b"\n") - 1 for one in others)
    assert canonical_dump(course).count("state done") >= kept > 0


def test_what_was_handed_in_anew_since_is_not_given_the_old_marks(course):
    grade_all(course)
    (course.folder("submitted") / "s3" / NAME / f"{NAME}.ipynb").write_text("{}")
    said = record(course, code=1)
    assert "s3: what the marks depend on is not what it was when they were made; grade it again" in said
    assert "s3 state" not in canonical_dump(course) and "s1 state done" in canonical_dump(course)


def test_a_part_needs_the_course_s_secret_and_its_release(course, monkeypatch):
    monkeypatch.delenv("COURSE_SECRET")
    assert "there is no .course-secret" in run(course, "grade", NAME, "--shard", "1/2", code=1)
    monkeypatch.setenv("COURSE_SECRET", "for tests")
    (course.folder("release") / NAME / f"{NAME}.ipynb").unlink()
    assert "copy the course's folder release/" in run(course, "grade", NAME, "--shard", "1/2", code=1)


def test_two_processes_do_not_write_one_file(course):
    about = results.About(NAME, "1/2", results.course_digest("for tests"), marking.course_version())
    path = shards.file_of(course.root / "results", NAME, Shard(1, 2))
    with results.adding_to(path, about):
        assert "another process is grading into" in run(course, "grade", NAME, "--shard", "1/2", code=1)


def test_a_folder_without_results_is_a_sentence(course):
    (course.root / "results").mkdir()
    assert "there is no file of results" in record(course, code=1)
