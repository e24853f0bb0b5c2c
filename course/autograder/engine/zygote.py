"""The warm process that every submission's process is forked from.

It has numpy, matplotlib and IPython imported and a shell ready, so that a submission costs a fork instead of
a start. It never holds anything worth stealing: no judge, no reference, no hidden case, no secret, no
environment of the host's. The engine starts it with one socket; `F` and three descriptors ask for a fork, `K`
ends the fork there is.
"""

import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course.autograder.at_home.stand_ins import stand_in
from course.autograder.engine.channel import Channel, Closed
from course.autograder.engine.importing import Importer
from course.autograder.engine.launch import STATUS
from course.autograder.engine.recorder import Recorder
from course.autograder.engine.shell import Shell, make_shell
from course.autograder.engine.student_process import become
from course.autograder.engine.warming import rehearse
from course.autograder.sandbox import confinement
from course.autograder.sandbox.limits import Limits
from course.common.collecting import made_to_stay
from course.common.distributions import FRAMEWORKS, student_places

# Imported before the lock closes: what a submission may use of shared libraries must be in memory by then.
WARM = (
    "asyncio", "bz2", "ctypes", "decimal", "fractions", "hashlib", "lzma", "sqlite3", "ssl", "statistics",
    "unittest.mock", "zoneinfo", "matplotlib.pyplot", "matplotlib.animation", "mpl_toolkits.mplot3d",
    "numpy.testing", "course.data", "course.teaching.data",
)  # fmt: skip
# Of those that a wheel for any Linux may count on (PEP 600), the ones that have nothing to do with windows.
SYSTEM_LIBRARIES = (
    "libgcc_s.so.1", "libstdc++.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libutil.so.1", "libpthread.so.0",
    "libresolv.so.2", "libnsl.so.1", "libatomic.so.1", "libz.so.1", "libexpat.so.1",
)  # fmt: skip
IF_INSTALLED = ("scipy", "pandas")


@functools.cache  # known before a zygote is asked for, where one is forked from a warm process
def _importer(isolated: bool) -> tuple[Importer, list[str]]:
    """What submissions can import, and the files of all that the release has students install, frameworks apart."""
    if not isolated:
        return Importer(set(), []), []
    released = list(student_places(but=frozenset(FRAMEWORKS)))
    files = [str(place) for place in released]
    readable = confinement.readable(files)
    installed: set[str] = set()
    for folder in filter(os.path.isdir, sys.path):
        if Path(folder).name in ("site-packages", "dist-packages"):
            entries = (e for e in Path(folder).iterdir() if str(e) not in readable)
            installed |= {e.name.partition(".")[0] for e in entries if e.suffix != ".dist-info"}
    about = [place for place in released if place.suffix == ".dist-info"]
    return Importer(installed - set(sys.modules), about), files


def _map_system_libraries() -> None:
    """Bring in the system's shared libraries that packages and the standard library may need: they are out of reach later.

    `from tkinter import Y` and `from curses import wrapper` come from editors that complete a name; they must do no harm.
    """
    for name in SYSTEM_LIBRARIES:
        with contextlib.suppress(OSError):
            ctypes.CDLL(name)
    for path in Path(sysconfig.get_config_var("DESTSHARED") or "/nowhere").glob("*.so"):
        name = path.name.partition(".")[0]
        if not name.startswith(("_test", "_xx", "xx")):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


@contextlib.contextmanager
def _without_lists_of_properties() -> Iterator[None]:
    """Import matplotlib's artists meanwhile without the lists of properties in their documentation, a tenth of a start."""
    from matplotlib import artist

    whole, artist.kwdoc = artist.kwdoc, lambda artist: ""
    try:
        yield
    finally:
        artist.kwdoc = whole


@contextlib.contextmanager
def _folders_resolved_once() -> Iterator[None]:
    """Meanwhile a file's real path is that of its folder, which is found once.

    The first traceback has Python find those of all modules there are.
    """
    whole = os.path.realpath
    known = functools.cache(whole)
    os.path.realpath = lambda path, **how: str(Path(known(str(Path(path).parent)), Path(path).name))  # type: ignore
    try:
        yield
    finally:
        os.path.realpath = whole


