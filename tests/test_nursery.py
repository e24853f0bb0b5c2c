"""Templates by a fork of one that is warm: locked all the same, replaced when they die, gone with who asked."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course.autograder import nursery
from course.autograder.host import Template, TemplateGone
from course.autograder.limits import Limits

pytestmark = pytest.mark.slow


@pytest.fixture
def open_nursery(monkeypatch):
    """A nursery of this process's own."""
    monkeypatch.setattr(nursery, "shared", None)
    nursery.open_one()
    yield nursery.shared
    nursery.shared._process.kill()
    nursery.shared._process.wait()


def templates(count):
    made = [Template(Limits(), isolated=True) for _ in range(count)]
    for one in made:
        one.await_start()  # raises where the lock does not hold
    return made


def test_several_templates_come_from_one_and_are_apart(open_nursery):
    made = templates(3)
    assert all(isinstance(one.process, nursery.Adopted) for one in made)
    assert {psutil.Process(one.process.pid).ppid() for one in made} == {open_nursery._process.pid}
    assert len({one.private for one in made}) == 3
    children = [one.fork() for one in made]
    assert all(psutil.Process(one.process.pid).children() for one in made)
    for child, one in zip(children, made, strict=True):
        child.close()
        pid = one.process.pid
        one.close()
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        assert not Path(one.private).exists()


def test_a_template_that_is_killed_is_noticed_and_another_one_comes(open_nursery):
    (one,) = templates(1)
    os.kill(one.process.pid, signal.SIGKILL)
    with pytest.raises(TemplateGone):
        one.fork()
    one.close()
    (another,) = templates(1)
    another.fork().close()
    another.close()


def test_without_a_nursery_a_template_starts_by_itself(open_nursery):
    open_nursery._process.kill()
    open_nursery._process.wait()
    (one,) = templates(1)
    assert isinstance(one.process, subprocess.Popen)
    one.close()


def test_it_ends_with_the_last_who_could_ask_and_leaves_nothing():
    code = (
        "import os; from course.autograder import nursery; nursery.open_one()\n"
        "from course.autograder.host import Template; from course.autograder.limits import Limits\n"
        "t = Template(Limits(), True); t.await_start(); t.fork()\n"
        "print(nursery.shared._process.pid, t.process.pid, t.private, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    first, second, private = done.stdout.split()
    until = time.monotonic() + 20
    while time.monotonic() < until and (psutil.pid_exists(int(first)) or Path(private).exists()):
        time.sleep(0.1)
    alive = [p for p in (int(first), int(second)) if psutil.pid_exists(p)]
    assert [p for p in alive if psutil.Process(p).status() != psutil.STATUS_ZOMBIE] == []
    assert not Path(private).exists()
