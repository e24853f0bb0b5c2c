"""The warm process that every submission's process is forked from.

It has numpy, matplotlib and IPython imported and a shell ready, so that a submission costs a fork instead of
a start. It never holds anything worth stealing: no judge, no reference, no hidden case, no secret, no
environment of the host's. The engine starts it with one socket; `F` and two descriptors ask for a fork, `K`
ends the fork there is.
"""

import contextlib
import gc
import importlib
import os
import random
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course.autograder import sandbox, student
from course.autograder.limits import Limits
from course.autograder.protocol import Problem, Reply, perform
from course.autograder.shell import Recorder, Shell, Stream, make_shell
from course.autograder.wire import Channel, Closed, WireError

# Imported before the lock closes: what a submission may use of shared libraries must be in memory by then.
WARM = (
    "asyncio", "bz2", "ctypes", "decimal", "fractions", "hashlib", "lzma", "sqlite3", "ssl", "statistics",
    "unittest.mock", "zoneinfo", "matplotlib.pyplot", "matplotlib.animation", "mpl_toolkits.mplot3d",
    "numpy.testing", "course.data",
)  # fmt: skip
IF_INSTALLED = ("scipy", "pandas")
FRAMEWORKS = (
    "paddle", "torch", "torchvision", "tensorflow", "keras", "jax", "jaxlib", "flax", "mxnet", "mindspore",
    "cupy", "tinygrad", "onnxruntime", "theano", "autograd",
)  # fmt: skip
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
STATUS = struct.Struct("<i")


class OutOfReach:
    """Says that a module is not there, where the files would only say that they may not be read."""

    def __init__(self, names: set[str]) -> None:
        """Refuse these top-level names."""
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse, or leave it to the finders behind this one."""
        top = name.partition(".")[0]
        if top in FRAMEWORKS:
            raise ModuleNotFoundError(
                f"No module named '{top}' here: answers are numpy, graded without a framework", name=name
            )
        if top in self.names:
            raise ModuleNotFoundError(f"No module named '{top}' in a grading run", name=name)


def _not_readable() -> set[str]:
    """Top-level modules that are installed and out of a submission's reach."""
    readable = sandbox.readable()
    installed: set[str] = set()
    for folder in filter(os.path.isdir, sys.path):
        if Path(folder).name in ("site-packages", "dist-packages"):
            entries = (e for e in Path(folder).iterdir() if str(e) not in readable)
            installed |= {e.name.partition(".")[0] for e in entries if not e.name.endswith(".dist-info")}
    return installed - set(sys.modules)


def warm() -> Shell:
    """Import what submissions use and go once through the slow first times: a figure, a traceback."""
    for name in WARM:
        importlib.import_module(name)
    for name in IF_INSTALLED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from course.data import load_digits

    with contextlib.suppress(OSError):
        load_digits()
    shell = make_shell()
    shell.enable_matplotlib("inline")
    shell.recorder = Recorder(10**6, 10**6)
    for source in ("import matplotlib.pyplot as plt\nplt.plot([0, 1]); plt.title('$x^2$')", "1 / 0"):
        shell.run_cell(source)
    shell.reset()
    shell.execution_count = 1
    return shell


# --- the submission's process ---


class FarJudge:
    """The student's end of a check: says which check is meant and answers what the judge asks."""

    def __init__(self, channel: Channel) -> None:
        """Talk over this channel."""
        self.channel = channel
        self.busy = False

    def __call__(self, name: str, functions: tuple[Callable[..., Any], ...]) -> None:
        """One check, up to the word that it is judged."""
        if self.busy:
            print("a check inside a check is not counted")
            return
        self.busy = True
        try:
            self.channel.send({"did": "check", "name": str(name)[:200], "functions": len(functions)})
            while (asked := self.channel.receive())["do"] == "ask":
                self.channel.send({"did": "reply", "reply": self._reply(asked, functions)})
            if asked["note"]:
                print(asked["note"])
        finally:
            self.busy = False

    def _reply(self, asked: dict[str, Any], functions: tuple[Callable[..., Any], ...]) -> Reply:
        by_name = dict(zip(asked["functions"], functions, strict=True))
        try:
            reply = perform(asked["steps"], asked["inputs"], asked["wanted"], by_name)
        except BaseException as error:
            return Reply(problem=Problem("raised", f"{type(error).__name__} was raised"))
        try:
            from course.autograder.wire import encode

            encode(reply)
        except WireError as error:
            return Reply(problem=Problem("huge", str(error)))
        return reply


