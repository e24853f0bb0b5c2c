"""A PostgreSQL server of the tests' own, in a folder of its own, reached through a socket in it."""

import contextlib
import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import comes_true

FAST = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=",
    "max_connections=40",
)
NOBODY = 65534
NO_SERVER = "no PostgreSQL is installed here (Debian's package is called postgresql)"


def program(name: str) -> Path | None:
    """One of PostgreSQL's programs; Debian keeps those of the server off the PATH."""
    found = [
        *filter(None, [shutil.which(name)]),
        *map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")),
    ]
    return Path(found[0]) if found else None


@dataclass(frozen=True)
class Server:
    """One that runs."""

    folder: Path

    def url(self, name: str) -> str:
        """A database's address."""
        return f"postgresql+psycopg://course@/{name}?host={self.folder}"

    def new(self, name: str) -> str:
        """A new database's address."""
        import psycopg

        with psycopg.connect(f"host={self.folder} user=course dbname=postgres", autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server, end it and remove all that it has. Skips the test where there is none."""
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip(NO_SERVER)
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path may have some 100 characters
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if getpass.getuser() == "root" else {}
    if who:  # the server refuses to run as root
        os.chown(folder, NOBODY, NOBODY)
    data, log = folder / "data", (folder / "log").open("wb")
    makes = [
        initdb,
        "-D",
        data,
        "-U",
        "course",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    serves = [postgres, "-D", data, "-k", folder, *(word for one in FAST for word in ("-c", one))]
    server = None
    try:
        subprocess.run(makes, cwd=folder, check=True, stdout=log, stderr=log, **who)
        server = subprocess.Popen(serves, cwd=folder, stdout=log, stderr=log, **who)
        comes_true(lambda: b"ready to accept connections" in (folder / "log").read_bytes())
        yield Server(folder)
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        log.close()
        shutil.rmtree(folder)
