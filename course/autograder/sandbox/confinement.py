"""The cage that a student's process is locked into before a line of its code runs.

Three of the kernel's own means, none of which needs root, a namespace or another program: Landlock (which
files), a seccomp filter (which system calls: no programs, no processes, no sockets, no other process) and
resource limits. A process can only tighten them. Where one is missing, `missing` says which, and grading
refuses.
"""

import contextlib
import ctypes
import mimetypes
import os
import platform
import resource
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

from course.autograder.sandbox import landlock, seccomp
from course.autograder.sandbox.limits import Limits

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CAPABILITIES_3 = 0x20080522

HELD_BACK = frozenset(
    {"site-packages", "dist-packages", "test", "ensurepip"}
)  # of the standard library's folder
DEVICES = ("/dev/zero", "/dev/urandom", "/dev/random")
SHARED = ("/usr/share/fonts", "/usr/share/zoneinfo", "/etc/localtime", *map(str, mimetypes.knownfiles))
OWN_PACKAGE = "course"


def missing() -> list[str]:
    """What this machine lacks for a locked-in run, a sentence each; empty when nothing."""
    if not sys.platform.startswith("linux"):
        return [f"the sandbox is made of Linux's Landlock and seccomp; this is {sys.platform}"]
    lacks = []
    if landlock.version() < 1:
        lacks.append(
            "the kernel offers no Landlock (Linux 5.13 or newer, with 'landlock' among the names in "
            "/sys/kernel/security/lsm; add lsm=landlock,... to the kernel's command line)"
        )
    if not seccomp.supported():
        lacks.append("the kernel takes no seccomp filter, or the processor is neither x86_64 nor aarch64")
    return lacks


def _packages(names: Iterable[str]) -> set[str]:
    """Folders and files that the named top-level modules, imported before, consist of."""
    found: set[str] = set()
    for name in names:
        module = sys.modules.get(name)
        for place in [*getattr(module, "__path__", ()), getattr(module, "__file__", None)]:
            if place:
                found.add(str(Path(place)))
                libraries = (
                    Path(place).parent / f"{name}.libs"
                )  # where wheels keep the shared libraries they bring
                found.add(str(libraries))
    return found


def _mapped() -> set[str]:
    """Shared libraries that are part of this process by now."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {
        line.split(maxsplit=5)[5] for line in lines if line.count("/") and line.split()[1].startswith("r")
    }


def _standard_library() -> set[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    return {str(entry) for entry in folder.iterdir() if entry.name not in HELD_BACK}


def readable(also: Iterable[str] = ()) -> set[str]:
    """What a student's process may read: the standard library and the packages imported so far, but not ours.

    Everything else that is installed, any framework above all, is out of reach as files, not only as imports.

    Args:
        also: further folders and files.
    """
    imported = {name.partition(".")[0] for name in sys.modules}
    others = imported - set(sys.stdlib_module_names) - {OWN_PACKAGE, "__main__"}
    ours = str(Path(__file__).parents[2])
    places = _standard_library() | _packages(others) | _mapped() | set(DEVICES) | set(SHARED) | set(also)
    return {p for p in places if p != ours and not p.startswith(ours + os.sep)}


def rules(scratch: Path, also: Iterable[str] = ()) -> int:
    """A Landlock ruleset for every process that will be forked from this one and write to `scratch`.

    Args:
        scratch: the one folder to write to.
        also: what may be read besides `readable`.
    """
    seccomp.packed(platform.machine())  # once, for all that will be forked
    wanted = [(place, landlock.READ) for place in sorted(readable(also))]
    wanted += [("/dev/null", landlock.READ | landlock.WRITE_FILE), (str(scratch), landlock.OWN)]
    return landlock.ruleset(wanted)


def _drop_privileges() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if _libc.capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capabilities could not be dropped")


def _limit(limits: Limits) -> None:
    caps = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if sys.platform.startswith("linux"):
        held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        caps |= {
            resource.RLIMIT_AS: held + limits.memory,
            resource.RLIMIT_MSGQUEUE: 0,
            resource.RLIMIT_MEMLOCK: 0,
        }
    # Behind the engine's own count of processor time: at first a signal with a name, a second later the end.
    seconds = int(limits.total_seconds) + 5
    pairs = {which: (value, value) for which, value in caps.items()} | {
        resource.RLIMIT_CPU: (seconds, seconds + 1)
    }
    for which, (soft, most) in pairs.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (min(soft, most), most))


def lock(ruleset: int | None, limits: Limits) -> None:
    """Lock this process in, for good. It must be a fresh fork with one thread.

    Args:
        ruleset: from `rules`; None leaves files and system calls open (no isolation) and caps the rest.
        limits: the caps.

    Raises:
        OSError: when any part of the cage does not close. Whoever calls must not go on then.
    """
    os.environ.clear()
    if ruleset is None:
        with contextlib.suppress(OSError, ValueError):
            _limit(limits)
        return
    if _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) or _libc.prctl(
        _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "no_new_privs could not be set")
    _limit(limits)
    _drop_privileges()
    landlock.restrict(ruleset)
    seccomp.restrict(os.getpid())


def _start_process() -> None:
    if os.fork() == 0:
        os._exit(0)


def openings(outside: Path) -> list[str]:
    """Try the doors from inside; names those that are open. A locked process finds none.

    Args:
        outside: a file that exists and must be out of reach.
    """
    judge = Path(__file__).parents[1] / "judging" / "judge.py"
    doors: dict[str, Callable[[], object]] = {
        "reads the judge's source": judge.read_text,
        "reads a file outside": lambda: outside.open("rb").read(1),
        "writes a file outside": lambda: outside.with_name("made-from-inside").write_text(""),
        "lists a folder outside": lambda: os.listdir(outside.parent),  # noqa: PTH208 (must list, not iterate)
        "reads about another process": lambda: Path(f"/proc/{os.getppid()}/status").read_text(),
        "opens a socket": lambda: socket.socket().close(),
        "signals another process": lambda: os.kill(os.getppid(), 0),
        "starts a process": _start_process,
        "starts a program": lambda: os.execv(sys.executable, [sys.executable, "-c", "pass"]),
    }
    found = []
    for name, door in doors.items():
        with contextlib.suppress(OSError):
            door()
            found.append(name)
    return found
