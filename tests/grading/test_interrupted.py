"""Ctrl-C: what is begun is finished, the rest is left, everything it started is gone, and the next run goes on."""

import os
import shutil
import signal
import subprocess
import sys

import nbformat
import pytest

from course.autograder.gradebook.course import Course
from course.common.interrupts import finishing_first
from tests.grading.test_grading import alive, everything_below
from tests.marked_class import NAME, folder_like
from tests.waiting import comes_true


def test_ctrl_c_waits_for_what_is_begun():
    done = []
    with pytest.raises(KeyboardInterrupt), finishing_first():
        signal.raise_signal(signal.SIGINT)
        done.append("to its end")
    assert done == ["to its end"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_whoever_ignores_it_or_answers_it_is_left_alone():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with finishing_first():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_a_real_ctrl_c_ends_everything_says_what_is_done_and_loses_nothing(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    source = course.folder("release") / NAME / f"{NAME}.ipynb"
    for student in [f"s{i}" for i in range(12)]:
        folder = course.folder("submitted") / student / NAME
        folder.mkdir(parents=True)
        shutil.copy(source, folder)
    # However late we are to read the first row, the second submission is not done by then.
    sleeper = nbformat.read(source, as_version=4)
    sleeper.cells.insert(1, nbformat.v4.new_code_cell("import time\ntime.sleep(10**6)"))
    nbformat.write(sleeper, course.folder("submitted") / "s1" / NAME / f"{NAME}.ipynb")
    command = [
        sys.executable,
        "-m",
        "course",
        "--root",
        str(course.root),
        "grade",
        NAME,
        "--no-feedback",
        "-j",
        "1",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Where the tests were started in a shell's background, Ctrl-C is ignored by all that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if line.startswith("  s0 "):
            started = everything_below(process.pid)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    assert process.wait() == 130
    whole = "".join(told)
    assert "Traceback" not in whole and "Termination" not in whole and "Warning" not in whole
    rows = [line for line in told if line.startswith("  s")]
    assert f"interrupted: {len(rows)} of 12 are graded and kept. Nothing is lost" in whole
    assert f"grade {NAME} --no-feedback -j 1" in whole
    assert comes_true(lambda: not alive(started))
    states = [
        line.split(",")[1] for line in (course.root / "grades" / f"{NAME}.csv").read_text().splitlines()[1:]
    ]
    assert states.count("graded") == len(rows) and states.count("not graded") == 12 - len(rows)
    assert not list(Course(course.root).folder("autograded").rglob("*.partial"))
