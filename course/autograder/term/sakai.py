"""Sakai's *Download All*: `TITLE/Surname, Given(id)/Submission attachment(s)/FILE`, or all of that in one name.

Source: `zipSubmissions` in Sakai's `AssignmentServiceImpl.java`. The folder's name is in the language of the site, so that a
person's folder is known by its own form. People who hand in together share a folder: `A, B(id1); C, D(id2)`.
"""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from course.autograder.term.pieces import Found, Piece, nobodys
from course.autograder.term.sources import Source, SourceError

# Of bounded length: a name that is all commas would be looked through from each of them.
ONE = r"[^()/;]{0,200},[^()/;]{0,200}\([^()/;]{1,100}\)"
PERSON = re.compile(r"(?P<name>[^()/;]{0,200},[^()/;]{0,200})\((?P<user>[^()/;]{1,100})\)")
FOLDER = re.compile(rf"^{ONE}(?:; ?{ONE})*$")
FLAT = re.compile(
    rf"^(?P<people>{ONE}(?:; ?{ONE})*)_(?P<attached>[^_]*\(s\)|Submission attachment[^_]*)_(?P<orig>.+)$"
)
STAMP = "timestamp.txt"
GRADES = re.compile(r"^grades\.(?:csv|xls|xlsx)$")
FEEDBACK = re.compile(r"^(?i:feedback attachment)")


def sakai(source: Source) -> Found | None:
    """What Sakai gave; None where most of the files are not named as Sakai names them."""
    names = source.names()
    read = {name: _whose(PurePosixPath(name)) for name in names}
    pieces: list[Piece] = []
    for name, (people, original) in read.items():
        if people and original:
            stamp = _stamp_beside(name)
            pieces += _pieces(name, people, original, _moment(source, stamp) if stamp in read else None)
    strange = [name for name, (people, _) in read.items() if not people]
    if not pieces or 2 * len(strange) >= len(names):
        return None
    others = (name for name in strange if not GRADES.match(PurePosixPath(name).name))
    return Found("Sakai", tuple(pieces), nobodys("Sakai", others))


def _whose(path: PurePosixPath) -> tuple[str, str]:
    """Whose folder a file lies in, and its name there; '' for what Sakai, or the person who grades, put there."""
    if found := FLAT.match(path.name):
        return found["people"], found["orig"]
    for depth, part in enumerate(path.parts[:-1]):
        if FOLDER.match(part):
            attached, *inside = path.parts[depth + 1 :]
            return part, "" if FEEDBACK.match(attached) else "/".join(inside)
    return "", ""


def _stamp_beside(name: str) -> str:
    """Where Sakai puts the time at which a file was handed in."""
    path = PurePosixPath(name)
    depth = next((k for k, part in enumerate(path.parts) if FOLDER.match(part)), None)
    return "" if depth is None else str(PurePosixPath(*path.parts[: depth + 1], STAMP))


def _pieces(name: str, people: str, original: str, at: dt.datetime | None) -> Iterator[Piece]:
    for person in PERSON.finditer(people):
        user, called = person["user"].strip(), person["name"].strip(" ,;")
        by = {"login": user, "id": user, "email": user, "name": called}
        yield Piece(name, original, f"{called} ({user})", by, at=at)


def _moment(source: Source, name: str) -> dt.datetime | None:
    """When it was handed in: ISO 8601 in UTC, or, in older versions, 17 digits down to milliseconds."""
    try:
        text = source.read(name).decode("utf-8", "replace").strip()
    except SourceError:
        return None
    try:
        if re.fullmatch(r"\d{17}", text):
            return dt.datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
        at = dt.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
