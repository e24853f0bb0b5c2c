"""Every file that a student handed in for an assignment: in folders, in folders in them, and in archives."""

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from course.autograder.intake.archives import MOST_BYTES, MOST_OF_ALL, is_zip, members
from course.autograder.intake.names import IGNORED
from course.autograder.intake.tars import is_packed, unpacked
from course.common.text import printable

MOST_FILES = 1_000  # notebooks and archives, and as many others
MOST_ENTRIES = 100_000  # of folders
DEEPEST = 8  # folders in folders
MOST_TOLD = 20  # sentences
TOO_MANY = f"More than {MOST_FILES} files were handed in; the others were not looked at."
LIKELY = re.compile(r".*\.ipynb.*", re.IGNORECASE)
HEAD = 262  # bytes that tell an archive
DOCUMENTS = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".npz", ".epub", ".pages", ".key", ".numbers")


@dataclass(frozen=True)
class File:
    """A file that was handed in.

    Attributes:
        name: its path from the folder it was handed in, with that of the zip it lies in before it; it can be printed.
        size: in bytes.
        modified: when it was changed last, in seconds.
        path: where it lies on the disk, or the zip that it lies in.
        content: itself, where it lies in a zip.
    """

    name: str
    size: int
    modified: float
    path: Path = field(compare=False)
    content: bytes | None = field(default=None, compare=False, repr=False)

    def read(self, most: int = MOST_BYTES) -> bytes:
        """Its bytes, at most so many. Raises OSError."""
        if self.content is not None:
            return self.content[:most]
        with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(most)

    @property
    def last(self) -> str:
        """Its name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder it lies in, '' or ending in a slash."""
        return self.name[: len(self.name) - len(self.last)]


@dataclass
class Handed:
    """What lies in a hand-in's places.

    Attributes:
        files: in order of their names.
        told: whole sentences on what could not be looked at.
        left: names of what programs leave behind, which is never looked at.
        room: bytes that may still be unpacked from archives.
        entries: of folders, that were looked at.
        likely, others: how many files were found that are called like a notebook, and how many that are not.
    """

    files: list[File] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    room: int = MOST_OF_ALL
    entries: int = 0
    likely: int = 0
    others: int = 0

    def take(self, file: File) -> None:
        """Keep a file, while there are not too many of its kind: a thousand pictures hide no notebook."""
        if LIKELY.fullmatch(file.last):
            self.likely += 1
            full = self.likely > MOST_FILES
        else:
            self.others += 1
            full = self.others > MOST_FILES
        if full:
            self.tell(TOO_MANY)
        else:
            self.files.append(file)

    def tell(self, sentence: str) -> None:
        """Add a sentence, once, while there are not too many."""
        if sentence not in self.told and len(self.told) < MOST_TOLD:
            self.told.append(sentence)


def look_through(places: Sequence[Path]) -> Handed:
    """Find every file in these folders, and in archives there; links are not followed, and nothing is run or unpacked."""
    handed = Handed()
    for place in places:
        try:
            kind = place.lstat().st_mode
        except OSError:
            continue
        if stat.S_ISDIR(kind):
            _walk(place, "", handed, 0)
            _tell_empty(place.name, "", handed, 0)
        else:
            _take(place, "", handed)
    handed.files.sort(key=lambda file: file.name)
    return handed


def _walk(folder: Path, below: str, handed: Handed, depth: int) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        handed.tell(f"The folder {printable(folder.name)} cannot be opened ({error.strerror}).")
        return
    for entry in entries:
        handed.entries += 1
        if handed.entries > MOST_ENTRIES:
            handed.tell(TOO_MANY)
            return
        if IGNORED.fullmatch(entry.name):
            handed.left.append(f"{below}{printable(entry.name)}")
        elif not entry.is_dir(follow_symlinks=False):
            _take(Path(entry.path), below, handed)
        elif depth < DEEPEST:
            before = len(handed.files)
            _walk(Path(entry.path), f"{below}{printable(entry.name)}/", handed, depth + 1)
            _tell_empty(entry.name, below, handed, before)
        else:
            handed.tell(f"{below}{printable(entry.name)} lies too many folders deep to be looked at.")


def _tell_empty(name: str, below: str, handed: Handed, before: int) -> None:
    """Say of a folder that is called like a notebook that there is no file in it, where none was found since."""
    if LIKELY.fullmatch(name) and len(handed.files) == before:
        handed.tell(f"{below}{printable(name)} is a folder with no file in it, not a notebook.")


def _take(path: Path, below: str, handed: Handed) -> None:
    name = f"{below}{printable(path.name)}"
    try:
        about = path.lstat()
        if stat.S_ISLNK(about.st_mode):
            handed.tell(f"{name} is a link, not a file, and was not followed.")
        elif not stat.S_ISREG(about.st_mode):
            handed.tell(f"{name} is no file, and was not opened.")
        else:
            _open(File(name, about.st_size, about.st_mtime, path), handed)
    except OSError as error:
        handed.tell(f"{name} cannot be opened ({error.strerror}).")


def _open(file: File, handed: Handed, depth: int = 0) -> None:
    """A file, or the files in it when it is an archive; an archive in an archive is opened, too, but none in that."""
    head = file.read(HEAD)
    zipped = is_zip(head)
    if not (zipped or is_packed(head)) or file.last.lower().endswith(DOCUMENTS):
        handed.take(file)
        return
    if depth > 1:
        handed.tell(f"{file.name} lies three archives deep, and was not opened.")
        return
    content = file.read(MOST_BYTES + 1)
    found, told = members(content, handed.room) if zipped else unpacked(content, file.last, handed.room)
    if not found and not told:
        handed.tell(f"The archive {file.name} is empty, but for what programs leave behind.")
    for clause in told[:5]:
        handed.tell(f"Of the archive {file.name}: {clause}.")
    for member in found:
        handed.room -= len(member.content)
    for member in found:
        try:
            modified = datetime(*member.modified).timestamp()
        except (ValueError, OverflowError, OSError):
            modified = 0.0
        name = f"{file.name}/{member.name}"
        _open(File(name, len(member.content), modified, file.path, member.content), handed, depth + 1)


def fingerprint(handed: Handed) -> bytes:
    """The same for the same files, and for no others: names, contents, which is newer, and what could not be looked at."""
    digest = hashlib.blake2b(digest_size=12)
    room = MOST_BYTES
    for file in handed.files:
        head = file.read(room) if room else b""
        room -= len(head)
        digest.update(f"{file.name}\0{file.size}\0".encode() + head)
    newest = sorted(handed.files, key=lambda file: file.modified)
    left = handed.left if not handed.files else []
    digest.update("\0".join([*handed.told, *left, *(file.name for file in newest)]).encode())
    return digest.digest()
