"""What differs between a gradebook in a file of SQLite's and one on a PostgreSQL server: its address, and locks on it."""

import contextlib
import hashlib
import os
import socket
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text

OURS = 0x636F7572  # "cour": the first half of the keys of our advisory locks; a server's others are somebody else's
OPENING = "opening"
POSTGRES = ("postgres", "postgresql")
# A lock lives as long as its connection: one that is idle for hours must not be forgotten by a firewall on the way.
KEPT_ALIVE = {"keepalives_idle": 60, "keepalives_interval": 20, "keepalives_count": 5}

NO_DRIVER = (
    "the gradebook is on a PostgreSQL server, and the program that speaks to one is not installed here; "
    "install it with `python -m pip install 'psycopg[binary]'`"
)
# What SQLite and PostgreSQL say, and what helps.
CURES = {
    "not a database": "; put a backup in its place, or move it away to grade anew (points given by hand are in it alone)",
    "malformed": "; put a backup in its place, or move it away to grade anew (points given by hand are in it alone)",
    "readonly": "; make the file and its folder writable",
    "unable to open": "; is its folder there, and writable?",
    "locked": "; another program is writing to it: wait for it, or close it",
    "full": "; make room on the disk, and run the same command again",
    "password": "; COURSE_DB names the user and the password",
    "Connection refused": "; is the server running, and is its address in COURSE_DB right?",
    "could not translate host name": "; is the server's name in COURSE_DB right?",
    "does not exist": "; make the user and the database first: docs/operations.md says how",
    "no such column": "; it is of another version of nbgrader: run `nbgrader db upgrade`",
}


class HeldElsewhere(RuntimeError):
    """Another process has the lock; the message says which, as far as the server tells."""


def with_driver(url: str) -> str:
    """An address with the driver named that the course installs: `postgres://…` means psycopg 3 here."""
    scheme, mark, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if mark and scheme in POSTGRES else url


def on_server(url: str) -> bool:
    """Whether a gradebook is on a PostgreSQL server."""
    return make_url(url).get_backend_name() == "postgresql"


def cannot_be_used(url: str, error: Exception) -> str:
    """What is wrong with a database and what helps, in a sentence. No password is in it."""
    where = make_url(url)
    shown = where.database if where.drivername.startswith("sqlite") else where.render_as_string()
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    todo = next((do for word, do in CURES.items() if word in said), "")
    return f"the gradebook {shown} cannot be used: {said}{todo}"


def enter_alone(db: Any) -> None:
    """Wait until no other driver is entering marks, to the end of this transaction.

    Two that grade two assignments meet in the rows of their students, and in late days that are counted over the term. A
    file of SQLite's has one driver at a time.
    """
    if db.connection().dialect.name == "postgresql":
        db.execute(
            text("SELECT pg_advisory_xact_lock(:ours, :what)"), {"ours": OURS, "what": _key("entering")}
        )


@contextlib.contextmanager
def locked(url: str, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold an advisory lock in a gradebook's database: it is one for all machines, and gone with who holds it.

    Args:
        url: of a database on a PostgreSQL server.
        what: is locked.
        wait: for whoever has it, instead of raising.

    Raises:
        HeldElsewhere: when somebody has it.
        sqlalchemy.exc.OperationalError: when the server cannot be reached.
    """
    me = f"{what[:20]}: process {os.getpid()} on {socket.gethostname()}"[:63]
    how = {**KEPT_ALIVE, "application_name": me}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=how)
    try:
        with engine.connect() as connection:
            key = {"ours": OURS, "what": _key(what)}
            if wait:
                connection.execute(text("SELECT pg_advisory_lock(:ours, :what)"), key)
            elif not connection.scalar(text("SELECT pg_try_advisory_lock(:ours, :what)"), key):
                raise HeldElsewhere(_holder(connection, key))
            yield
    finally:
        engine.dispose()


def _key(what: str) -> int:
    """Four bytes with a sign, as the server wants them."""
    return int.from_bytes(hashlib.blake2b(what.encode(), digest_size=4).digest(), "big", signed=True)


def _holder(connection: Connection, key: dict[str, int]) -> str:
    """Who has the lock; a server tells it of one's own sessions alone."""
    name = connection.scalar(
        text(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = CAST(:ours AS oid) "
            "AND l.objid = CAST(CAST(:what AS bigint) & 4294967295 AS oid) "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ),
        key,
    )
    return str(name or "").partition(": ")[2] or "of somebody else"