def warm() -> Shell:
    """Import what submissions use and go through the slow first times: a figure, a traceback, cells, questions."""
    with made_to_stay(), _without_lists_of_properties():
        for name in WARM:
            importlib.import_module(name)
        for name in IF_INSTALLED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        _map_system_libraries()
    from course.teaching.data import load_digits

    with contextlib.suppress(OSError):
        load_digits()
    shell = make_shell()
    shell.enable_matplotlib("inline")
    shell.recorder = Recorder(10**6, 10**6)
    # A small one, for to draw it takes most of its time.
    figure = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)); plt.plot([0, 1]); plt.title('x')"
    with _folders_resolved_once():
        for source in (figure, "1 / 0"):
            shell.run_cell(source)
    rehearse(shell)
    shell.reset()
    shell.execution_count = 1
    stand_in(shell.leave, shell.asked)
    return shell


def _prove(ruleset: int, outside: Path, limits: Limits) -> list[str]:
    """Lock a fork in and let it try the doors; those that are open, or what kept the lock from closing."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        told = "the probe did not finish"
        try:
            confinement.lock(ruleset, limits)
            told = "\n".join(confinement.openings(outside))
        except BaseException as error:
            told = f"the lock did not close: {error}"
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as answers:
        return answers.read().splitlines()


def _fork(descriptors: list[int], **cage: Any) -> int:
    pid = os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    try:
        become(descriptors, **cage)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode()[:500])
        os._exit(70)
    os._exit(0)


def _end(pid: int) -> int:
    """Kill a submission's process and its group; the status it ended with, its own if it was dead already."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def serve(end: int, private: str, isolated: bool, limits: Limits, shell: Shell | None = None) -> None:
    """Be the zygote until the engine closes its socket.

    Args:
        end: descriptor of the socket to the engine.
        private: a folder of the engine's with `scratch/` in it, and the file `outside` to try the lock on.
        isolated: whether submissions are locked in.
        limits: caps on each.
        shell: where this process is warm already.
    """
    try:
        _serve(socket.socket(fileno=end), private, isolated, limits, shell or warm())
    except (Closed, ConnectionError):
        pass  # the engine is gone
    except Exception:
        traceback.print_exc()
    finally:
        # The engine removes the folder too; it may have been killed.
        shutil.rmtree(private, ignore_errors=True)
        os._exit(0)


def serve_zygotes(end: int, private: str) -> None:
    """Warm up once, and fork a zygote for each order until nobody is left to order.

    Args:
        end: descriptor of the socket that orders come by, each with the socket to its engine.
        private: a folder of its own.
    """
    try:
        control = socket.socket(fileno=end)
        shell = warm()
        _importer(isolated=True)
        gc.collect()
        gc.freeze()
        signal.signal(signal.SIGCHLD, _reap)
        while True:
            order, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
            if not order:
                break
            if os.fork() == 0:
                _become_zygote(order, descriptors[0], control, shell)
            os.close(descriptors[0])
    except Exception:
        traceback.print_exc()
    finally:
        shutil.rmtree(private, ignore_errors=True)
        os._exit(0)


def _reap(*_: Any) -> None:
    """Take note of zygotes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_zygote(order: bytes, end: int, control: socket.socket, shell: Shell) -> None:
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        asked = json.loads(order)
        os.environ.update(asked["environment"])
        os.chdir(asked["private"])
        serve(end, asked["private"], asked["isolated"], Limits(**asked["limits"]), shell)
    finally:
        os._exit(70)


def _serve(control: socket.socket, private: str, isolated: bool, limits: Limits, shell: Shell) -> None:
    scratch = Path(private) / "scratch"
    ruleset = None
    open_doors: list[str] = []
    importer, files = _importer(isolated=isolated)
    if isolated:
        ruleset = confinement.rules(scratch, files)
        open_doors = _prove(ruleset, Path(private) / "outside", limits)
    cage = {
        "ruleset": ruleset,
        "scratch": scratch,
        "limits": limits,
        "shell": shell,
        "importer": importer,
    }
    gc.collect()
    gc.freeze()
    Channel(control).send({"open": open_doors, "pid": os.getpid()})
    pid = 0
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if order == b"F":
            pid = _fork(descriptors, **cage)
            control.sendall(STATUS.pack(pid))
        elif order == b"K":
            control.sendall(STATUS.pack(_end(pid)))
            pid = 0
        else:
            if pid:
                _end(pid)
            break
