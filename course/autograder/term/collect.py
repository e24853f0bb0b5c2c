"""From what a platform gave to `submitted/`: a plan that can be printed, then placed. Nothing there is ever lost.

What a student has there already is moved to `attempts/STUDENT/ASSIGNMENT/TIME/` before a newer hand-in takes its place;
the same hand-in again changes nothing.
"""

import datetime as dt
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.autograder.term.match import Matcher
from course.autograder.term.pieces import Piece
from course.autograder.term.sources import Source, SourceError, safe_name

STAMP = "timestamp.txt"
KEPT = "attempts"


@dataclass(frozen=True)
class Arrival:
    """What would be placed for one student.

    Attributes:
        student: the id.
        pieces: their files, of the newest attempt.
        at: when it was handed in, where that is known.
        late: the platform says that it came late.
        digest: of the files, by name and content; '' where none could be read.
        state: 'new', 'again' (the same is there), 'newer' (another is there, which will be kept), 'older', 'nothing'.
        told: sentences on files that could not be read.
    """

    student: str
    pieces: tuple[Piece, ...]
    at: dt.datetime | None
    late: bool
    digest: str = ""
    state: str = "new"
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stranger:
    """Something that belongs to nobody on the roster, and the nearest ids."""

    called: str
    files: tuple[str, ...]
    near: tuple[str, ...]


def whose(pieces: Sequence[Piece], matcher: Matcher) -> tuple[dict[str, list[Piece]], list[Stranger]]:
    """Files by student, and what nobody on the roster can be found for."""
    by_student: dict[str, list[Piece]] = {}
    strangers: dict[str, list[Piece]] = {}
    near: dict[str, tuple[str, ...]] = {}
    for piece in pieces:
        found = matcher.find(piece.called, number=piece.number, **piece.by)
        if found.student is not None:
            by_student.setdefault(found.student.id, []).append(piece)
        else:
            strangers.setdefault(piece.called, []).append(piece)
            near[piece.called] = found.near
    return dict(sorted(by_student.items())), [
        Stranger(called, tuple(p.source for p in theirs), near[called])
        for called, theirs in strangers.items()
    ]


def newest(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces of the newest attempt: those with the latest time, where times are known."""
    times = [piece.at for piece in pieces if piece.at is not None]
    if not times:
        return list(pieces)
    return [piece for piece in pieces if piece.at == max(times)]


def _distinct(files: dict[str, bytes], name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    taken = {other.casefold() for other in files}
    tried, count = name, 2
    while tried.casefold() in taken:
        tried, count = f"{stem or ending} ({count}){dot if stem else ''}{ending if stem else ''}", count + 1
    return tried


def read_files(source: Source, pieces: Sequence[Piece]) -> tuple[dict[str, bytes], list[str]]:
    """The files of one hand-in by safe names, and a sentence for each that could not be read."""
    files: dict[str, bytes] = {}
    told: list[str] = []
    for piece in pieces:
        try:
            files[_distinct(files, safe_name(piece.original))] = source.read(piece.source)
        except SourceError as error:
            told.append(str(error))
    return files, told


def _stamp(folder: Path) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(
            (folder / STAMP).read_text("utf-8").strip().replace(" UTC", "+00:00")
        )
    except (OSError, ValueError):
        return None


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for name in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.blake2b(files[name]).digest())
    return whole.hexdigest()


def _there(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.name != STAMP}


def _state(folder: Path, digest: str, at: dt.datetime | None) -> str:
    if not digest:
        return "nothing"
    there = _there(folder) if folder.is_dir() else {}
    if not there:
        return "new"
    if _digest(there) == digest:
        return "again"
    before = _stamp(folder)
    return "older" if at is not None and before is not None and at < before else "newer"


def plan(
    source: Source, by_student: Mapping[str, Sequence[Piece]], submitted: Path, assignment: str
) -> list[Arrival]:
    """What would be placed under `submitted/`, a row for each student; nothing is written.

    Args:
        source: where the files are read from.
        by_student: from `whose`.
        submitted: the folder.
        assignment: its name.
    """
    arrivals = []
    for student, theirs in by_student.items():
        pieces = newest(theirs)
        files, told = read_files(source, pieces)
        at = max((p.at for p in pieces if p.at is not None), default=None)
        digest = (
            _digest(files) if files else ""
        )  # the content itself is read again when it is placed: classes are large
        state = _state(submitted / student / assignment, digest, at)
        late = any(piece.late for piece in pieces)
        arrivals.append(Arrival(student, tuple(pieces), at, late, digest, state, tuple(told)))
    return arrivals


def place(source: Source, root: Path, submitted: Path, assignment: str, arrival: Arrival) -> None:
    """Put a hand-in where grading finds it; an earlier one is kept under `attempts/`.

    The new folder is written whole beside its place and moved there last, so that a run that is ended leaves the old
    hand-in or the new one, never half of either.
    """
    if arrival.state == "again":
        _stamp_again(submitted / arrival.student / assignment, arrival.at)
    if arrival.state not in ("new", "newer"):
        return
    target = submitted / arrival.student / assignment
    beside = root / KEPT / ".arriving"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    for name, content in read_files(source, arrival.pieces)[0].items():
        (beside / name).write_bytes(content)
    if arrival.at is not None:
        (beside / STAMP).write_text(
            f"{arrival.at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8"
        )
    if target.is_dir() and any(target.iterdir()):
        keep(root, target, arrival.student, assignment)
    elif target.is_dir():
        target.rmdir()
    beside.rename(target)


def _stamp_again(folder: Path, at: dt.datetime | None) -> None:
    """Write down a time that was not known when the same files came in before."""
    if at is not None and _stamp(folder) is None:
        (folder / STAMP).write_text(f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8")


def keep(root: Path, folder: Path, student: str, assignment: str) -> Path:
    """Move an earlier hand-in to `attempts/`, under its own time or the time of this move. Returns where it is."""
    at = _stamp(folder) or dt.datetime.fromtimestamp(folder.stat().st_mtime, dt.UTC)
    home = root / KEPT / student / assignment
    home.mkdir(parents=True, exist_ok=True)
    place, count = home / f"{at.astimezone(dt.UTC):%Y-%m-%dT%H%M%S}", 2
    while place.exists():
        place, count = home / f"{at.astimezone(dt.UTC):%Y-%m-%dT%H%M%S}-{count}", count + 1
    folder.rename(place)
    return place
