"""How platforms name what was handed in, and whose each file is.

Sources: Canvas's `lib/content_zipper.rb` and `infer_comment_context_from_filename`, Moodle's
`mod/assign/classes/downloader.php`, Gradescope's `submission_metadata.yml`, nbgrader's `exchange/default/submit.py`,
Blackboard's and Brightspace's help on downloading assignments, ILIAS's `class.ilExSubmission.php`,
`gh classroom clone student-repos`.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import yaml

from course.autograder.intake.names import beside_assignment
from course.autograder.term.match import squashed
from course.autograder.term.pieces import Found, Piece, nobodys
from course.autograder.term.sakai import sakai
from course.autograder.term.sources import Source, SourceError

CANVAS = re.compile(
    r"^(?:(?P<name>.*?)_)??(?:(?P<late>LATE)_)?(?:anon_(?P<anon>[^_]+)|(?P<user>\d+))_(?P<file>\d+)_(?P<orig>.+)$"
)
AGAIN = re.compile(r"-(?:\d{1,2}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=\.\w+$|$)")
MOODLE = re.compile(
    r"^(?P<name>.*)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)$"
)
EXCHANGE = re.compile(
    r"^(?P<student>.+)\+(?P<assignment>[^+]+)\+(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*?)(?:\+[\w=-]+)?$"
)
BLACKBOARD = re.compile(
    r"^.+_(?P<user>[^_]+)_attempt_(?P<at>\d{4}(?:-\d\d){5})(?:_(?P<orig>.+)|(?P<about>\.txt))$"
)
BRIGHTSPACE = re.compile(
    r"^(?:\d+-\d+ - )?(?P<name>.+?) - (?P<at>[A-Z][a-z]{2} \d{1,2}, \d{4} \d{3,4} [AP]M)(?: - (?P<orig>.+))?$"
)
ILIAS = re.compile(r"^(?P<name>[^_]+_.+)_(?P<login>[^_]+)_(?P<number>\d+)$")
ILIAS_LATE = re.compile(r"^(?:Late Submission|Verspätete Abgabe|Verspaetete Abgabe) - ", re.IGNORECASE)
METADATA = "submission_metadata.yml"


def _canvas(name: str) -> Piece | None:
    path = PurePosixPath(name)
    found = CANVAS.match(path.name)
    if not found:
        return None
    user, anonymous = found["user"] or "", found["anon"] or ""
    called = found["name"] or (f"anonymous {anonymous}" if anonymous else f"user {user}")
    by = {"canvas_id": user, "squashed": squashed(found["name"] or "")} if user else {}
    return Piece(name, AGAIN.sub("", found["orig"]), called, by, bool(found["late"]))


def _moodle(name: str) -> Piece | None:
    path = PurePosixPath(name)
    for depth, part in enumerate(path.parts):
        if found := MOODLE.match(part):
            inside = path.parts[depth + 1 :]
            original = "/".join(inside) if inside else found["rest"]
            called, by = f"{found['name']} ({found['number']})", _behind_a_group(found["name"])
            return Piece(name, original, called, by, number=found["number"]) if original else None
    return None


def _behind_a_group(name: str) -> dict[str, str]:
    """A name, and what stands behind each hyphen in it: Moodle puts a group's name in front where there are groups."""
    parts = name.split("-")
    return {"name": name} | {f"name_{k}": "-".join(parts[k:]) for k in range(1, len(parts))}


def _blackboard(name: str) -> Piece | None:
    """`TITLE_USER_attempt_2026-10-15-21-59-00_FILE`; a text of the same name without a file has what was typed in."""
    found = BLACKBOARD.match(PurePosixPath(name).name)
    if not found:
        return None
    user = found["user"]
    original = found["orig"] or "blackboard.txt"
    return Piece(
        name, original, user, {"login": user, "id": user}, at=_local(found["at"], "%Y-%m-%d-%H-%M-%S")
    )


def _brightspace(name: str) -> Piece | None:
    """`12-34 - NAME - Oct 15, 2026 959 PM`, a folder with the files in it, or in front of the file's own name."""
    path = PurePosixPath(name)
    for depth, part in enumerate(path.parts):
        if found := BRIGHTSPACE.match(part):
            inside = "/".join(path.parts[depth + 1 :]) or found["orig"]
            day, _, clock = found["at"].rpartition(" ")[0].rpartition(" ")
            at = _local(f"{day} {clock:0>4} {found['at'][-2:]}", "%b %d, %Y %I%M %p")
            return Piece(name, inside, found["name"], {"name": found["name"]}, at=at) if inside else None
    return None


def _ilias(name: str) -> Piece | None:
    """`SURNAME_GIVEN_LOGIN_NUMBER/FILE`, in a folder for the team where there are teams."""
    path = PurePosixPath(name)
    for depth, part in enumerate(path.parts[:-1]):
        if found := ILIAS.match(part):
            inside = "/".join(path.parts[depth + 1 :])
            login, name_ = found["login"], squashed(found["name"].replace("_", ""))
            by = {"id": part, "id_1": login, "login": login, "squashed": name_}
            late = ILIAS_LATE.match(inside)
            original = inside[late.end() :] if late else inside
            return Piece(name, original, part, by, late=bool(late))
    return None


