"""The lock closes, what is inside works, and what the machine lacks is said."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from course.autograder.engine.ends import ending
from course.autograder.engine.scratch import empty, too_much
from course.autograder.engine.supervisor import NoIsolation, Zygote
from course.autograder.sandbox import confinement, landlock, seccomp, syscalls
from course.autograder.sandbox.limits import Limits
from tests.waiting import LONG_STOP

here = pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing()))
ROOT = Path(__file__).parents[2]


REFUSALS = ("PermissionError", "OSError", "FileNotFoundError", "MemoryError", "cut short")


def locked(tmp_path: Path, body: str, limits: str = "Limits()", prefix: tuple[str, ...] = ()) -> str:
    """What a fresh process prints after it has locked itself in; `scratch` and `outside` are its names."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "outside").write_text("secret")
    program = f"""
import os, sys
import numpy as np
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from course.autograder.sandbox import confinement
from course.autograder.sandbox.limits import Limits
scratch, outside = Path({str(tmp_path / "scratch")!r}), Path({str(tmp_path / "outside")!r})
parent = os.getppid()
confinement.lock(confinement.rules(scratch), {limits})
def refused(act):
    try:
        act()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "ALLOWED"
{textwrap.dedent(body)}
"""
    done = subprocess.run(
        [*prefix, sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=LONG_STOP,
        check=False,
    )
    return done.stdout + done.stderr[-2000:]


@here
def test_no_door_is_open_to_a_locked_process(tmp_path: Path) -> None:
    assert locked(tmp_path, "print(confinement.openings(outside))").strip() == "[]"


@here
def test_the_doors_are_open_to_a_process_that_is_not_locked(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("x")
    if (pid := os.fork()) == 0:
        found = confinement.openings(outside)  # its last door starts another program in this process
        os._exit(1 if found else 0)
    assert os.waitpid(pid, 0)[0] == pid
    assert (tmp_path / "made-from-inside").exists()


@here
def test_work_goes_on_inside(tmp_path: Path) -> None:
    body = """
    import threading, json.decoder, asyncio
    (scratch / "a").write_text("x"); os.rename(scratch / "a", scratch / "b"); os.unlink(scratch / "b")
    (scratch / "sub").mkdir()
    thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
    print((np.ones((200, 200)) @ np.ones((200, 200)))[0, 0])
    asyncio.run(asyncio.sleep(0))
    import numpy.polynomial, fractions
    print("done", dict(os.environ))
    """
    assert locked(tmp_path, body).splitlines() == ["thread", "200.0", "done {}"]


@here
@pytest.mark.parametrize(
    "act",
    [
        "outside.read_text()",
        "outside.write_text('x')",
        "os.listdir('/')",
        "os.listdir(scratch.parent)",
        "os.open(outside, os.O_RDONLY | os.O_TRUNC)",
        "os.truncate(outside, 0)",
        "os.rename(outside, scratch / 'x')",
        "os.link(outside, scratch / 'x')",
        "os.symlink(outside, scratch / 'x')",
        "os.mkfifo(scratch / 'x')",
        "os.unlink(outside)",
        "os.utime(outside)",
        "open('/proc/self/environ').read()",
        "open('/dev/tty', 'w')",
        "os.fork()",
        "os.posix_spawn(sys.executable, [sys.executable], {})",
        "os.kill(parent, 0)",
        "os.kill(-1, 0)",
        "os.kill(0, 0)",
        "os.setpriority(os.PRIO_PROCESS, 0, 5)",
        "os.sched_setaffinity(parent, {0})",
        "os.memfd_create('x')",
        "os.pidfd_open(parent)",
        "os.setuid(0)",
        "os.chroot('/')",
        "__import__('socket').socket()",
        "__import__('resource').prlimit(parent, 7)",
        "__import__('fcntl').fcntl(os.pipe()[0], 8, parent)",
        "np.ones(10**9)",
        "open(scratch / 'big', 'wb', buffering=0).write(bytes(32 * 2**20)) < 32 * 2**20 and 1 / 0",
    ],
)
def test_refused(act: str, tmp_path: Path) -> None:
    body = f"""
    try:
        print(refused(lambda: {act}))
    except ZeroDivisionError:
        print("cut short")
    """
    assert locked(tmp_path, body).strip() in REFUSALS
    assert (tmp_path / "outside").read_text() == "secret"


@here
def test_modes_of_files_outside_stay_as_they_are(tmp_path: Path) -> None:
    assert locked(tmp_path, "os.chmod(outside, 0); print('went on')").strip() == "went on"
    assert (tmp_path / "outside").stat().st_mode & 0o777


@here
def test_the_judge_and_the_frameworks_are_not_readable() -> None:
    places = confinement.readable()
    ours = str(ROOT / "course")
    assert not [p for p in places if p.startswith(ours)]
    assert not [p for p in places if Path(p).name in ("site-packages", "dist-packages", "torch", "jax")]


@here
def test_what_is_allowed_never_contains_a_parent_of_the_course() -> None:
    course = ROOT / "course" / "autograder"
    assert not [p for p in confinement.readable() if Path(p) in course.parents]


@here
@pytest.mark.skipif(os.getuid() != 0, reason="root already is an ordinary user here")
def test_it_holds_for_a_user_without_privileges(tmp_path: Path) -> None:
    """As another user in a namespace of its own: no capability is left to lean on."""
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    told = locked(tmp_path, "print(os.getuid(), confinement.openings(outside))", prefix=prefix)
    assert told.strip() == "1000 []"


def test_a_machine_without_landlock_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement.landlock, "version", lambda: 0)
    assert "no Landlock" in confinement.missing()[0]
    with pytest.raises(NoIsolation, match="no Landlock"):
        Zygote(Limits(), isolated=True)


def test_a_machine_without_seccomp_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement.seccomp, "supported", lambda: False)
    assert any("seccomp" in lack for lack in confinement.missing())


