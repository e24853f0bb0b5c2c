"""What several tests share."""

import fcntl
import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.each import try_each
from tests.processor_time import ANSWERS, ProcessorTime
from tests.quick import Quick
from tests.sharing import in_a_row
from tests.waiting import LONG_STOP
from tests.warm import AT_THE_END

os.environ.setdefault("OMP_NUM_THREADS", "1")
# Whoever wants no compiled files kept would have each of the processes that tests start compile the course anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault("COURSE_SECRET", "for tests")

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--costliest", type=int, default=0, help="print so many tests that took the most processor time"
    )
    parser.addoption("--quick", action="store_true", help="a few of each test's parameters, and nothing slow")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until all tests are collected: next to nothing of what is imported and made until then is freed
    config.pluginmanager.register(ProcessorTime(config))
    if hasattr(config, "workerinput"):
        from tests.scheduling import tell_less

        tell_less(config)
    if config.getoption("quick"):
        config.pluginmanager.register(Quick())


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: one more than there are processors, since some tests wait; at most four, each takes a gigabyte."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there + 1, 4)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For the project's own way of running the tests, the same with less bookkeeping."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.scheduling import GroupScheduling

    return GroupScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without pytest-xdist's workers, too, tests of one group run in a row."""
    if not hasattr(config, "workerinput"):
        items[:] = in_a_row(items)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Paddle and ten thousand tests stay to the end: no search for what is no longer needed looks through them again."""
    gc.freeze()
    gc.set_threshold(20_000)  # as grading's workers have it (`grading/worker_process.py`)
    gc.enable()


@pytest.fixture(scope="session")
def root() -> Path:
    """The project."""
    return ROOT


@pytest.fixture
def each(record_property) -> Callable[..., None]:
    """`each(hold, tried)`: `try_each`, and how many were tried stands in the table at the end."""

    def counted(hold: Callable[..., None], tried: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        record_property(ANSWERS, try_each(hold, tried))

    return counted


@pytest.fixture(scope="session")
def for_all_workers(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """`folder(name, make)`: a folder that `make` fills once, whichever of pytest-xdist's workers asks first."""
    own = tmp_path_factory.getbasetemp()
    place = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        with (place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (done := place / f"{name}.done").exists():
                make(place / name)
                done.touch()
        return place / name

    return folder


@pytest.fixture(scope="session")
def sealed_file(for_all_workers) -> Callable[[str], bytes]:
    """`sealed_file(assignment)`: its sealed answers, which take seconds to make, made once for all workers."""
    from course.autograder.judging.seal import ENDING
    from course.autograder.judging.sealing import sealed_answers

    def once(name: str) -> bytes:
        def make(folder: Path) -> None:
            folder.mkdir()
            (folder / f"{name}{ENDING}").write_bytes(sealed_answers(name))

        return (for_all_workers(f"{name}_sealed", make) / f"{name}{ENDING}").read_bytes()

    return once


@pytest.fixture(scope="session")
def sealed_once(sealed_file) -> Iterator[None]:
    """Every release that a test makes takes an assignment's answers as they were sealed first."""
    from course.autograder.gradebook import release_folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release_folder, "sealed_answers", sealed_file)
        yield


@pytest.fixture(scope="session")
def released(for_all_workers, sealed_once):
    """A course folder with everything released in it, made once; copy it to change it."""
    from course.autograder.gradebook.course import Course, fresh_course
    from course.autograder.gradebook.release import build_release

    def make(folder: Path) -> None:
        fresh = fresh_course(folder)
        build_release(fresh, fresh.assignments())

    return Course(for_all_workers("released", make))


@pytest.fixture(scope="session")
def released_alone(for_all_workers, sealed_once):
    """`released_alone(name)`: a course folder with one assignment in it, released; small, and so quick to copy."""
    from course.autograder.gradebook.course import PROJECT, Course

    def alone(name: str) -> Course:
        def make(folder: Path) -> None:
            source = folder / "course" / "assignments" / name
            source.mkdir(parents=True)
            shutil.copy(PROJECT / "course" / "assignments" / name / f"{name}.ipynb", source)
            Course(folder).release(name)

        return Course(for_all_workers(f"{name}_alone", make))

    return alone


@pytest.fixture(scope="session")
def ps1(released_alone):
    """The folder with one assignment that tests of the gradebook copy and mark in."""
    return released_alone("ps1_batchnorm")


@pytest.fixture(scope="session", autouse=True)
def commits_without_waiting() -> Iterator[None]:
    """What a test commits to SQLite need outlive no loss of power: the disk is not waited for.

    That of processes which are killed has outlived them without.
    """
    if "sqlalchemy" not in sys.modules:  # of what was collected nothing has a gradebook
        yield
        return
    from sqlalchemy import Engine, event

    def connected(connection: Any, record: object) -> None:
        if type(connection).__module__ == "sqlite3":
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", connected)
    yield
    event.remove(Engine, "connect", connected)


class OnFirstOrder:
    """A prefork server that is started when the first zygote is asked for."""

    def order(self, *what: Any) -> bool:
        """Start it, put it in this one's place, and pass the order on."""
        from course.autograder.engine import prefork

        prefork.shared = prefork.Prefork()
        return prefork.shared.order(*what)


@pytest.fixture(scope="session", autouse=True)
def zygotes_by_fork() -> Iterator[None]:
    """The zygotes of all engines in this process are forks of one that is warm, as they are where a class is graded."""
    if "course.autograder.engine.prefork" not in sys.modules:  # what was collected starts no engine
        yield
        return
    from course.autograder.engine import prefork

    with pytest.MonkeyPatch.context() as patch:
        if hasattr(os, "pidfd_open"):
            patch.setattr(prefork, "shared", OnFirstOrder())
        yield
        # It is waited for, so that its processor time counts as this process's.
        if isinstance(prefork.shared, prefork.Prefork):
            prefork.shared._control.close()
            prefork.shared._process.wait(LONG_STOP)


@pytest.fixture(scope="session", autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """Processes that serve tests until the last one end with them."""
    with AT_THE_END:
        yield


@pytest.fixture(scope="session")
def one_engine() -> Iterator[Any]:
    """An engine that all tests share for which it does not matter when it was started."""
    from course.autograder.engine.engine import Engine

    with Engine() as started:
        yield started


@pytest.fixture(scope="session")
def marked_here(one_engine):
    """What has a class marked in this process, for tests of what comes of the marks: no worker is started."""
    from course.autograder.grading.marking import mark

    return lambda tasks, limits: ([mark(task, one_engine)] for task in tasks)


@pytest.fixture(scope="session")
def tab():
    """One tab of one browser; tests that share it run in one of pytest-xdist's workers, by their group."""
    from tests.browser import browser, chromium

    if chromium() is None:
        pytest.skip("chromium is not installed")
    with browser() as opened:
        yield opened
