"""A gradebook on a PostgreSQL server is the gradebook that a file of SQLite's would be."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from click.testing import CliRunner
from nbgrader.apps import NbGraderAPI

from course.__main__ import main
from course.autograder.gradebook import copying
from course.autograder.gradebook import record as writer
from course.autograder.gradebook.copying import copy_gradebook
from course.autograder.gradebook.course import PROJECT, Course, GradingError
from course.autograder.gradebook.entries import write_students
from course.autograder.gradebook.grades import write_grades
from course.autograder.gradebook.record import Recorder, canonical_dump
from course.autograder.grading.driver import Plan, grade
from course.autograder.grading.task import opened
from course.autograder.intake.timestamp import HandedInAt
from tests.gradebook.postgres import program, running
from tests.grading.cluster.quick import seem_to_mark
from tests.marked_class import NAME, folder_like, hand_in, marked
from tests.waiting import LONG_STOP, comes_true

psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
pytestmark = pytest.mark.xdist_group("postgres")
LOST = {"normalize": (5.0, "wrong axis")}
STUDENTS = ("s1", "s2", "s3")
OTHER = "ps0_warmup"
LATE = """
[assignments.ps0_warmup]
due = 2026-09-30T12:00:00Z
[assignments.ps1_batchnorm]
due = 2026-09-30T12:00:00Z
[late]
policy = "late_days"
percent = 20
budget = 1
"""
A_DAY_LATE = HandedInAt("2026-10-01 11:00:00", "")


@pytest.fixture(scope="module")
def server():
    with running() as started:
        yield started


@pytest.fixture
def in_a_file(ps1, tmp_path):
    return folder_like(ps1, tmp_path / "file")


def add_assignment(course, name):
    """Release a second assignment in the folder."""
    source = course.folder("source") / name
    source.mkdir(parents=True)
    shutil.copy(PROJECT / "course" / "assignments" / name / f"{name}.ipynb", source)
    course.release(name)


def seen(tasks, limits):
    return ([seem_to_mark(opened(one))] for one in tasks)


def copied(source, server, root, name, monkeypatch):
    """A folder like another, whose gradebook is copied to the server."""
    url = server.new(name)
    copy_gradebook(source.db_url, url)
    made = folder_like(source, root)
    (made.root / "gradebook.db").unlink()
    monkeypatch.setenv("COURSE_DB", url)
    return Course(made.root)


@pytest.mark.slow
def test_a_release_makes_the_gradebook_where_there_is_none(server, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DB", server.new("new").replace("postgresql+psycopg", "postgres"))
    (tmp_path / "new").mkdir()
    course = Course(tmp_path / "new")
    add_assignment(course, OTHER)
    hand_in(course, "s1", assignment=OTHER)
    assert [row.failure for row in grade(course.root, OTHER, plan=Plan(marking=seen))] == [""]
    assert course.score(OTHER, "s1").points == 0 and not (course.root / "gradebook.db").exists()


@pytest.mark.slow
def test_a_class_is_graded_there_as_in_a_file(in_a_file, server, tmp_path, monkeypatch):
    told = {}
    for course in (copied(in_a_file, server, tmp_path / "server", "graded", monkeypatch), in_a_file):
        if course is in_a_file:
            monkeypatch.delenv("COURSE_DB")
        for student in STUDENTS:
            hand_in(course, student)
        rows = grade(course.root, NAME, plan=Plan(marking=seen))
        again = grade(course.root, NAME, plan=Plan(marking=seen))
        with Recorder(course, NAME) as recorder:
            recorder.record_all([marked(course, "s2", LOST), marked(course, "s4")])
        with course.gradebook() as gradebook:
            answer = next(
                one
                for one in gradebook.find_submission(NAME, "s4").notebooks[0].grades
                if one.name == "explain_modes"
            )
            answer.manual_score, answer.needs_manual_grade = 4.0, False
            gradebook.db.commit()
        assert [row.failure for row in (*rows, *again)] == [""] * 6
        api = NbGraderAPI(config=course.config)
        listed = [
            (one["student"], one["score"], one["needs_manual_grade"]) for one in api.get_submissions(NAME)
        ]
        written, _ = write_grades(course, NAME, STUDENTS)
        told[course.root.name] = (
            canonical_dump(course),
            written.read_text(),
            sorted(listed),
            course.score(NAME, "s4").points,
        )
    assert told["server"] == told["file"]
    assert told["server"][3] == 92.0


@pytest.mark.slow
def test_two_drivers_at_once_on_two_assignments_enter_the_same_students(
    in_a_file, server, tmp_path, monkeypatch
):
    """Each waits for the other before each student, so that they meet in rows that both make."""
    add_assignment(in_a_file, OTHER)
    course = copied(in_a_file, server, tmp_path / "two", "two drivers", monkeypatch)
    meet, failed = threading.Barrier(2, timeout=LONG_STOP), []

    def drive(assignment):
        root = course.root if assignment == NAME else folder_like(course, tmp_path / "elsewhere").root

        def together(tasks, limits):
            for task in tasks:
                one = seem_to_mark(opened(task))
                meet.wait()
                yield [one]

        failed.extend(
            row.failure for row in grade(root, assignment, plan=Plan(marking=together)) if row.failure
        )

    for student in STUDENTS:
        for assignment in (NAME, OTHER):
            hand_in(course, student, assignment=assignment)
    drivers = [threading.Thread(target=drive, args=(one,)) for one in (NAME, OTHER)]
    for one in drivers:
        one.start()
    for one in drivers:
        one.join()
    assert not failed
    assert {course.score(name, student).points for name in (NAME, OTHER) for student in STUDENTS} == {0}


@pytest.mark.slow
def test_late_days_of_two_drivers_at_once_are_counted_over_the_term(in_a_file, server, tmp_path, monkeypatch):
    """The budget is one day, and each of two hand-ins is a day late: whoever enters second knows of the first."""
    add_assignment(in_a_file, OTHER)
    (in_a_file.root / "course.toml").write_text(LATE)
    course = copied(in_a_file, server, tmp_path / "late", "late", monkeypatch)
    go, whole, inside = threading.Event(), writer.settle_students, []

    def settle_and_wait(*given):
        settled = whole(*given)
        inside.append(given)
        if not go.is_set():
            go.wait(LONG_STOP)
        return settled

    def enter(assignment):
        with Recorder(course, assignment) as recorder:
            recorder.record(replace(marked(course, "s1"), assignment=assignment, handed_in_at=A_DAY_LATE))
        go.set()

    def waits():
        with psycopg.connect(f"host={server.folder} user=course dbname=late") as looking:
            asked = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'late'"
            )
            return len(inside) == 2 or looking.execute(asked).fetchone()[0] > 0

    with Recorder(
        course, NAME
    ) as recorder:  # so that the student's row is there, for which nobody needs to wait
        write_students(recorder.db, ["s1"])
        recorder.db.commit()
    monkeypatch.setattr(writer, "settle_students", settle_and_wait)
    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(enter, assignment) for assignment in (NAME, OTHER)]
        assert comes_true(waits)
        go.set()
    assert [one.result() for one in done] == [None, None]
    penalties = {name: course.score(name, "s1").penalty for name in (NAME, OTHER)}
    assert sorted(one > 0 for one in penalties.values()) == [False, True], penalties


@pytest.mark.slow
def test_an_assignment_has_one_driver_whatever_folder_it_is_started_in(
    in_a_file, server, tmp_path, monkeypatch
):
    course = copied(in_a_file, server, tmp_path / "one", "one driver", monkeypatch)
    hand_in(course, "s1")
    elsewhere = folder_like(course, tmp_path / "another machine")

    def meanwhile(tasks, limits):
        with pytest.raises(
            GradingError, match=r"another grading run \(process \d+ on \S+\) is at work on ps1_batch"
        ):
            grade(elsewhere.root, NAME, plan=Plan(marking=seen))
        yield from seen(tasks, limits)

    assert [row.failure for row in grade(course.root, NAME, plan=Plan(marking=meanwhile))] == [""]
    assert [row.failure for row in grade(elsewhere.root, NAME, plan=Plan(marking=seen))] == [""]


@pytest.mark.slow
def test_a_copy_there_and_one_back_say_the_same(in_a_file, server, tmp_path):
    with Recorder(in_a_file, NAME) as recorder:
        recorder.record_all([marked(in_a_file, "ſchön 名", LOST), marked(in_a_file, "s2")])
    url, back = server.new("there"), tmp_path / "back.db"
    there = copy_gradebook(in_a_file.db_url, url)
    assert there == copy_gradebook(url, f"sqlite:///{back}")
    rows = {one.table: one.rows for one in there}
    assert (
        rows["submitted_assignment"] == rows["course_grading"] == rows["student"] == 2 and rows["grade"] == 32
    )
    before = canonical_dump(in_a_file)
    shutil.copy(back, in_a_file.root / "gradebook.db")
    assert canonical_dump(Course(in_a_file.root)) == before
    for target, told in (
        (url, "is not empty: its table student has rows; nothing was copied"),
        (in_a_file.db_url, "one database"),
    ):
        with pytest.raises(GradingError, match=told):
            copy_gradebook(in_a_file.db_url, target)


@pytest.mark.slow
def test_a_dump_that_is_restored_says_the_same(in_a_file, server, tmp_path, monkeypatch):
    course = copied(in_a_file, server, tmp_path / "dumped", "dumped", monkeypatch)
    with Recorder(course, NAME) as recorder:
        recorder.record(marked(course, "s1", LOST))
    before, address = canonical_dump(course), "postgresql://course@/{}?host=" + str(server.folder)
    dumps = ("pg_dump", "--format=custom", f"--file={tmp_path / 'course.dump'}", address.format("dumped"))
    url = server.new("again")
    restores = ("pg_restore", "--no-owner", f"--dbname={address.format('again')}", tmp_path / "course.dump")
    for command in (dumps, restores):
        subprocess.run([program(command[0]), *command[1:]], check=True)
    monkeypatch.setenv("COURSE_DB", url)
    assert canonical_dump(Course(course.root)) == before


@pytest.mark.slow
def test_a_copy_that_says_something_else_is_none(in_a_file, server, tmp_path, monkeypatch):
    with Recorder(in_a_file, NAME) as recorder:
        recorder.record(marked(in_a_file, "s1"))
    whole = copying._batches

    def loses(connection, table):
        for rows in whole(connection, table):
            yield rows[1:] if connection.dialect.name == "postgresql" and table.name == "grade" else rows

    monkeypatch.setattr(copying, "_batches", loses)
    url = server.new("other")
    with pytest.raises(GradingError, match="table grade does not say what the gradebook's says"):
        copy_gradebook(in_a_file.db_url, url)
    monkeypatch.undo()
    assert len(copy_gradebook(in_a_file.db_url, url)) == 19  # nothing of the first try is there


def test_what_cannot_be_is_one_sentence(in_a_file, server, tmp_path, monkeypatch):
    rubbish, nothing = tmp_path / "rubbish.db", tmp_path / "nothing.db"
    rubbish.write_text("no database")
    sqlite3.connect(nothing).close()
    gone = tmp_path / "target.db"
    for source, target, told in (
        ("missing.db", gone, "there is no gradebook"),
        (rubbish, gone, "rubbish.db cannot be used: file is not a database; put a backup in its place"),
        (nothing, gone, "is no gradebook: it has none of nbgrader's tables"),
        (
            in_a_file.root / "gradebook.db",
            server.url("nowhere"),
            'database "nowhere" does not exist; make the user',
        ),
        (in_a_file.root / "gradebook.db", "postgresql://u:secret@127.0.0.1:9/x", "refused"),
        ("mysql://u:secret@h/x", gone, "'mysql://h/x' is no address of a gradebook"),
    ):
        done = CliRunner().invoke(main, ["gradebook", "copy", str(source), str(target)])
        assert done.exit_code == 1 and told in " ".join(done.output.split())
        assert done.output.count("error:") == 1 and "secret" not in done.output and not gone.exists()
    monkeypatch.setenv("COURSE_DB", server.url("nowhere"))
    course = Course(in_a_file.root)
    with pytest.raises(GradingError, match='"nowhere" does not exist; make the user'), course.gradebook():
        pass


def test_without_its_driver_a_server_is_one_sentence(in_a_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setenv("COURSE_DB", "postgres://course@localhost/course")
    with (
        pytest.raises(GradingError, match="speaks to one is not installed here; install it with"),
        Course(in_a_file.root).gradebook(),
    ):
        pass
