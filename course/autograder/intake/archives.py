"""What is in a zip, read into memory within bounds; nothing is ever unpacked onto the disk.

The bounds are held against what the archive says of itself before anything is unpacked, and while it is. Names that lead out of
the archive, links, encrypted and damaged entries are left out, with a sentence each.
"""

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from course.autograder.intake.names import IGNORED
from course.common.text import printable

MOST_BYTES = 256 * 2**20  # of an archive
MOST_ENTRIES = 2_000
MOST_OF_ONE = 64 * 2**20  # unpacked
MOST_OF_ALL = 192 * 2**20
LONGEST_NAME = 500
RATIO = 200  # unpacked to packed, above a size at which that matters
RATIO_FROM = 32 * 2**20
DIRECTORY_OF_ONE = 1_000  # bytes of the archive's table for one entry
END = b"PK\x05\x06"
WRONG = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
)
BEGINS = (b"PK\x03\x04", END)


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes:
        name: its path in there.
        content: itself.
        modified: when it was changed last, as (year, month, day, hour, minute, second).
    """

    name: str
    content: bytes
    modified: tuple[int, int, int, int, int, int]


def is_zip(head: bytes) -> bool:
    """Whether a file that begins like this is a zip."""
    return head.startswith(BEGINS)


def members(content: bytes, most: int = MOST_OF_ALL) -> tuple[list[Member], list[str]]:
    """The files in a zip.

    Args:
        content: of the zip.
        most: bytes that may be unpacked.

    Returns:
        The files, in the archive's order, and a clause for each thing that was left out or is wrong with it.
    """
    told: list[str] = []
    try:
        if problem := _too_much(content):
            return [], [problem]
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return list(_read(archive, told, most)), list(dict.fromkeys(told))
    except WRONG as error:
        return [], [f"it is damaged ({type(error).__name__})"]


def _too_much(content: bytes) -> str:
    """Why an archive is not opened at all, judged by its last bytes alone; '' when it may be."""
    if len(content) > MOST_BYTES:
        return f"it is {len(content) >> 20} MB large; the limit is {MOST_BYTES >> 20} MB"
    place = content.rfind(END, max(0, len(content) - 70_000))
    if place < 0 or len(content) < place + 22:
        return "it is damaged: its end is missing"
    entries, size = struct.unpack("<HI", content[place + 10 : place + 16])
    if entries > MOST_ENTRIES or size > MOST_ENTRIES * DIRECTORY_OF_ONE:
        return f"it has more than {MOST_ENTRIES} entries"
    return ""


def _read(archive: zipfile.ZipFile, told: list[str], left: int) -> Iterator[Member]:
    for entry in archive.infolist()[:MOST_ENTRIES]:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if not path.parts:
            told.append("an entry in it has no name")
            continue
        if entry.is_dir() or any(IGNORED.fullmatch(part) for part in path.parts):
            continue
        name = printable(str(path)[:LONGEST_NAME])
        if problem := _refused(entry, path, left):
            told.append(f"{name} in it {problem}")
            continue
        try:
            with archive.open(entry) as file:
                content = file.read(entry.file_size + 1)
        except NotImplementedError:
            told.append(f"{name} in it is packed in a way that is not opened here")
        except RuntimeError:
            told.append(f"{name} in it is encrypted")
        except WRONG:
            told.append(f"{name} in it is damaged")
        else:
            left -= len(content)
            if len(content) > entry.file_size:
                told.append(f"{name} in it is larger than the archive says")
                continue
            yield Member(name, content, entry.date_time)


def _refused(entry: zipfile.ZipInfo, path: PurePosixPath, left: int) -> str:
    """Why an entry is left out, judged by what the archive says of it; '' when it may be read."""
    if len(entry.filename) > LONGEST_NAME:
        return "has a name that is too long"
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "leads out of it"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.file_size > MOST_OF_ONE or entry.file_size > left:
        return "is too large"
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO * max(1, entry.compress_size):
        return "unpacks to far more than it is"
    return ""
