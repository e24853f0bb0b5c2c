"""`grade`, `grades` and `show` as an instructor sees them; submissions are marked without being run."""

import csv
import io
import json
import re
import shutil
import sqlite3
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.console import Console

from course.__main__ import main as every_command
from course.autograder.cli import event_log
from course.autograder.cli.commands import main
from course.autograder.engine.engine import RunResult
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.grading import driver, marking, ready, workers
from course.autograder.grading import task as tasks_of
from course.autograder.intake.matched import HandIns, Unmatched
from course.autograder.sandbox import confinement
from course.common import console
from tests.english import english_in
from tests.marked_class import NAME, UNREAD, folder_like, hand_in, marked, record


@pytest.fixture
def course(ps1, tmp_path, monkeypatch):
    """Three hand-ins: s1 right, s2 with a mistake, s3 blank and not to be read."""
    made = folder_like(ps1, tmp_path / "root")
    for student in ("s1", "s2", "s3"):
        hand_in(made, student)
    monkeypatch.setattr(workers, "start_ahead", lambda *also, **more: None)
    monkeypatch.setattr(confinement, "missing", list)
    monkeypatch.setattr(tasks_of, "course_version", lambda: "1")
    monkeypatch.setattr(
        driver, "marked_together", lambda tasks, *how: ([marks_of(made, task)] for task in tasks)
    )
    return made


def marks_of(course, task):
    about = {
        "s2": {"lost": {"batch_moments": (2.5, "unbiased variance")}},
        "s3": {"blank": True, "needs_person": (UNREAD,)},
    }.get(task.student, {})
    return marked(course, task.student, digest=tasks_of.digest(task), **about)


def run(course, *words):
    return CliRunner().invoke(main, ["--root", str(course.root), *words], catch_exceptions=False)


def grade(course, *words):
    return run(course, "grade", NAME, "--no-feedback", *words)


