"""A worker with its engine marks as this machine would, and a submission on it reaches neither scheduler nor keys."""

import socket
import ssl
from contextlib import closing
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from course.autograder.gradebook.errors import GradingError
from course.autograder.grading.cluster.certificates import key_of, make_certificates
from course.autograder.grading.cluster.connecting import require_scheduler
from course.autograder.grading.cluster.executor import open_cluster
from course.autograder.grading.driver import Plan, grade
from course.autograder.sandbox import confinement
from tests.grading.cluster.running import Running, children, kill
from tests.marked_class import NAME, folder_like, hand_in
from tests.waiting import comes_true

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
]
ATTACK = """
reached = []
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), 5)
    reached.append("the scheduler")
except BaseException as error:
    print("socket:", type(error).__name__)
for place in {places!r}:
    try:
        reached.append(open(place).read())
    except BaseException as error:
        print("file:", type(error).__name__)
print("reached", reached)
"""


@pytest.fixture
def running(tmp_path):
    (folder := tmp_path / "running").mkdir()
    with Running(folder, 1) as cluster:
        comes_true(lambda: "Scheduler at" in cluster.log("scheduler"))
        yield cluster


def test_marks_come_back_and_nothing_gets_out(running, ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    solution = nbformat.read(course.folder("source") / NAME / f"{NAME}.ipynb", as_version=4)
    places = [str(key_of(running.certificates, role)) for role in ("worker", "client", "ca")]
    attacking = nbformat.from_dict(solution)
    cell = next(one for one in attacking.cells if "def batch_moments" in one.source)
    cell.source += ATTACK.format(port=running.port, places=places)
    hand_in(course, "attacks", nbformat.writes(attacking))
    hand_in(course, "blank")
    with closing(open_cluster(running.address, running.certificates, print)) as executor:
        assert executor.dashboard == ""  # its HTTP port says only that it is alive
        rows = {row.student: row for row in grade(course.root, NAME, plan=Plan(marking=executor.marked))}
        for pid in zygotes_of(running):
            kill(pid)
        hand_in(course, "after", nbformat.writes(solution))
        (after,) = grade(course.root, NAME, ["after"], Plan(marking=executor.marked))
    assert after.score.automatic == 88 and after.why == ()  # by another zygote
    assert rows["attacks"].score.automatic == 88 and rows["blank"].score.automatic == 0
    graded = course.graded_notebook(NAME, "attacks").read_text()
    assert "reached []" in graded and graded.count("file: ") == 3 and "socket: " in graded
    not_let_in(running, tmp_path / "theirs")


def zygotes_of(running):
    """The warm processes that a worker's submissions are forked from."""
    below = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children(running.pid("worker 0"))}
    found = [pid for pid, words in below.items() if "course.autograder.engine.zygote" in words]
    assert found, below
    return found


def not_let_in(running, folder):
    """Neither a client with another authority's certificate, nor one without any, nor one that does not encrypt."""
    make_certificates(folder)
    (folder / "ca.pem").write_bytes((running.certificates / "ca.pem").read_bytes())
    with pytest.raises(GradingError, match="does not accept the certificate"):
        require_scheduler(running.address, folder)
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
    for context in (bare, None):
        with pytest.raises(OSError):
            _greeting(running.port, context)


def _greeting(port, context):
    """What a scheduler says first to who connects. Raises OSError where it hangs up."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        if context is None:
            line.sendall(b"\x00" * 64)
            said = line.recv(1)
        else:
            with context.wrap_socket(line) as wrapped:
                said = wrapped.recv(1)
    if not said:
        raise OSError("it hung up")
    return said
