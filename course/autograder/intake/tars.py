"""What is in a file packed by gzip, bzip2 or xz, a tar or not, read into memory within the bounds of archives."""

import bz2
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePosixPath

from course.autograder.intake.archives import LONGEST_NAME, MOST_ENTRIES, MOST_OF_ALL, MOST_OF_ONE, Member
from course.autograder.intake.names import IGNORED
from course.common.text import printable

MEMORY = 256 * 2**20  # that xz may ask for
PACKED: dict[bytes, Callable[[bytes, int], bytes]] = {  # how such a file begins -> its first bytes, unpacked
    b"\x1f\x8b": lambda content, most: zlib.decompressobj(31).decompress(content, most),
    b"BZh": lambda content, most: bz2.BZ2Decompressor().decompress(content, most),
    b"\xfd7zXZ": lambda content, most: lzma.LZMADecompressor(memlimit=MEMORY).decompress(content, most),
}
WRONG = (zlib.error, lzma.LZMAError, tarfile.TarError, OSError, EOFError, ValueError)
ENDINGS = {".tgz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".gz": "", ".bz2": "", ".xz": ""}


def is_packed(head: bytes) -> bool:
    """Whether a file that begins like this is packed, or a tar."""
    return _unpacking(head) is not None or _is_tar(head)


def _unpacking(head: bytes) -> Callable[[bytes, int], bytes] | None:
    return next((unpack for begins, unpack in PACKED.items() if head.startswith(begins)), None)


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def unpacked(content: bytes, name: str, most: int = MOST_OF_ALL) -> tuple[list[Member], list[str]]:
    """The files in it, and a clause for each thing that was left out; as `archives.members` has it.

    Args:
        content: of the file.
        name: its own, from which that of the only file in it comes where it is no tar.
        most: bytes that may be unpacked.
    """
    told: list[str] = []
    try:
        if (unpack := _unpacking(content)) is not None:
            content = unpack(content, most + 1)
            if len(content) > most:
                return [], [f"it unpacks to more than {most >> 20} MB"]
        if _is_tar(content):
            return _in_tar(content, told), told
    except WRONG as error:
        return [], [f"it is damaged ({type(error).__name__})"]
    return [Member(_inner(name), content, (1980, 1, 1, 0, 0, 0))], told


def _inner(name: str) -> str:
    stem = name.rpartition("/")[2]
    ending = next((one for one in ENDINGS if stem.lower().endswith(one)), "")
    return (stem.removesuffix(stem[len(stem) - len(ending) :]) if ending else stem) + ENDINGS.get(ending, "")


def _in_tar(content: bytes, told: list[str]) -> list[Member]:
    found: list[Member] = []
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        for number, entry in enumerate(tar):
            if number >= MOST_ENTRIES:
                told.append(f"it has more than {MOST_ENTRIES} entries")
                break
            path = PurePosixPath(entry.name)
            if entry.isdir() or any(IGNORED.fullmatch(part) for part in path.parts):
                continue
            name = printable(str(path)[:LONGEST_NAME])
            if len(entry.name) > LONGEST_NAME:
                told.append(f"{name} in it has a name that is too long")
            elif path.is_absolute() or ".." in path.parts:
                told.append(f"{name} in it leads out of it")
            elif not entry.isfile():
                told.append(f"{name} in it is no file")
            elif entry.size > MOST_OF_ONE:
                told.append(f"{name} in it is too large")
            elif (file := tar.extractfile(entry)) is not None:
                at = datetime.fromtimestamp(min(max(entry.mtime, 0), 2**32), UTC).timetuple()
                found.append(Member(name, file.read(), tuple(at[:6])))  # type: ignore[arg-type]
    return found
