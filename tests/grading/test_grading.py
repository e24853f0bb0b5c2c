"""The driver: every submission gets a row, whatever happens to the run; the same submissions get the same gradebook."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from nbgrader import apps

from course.__main__ import main
from course.autograder.gradebook.course import PROJECT, Course, GradingError
from course.autograder.gradebook.grades import write_grades
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder, canonical_dump
from course.autograder.grading import driver as grading
from course.autograder.grading import pool
from course.autograder.sandbox import confinement
from course.autograder.sandbox.limits import Limits
from tests.grading.dying import dies_on_s2
from tests.marked_class import folder_like
from tests.waiting import LONG_STOP, comes_true
from tests.warm import Warm

ASSIGNMENT = "ps1_batchnorm"
GRADE_ON = ("grade", ASSIGNMENT, "--no-feedback", "--resume")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("grading")]


@pytest.fixture(scope="module")
def class_of_four(tmp_path_factory, ps1):
    """A released course folder with four submissions: right, blank, half right, unreadable."""
    course = folder_like(ps1, tmp_path_factory.mktemp("class") / "root")
    root = course.root
    source = course.folder("source") / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    stub = course.folder("release") / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    half = source.read_text().replace("x.mean(axis=0)", "x.mean(axis=1)", 1)
    for student, content in {"s1": source.read_text(), "s2": stub.read_text(), "s3": half, "s4": "{"}.items():
        folder = root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_text(content)
    return root


def fresh(root: Path, tmp_path: Path) -> Path:
    """A copy of the class that nothing was graded in."""
    target = tmp_path / "root"
    shutil.copytree(root, target)
    return target


def run(root: Path, *arguments: str, **keywords):
    command = [
        sys.executable,
        "-m",
        "course",
        "--root",
        str(root),
        "grade",
        ASSIGNMENT,
        "--no-feedback",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG_STOP, **keywords)


def here(root: Path, *arguments: str):
    """The same command in this process, whose fork server is there already."""
    return CliRunner().invoke(main, ["--root", str(root), "grade", ASSIGNMENT, *arguments])


@pytest.fixture(scope="module")
def undisturbed(class_of_four, tmp_path_factory):
    """What the gradebook holds after a run that nothing disturbed."""
    root = fresh(class_of_four, tmp_path_factory.mktemp("undisturbed"))
    begun = time.monotonic()
    rows = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=2))
    return root, rows, canonical_dump(Course(root)), time.monotonic() - begun


def test_every_submission_has_a_row(undisturbed):
    _, rows, *_ = undisturbed
    assert {row.student: row.score.automatic for row in rows} | {"s3": 0} == {
        "s1": 88,
        "s2": 0,
        "s3": 0,
        "s4": 0,
    }
    by_name = {row.student: row.score for row in rows}
    assert 0 < by_name["s3"].automatic < 88
    assert "moments over the wrong axis" in by_name["s3"].named["batch_moments"]
    assert "cannot be read" in by_name["s4"].notes[0]


def test_written_answers_wait_for_a_person_and_untouched_ones_do_not(undisturbed):
    root, *_ = undisturbed
    dump = canonical_dump(Course(root))
    assert "s1 grade explain_modes (None, None, None, True)" in dump
    assert "s2 grade explain_modes (0.0, None, None, False)" in dump


def test_a_second_run_finds_nothing_to_do_and_a_forced_one_changes_nothing(undisturbed):
    root, _, dump, _ = undisturbed
    again = grading.grade(root, ASSIGNMENT)
    assert not any(row.fresh for row in again)
    forced = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=1, force=True))
    assert all(row.fresh for row in forced)
    assert canonical_dump(Course(root)) == dump


def test_what_a_student_handed_in_is_never_changed(class_of_four, undisturbed):
    root, *_ = undisturbed
    for path in sorted((class_of_four / "submitted").rglob("*")):
        if path.is_file():
            assert (root / path.relative_to(class_of_four)).read_bytes() == path.read_bytes()
    assert len(list((root / "submitted").rglob("*"))) == len(list((class_of_four / "submitted").rglob("*")))


def test_only_what_changed_is_graded_again(undisturbed, tmp_path):
    root = fresh(undisturbed[0], tmp_path)
    for name in ("s2", "s4"):
        path = root / "submitted" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.write_text((root / "submitted" / "s1" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text())
    rows = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=1))
    assert [row.student for row in rows if row.fresh] == ["s2", "s4"]
    assert {row.score.automatic for row in rows if row.fresh} == {88}


def everything_below(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if runs(pid)]


def runs(pid: int) -> bool:
    """Whether the process is there and is not a zombie; one that ends while its entry is read is gone."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def gone(pids: Iterable[int]) -> bool:
    return comes_true(lambda: not alive(sorted(pids)))


