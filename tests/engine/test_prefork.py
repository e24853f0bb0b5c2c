"""Zygotes by a fork of one that is warm: locked all the same, replaced when they die, gone with who asked."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import matplotlib
import psutil
import pytest

from course.autograder.engine import launch, prefork
from course.autograder.engine.ends import ZygoteGone
from course.autograder.engine.supervisor import Zygote
from course.autograder.sandbox.limits import Limits
from tests.waiting import LONG_STOP, comes_true

pytestmark = pytest.mark.slow


def test_the_list_of_fonts_is_looked_for_where_matplotlib_keeps_it(monkeypatch, tmp_path):
    keeps = matplotlib._get_config_or_cache_dir  # `get_cachedir` remembers its answer
    for name, place in (
        ("MPLCONFIGDIR", "own"),
        ("MPLCONFIGDIR", ""),
        ("XDG_CACHE_HOME", "caches"),
        ("HOME", "ann"),
    ):
        monkeypatch.setenv(name, str(tmp_path / place) if place else "")
        assert launch.fonts_folder() == keeps(matplotlib._get_xdg_cache_dir)
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert (
        launch.fonts_folder()
        == keeps(matplotlib._get_xdg_cache_dir)
        == str(tmp_path / "ann/.cache/matplotlib")
    )


@pytest.fixture
def open_prefork(monkeypatch):
    """A prefork of this process's own."""
    monkeypatch.setattr(prefork, "shared", None)
    prefork.open_one()
    yield prefork.shared
    prefork.shared._process.kill()
    prefork.shared._process.wait()


def ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def zygotes(count):
    made = [Zygote(Limits(), isolated=True) for _ in range(count)]
    for one in made:
        one.await_start()  # raises where the lock does not hold
    return made


def test_several_zygotes_come_from_one_and_are_apart(open_prefork):
    made = zygotes(3)
    assert all(isinstance(one.process, prefork.ForeignProcess) for one in made)
    assert {psutil.Process(one.process.pid).ppid() for one in made} == {open_prefork._process.pid}
    assert len({one.private for one in made}) == 3
    children = [one.fork() for one in made]
    assert all(psutil.Process(one.process.pid).children() for one in made)
    for child, one in zip(children, made, strict=True):
        child.close()
        pid = one.process.pid
        one.close()
        assert ended(pid)
        assert not Path(one.private).exists()


def test_a_zygote_that_is_killed_is_noticed_and_another_one_comes(open_prefork):
    (one,) = zygotes(1)
    os.kill(one.process.pid, signal.SIGKILL)
    with pytest.raises(ZygoteGone):
        one.fork()
    one.close()
    (another,) = zygotes(1)
    another.fork().close()
    another.close()


def test_how_a_process_ended_whose_zygote_is_killed_nobody_makes_up(open_prefork):
    (one,) = zygotes(1)
    child = one.fork()
    os.kill(one.process.pid, signal.SIGKILL)
    one.process.wait()
    for ask in (child.end, child.end, child.close):
        with pytest.raises(ZygoteGone):
            ask()
    assert child.files.output.closed
    one.close()


def test_without_the_prefork_server_a_zygote_starts_by_itself(open_prefork):
    open_prefork._process.kill()
    open_prefork._process.wait()
    (one,) = zygotes(1)
    assert isinstance(one.process, subprocess.Popen)
    one.close()


def test_it_ends_with_the_last_who_could_ask_and_leaves_nothing():
    code = (
        "import os; from course.autograder.engine import prefork; prefork.open_one()\n"
        "from course.autograder.engine.supervisor import Zygote; from course.autograder.sandbox.limits import Limits\n"
        "t = Zygote(Limits(), True); t.await_start(); t.fork()\n"
        "print(prefork.shared._process.pid, t.process.pid, t.private, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG_STOP)
    first, second, private = done.stdout.split()
    assert comes_true(lambda: ended(int(first)) and ended(int(second)) and not Path(private).exists())
