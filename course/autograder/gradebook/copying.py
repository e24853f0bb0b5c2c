"""A gradebook copied into another database, from a file of SQLite's to a PostgreSQL server or back, and compared there."""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Base, Gradebook
from sqlalchemy import (
    Connection,
    MetaData,
    Table,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from course.autograder.gradebook.database import NO_DRIVER, cannot_be_used, on_server, with_driver
from course.autograder.gradebook.errors import GradingError
from course.autograder.gradebook.states import keep_prepared

VERSION = "alembic_version"
OURS = ("course_grading", "course_findings", "course_history", "course_lateness", "course_extra_credit")
MADE_WITH_IT = ("course", VERSION)  # tables that have a row as soon as nbgrader has made them
AT_ONCE = 1000  # rows


@dataclass(frozen=True)
class Copied:
    """One table.

    Attributes:
        table: its name.
        rows: how many it has, there and here.
        digest: of what they say, whatever their order, there and here.
    """

    table: str
    rows: int
    digest: str


def address(told: str) -> str:
    """A database's address as SQLAlchemy takes it; a path is a file of SQLite's. Raises GradingError."""
    if "://" not in told:
        return f"sqlite:///{Path(told).absolute()}"
    try:
        url = make_url(with_driver(told))
        if url.get_dialect().name not in ("sqlite", "postgresql"):
            raise ValueError(url.get_dialect().name)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise GradingError(
            f"'{make_safe(told)}' is no address of a gradebook; wanted: a file, or postgresql://USER@HOST/DATABASE"
        ) from None
    except ModuleNotFoundError as error:
        raise GradingError(f"{NO_DRIVER} ({error})") from None
    return url.render_as_string(hide_password=False)


def make_safe(told: str) -> str:
    """An address without what may be a password."""
    scheme, mark, rest = told.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def copy_gradebook(source: str, target: str) -> list[Copied]:
    """Copy all that a gradebook has; the copy is there whole and equal, or not at all.

    Args:
        source: its address; stays as it is.
        target: the address of a database that has no submission and no student yet; made where it is a file.

    Returns:
        What was copied, table by table.

    Raises:
        GradingError: when one cannot be used, the target holds something, or they do not agree at the end.
    """
    if source == target:
        raise GradingError("the gradebook and its copy are one database; say another place for the copy")
    if (there := _file(source)) is not None and not there.is_file():
        raise GradingError(f"there is no gradebook {there}")
    new = (made := _file(target)) is not None and not made.exists()
    try:
        with _open(source) as read:
            _require_gradebook(read, source)
            course_id = str(read.scalar(select(Base.metadata.tables["course"].c.id)))
            _make(target, course_id)
            with _open(target) as written:
                done = _copy(read, written, target)
                written.commit()
                return done
    except BaseException:
        if new and made is not None:
            made.unlink(missing_ok=True)
        raise


def _file(url: str) -> Path | None:
    return None if on_server(url) else Path(make_url(url).database or "")


@contextlib.contextmanager
def _open(url: str) -> Iterator[Connection]:
    """A connection in one transaction, which sees nothing of what others write meanwhile; its errors are sentences."""
    server = on_server(url)
    engine = create_engine(url, **({"isolation_level": "REPEATABLE READ"} if server else {}))
    try:
        with engine.connect() as connection:
            if not server:
                connection.exec_driver_sql("BEGIN")  # Python's sqlite3 begins with the first write alone
            yield connection
    except SQLAlchemyError as error:
        raise GradingError(cannot_be_used(url, error)) from None
    finally:
        engine.dispose()


def _make(target: str, course_id: str) -> None:
    """Make nbgrader's tables and ours. Raises GradingError."""
    try:
        with Gradebook(target, course_id) as gradebook:
            keep_prepared(gradebook.db)
    except SQLAlchemyError as error:
        raise GradingError(cannot_be_used(target, error)) from None


def _tables(connection: Connection) -> list[Table]:
    """All of a gradebook's, those first that others point to."""
    names = set(inspect(connection).get_table_names())
    own = MetaData()
    ours = [Table(name, own, autoload_with=connection) for name in (VERSION, *OURS) if name in names]
    return [*(table for table in Base.metadata.sorted_tables if table.name in names), *ours]


def _require_gradebook(connection: Connection, url: str) -> None:
    names = set(inspect(connection).get_table_names())
    if not {"course", "submitted_assignment", VERSION} <= names:
        raise GradingError(f"{make_safe(url)} is no gradebook: it has none of nbgrader's tables")


def _copy(read: Connection, written: Connection, target: str) -> list[Copied]:
    there = {table.name: table for table in _tables(written)}
    for name in there:
        if name not in MADE_WITH_IT and written.scalar(select(func.count()).select_from(there[name])):
            raise GradingError(
                f"the gradebook at {make_safe(target)} is not empty: its table {name} has rows; nothing was copied"
            )
    version = [one.scalar(select(there[VERSION].c.version_num)) for one in (read, written)]
    if version[0] != version[1]:
        raise GradingError(
            f"the gradebook is of another version of nbgrader ({version[0]}) than the one here ({version[1]}); run "
            "`nbgrader db upgrade` on it first"
        )
    for name in MADE_WITH_IT:
        written.execute(delete(there[name]))
    done = []
    for table in _tables(read):
        sent = _Digest()
        for rows in _batches(read, table):
            sent.add(rows)
            written.execute(insert(there[table.name]), [dict(row._mapping) for row in rows])
        came = _Digest()
        for rows in _batches(written, there[table.name]):
            came.add(rows)
        if (sent.rows, sent.said) != (came.rows, came.said):
            raise GradingError(
                f"the copy's table {table.name} does not say what the gradebook's says ({came.rows} rows and "
                f"{sent.rows}); nothing was copied"
            )
        done.append(Copied(table.name, sent.rows, sent.said))
    return done


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    """A table's rows, so many at a time that memory does not grow with the class."""
    columns = sorted(table.columns, key=lambda column: column.name)
    found = connection.execute(select(*columns).execution_options(yield_per=AT_ONCE))
    yield from found.partitions()


class _Digest:
    """What rows say, whatever their order."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def add(self, rows: Sequence[Any]) -> None:
        for row in rows:
            each = hashlib.blake2b(repr(tuple(row)).encode("utf-8", "surrogatepass"), digest_size=16).digest()
            self._sum = (self._sum + int.from_bytes(each, "big")) % 2**128
        self.rows += len(rows)

    @property
    def said(self) -> str:
        return f"{self._sum:032x}"