def kill_cold(root: Path, after: float) -> bool:
    """Start the command, and kill it after so many seconds; all that it has started ends by itself."""
    command = [sys.executable, "-m", "course", "--root", str(root), *GRADE_ON]
    # A session of its own, so that the kill reaches the driver alone.
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        started = everything_below(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert gone(started)
        return True


def of_a_kind(kind: str, pid: int) -> list[int]:
    """The processes of a run, of one kind; which is told by the commands of each and of its parent."""
    found = everything_below(pid)
    said = {one: Path(f"/proc/{one}/cmdline").read_text() for one in found if Path(f"/proc/{one}").exists()}
    word = "multiprocessing.forkserver" if kind in ("fork server", "worker") else "serve_zygotes"
    forked = kind in ("worker", "zygote")
    by = {one: psutil.Process(one).ppid() for one in said if word in said[one]}
    return [one for one, parent in by.items() if (parent in by) == forked]


@pytest.fixture(scope="module")
def warm():
    """What drivers are forked from that have yet to start everything else."""
    drivers = Warm("course.__main__", "course.autograder.cli.grade", "course.autograder.grading.driver")
    yield drivers
    drivers.close()


@pytest.mark.parametrize("kind", ["fork server", "worker", "prefork server", "zygote"])
def test_whichever_of_its_processes_is_killed_everyone_has_their_marks(
    kind, class_of_four, undisturbed, warm, tmp_path
):
    root = fresh(class_of_four, tmp_path)
    command = [sys.executable, "-m", "course", "--root", str(root), *GRADE_ON, "-j", "1"]
    process = warm.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    found: list[int] = []

    def there() -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.extend(of_a_kind(kind, process.pid))
        return bool(found)

    assert comes_true(there)
    for one in found:
        os.kill(one, signal.SIGKILL)
    ended = process.wait(LONG_STOP)
    assert ended is not None
    told = process.stdout.read()
    assert ended == 0 and "Traceback" not in told, told
    assert canonical_dump(Course(root)) == undisturbed[2]


def test_killed_at_any_moment_it_goes_on_to_the_same_gradebook(class_of_four, undisturbed, tmp_path):
    """Twenty kills at random moments: four while the command starts or soon after, sixteen in the grading itself.

    After each the next run goes on. Where a run comes to its end, that is the undisturbed gradebook, and the class
    is graded anew, so that later kills find something to disturb.
    """
    _, _, dump, seconds = undisturbed
    moments, made = random.Random(20), iter(range(100))

    def anew() -> Path:
        return fresh(class_of_four, tmp_path / str(next(made)))

    def is_whole(root: Path) -> bool:
        return canonical_dump(Course(root)) == dump and not list(root.rglob("*.partial"))

    root = anew()
    for _ in range(4):
        kill_cold(root, moments.uniform(0.05, max(1.0, seconds)))
    with contextlib.closing(Warm("tests.grading.with_servers")) as drivers:

        def run(root: Path, kill_after: float = LONG_STOP) -> int | None:
            """A driver's exit code, or None when it was killed."""
            command = [sys.executable, "-m", "course", "--root", str(root), *GRADE_ON]
            nowhere = subprocess.DEVNULL
            process = drivers.Popen(command, stdout=nowhere, stderr=nowhere, start_new_session=True)
            if (ended := process.wait(kill_after)) is None:
                process.kill()
                process.wait()
            return ended

        def seconds_of(root: Path) -> float:
            """How long a run takes here and now that nobody kills."""
            begun = time.monotonic()
            assert run(root) == 0 and is_whole(root)
            return time.monotonic() - begun

        assert run(root) == 0 and is_whole(root)
        seconds = seconds_of(anew())
        resting, kills, root = set(alive(everything_below(drivers.pid))), 0, anew()
        while kills < 16:
            begun = time.monotonic()
            ended = run(root, kill_after=moments.uniform(0.01, max(0.1, seconds)))
            if ended is None:
                kills += 1
                assert gone(set(everything_below(drivers.pid)) - resting)
            else:
                seconds = (
                    time.monotonic() - begun
                )  # on a machine that has got quicker, later kills come sooner
                assert ended == 0 and is_whole(root)
                root = anew()
        assert run(root) == 0
    assert is_whole(root)


def test_two_drivers_at_once_the_second_says_so_and_leaves(undisturbed):
    root, *_ = undisturbed
    with grading.alone(root):
        second = run(root)
    assert second.returncode != 0
    assert "another grading run (process" in second.stderr and "Traceback" not in second.stderr


def test_a_failed_regrade_marks_the_old_score_stale(undisturbed, tmp_path):
    root = fresh(undisturbed[0], tmp_path)
    course = Course(root)
    with Recorder(course, ASSIGNMENT) as recorder:
        recorder.record(Marked("s1", ASSIGNMENT, failure="the machine caught fire"))
    score = course.score(ASSIGNMENT, "s1")
    assert score.automatic == 88
    assert "from an earlier grading" in score.notes[0] and "caught fire" in score.notes[0]
    assert "s1 grade batch_moments (5.0, None, None, True)" in canonical_dump(course)
    rows = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=1))
    assert [row.student for row in rows if row.fresh] == ["s1"]
    assert canonical_dump(course) == undisturbed[2]


