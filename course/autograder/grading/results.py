"""Marks in files: what one shard of a class came to, written where no gradebook is in reach, to be entered later.

A file is text: its first line says what it is of, each line behind it holds one submission's marks with a checksum
before them. It is only ever added to, so whatever ends the writing costs the last line at most.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from course.autograder.gradebook.course import GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.grading.carried import FORMAT, as_data, from_data
from course.autograder.grading.fingerprint import course_version
from course.common.text import printable

ENDING = ".results.jsonl"


@dataclass(frozen=True)
class About:
    """What a file of results is of.

    Attributes:
        assignment: its name.
        shard: which part of the class, as `3/40`.
        course: a digest of the secret that the cases were drawn from.
        version: the fingerprint of the code that graded.
        format: of the lines.
    """

    assignment: str
    shard: str
    course: str
    version: str
    format: int = FORMAT


@dataclass
class Results:
    """A file of results as it was found: sound marks, and a sentence on each line that is not sound."""

    path: Path
    about: About
    marks: list[Marked] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def course_digest(secret: str) -> str:
    """Which course it is, for who does not know its secret."""
    return hashlib.blake2b(secret.encode(), digest_size=12, person=b"results").hexdigest()


def line_of(marked: Marked) -> bytes:
    """A submission's marks in one line."""
    data = json.dumps(as_data(marked), sort_keys=True).encode()
    return _sum(data) + b" " + data + b"\n"


def _sum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).hexdigest().encode()


def read_results(path: Path) -> Results:
    """Read a file. Raises GradingError, in one sentence, where nothing in it can be used."""
    try:
        first, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
    except OSError as error:
        raise GradingError(f"{path} cannot be read: {error.strerror}") from None
    found = Results(path, _about(path, first))
    for number, line in enumerate(lines, start=2):
        try:
            found.marks.append(_marks_in(line, found.about))
        except ValueError:
            which = "its last line is cut short" if line is lines[-1] and line[-1:] != b"\n" else ""
            what = which or f"line {number} is damaged"
            found.told.append(f"{path}: {what}, so that submission is not entered; grade it again")
    return found


def _about(path: Path, line: bytes) -> About:
    try:
        return About(**json.loads(line))
    except (ValueError, TypeError):
        why = "is empty" if not line else "does not begin as `grade --shard` has it begin"
        raise GradingError(f"{path} {why}, so nothing of it is entered; grade that shard again") from None


def _marks_in(line: bytes, about: About) -> Marked:
    head, _, data = line.rstrip(b"\n").partition(b" ")
    if line[-1:] != b"\n" or head != _sum(data):
        raise ValueError("the checksum is another")
    marked = from_data(json.loads(data))
    if marked.assignment != about.assignment:
        raise ValueError("it is of another assignment")
    return marked


def require_ours(found: Results, course: str) -> None:
    """Raise GradingError where marks come from other code or from another course than this one."""
    about = found.about
    if about.format != FORMAT or about.version != course_version():
        raise GradingError(
            f"{found.path} was graded by another version of the course ({printable(str(about.version))[:8]}; "
            f"this one is {course_version()[:8]}), so nothing of it is entered; grade that shard again with this one"
        )
    if about.course != course:
        raise GradingError(
            f"{found.path} is of another course, whose cases are drawn from another secret, "
            "so nothing of it is entered"
        )


@contextmanager
def adding_to(path: Path, about: About) -> Iterator[tuple[Results, IO[bytes]]]:
    """Open a file of results to add to it; what it holds already, without a line that was cut short, and the file.

    Raises:
        GradingError: when another process adds to it, nothing can be written there, or it is of something else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise GradingError(f"nothing can be written into {path.parent}: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GradingError(f"another process is grading into {path}; wait for it, or stop it") from None
        file.seek(0)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
        if not whole:
            add(file, json.dumps(asdict(about)).encode() + b"\n")
        found = read_results(path)
        if found.about != about:
            raise GradingError(
                f"{path} holds results of another course, shard or version; move it away, or say another folder with --to"
            )
        yield found, file


def add(file: IO[bytes], line: bytes) -> None:
    """Add a line, which is on the disk afterwards."""
    file.write(line)
    file.flush()
    os.fsync(file.fileno())
