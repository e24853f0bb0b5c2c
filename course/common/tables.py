"""CSV files as instructors have them: any of the usual encodings and separators, read, changed, and written back alike."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course.common.guessing import guessed_encoding
from course.common.whole import replace_file

MOST_BYTES = 32 * 2**20
MOST_CELL = 2**20
SEPARATORS = (",", ";", "\t")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class TableError(ValueError):
    """A file that is no table that can be used; one sentence."""


@dataclass(frozen=True)
class Table:
    """A CSV file's content, and how it was written.

    Attributes:
        header: the first row, without blanks around the names.
        rows: the others, each as long as the header or longer; rows without any text are left out.
        separator, encoding, newline: as found.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    separator: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"

    def column(self, *names: str) -> int | None:
        """The place of the first column that is called one of these, whatever the case; None where there is none."""
        lowered = [cell.casefold() for cell in self.header]
        return next((lowered.index(name.casefold()) for name in names if name.casefold() in lowered), None)

    def with_rows(self, rows: Iterable[Sequence[str]]) -> "Table":
        """The same table with other rows."""
        return replace(self, rows=tuple(tuple(row) for row in rows))


def decode(data: bytes) -> tuple[str, str]:
    """Bytes as text, and the encoding's name: by their mark, as UTF-8, as UTF-16 without a mark, else the best guess."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace"), name
    if data.count(0) > len(data) // 4:
        name = "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
        return data.decode(name, "replace"), name
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        name = guessed_encoding(data)
        return data.decode(name, "replace"), name


def _rows(text: str, separator: str) -> list[tuple[str, ...]]:
    csv.field_size_limit(MOST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    return [tuple(row) for row in reader if any(cell.strip() for cell in row)]


def _separator(text: str) -> str:
    """The separator that cuts the first row into the most columns, and those below it into as many."""
    head = "\n".join(text.splitlines()[:20])

    def merit(separator: str) -> tuple[int, int, int]:
        widths = [len(row) for row in _rows(head, separator)[:5]]
        return (widths[0] if widths else 0, min(widths, default=0), -len(set(widths)))

    return max(SEPARATORS, key=merit)


def parse(data: bytes, name: str) -> Table:
    """A table from bytes. Raises TableError, with `name` for the file."""
    if len(data) > MOST_BYTES:
        raise TableError(f"{name} is larger than {MOST_BYTES // 2**20} MB; that is no class's table")
    text, encoding = decode(data)
    text = text.removeprefix("\ufeff").replace("\0", "")
    if text[:4].lower() == "sep=":  # a line for Excel
        text = text.partition("\n")[2]
    separator = _separator(text)
    try:
        rows = _rows(text, separator)
    except csv.Error as error:
        raise TableError(f"{name} is no CSV file: {error}") from None
    if not rows:
        raise TableError(f"{name} is empty; wanted: a CSV file with a row of column names")
    header = tuple(cell.strip() for cell in rows[0])
    wide = tuple(row + ("",) * (len(header) - len(row)) for row in rows[1:])
    newline = "\r\n" if "\r\n" in text else "\n"
    return Table(header, wide, separator, encoding, newline)


def read_table(path: Path) -> Table:
    """A CSV file. Raises TableError where it cannot be read as one."""
    try:
        with path.open("rb") as file:
            return parse(file.read(MOST_BYTES + 1), path.name)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}") from None


def to_bytes(table: Table, header: Sequence[str] | None = None) -> bytes:
    """The table as it was written: same separator, encoding and line ends."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.separator, lineterminator=table.newline)
    writer.writerow(header or table.header)
    writer.writerows(table.rows)
    return out.getvalue().encode(table.encoding, "replace")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises TableError where that cannot be done."""
    try:
        replace_file(path, data)
    except OSError as error:
        raise TableError(f"{path} cannot be written: {error.strerror or error}") from None