def test_a_worker_that_dies_costs_its_submission_alone(class_of_four, tmp_path, monkeypatch):
    root = fresh(class_of_four, tmp_path)
    monkeypatch.setattr(pool, "mark_here", dies_on_s2)
    rows = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=2))
    assert [row.student for row in rows] == ["s1", "s2", "s3", "s4"]
    assert "died, twice" in rows[1].failure
    assert rows[0].score.automatic == 88 and rows[3].score is not None
    path, _ = write_grades(Course(root), ASSIGNMENT, ["s1", "s2", "s3", "s4"])
    assert "s2,failed" in path.read_text() and "the worker that graded it died" in path.read_text()


def test_late_penalties_are_nbgraders(undisturbed, tmp_path):
    root = fresh(undisturbed[0], tmp_path)
    course = Course(root)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2020-01-01 00:00:00 UTC")
    (root / "submitted" / "s1" / ASSIGNMENT / "timestamp.txt").write_text("2020-01-02 00:00:00 UTC")
    (root / "nbgrader_config.py").write_text(
        (Path(__file__).parents[2] / "nbgrader_config.py")
        .read_text()
        .replace("Path(__file__).parent)", f"'{Path(__file__).parents[2]}')")
        + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    )
    grading.grade(root, ASSIGNMENT, ["s1"], grading.Plan(jobs=1, force=True))
    assert "ps1_batchnorm s1 penalty 88.0" in canonical_dump(Course(root))


def test_workers_are_replaced_and_the_gradebook_is_the_same(undisturbed, tmp_path, monkeypatch):
    root = fresh(undisturbed[0], tmp_path)
    monkeypatch.setattr(pool, "FRESH_AFTER", 1)
    pools = []
    work_off = pool.work_off
    monkeypatch.setattr(pool, "work_off", lambda *given: pools.append(len(given[1])) or work_off(*given))
    rows = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=2, force=True))
    assert pools == [2, 2] and len(rows) == 4
    assert canonical_dump(Course(root)) == undisturbed[2]