def rows_of(course):
    with (course.root / "grades" / f"{NAME}.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_row_says_what_waits_and_which_mistakes_were_named(course):
    done = grade(course)
    assert "s1           88 of 88 by machine, 12 wait for a person\n" in done.stdout
    assert "s2           85.5 of 88 by machine, 12 wait for a person; unbiased variance" in done.stdout
    assert done.exit_code == 0


def test_in_chinese_it_says_the_same(course, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    said = grade(course).output
    assert "  s2           机器评 88 分中的 85.5 分、12 分等待人工评阅；无偏方差" in said
    assert "  s3           100 分中的 0 分（需要由人查看）" in said and "1 份需要由人查看：" in said
    assert re.search(r"已评分 3 份，失败 0 份；见 .*/grades/ps1_batchnorm\.csv", said)
    assert run(course, "feedback", NAME, "nobody").output.strip() == f"错误：{NAME} 没有评分的学生：nobody"
    assert english_in(re.sub("  s3 .*\n.*show.*|`make lab`", "", said)) == ["Manual Grading"]
    assert {row["state"] for row in rows_of(course).values()} == {"waits", "needs a person"}  # for programs


def test_at_the_end_stands_who_needs_a_person_why_and_how_to_see_it(course):
    done = grade(course)
    end = done.stdout[done.stdout.index("1 to be looked at by a person:") :]
    assert f"  s3           {UNREAD}" in end and f"show {NAME} s3" in end
    assert "2 hand-ins have written answers to be graded by hand" in end
    assert rows_of(course)["s3"]["needs_person"] == UNREAD


def test_strict_says_so_by_the_exit_code(course):
    assert grade(course, "--strict").exit_code == 3
    assert run(course, "show", NAME, "s3", "--seen").exit_code == 0
    assert grade(course, "--strict").exit_code == 0


def test_what_is_nobodys_for_sure_is_listed_and_strict_counts_it(course, monkeypatch):
    found = driver.handed_in(course, NAME).by_student
    loose = Unmatched(
        course.root / "submitted" / "x[/y].ipynb", "It may be s1's or s2's. Put it into one's folder."
    )
    monkeypatch.setattr(driver, "handed_in", lambda *given: HandIns({"s1": found["s1"]}, (loose,)))
    done = grade(course, "--strict")
    assert done.exit_code == 3 and "x[/y].ipynb: It may be s1's or s2's." in done.stdout


def test_grading_one_student_leaves_the_class_in_its_file(course):
    grade(course)
    grade(course, "s2", "--force")
    assert sorted(rows_of(course)) == ["s1", "s2", "s3"]
    assert rows_of(course)["s1"]["points"] == "88"


def test_rows_as_json_say_who_needs_a_person(course, tmp_path):
    grade(course, "--json", str(tmp_path / "rows.json"))
    rows = {row["student"]: row for row in json.loads((tmp_path / "rows.json").read_text())}
    assert rows["s3"]["needs_person"] == [UNREAD] and rows["s1"]["to_grade_by_hand"] == 12


def test_show_tells_points_mistakes_and_where_the_files_lie(course):
    grade(course)
    done = run(course, "show", NAME, "s2")
    assert "s2, ps1_batchnorm: 85.5 of 88 by machine" in done.stdout and "unbiased variance" in done.stdout
    assert f"submitted/s2/{NAME}/{NAME}.ipynb" in done.stdout
    assert f"{NAME}.html (is not there)" in done.stdout
    assert run(course, "show", "s2", NAME).stdout == done.stdout  # either order
    asked = run(course, "show", NAME, "s3")
    assert UNREAD in asked.stdout and "s3 --seen" in asked.stdout


def test_show_says_what_it_cannot(course):
    assert "there is no student 'nobody' here" in run(course, "show", NAME, "nobody").stderr
    assert "there is no assignment 'ps9'" in run(course, "show", "ps9", "s1").stderr
    told = run(course, "show", NAME, "s1", "--seen")
    assert told.exit_code == 1 and "has no grades for ps1_batchnorm" in told.stderr
    grade(course)
    assert "waits to be looked at" in run(course, "show", NAME, "s1", "--seen").stderr


def test_names_are_shown_as_they_are_and_steer_nothing(course):
    odd = ["[late] x", "[x", "a*b", "a\nb", "a\x1b[31mb", "[red]x", "a\x9bb"]
    for student in odd:
        hand_in(course, student)
    done = grade(course, "--strict")
    assert done.exit_code == 3
    for shown in ("[late] x ", "[x ", "a*b ", "a\\nb ", "a\\x1b[31mb ", "[red]x ", "a\\x9bb "):
        assert f"  {shown}" in done.stdout
    assert "\x1b" not in done.stdout and "\x9b" not in done.stdout
    shown = run(course, "show", NAME, "[late] x")
    assert "[late] x, ps1_batchnorm: 88 of 88" in shown.stdout
    rich = [UNREAD.replace("empty", "[/x] \x1b[2Jempty")]
    record(course, marked(course, "s3", blank=True, needs_person=tuple(rich)))
    assert "it is [/x] \\x1b[2Jempty" in run(course, "grades", NAME).stdout
    assert "nobody [/x]" in run(course, "grade", NAME, "nobody [/x]").stderr


def test_a_time_that_cannot_be_read_is_told_and_put_before_a_person(course, monkeypatch):
    monkeypatch.setattr(
        driver, "marked_together", lambda tasks, *how: ([marked_with_time(course, t)] for t in tasks)
    )
    monkeypatch.setitem(sys.modules, "course.reference.device", SimpleNamespace(device=lambda: "no Paddle"))
    (course.root / "submitted" / "s1" / NAME / "timestamp.txt").write_text("5")
    (course.root / "submitted" / "s2" / NAME / "timestamp.txt").write_text(
        "2026-11-25 01:45:34 UTC", "utf-16"
    )
    done = grade(course, "--strict")
    assert done.exit_code == 3 and "s1           timestamp.txt holds '5', which is no date" in done.stdout
    with course.gradebook() as gradebook:
        times = {s: gradebook.find_submission(NAME, s).timestamp for s in ("s1", "s2")}
    assert times["s1"] is None and str(times["s2"]) == "2026-11-25 01:45:34"
    assert rows_of(course)["s1"]["notes"].startswith("the time of handing in could not be read")
    (course.root / "submitted" / "s1" / NAME / "timestamp.txt").write_text("2026-11-25 01:45:34 UTC")
    again = grade(course, "--strict")
    assert again.exit_code == 0 and "2 are graded and unchanged" in again.stdout


def marked_with_time(course, task, *for_a_person):
    """What `marking.mark` makes of it, with an engine that runs nothing."""

    class Engine:
        def run(self, notebook, **how):
            return RunResult(notebook, {}, (), {}, True, needs_person=for_a_person)

    return marking.mark(task, Engine())


def test_what_the_machine_may_have_cost_a_student_is_put_before_a_person(course, monkeypatch):
    monkeypatch.setattr(
        driver,
        "marked_together",
        lambda tasks, *how: (
            [marked_with_time(course, t, *["It was killed."] * (t.student == "s1"))] for t in tasks
        ),
    )
    monkeypatch.setitem(sys.modules, "course.reference.device", SimpleNamespace(device=lambda: "no Paddle"))
    done = grade(course, "--strict")
    assert done.exit_code == 3 and "s1           It was killed." in done.stdout
    rows = rows_of(course)
    assert [rows[s]["state"] for s in ("s1", "s2")] == ["needs a person", "graded"]
    assert rows["s1"]["needs_person"] == "It was killed."
    graded = course.graded_notebook(NAME, "s1").read_text()
    assert json.loads(graded)["metadata"]["course"]["needs_person"] == ["It was killed."]


def test_a_student_who_was_removed_costs_nobody_else_a_row(course):
    grade(course)
    with course.gradebook() as gradebook:
        gradebook.remove_student("s1")
    done = grade(course)
    assert done.exit_code == 1 and "2 graded, 1 failed" in done.stdout
    assert "s1           failed: this student was removed from the gradebook" in done.stdout
    assert rows_of(course)["s2"]["points"] == "85.5" and rows_of(course)["s1"]["state"] == "removed"
    back = grade(course, "s1")
    assert back.exit_code == 0 and rows_of(course)["s1"]["points"] == "88"


def test_what_is_gone_from_autograded_is_graded_again(course):
    grade(course)
    shutil.rmtree(course.root / "autograded")
    told = run(course, "feedback", NAME)
    assert told.exit_code == 1 and "s1, s2, s3: the graded notebook is gone" in told.stderr
    done = grade(course)
    assert done.exit_code == 0 and "unchanged" not in done.stdout
    assert (course.root / "autograded" / "s1" / NAME / f"{NAME}.ipynb").exists()


# --- bad files and options, found before anything is graded ----------------------------------------------------


@pytest.fixture
def not_graded(course, monkeypatch):
    """The same class, where marking anything is an error."""

    def never(*given):
        raise AssertionError("something was graded")

    monkeypatch.setattr(driver, "marked_together", never)
    return course


def said(done, *words):
    """That a command failed with one sentence that has these words in it."""
    assert done.exit_code in (1, 2), done.stdout
    assert len(re.findall("^error: ", done.stderr, re.MULTILINE | re.IGNORECASE)) == 1, done.stderr
    assert not [word for word in words if word not in done.stderr], done.stderr


def test_options_that_cannot_be(not_graded, tmp_path):
    said(grade(not_graded, "--jobs", "-1"), "-1", "x>=0")
    said(
        grade(not_graded, "--json", str(tmp_path / "no" / "rows.json")), "there is no folder", "make it first"
    )
    said(grade(not_graded, "--json", str(tmp_path)), "is a directory")
    said(grade(not_graded, "--resume", "--force"), "say one of them")
    said(run(not_graded, "grade", "[/x]"), "there is no assignment '[/x]'", NAME)
    said(grade(not_graded, "[/x]"), "no submission of ps1_batchnorm from [/x]")


def test_a_gradebook_that_is_none(not_graded):
    path = not_graded.root / "gradebook.db"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    said(grade(not_graded), str(path), "is not a database", "backup")


def test_a_gradebook_that_is_damaged_where_nobody_has_read_yet(not_graded):
    path = not_graded.root / "gradebook.db"
    record(not_graded, marked(not_graded, "s1"))
    with sqlite3.connect(path) as database:
        size = database.execute("PRAGMA page_size").fetchone()[0]
        page = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'comment'").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[size * (page - 1) : size * page] = b"\xa5" * size
    path.write_bytes(content)
    said(grade(not_graded), "gradebook", "backup")


def test_a_gradebook_that_cannot_be_written(not_graded, monkeypatch):
    path = not_graded.root / "gradebook.db"
    record(not_graded, marked(not_graded, "s1"))
    monkeypatch.setenv("COURSE_DB", f"sqlite:///file:{path}?mode=ro&uri=true")
    said(grade(not_graded), "readonly", "make the file and its folder writable")
    with pytest.raises(GradingError, match="readonly"):
        ready.require_gradebook(Course(not_graded.root))


def test_a_gradebook_that_another_program_holds(not_graded, monkeypatch):
    path = not_graded.root / "gradebook.db"
    monkeypatch.setenv("COURSE_DB", f"sqlite:///{path}?timeout=0.05")
    holds = sqlite3.connect(path)
    holds.execute("BEGIN EXCLUSIVE")
    said(grade(not_graded), "locked", "another program is writing to it")
    holds.close()


@pytest.mark.parametrize("folder", ["grades", "autograded", ".grading.lock"])
def test_a_place_to_write_that_is_none(not_graded, folder):
    place = not_graded.root / folder
    if folder == ".grading.lock":
        place.mkdir()
    else:
        place.write_text("a file in the way")
    said(grade(not_graded), "nothing can be written into")


def test_a_disk_without_room(not_graded, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=3 * 2**20)
    monkeypatch.setattr(ready.shutil, "disk_usage", lambda path: usage)
    said(grade(not_graded), "has 3 MB free", "make room")


def test_a_release_that_cannot_be_read(not_graded):
    (not_graded.root / "release" / NAME / f"{NAME}.ipynb").write_text("{")
    said(grade(not_graded), "the released notebook", "run `make release`")


def test_a_configuration_that_cannot_be_read(not_graded):
    (not_graded.root / "nbgrader_config.py").write_text("c = get_config(\n")
    said(grade(not_graded), "nbgrader_config.py cannot be used: SyntaxError")


def test_a_disk_that_fills_up_stops_the_run_and_keeps_what_is_done(course, monkeypatch):
    from course.autograder.gradebook.record import Recorder

    take = Recorder._write

    def full(self, one):
        if one.student == "s2":
            raise OSError(28, "No space left on device")
        take(self, one)

    monkeypatch.setattr(Recorder, "_write", full)
    done = grade(course)
    said(done, "the disk is full; 1 submissions are graded and kept")
    assert rows_of(course)["s1"]["points"] == "88" and rows_of(course)["s2"]["state"] == "not graded"
    monkeypatch.undo()


# --- to see it come in -----------------------------------------------------------------------------------------


def test_ctrl_c_says_what_is_done_and_how_to_go_on(course, monkeypatch):
    def interrupted(tasks, *how):
        yield [marks_of(course, tasks[0])]
        raise KeyboardInterrupt

    monkeypatch.setattr(driver, "marked_together", interrupted)
    done = grade(course)
    assert done.exit_code == 130
    assert "interrupted: 1 of 3 are graded and kept. Nothing is lost; this goes on:" in done.stdout
    assert rows_of(course)["s1"]["points"] == "88" and rows_of(course)["s2"]["state"] == "not graded"
    monkeypatch.setattr(driver, "marked_together", lambda tasks, *how: ([marks_of(course, t)] for t in tasks))
    again = grade(course)
    assert again.exit_code == 0 and "1 are graded and unchanged" in again.stdout


def test_a_page_is_written_while_the_rest_is_graded(course, monkeypatch):
    from course.autograder.feedback import feedback

    happened = []

    def marking_one_after_another(tasks, *how):
        for task in tasks:
            happened.append(f"marked {task.student}")
            yield [marks_of(course, task)]

    monkeypatch.setattr(driver, "marked_together", marking_one_after_another)
    monkeypatch.setattr(feedback, "_page", lambda task: happened.append(f"page {task.standing.student}"))
    run(course, "grade", NAME, "--jobs", "1")
    assert happened == ["marked s1", "page s1", "marked s2", "page s2", "marked s3", "page s3"]


@pytest.fixture
def bar(monkeypatch):
    """The progress bar of the command, on a terminal."""
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(console, "console", terminal)
    made = console.progress()
    monkeypatch.setattr("course.autograder.cli.grade.progress", lambda: made)
    return made


def test_on_a_terminal_both_steps_show_how_far_how_fast_and_how_long(course, monkeypatch, bar):
    from course.autograder.feedback import feedback

    monkeypatch.setattr(feedback, "_page", lambda task: None)
    run(course, "grade", NAME, "--jobs", "1")
    with bar.console.capture() as screen:
        bar.console.print(bar.get_renderable())
    for line, step in zip(
        screen.get().splitlines(), ("grading ps1_batchnorm", "feedback pages"), strict=True
    ):
        seen = re.sub(r"\x1b\[[0-9;]*m", "", line)
        assert re.match(rf"{step} +━+ 3/3 [\d.]+ (a second|s each) +\d:\d\d:\d\d", seen), seen


def test_above_an_error_stands_no_bar_at_nothing(course, bar):
    shutil.rmtree(course.root / "submitted")
    assert run(course, "grade", NAME).exit_code == 1
    assert not any(task.visible for task in bar.tasks)


def test_a_page_that_cannot_be_written_is_told_after_all_else(course, monkeypatch):
    from course.autograder.feedback import feedback

    def page(task):
        if task.standing.student == "s2":
            raise OSError("no [/room]")

    monkeypatch.setattr(feedback, "_page", page)
    done = run(course, "grade", NAME, "--jobs", "1")
    said(done, "1 of 3 feedback pages could not be written (s2: OSError: no [/room])")
    assert "1 to be looked at by a person" in done.stdout and len(rows_of(course)) == 3


@pytest.mark.parametrize(
    "words",
    [
        "release",
        "term",
        "report",
        "grades",
        f"grade {NAME}",
        f"export {NAME} --to csv",
        f"grade-one {__file__}",
    ],
)
def test_a_folder_that_holds_no_course_is_told(tmp_path, words):
    result = CliRunner().invoke(every_command, ["--root", str(tmp_path), *words.split()])
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert f"error: {tmp_path} is no course folder: no assignment lies in" in " ".join(result.output.split())
    assert not list(tmp_path.rglob("*.ipynb")) and not (tmp_path / "release").exists()


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_submission_is_an_event_in_the_log_and_runs_share_it(course, tmp_path, monkeypatch):
    log = tmp_path / "grading.jsonl"
    assert grade(course, "--log", str(log)).exit_code == 0
    assert grade(course, "s2", "--force", "--log", str(log)).exit_code == 0
    told = events(log)
    assert [one["event"] for one in told] == ["begun", *["graded"] * 3, "ended", "begun", "graded", "ended"]
    assert len({one["run"] for one in told}) == 2 and {one["assignment"] for one in told} == {NAME}
    assert told[0]["to_do"] == 3 and told[4]["why"] == "done" and told[4]["done"] == 3
    by_student = {one["student"]: one for one in told[1:4]}
    assert (by_student["s2"]["points"], by_student["s2"]["to_grade_by_hand"]) == (85.5, 12)
    assert by_student["s3"]["needs_person"] == [UNREAD]
    hand_in(course, "s4")
    died = [Marked("s4", NAME, failure="it died")]
    monkeypatch.setattr(driver, "marked_together", lambda tasks, *how: iter([died]))
    assert grade(course, "s4", "--log", str(log)).exit_code == 1
    failed, ended = events(log)[-2:]
    assert (failed["event"], failed["failure"]) == ("failed", "it died")
    assert (ended["why"], ended["done"], ended["failed"]) == ("done", 1, 1)


def test_a_log_that_cannot_be_written_is_told_before_or_meanwhile_and_costs_nothing(
    course, tmp_path, monkeypatch
):
    done = grade(course, "--log", str(tmp_path / "nowhere" / "x.jsonl"))
    assert done.exit_code == 1 and "nothing can be written to" in done.output
    assert not (course.root / "grades").exists()

    def full(text):
        raise OSError(28, "No space left on device")

    log, told = event_log.EventLog(tmp_path / "x.jsonl", NAME), []
    monkeypatch.setattr(log, "_write", full)
    monkeypatch.setattr(event_log, "warn", told.append)
    log.add("begun")
    log.add("ended")
    assert len(told) == 1 and "takes no more events (No space left on device); grading goes on" in told[0]


FULL = "cannot be written: No space left on device; make room, and run the same command again"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/c/a"), f"/c/a {FULL}"),
        (shutil.Error([("/c/a", "/c/b", "[Errno 28] No space left on device: '/c/b'")]), f"/c/b {FULL}"),
        (OSError(30, "Read-only file system", "/c/x"), "/c/x cannot be opened or written: Read-only file system"),
        (PermissionError(13, "Permission denied", "/c/x"), "/c/x cannot be opened or written: Permission denied"),
    ],
)  # fmt: skip
def test_a_full_disk_and_a_closed_place_are_one_sentence_in_every_command(error, said, course, monkeypatch):
    from course.autograder.gradebook import release

    def fails(*_):
        raise error

    monkeypatch.setattr(release, "build_release", fails)
    done = run(course, "release", NAME)
    assert done.exit_code == 1 and " ".join(done.stderr.split()) == f"error: {said}"


