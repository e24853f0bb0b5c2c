"""What a platform gave, zip or folder, as a list of names that can be read one by one. Nothing is unpacked to look at it.

Every bound is held against what the archive says of itself before anything is read, and again while it is.
"""

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from course.common.text import printable

MOST_ENTRIES = 50_000  # a class of 3,000 with a dozen files each
MOST_BYTES = 64 * 2**20  # of one file
MOST_OF_ALL = 8 * 2**30
RATIO, RATIO_FROM = 200, 8 * 2**20  # unpacked to packed, above a size at which that matters
LEFT_BEHIND = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".git")
DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


class SourceError(ValueError):
    """A zip or folder that cannot be looked through at all; one sentence."""


class Source(Protocol):
    """Names that can be read."""

    refused: list[str]

    def names(self) -> list[str]:
        """Paths of files, with '/' between, in order; what may not be read is in `refused`, a sentence each."""

    def read(self, name: str) -> bytes:
        """A file's content. Raises SourceError with a sentence."""


def is_left_behind(path: PurePosixPath) -> bool:
    """Whether a system or an editor left this behind: no one's work."""
    return any(part in LEFT_BEHIND or part.startswith(("._", ".~", "~$")) for part in path.parts)


def safe_name(name: str) -> str:
    """A file's name that every system can hold: no folder, no control character, no device."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join("_" if unicodedata.category(c)[0] == "C" or c in '<>:"|?*' else c for c in plain).strip(
        " ."
    )
    if not kept or kept.partition(".")[0].casefold() in DEVICES:
        kept = f"_{kept}"
    stem, dot, ending = kept.rpartition(".")
    return (
        kept
        if len(kept.encode()) <= 200
        else f"{stem.encode()[:150].decode('utf-8', 'ignore')}{dot}{ending[:20]}"
    )


def _alike(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


@dataclass
class ZipSource:
    """A zip as a platform gives it."""

    path: Path

    def __post_init__(self) -> None:
        """Look at its table. Raises SourceError where it is no zip, is damaged, or is far too much."""
        self.refused: list[str] = []
        try:
            self._zip = zipfile.ZipFile(self.path)
            self._entries = dict(self._good())
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"{self.path.name} is no zip that can be read: {error}; download it again"
            ) from None

    def _good(self) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise SourceError(
                f"{self.path.name} has {len(entries)} entries; more than {MOST_ENTRIES} are no class's"
            )
        if sum(entry.file_size for entry in entries) > MOST_OF_ALL:
            raise SourceError(
                f"{self.path.name} would unpack to more than {MOST_OF_ALL >> 30} GB; it was left alone"
            )
        seen: dict[str, str] = {}
        for entry in entries:
            path = PurePosixPath(entry.filename.replace("\\", "/"))
            if entry.is_dir() or is_left_behind(path):
                continue
            if why := _why_not(entry, path):
                self.refused.append(f"{printable(str(path))} {why}; it was left out")
                continue
            other = seen.setdefault(_alike(str(path)), entry.filename)
            if other is not entry.filename:
                told = f"{printable(str(path))} has the name of another entry but for case or Unicode form"
                self.refused.append(f"{told}; it was left out")
                continue
            yield str(path), entry

    def names(self) -> list[str]:
        """Paths of the entries that may be read."""
        return list(self._entries)

    def read(self, name: str) -> bytes:
        """One entry. Raises SourceError with a sentence."""
        entry = self._entries[name]
        try:
            with self._zip.open(entry) as file:
                content = file.read(entry.file_size + 1)
        except NotImplementedError:
            why = f"{printable(name)} cannot be opened here"
            raise SourceError(f"{why}; pack it again as a plain zip") from None
        except RuntimeError:
            raise SourceError(f"{printable(name)} is encrypted; ask for it without a password") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
            raise SourceError(f"{printable(name)} is damaged; download it again") from None
        if len(content) > entry.file_size:
            raise SourceError(f"{printable(name)} is larger than the zip says; it was left out")
        return content


def _why_not(entry: zipfile.ZipInfo, path: PurePosixPath) -> str:
    if (
        path.is_absolute()
        or ".." in path.parts
        or (path.parts and ":" in path.parts[0][:3])
        or "\0" in str(path)
    ):
        return "leads out of the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.file_size > MOST_BYTES:
        return f"would unpack to {entry.file_size >> 20} MB, more than {MOST_BYTES >> 20}"
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO * max(1, entry.compress_size):
        return "would unpack to far more than it is"
    return ""


@dataclass
class FolderSource:
    """A folder, looked through without following a link."""

    path: Path

    def __post_init__(self) -> None:
        """List it. Raises SourceError where there is far too much in it."""
        self.refused: list[str] = []
        self._names: list[str] = []
        waiting = [self.path]
        while waiting:
            for entry in sorted(waiting.pop().iterdir()):
                relative = PurePosixPath(entry.relative_to(self.path).as_posix())
                if is_left_behind(relative):
                    continue
                if entry.is_symlink():
                    self.refused.append(f"{printable(str(relative))} is a link; it was left out")
                elif entry.is_dir():
                    waiting.append(entry)
                elif entry.is_file():
                    self._names.append(str(relative))
                else:
                    self.refused.append(f"{printable(str(relative))} is no file; it was left out")
                if len(self._names) > MOST_ENTRIES:
                    raise SourceError(
                        f"{self.path} has more than {MOST_ENTRIES} files; name the folder of one class"
                    )

    def names(self) -> list[str]:
        """Paths of its files, in order."""
        return sorted(self._names)

    def read(self, name: str) -> bytes:
        """One file. Raises SourceError with a sentence."""
        path = self.path / name
        try:
            if path.stat().st_size > MOST_BYTES:
                raise SourceError(f"{printable(name)} is larger than {MOST_BYTES >> 20} MB; it was left out")
            return path.read_bytes()
        except OSError as error:
            raise SourceError(f"{printable(name)} cannot be read: {error.strerror}") from None


def open_source(path: Path) -> Source:
    """A zip or a folder to be looked through. Raises SourceError with a sentence."""
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise SourceError(f"there is no {path}; name the zip or folder that the platform gave")
    return ZipSource(path)