def test_feedback_is_made_up_for_and_one_bad_page_costs_no_other(undisturbed, tmp_path):
    root = fresh(undisturbed[0], tmp_path)
    (root / "feedback").mkdir(exist_ok=True)
    (root / "feedback" / "s2").write_text("in the way")
    first = here(root, "--jobs", "1")
    assert first.exit_code == 1 and "1 of 4 feedback pages could not be written (s2: " in first.stderr
    pages = {page.parent.parent.name for page in (root / "feedback").glob("*/*/*.html")}
    assert pages == {"s1", "s3", "s4"} and (root / "grades" / f"{ASSIGNMENT}.csv").exists()
    (root / "feedback" / "s2").unlink()
    kept = root / "feedback" / "s1" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    stamp = kept.stat().st_mtime_ns
    again = here(root, "--jobs", "1")
    assert again.exit_code == 0, again.stderr
    assert (root / "feedback" / "s2" / ASSIGNMENT / f"{ASSIGNMENT}.html").exists()
    assert kept.stat().st_mtime_ns == stamp


# Read by every Python that starts with its folder on the path: the package's name alone makes a GPU build.
GPU_BUILD = """
import os, sys
from importlib import metadata

def note(told):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{told}\\n")

def before_fork():
    note("forked with Paddle loaded" if "paddle" in sys.modules else "forked")

version = metadata.version
metadata.version = lambda name: "3.3.1" if name == "paddlepaddle-gpu" else version(name)
os.register_at_fork(before=before_fork)
note(" ".join(sys.orig_argv[-2:]))
"""


def test_with_a_gpu_build_no_process_that_has_touched_a_device_is_forked(undisturbed, tmp_path):
    """Paddle is loaded by whoever computes references. Pages are written meanwhile, by forks of another process."""
    root, notes = fresh(undisturbed[0], tmp_path), tmp_path / "notes"
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(GPU_BUILD)
    command = [sys.executable, "-m", "course", "--root", root, "grade", ASSIGNMENT, "--jobs", "2", "--force"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "hook"), "NOTES": str(notes)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG_STOP)
    assert done.returncode == 0, done.stderr
    told = notes.read_text()
    assert "spawn_main" in told, told  # workers were started on their own
    assert "forked\n" in told and "Paddle" not in told, told
    by_libraries = re.compile(
        r"[0-9a-f]{20,}"
    )  # what the notebooks were graded with is in their fingerprints
    assert by_libraries.sub("", canonical_dump(Course(root))) == by_libraries.sub("", undisturbed[2])


def test_a_script_without_a_main_guard_can_grade_and_runs_once(undisturbed, tmp_path):
    root = fresh(undisturbed[0], tmp_path)
    script = tmp_path / "regrade.py"
    script.write_text(
        "from pathlib import Path\n"
        "from course.autograder.grading.driver import Plan, grade\n"
        "print('begun')\n"
        f"rows = grade(Path({str(root)!r}), {ASSIGNMENT!r}, plan=Plan(jobs=2, force=True))\n"
        "print(*[row.score.automatic for row in rows if row.student in ('s1', 's2')])\n"
    )
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=LONG_STOP)
    assert result.stdout.split() == ["begun", "88.0", "0.0"], result.stderr


def test_bad_requests_are_one_sentence_and_a_code(class_of_four, tmp_path):
    for arguments, told in (
        (["nobody"], "no submission of ps1_batchnorm from nobody"),
        (["--resume", "--force"], "say one of them"),
    ):
        done = here(class_of_four, "--no-feedback", *arguments)
        assert done.exit_code != 0 and told in done.stderr and "Traceback" not in done.stderr
    with pytest.raises(GradingError, match="there is no assignment 'ps9' here"):
        grading.grade(class_of_four, "ps9")
    empty = fresh(class_of_four, tmp_path)
    shutil.rmtree(empty / "submitted")
    with pytest.raises(GradingError, match="nothing is submitted"):
        grading.grade(empty, ASSIGNMENT)


def test_without_isolation_grading_refuses_or_warns(class_of_four, tmp_path, monkeypatch):

    root = fresh(class_of_four, tmp_path)
    monkeypatch.setattr(confinement, "missing", lambda: ["the kernel offers no Landlock"])
    with pytest.raises(GradingError, match=r"no Landlock.*--no-sandbox"):
        grading.grade(root, ASSIGNMENT, ["s2"])
    rows = grading.grade(root, ASSIGNMENT, ["s2"], grading.Plan(jobs=1, isolated=False, limits=Limits()))
    assert any("without isolation" in note for note in rows[0].score.notes)