def test_an_error_that_is_no_places_is_not_hidden(course, monkeypatch):
    from course.autograder.gradebook import release

    def fails(*_):
        raise FileNotFoundError(2, "No such file or directory", "/c/x")

    monkeypatch.setattr(release, "build_release", fails)
    with pytest.raises(FileNotFoundError):
        run(course, "release", NAME)


def test_who_is_not_on_the_roster_is_named_where_there_is_one(course):
    assert "not on the roster" not in grade(course).stdout
    (course.root / "roster.csv").write_text("id,name\ns1,Ann\ns2,Ben\n")
    said = "1 handed in and are not on the roster: s3; name the folder after its student, or add them to the roster"
    assert said in " ".join(grade(course).stdout.split())
    assert said in " ".join(run(course, "grades", NAME).stdout.split())
    (course.root / "roster.csv").write_text("")
    assert "warning: roster.csv is empty" in grade(course).output


def test_an_empty_secret_is_refused_and_one_is_made_whole(course, monkeypatch):
    from course.autograder.gradebook.secret import FILE, course_secret

    monkeypatch.delenv("COURSE_SECRET", raising=False)
    (course.root / FILE).unlink(missing_ok=True)
    made = course_secret(course.root)
    assert len(made) == 64 and course_secret(course.root) == made
    assert [path.name for path in course.root.glob(f"{FILE}*")] == [FILE]
    assert (course.root / FILE).stat().st_mode & 0o777 == 0o600
    (course.root / FILE).write_text(" \n")
    done = grade(course)
    assert done.exit_code == 1 and "is empty, and everybody could draw the cases" in done.stderr


def test_a_secret_that_is_gone_is_not_replaced_under_a_graded_class(course, monkeypatch):
    from course.autograder.gradebook.secret import FILE, course_secret

    monkeypatch.delenv("COURSE_SECRET", raising=False)
    assert grade(course).exit_code == 0
    secret = course.root / FILE
    kept = secret.read_text()
    secret.unlink()
    for words in ((), ("s1", "--force")):  # one student's cases cannot be of another secret than the others'
        done = grade(course, *words)
        assert done.exit_code == 1 and not secret.exists()
        assert "is gone, and hand-ins are graded on cases that were drawn from it (3 of them)" in " ".join(
            done.stderr.split()
        )
    with pytest.raises(GradingError, match="is gone, and hand-ins are graded"):
        course_secret(
            course.root
        )  # whoever asks: another assignment, the formgrader, what looks into a verdict
    assert grade(course, "--force").exit_code == 0
    assert secret.read_text() != kept
