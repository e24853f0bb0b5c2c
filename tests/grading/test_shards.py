"""A class graded in parts into files, and entered from them: the same gradebook, whatever happens to the files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.gradebook.course import GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder, canonical_dump
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading import parts, workers
from course.autograder.grading.parts import OTHER, enter, grade_part, results_below
from course.autograder.grading.shards import ENDING, Shard, read_results, shard_of
from course.autograder.grading.task import digest
from course.autograder.intake.timestamp import HandedInAt
from course.autograder.sandbox import confinement
from tests.marked_class import NAME, folder_like, hand_in, marked

STUDENTS = [f"s{n}" for n in range(11)] + ["a*b", "[late] x", "Ä & <b>ö</b>".replace("/", "∕")]
OF = 3


@pytest.fixture
def course(ps1, tmp_path, monkeypatch):
    """A class that has handed in; marking is quick and always the same."""
    made = folder_like(ps1, tmp_path / "root")
    for student in STUDENTS:
        hand_in(made, student)
    monkeypatch.delenv("COURSE_SECRET", raising=False)
    course_secret(made.root)
    monkeypatch.setattr(workers, "start_ahead", lambda *also, **more: None)
    monkeypatch.setattr(confinement, "missing", list)
    monkeypatch.setattr(parts, "all_marked", lambda tasks, *how: (marks_of(made, task) for task in tasks))
    return made


def marks_of(course, task):
    """By the student's name: one has a mistake, one needs a person, one was late."""
    about = {
        "s2": {"lost": {"batch_moments": (2.5, "unbiased variance")}},
        "s3": {"needs_person": ("Two notebooks came.",), "notes": ("é\u2028",)},
        "s4": {"at": HandedInAt("2026-11-26 01:45:34.000000 UTC")},
    }.get(task.student, {})
    return marked(course, task.student, digest=digest(task), **about)


def graded_in_parts(course, folder):
    return [grade_part(course.root, NAME, Shard(n, OF), folder) for n in range(1, OF + 1)]


def undisturbed(course):
    """The gradebook as one machine makes it."""
    tasks = [
        task
        for n in range(1, OF + 1)
        for task in parts._tasks(course, NAME, Shard(n, OF), *parts._brought_along(course, NAME))
    ]
    with Recorder(course, NAME) as recorder:
        for task in sorted(tasks, key=lambda task: task.student):
            recorder.record(marks_of(course, task))
    return canonical_dump(course)


def test_parts_make_up_the_class_and_everyone_is_in_one():
    everyone = [f"student {n}" for n in range(3_000)]
    held = [sum(student in Shard(n, 40) for student in everyone) for n in range(1, 41)]
    assert sum(held) == 3_000 and min(held) > 40
    assert all(sum(student in Shard(n, 7) for n in range(1, 8)) == 1 for student in STUDENTS)


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/4/2", "1/1000000", "1.5/4"])
def test_what_is_no_part_is_one_sentence(text):
    with pytest.raises(ValueError, match="is no part of a class; the third of forty parts is 3/40"):
        shard_of(text)


@pytest.mark.slow
def test_entered_from_files_the_gradebook_is_the_undisturbed_one_and_twice_changes_nothing(
    course, ps1, tmp_path
):
    folder = tmp_path / "shards"
    paths = graded_in_parts(course, folder)
    results = results_below([folder])
    assert sum(len(read_results(path)[1]) for path in paths) == len(STUDENTS) == len(results[NAME])
    made = enter(course.root, NAME, results[NAME])
    assert not made.missing and all(row.fresh and row.score for row in made.rows)
    first = canonical_dump(course)
    again = enter(course.root, NAME, results[NAME])
    assert not any(row.fresh for row in again.rows) and canonical_dump(course) == first
    other = folder_like(ps1, tmp_path / "other")
    for student in STUDENTS:
        hand_in(other, student)
    (other.root / ".course-secret").write_text(course_secret(course.root))
    assert undisturbed(other) == first


def test_what_an_interrupted_part_has_is_kept(course, tmp_path, monkeypatch):
    asked = []

    def stops(tasks, *how):
        for task in tasks:
            if len(asked) == 2:
                raise KeyboardInterrupt
            asked.append(task.student)
            yield marks_of(course, task)

    monkeypatch.setattr(parts, "all_marked", stops)
    with pytest.raises(KeyboardInterrupt):
        grade_part(course.root, NAME, Shard(1, 1), tmp_path)
    (partial,) = tmp_path.glob("*.partial")
    partial.write_bytes(partial.read_bytes()[:-30])  # the last one was being written
    told = []
    monkeypatch.setattr(parts, "all_marked", lambda tasks, *how: (marks_of(course, task) for task in tasks))
    path = grade_part(course.root, NAME, Shard(1, 1), tmp_path, on_start=lambda *counts: told.append(counts))
    assert told == [(len(STUDENTS) - 1, 1)]
    assert sorted(one.student for one in read_results(path)[1]) == sorted(STUDENTS)
    grade_part(course.root, NAME, Shard(1, 1), tmp_path, on_start=lambda *counts: told.append(counts))
    assert told[-1] == (0, len(STUDENTS))
    hand_in_again = course.folder("submitted") / "s0" / NAME / f"{NAME}.ipynb"
    hand_in_again.write_text(hand_in_again.read_text() + "\n")
    grade_part(course.root, NAME, Shard(1, 1), tmp_path, on_start=lambda *counts: told.append(counts))
    assert told[-1] == (1, len(STUDENTS) - 1)
    assert len(read_results(path)[1]) == len(STUDENTS)