def run_cells(shell: Shell, channel: Channel) -> None:
    """Run what the engine sends, cell by cell, until it says stop."""
    while (message := channel.receive())["do"] == "cell":
        shell.recorder.start()
        shell.run_cell(message["source"], store_history=True)
        full = shell.recorder.full
        channel.send({"did": "cell", "outputs": shell.recorder.taken(), "full": full})


def _settle(scratch: Path, limits: Limits, shell: Shell) -> None:
    """Make the fork a kernel of its own: working folder, environment, streams, signals, random state."""
    os.environ.update(
        ENVIRONMENT | {"HOME": str(scratch), "TMPDIR": str(scratch), "MPLCONFIGDIR": str(scratch)}
    )
    sys.path.insert(0, "")
    sys.meta_path.insert(0, OutOfReach(_not_readable_names))
    sys.dont_write_bytecode = True
    sys.argv = ["notebook"]
    random.seed(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    shell.recorder = Recorder(limits.output_characters, limits.image_bytes)
    sys.stdout = sys.__stdout__ = Stream(shell.recorder, "stdout", 1)  # type: ignore[misc, assignment]
    sys.stderr = sys.__stderr__ = Stream(shell.recorder, "stderr", 2)  # type: ignore[misc, assignment]


_not_readable_names: set[str] = set()


def _become_submission(
    descriptors: list[int], ruleset: int | None, scratch: Path, limits: Limits, shell: Shell
) -> None:
    end, output = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, output), (2, output), (3, end)):
        os.dup2(source, target) if source != target else os.set_inheritable(source, True)
    kept = 3 if ruleset is None else 4
    if ruleset is not None:
        os.dup2(ruleset, 4)
    os.closerange(kept + 1, 1024)
    os.setsid()
    os.chdir(scratch)
    sandbox.lock(4 if ruleset is not None else None, limits)
    if ruleset is not None:
        os.close(4)
    _settle(scratch, limits, shell)
    channel = Channel(socket.socket(fileno=3))
    student.use_judge(FarJudge(channel))
    with contextlib.suppress(Closed):
        run_cells(shell, channel)


# --- the template's own loop ---


def _prove(ruleset: int, outside: Path, limits: Limits) -> list[str]:
    """Lock a fork in and let it try the doors; those that are open, or what kept the lock from closing."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        told = "the probe did not finish"
        try:
            sandbox.lock(ruleset, limits)
            told = "\n".join(sandbox.openings(outside))
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
        _become_submission(descriptors, **cage)
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


def serve(end: int, private: str, isolated: bool, limits: Limits) -> None:
    """Be the template until the engine closes its socket.

    Args:
        end: descriptor of the socket to the engine.
        private: a folder of the engine's with `scratch/` in it, and the file `outside` to try the lock on.
        isolated: whether submissions are locked in.
        limits: caps on each.
    """
    control = socket.socket(fileno=end)
    scratch = Path(private) / "scratch"
    shell = warm()
    ruleset = None
    open_doors: list[str] = []
    if isolated:
        _not_readable_names.update(_not_readable())
        ruleset = sandbox.rules(scratch)
        open_doors = _prove(ruleset, Path(private) / "outside", limits)
    gc.collect()
    gc.freeze()
    Channel(control).send({"open": open_doors})
    pid = 0
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if order == b"F":
            pid = _fork(descriptors, ruleset=ruleset, scratch=scratch, limits=limits, shell=shell)
            control.sendall(STATUS.pack(pid))
        elif order == b"K":
            control.sendall(STATUS.pack(_end(pid)))
            pid = 0
        else:
            if pid:
                _end(pid)
            return