def by_worksheet(found: Found, people: Mapping[str, Mapping[str, str]]) -> Found:
    """What Moodle gave, with what the worksheet of the same assignment says of each number (`worksheet.participants`)."""
    pieces = tuple(replace(one, by={**people.get(one.number, {}), **one.by}) for one in found.pieces)
    return replace(found, pieces=pieces)


def _exchange(name: str) -> Piece | None:
    path = PurePosixPath(name)
    for depth, part in enumerate(path.parts[:-1]):
        if found := EXCHANGE.match(part):
            at = _moment(found["at"])
            rest = "/".join(path.parts[depth + 1 :])
            return Piece(
                name, rest, found["student"], {"id": found["student"], "login": found["student"]}, at=at
            )
    return None


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return None


def _local(text: str, form: str) -> dt.datetime | None:
    """A time that a platform gives without a zone; `recognise` puts the course's own to it."""
    try:
        return dt.datetime.strptime(text, form)
    except ValueError:
        return None


def _plain(name: str, assignment: str) -> Piece:
    """STUDENT/…/file, or STUDENT.ipynb, or a file with the assignment's name and STUDENT before or behind it."""
    path = PurePosixPath(name)
    if len(path.parts) > 1:
        who = path.parts[0]
        return Piece(
            name, path.name, who, {"id": who, "login": who, "email": who, "github": who, "name": who}
        )
    stem = beside_assignment(path.name, assignment) or path.name.partition(".")[0]
    return Piece(name, path.name, stem, {"id": stem, "login": stem, "github": stem, "name": stem})


READERS: dict[str, Callable[[str], Piece | None]] = {
    "Canvas": _canvas,
    "Moodle": _moodle,
    "nbgrader": _exchange,
    "Blackboard": _blackboard,
    "Brightspace": _brightspace,
    "ILIAS": _ilias,
}


def _gradescope(source: Source, listed: str) -> Found:
    """Gradescope's export: a folder for each submission, and a file that says whose it is."""
    try:
        about: Any = yaml.safe_load(source.read(listed))
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"{listed} is not YAML that can be read: {str(error).splitlines()[0]}") from None
    if not isinstance(about, dict):
        raise SourceError(f"{listed} is no list of submissions; download the export again")
    top = PurePosixPath(listed).parent
    pieces, told = [], []
    for name in source.names():
        path = PurePosixPath(name)
        if name == listed or not path.is_relative_to(top) or len(path.relative_to(top).parts) < 2:
            continue
        folder, *rest = path.relative_to(top).parts
        one = about.get(folder)
        people = one.get(":submitters") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(people, list) or not people:
            told.append(f"{folder} has no submitters in {METADATA}; it was left out")
            continue
        at = one.get(":created_at")
        for person in (p for p in people if isinstance(p, dict)):
            by = {"email": person.get(":email"), "sis_id": person.get(":sid"), "name": person.get(":name")}
            keys = {key: str(value) for key, value in by.items() if value}
            called = keys.get("name") or keys.get("email") or folder
            pieces.append(Piece(name, "/".join(rest), called, keys, at=_as_moment(at)))
    return Found("Gradescope", tuple(pieces), tuple(dict.fromkeys(told)))


def _as_moment(value: object) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return _moment(value) if isinstance(value, str) else None


def recognise(source: Source, assignment: str, zone: dt.tzinfo = dt.UTC) -> Found:
    """Find out which platform a zip or folder comes from, and whose each file is.

    A format is known by most of its names having it; what has none is told, not guessed at. In a plain folder, what
    stands first below the folders around everything is whose it is; the assignment's own folder may stand under it.
    Times that are given without a zone are in `zone`.
    """
    names = source.names()
    for listed in names:
        if PurePosixPath(listed).name == METADATA and len(PurePosixPath(listed).parts) <= 2:
            return _gradescope(source, listed)
    if (found := sakai(source)) is not None:
        return found
    for platform, reader in READERS.items():
        pieces = [piece for name in names if (piece := reader(name)) is not None]
        if pieces and 2 * len(pieces) > len(names):
            have = {piece.source for piece in pieces}
            told = list(nobodys(platform, (n for n in names if n not in have)))
            local = [one for one in pieces if one.at is not None and one.at.tzinfo is None]
            if local:
                told.insert(0, f"{platform} gives times without a zone; they are read as in {zone}")
                pieces = [
                    replace(p, at=p.at.replace(tzinfo=zone)) if p in local and p.at else p for p in pieces
                ]
            return Found(platform, tuple(pieces), tuple(told))
    below = _below_common(names, assignment)
    plain = [(_plain(short, assignment), name) for short, name in zip(below, names, strict=True)]
    return Found("a plain folder", tuple(replace(piece, source=name) for piece, name in plain))


def _below_common(names: list[str], assignment: str) -> list[str]:
    """Names without a folder around all of them, as zips of one folder have it."""
    parts = [PurePosixPath(name).parts for name in names]
    while (
        parts
        and all(len(p) > 2 for p in parts)
        and len({p[0] for p in parts}) == 1
        and not any(p[1].casefold() == assignment.casefold() for p in parts)
    ):
        parts = [p[1:] for p in parts]
    return ["/".join(p) for p in parts]