def test_a_machine_that_is_no_linux_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement.sys, "platform", "darwin")
    assert "darwin" in confinement.missing()[0]


@pytest.mark.slow
@here
def test_a_lock_that_does_not_hold_is_noticed_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zygote whose fork finds an open door must not be used."""
    from course.autograder.engine import supervisor as host

    opened = host._START.replace(
        "serve(int",
        "import course.autograder.sandbox.confinement as s; s.landlock.restrict = lambda made: None; serve(int",
    )
    monkeypatch.setattr(host, "_START", opened)
    monkeypatch.setattr(host.prefork, "shared", None)
    with pytest.raises(NoIsolation, match="reads a file outside"):
        Zygote(Limits(), isolated=True).await_start()


@here
@pytest.mark.parametrize("version", [1, 2, 3, 4, 6])
def test_an_older_landlock_still_keeps_files_out_of_reach(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside").write_text("x")
    monkeypatch.setattr(landlock, "version", lambda: version)
    made = landlock.ruleset([(str(inside), landlock.OWN)])

    def try_them() -> int:
        confinement.lock(made, Limits())
        (inside / "file").write_text("x")
        return sum(_opens(act) for act in ((tmp_path / "outside").read_text, (tmp_path / "new").touch))

    assert _in_fork(try_them) == 0
    assert (inside / "file").exists()


def _opens(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def _in_fork(act: Callable[[], int]) -> int:
    if (pid := os.fork()) == 0:
        code = 99
        try:
            code = act()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_well_formed(machine: str) -> None:
    program = seccomp.program(machine, 1234)
    assert len(program) < 4096
    for at, (code, yes, no, _) in enumerate(program):
        if code & 0x07 == 0x05:
            assert at + 1 + max(yes, no) < len(program)
    assert program[-1][0] == 0x06 and program[-1][3] >> 16 == 0x0005
    allowed = syscalls.allowed(machine)
    assert len(set(allowed)) == len(allowed)


def test_folders_of_any_depth_and_mode_are_emptied(tmp_path: Path) -> None:
    start = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1200):
            os.mkdir("d")  # noqa: PTH102
            os.chdir("d")
    finally:
        os.chdir(start)
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "f").write_text("x")
    (tmp_path / "e" / "link").symlink_to(ROOT)
    (tmp_path / "e").chmod(0)
    empty(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert (ROOT / "course").is_dir()


def test_too_many_and_too_large_files_are_told_apart(tmp_path: Path) -> None:
    assert too_much(tmp_path, Limits()) == ""
    with (tmp_path / "big").open("wb") as file:
        file.truncate(10**9)
    assert "MB were written" in too_much(tmp_path, Limits())
    for n in range(5):
        (tmp_path / f"f{n}").touch()
    assert "more than 3 files" in too_much(tmp_path, Limits(scratch_files=3))


def test_endings_are_told_in_words() -> None:
    assert ending(9) == "the process was ended by SIGKILL"
    assert ending(256) == "the process ended itself (exit code 1)"


@pytest.mark.parametrize("machine", list(syscalls.ARCHITECTURES))
def test_the_filter_that_is_made_before_the_fork_is_the_process_s_own_once_its_id_is_in_it(
    machine: str,
) -> None:
    lines, places = seccomp.packed(machine)
    own = bytearray(lines)
    for at in places:
        own[at : at + 4] = (4321).to_bytes(4, "little")
    assert bytes(own) == b"".join(seccomp.LINE.pack(*line) for line in seccomp.program(machine, 4321))
    assert len(places) == 3, "kill, tgkill and prlimit64 of oneself"
