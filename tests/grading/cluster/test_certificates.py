"""The scheduler is talked to inside TLS, with the course's own certificates; every lack of them is one sentence."""

import socket
import ssl
import stat
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from course.__main__ import main
from course.autograder.gradebook.errors import GradingError
from course.autograder.grading.cluster.certificates import (
    key_of,
    make_certificates,
    path_of,
    require_certificates,
)
from course.autograder.grading.cluster.connecting import address_of, connected, require_scheduler

LONG_AGO = datetime.now(UTC) - timedelta(days=400)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ours")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("theirs")
    make_certificates(folder)
    return folder


def test_a_key_is_its_owner_s_alone_and_what_was_made_is_of_use(ours):
    require_certificates(ours)
    for role in ("ca", "scheduler", "worker", "client"):
        assert stat.S_IMODE(key_of(ours, role).stat().st_mode) == 0o600
        assert b"PRIVATE" not in path_of(ours, role).read_bytes()


def test_new_certificates_are_made_by_the_authority_that_is_there(tmp_path):
    make_certificates(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_certificates(tmp_path)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in before if before[name] == after[name]} == {"ca.pem", "ca-key.pem"}
    require_certificates(tmp_path)
    key_of(tmp_path, "ca").write_text("nothing")
    with pytest.raises(GradingError, match=r"the authority's key .* is missing or damaged"):
        make_certificates(tmp_path)


def test_missing_out_of_date_of_somebody_else_and_no_certificate_at_all_are_a_sentence_each(tmp_path, theirs):
    with pytest.raises(
        GradingError, match=r"there is no .*ca\.pem; `python -m course cluster certificates` makes"
    ):
        require_certificates(tmp_path)
    make_certificates(tmp_path, now=LONG_AGO)
    with pytest.raises(
        GradingError, match=r"client\.pem is valid from .* to .*, and today is .*; make new certificates"
    ):
        require_certificates(tmp_path)
    path_of(tmp_path, "client").write_bytes(path_of(theirs, "client").read_bytes())
    with pytest.raises(GradingError, match=r"client\.pem was not made by the authority in .*ca\.pem"):
        require_certificates(tmp_path)
    path_of(tmp_path, "client").write_text("-----BEGIN CERTIFICATE-----")
    with pytest.raises(GradingError, match="is no certificate"):
        require_certificates(tmp_path)


def test_the_command_makes_them_where_the_course_looks_for_them(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_CLUSTER", raising=False)
    done = CliRunner().invoke(main, ["--root", str(tmp_path), "cluster", "certificates", "--days", "3"])
    assert done.exit_code == 0 and "ca-key.pem stays here" in " ".join(done.output.split())
    require_certificates(tmp_path / "cluster")
    with pytest.raises(GradingError, match="valid from"):
        require_certificates(tmp_path / "cluster", now=datetime.now(UTC) + timedelta(days=4))


@contextmanager
def answering(certificates=None, accepts=None):
    """A port that answers as a scheduler with these certificates would, to clients of that authority; or in plain text."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            line, _ = server.accept()
            with line:
                try:
                    if certificates is None:
                        line.sendall(b"hello, who is there?")
                        return
                    context = ssl.create_default_context(
                        ssl.Purpose.CLIENT_AUTH, cafile=path_of(accepts, "ca")
                    )
                    context.verify_mode = ssl.CERT_REQUIRED
                    context.load_cert_chain(
                        path_of(certificates, "scheduler"), key_of(certificates, "scheduler")
                    )
                    with context.wrap_socket(line, server_side=True) as wrapped:
                        wrapped.sendall(b"hello")
                        wrapped.recv(1)
                except OSError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"tls://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_a_scheduler_of_this_course_is_one(ours):
    with answering(ours, ours) as address:
        require_scheduler(address, ours)


def test_who_is_no_scheduler_of_this_course_is_told_in_one_sentence_and_gets_nothing(ours, theirs, tmp_path):
    with (
        answering(theirs, theirs) as address,
        pytest.raises(
            GradingError, match=r"a certificate that the course's authority did not make.*nothing was sent"
        ),
    ):
        connected(address, ours)
    with (
        answering(ours, theirs) as address,
        pytest.raises(GradingError, match="does not accept the certificate in"),
    ):
        connected(address, ours)
    with (
        answering() as address,
        pytest.raises(GradingError, match="does not speak TLS; start the scheduler with"),
    ):
        connected(address, ours)
    make_certificates(tmp_path)
    old = tmp_path / "old"
    old.mkdir()
    for name in ("ca.pem", "ca-key.pem"):
        (old / name).write_bytes((tmp_path / name).read_bytes())
    make_certificates(old, now=LONG_AGO)
    with answering(old, tmp_path) as address, pytest.raises(GradingError, match="or that is out of date"):
        connected(address, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(GradingError, match=f"no scheduler answers at tls://127.0.0.1:{port} .*is it running"):
        connected(f"tls://127.0.0.1:{port}", ours)


def test_an_address_is_encrypted_or_a_scheduler_s_file_that_names_one(tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text('{"address": "tls://10.0.0.1:8786"}')
    assert address_of(str(file)) == address_of("tls://10.0.0.1:8786") == "tls://10.0.0.1:8786"
    for wrong, why in {
        "tcp://10.0.0.1:8786": "is not encrypted, and hand-ins and marks travel inside TLS alone",
        "tls://10.0.0.1": "is no address of a scheduler; wanted: tls://HOST:8786",
        "tls://10.0.0.1:many": "is no address of a scheduler",
        "http://10.0.0.1:8786": "is no address of a scheduler",
        str(tmp_path / "none.json"): "is no address .* and no file of a scheduler",
    }.items():
        with pytest.raises(GradingError, match=why):
            address_of(wrong)
    file.write_text('{"address": "tcp://10.0.0.1:8786"}')
    with pytest.raises(GradingError, match="is not encrypted"):
        address_of(str(file))
    file.write_text("[]")
    with pytest.raises(GradingError, match="is no file of a scheduler, as"):
        address_of(str(file))


def test_a_run_that_cannot_lock_in_or_is_a_part_says_so(tmp_path):
    for option in ("--no-sandbox", "--shard=1/2"):
        done = CliRunner().invoke(
            main, ["--root", str(tmp_path), "grade", "x", "--cluster", "tls://h:1", option]
        )
        assert done.exit_code and "say it without --no-sandbox and --shard" in " ".join(done.output.split())