def test_results_of_another_hand_in_or_secret_cost_their_row_alone(course, tmp_path):
    graded_in_parts(course, tmp_path)
    path = course.folder("submitted") / "s1" / NAME / f"{NAME}.ipynb"
    path.write_text(path.read_text() + "\n")
    hand_in(course, "new")
    results = results_below([tmp_path])[NAME] | {"gone": Marked("gone", NAME, digest="x.y")}
    made = enter(course.root, NAME, results)
    rows = {row.student: row for row in made.rows}
    assert rows["s1"].failure == OTHER and "no such hand-in" in rows["gone"].failure
    assert made.missing == ["new"] and sum(row.score is not None for row in made.rows) == len(STUDENTS) - 1
    (course.root / ".course-secret").write_text("another")
    again = enter(course.root, NAME, results)
    assert [row.student for row in again.rows if not row.failure] == []


def damaged(text: str) -> dict[str, str]:
    """A file of results, and what may become of it."""
    lines = text.splitlines(keepends=True)
    first, one = (json.loads(line.partition(" ")[2]) for line in lines[:2])
    return {
        "cut off": text[:-5],
        "no end": "".join(lines[:-1]),
        "a line lost": "".join(lines[:2] + lines[3:]),
        "a point more": text.replace('"batch_moments":5.0', '"batch_moments":9.0', 1),
        "another form": text.replace(lines[0], signed({**first, "format": 2})),
        "another assignment": text.replace(lines[0], signed({**first, "assignment": "ps2_dropout"})),
        "no record": text.replace(lines[1], signed([1])),
        "too few fields": text.replace(lines[1], signed({"student": "s1"})),
        "a field of its own": text.replace(lines[1], signed({**one, "bonus": 1})),
        "a field of another kind": text.replace(lines[1], signed({**one, "points": {"batch_moments": "5"}})),
        "not text": "\ufffd" + text,
        "deep": text.replace(lines[1], signed_text("[" * 100_000)),
        "no number": text.replace(lines[1], signed({**one, "points": {"batch_moments": float("nan")}})),
        "empty": "",
    }


def signed(content) -> str:
    return signed_text(json.dumps(content, sort_keys=True, separators=(",", ":")))


def signed_text(text: str) -> str:
    from course.autograder.grading.shards import _sum

    return f"{_sum(text)} {text}\n"


def test_a_damaged_file_is_one_sentence_and_nothing_is_entered(course, tmp_path):
    path = grade_part(course.root, NAME, Shard(1, 1), tmp_path)
    before = canonical_dump(course)
    for what, text in damaged(path.read_text()).items():
        assert text != path.read_text(), what
        other = tmp_path / "other" / path.name
        other.parent.mkdir(exist_ok=True)
        other.write_text(text, encoding="utf-8")
        with pytest.raises(GradingError, match="holds no whole results") as told:
            results_below([other])
        assert "\n" not in str(told.value), what
    assert canonical_dump(course) == before


def test_another_version_of_the_course_and_contradictions_are_refused(course, tmp_path, monkeypatch):
    path = grade_part(course.root, NAME, Shard(1, 1), tmp_path)
    assert len(results_below([path, path])[NAME]) == len(STUDENTS)
    other = tmp_path / "copy" / path.name
    other.parent.mkdir()
    lines = path.read_text().splitlines(keepends=True)
    one = json.loads(lines[1].partition(" ")[2])
    one["points"]["batch_moments"] = 1.0
    other.write_text("".join([lines[0], signed(one), *lines[2:]]))
    with pytest.raises(GradingError, match="has other results in"):
        results_below([tmp_path])
    monkeypatch.setattr(parts, "course_version", lambda: "f" * 32)
    with pytest.raises(GradingError, match=r"was made by another version of the course .* than is here"):
        results_below([path])
    with pytest.raises(GradingError, match="no results lie in"):
        results_below([tmp_path / "root" / "release"])


def test_nothing_is_made_that_should_have_been_brought_along(course, tmp_path):
    root = course.root
    (root / "release").rename(root / "away")
    with pytest.raises(GradingError, match="copy release/ from where it was made"):
        grade_part(root, NAME, Shard(1, 2), tmp_path)
    (root / "away").rename(root / "release")
    (root / ".course-secret").unlink()
    with pytest.raises(GradingError, match="the course's secret is not here"):
        grade_part(root, NAME, Shard(1, 2), tmp_path)
    assert not (root / ".course-secret").exists()


def test_the_commands_say_what_is_done_and_what_is_missing(course, tmp_path):
    run = CliRunner()

    def said(*words, code=0):
        done = run.invoke(main, ["--root", str(course.root), *words])
        assert done.exit_code == code, done.output
        return " ".join(done.output.split())

    assert "`python -m course record" in said("grade", NAME, "--shard", "1/2", "--to", str(tmp_path / "a"))
    told = said("record", str(tmp_path / "a"), "--no-feedback", code=1)
    assert "0 failed" in told and "no results for" in told
    said("grade", NAME, "--shard", "2/2")
    assert (course.root / "shards" / f"{NAME}-2-of-2{ENDING}").is_file()
    told = said("record", str(tmp_path / "a"), str(course.root / "shards"), "--no-feedback")
    assert f"{len(STUDENTS)} graded, 0 failed" in told and "Two notebooks came." in told
    assert "'4/2' is no part of a class" in said("grade", NAME, "--shard", "4/2", code=1)
    assert "say it without students" in said("grade", NAME, "s1", "--shard", "1/2", code=1)
    assert "say with --shard which part" in said("grade", NAME, "--to", str(tmp_path), code=1)
    assert "no results lie in" in said("record", str(Path(__file__).parent), code=1)