def test_nbgrader_autograde_gives_the_same_gradebook(class_of_four, undisturbed, tmp_path, monkeypatch):
    """`nbgrader autograde`, and so the formgrader's button, goes through the same engine."""
    root = fresh(class_of_four, tmp_path)
    (root / "submitted" / "s4" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").unlink()
    shutil.rmtree(root / "submitted" / "s4")
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(root / "no-config"))
    monkeypatch.chdir(PROJECT)
    app = apps.AutogradeApp()
    app.initialize([ASSIGNMENT, "--force"])
    app.start()
    kept = [x for x in undisturbed[2].splitlines() if " s4 " not in x and " state " not in x]
    assert [x for x in canonical_dump(Course(root)).splitlines() if " state " not in x] == kept


def test_odd_bytes_anywhere_cost_no_one_else_a_row(class_of_four, tmp_path):
    """Half characters, names that are no UTF-8, numbers too long to read, a timestamp that is none."""
    root = fresh(class_of_four, tmp_path)
    sound = (root / "submitted" / "s1" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()

    def hand_in(student: bytes, name: bytes, content: bytes) -> Path:
        folder = root / "submitted" / os.fsdecode(student) / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / os.fsdecode(name)).write_bytes(content)
        return folder

    usual = f"{ASSIGNMENT}.ipynb".encode()
    half = sound.replace(b'"cells": [', b'"cells": [{"cell_type": "markdown", "id": "\\ud800", "metadata": '
                         b'{"\\udc00": 1}, "source": "half \\uD800"},', 1)  # fmt: skip
    assert half != sound
    hand_in(b"half", usual, half)
    hand_in(b"long", usual, b'{"cells": [], "n": ' + b"1" * 5000 + b"}")
    hand_in(b"named", b"solution \xff.ipynb", sound)
    hand_in(b"folder\xff", usual, sound)
    stamped = hand_in(b"stamped", usual, sound)
    (stamped / "timestamp.txt").write_text("the day before yesterday")
    printing = b'"source": "print(\'\\\\ud800\'); raise ValueError(\'\\\\udfff\')", "outputs": [], "execution_count": null'
    cell = b'"cells": [{"cell_type": "code", "id": "a", "metadata": {}, ' + printing + b"},"
    hand_in(b"prints", usual, sound.replace(b'"cells": [', cell, 1))
    nobodys = []
    graded = grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=2), on_unmatched=nobodys.extend)
    rows = {row.student: row for row in graded}
    assert all(row.score for row in rows.values())
    assert [thing.why.partition("; ")[2] for thing in nobodys] == ["rename it after its student."]
    points = {name: row.score.automatic for name, row in rows.items() if row.score}
    assert points.items() >= dict.fromkeys(("s1", "half", "named", "stamped", "prints"), 88).items()
    assert points["long"] == 0 and "are missing" in rows["long"].score.notes[0]
    assert not any(row.fresh for row in grading.grade(root, ASSIGNMENT) if row.score)


def test_what_the_gradebook_refuses_costs_one_row(class_of_four, tmp_path, monkeypatch):
    root = fresh(class_of_four, tmp_path)
    take = Recorder.record_all

    def refuse(self, marks):
        if any(one.student == "s2" for one in marks):
            raise OSError("no room")
        return take(self, marks)

    monkeypatch.setattr(Recorder, "record_all", refuse)
    rows = {row.student: row for row in grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=1))}
    assert rows["s2"].failure == "the gradebook did not take it: OSError: no room"
    assert rows["s1"].score.automatic == 88 and rows["s4"].score is not None
    monkeypatch.undo()
    again = {row.student: row for row in grading.grade(root, ASSIGNMENT, plan=grading.Plan(jobs=1))}
    assert again["s2"].score.automatic == 0 and again["s2"].fresh and not again["s1"].fresh
