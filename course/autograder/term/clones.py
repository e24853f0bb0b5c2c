"""A folder of git clones, one for each student: whose each is, and what each hands in by its deadline."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.autograder.term.match import Match, Matcher
from course.autograder.term.pieces import Found, Piece
from course.autograder.term.repository import GitError, choose, content_of, files_at, owner_of
from course.autograder.term.sources import SourceError
from course.common.text import printable

POINTER = b"version https://git-lfs.github.com/spec/"


def clones_in(folder: Path) -> list[Path]:
    """The clones in a folder, or in one folder below it; none where it is no folder of clones."""
    found: list[Path] = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if place.is_symlink() or not place.is_dir():
            continue
        if (place / ".git").is_dir() and not (place / ".git").is_symlink():
            found.append(place)
        elif (
            not found or len(list(folder.iterdir())) <= 3
        ):  # ASSIGNMENT-submissions/ASSIGNMENT-USER, as gh makes it
            found += [
                one for one in sorted(place.iterdir()) if (one / ".git").is_dir() and not one.is_symlink()
            ]
    return found


def student_of(clone: Path, matcher: Matcher, users: Collection[str]) -> Match:
    """Whose a clone is: its folder is the GitHub user's name, or ends in it, or the repository is theirs.

    Args:
        clone: its folder.
        matcher: of the roster.
        users: GitHub users of the roster.
    """
    name = clone.name.casefold()
    ending = [user for user in users if name == user.casefold() or name.endswith(f"-{user.casefold()}")]
    user = max(ending, key=len, default="")
    found = matcher.find(clone.name, github=user, id=clone.name, login=clone.name)
    return found if found.student else matcher.find(clone.name, github=owner_of(clone))


@dataclass
class ClonesSource:
    """Files of commits that were chosen, read one by one."""

    path: Path
    refused: list[str] = field(default_factory=list)
    _blobs: dict[str, tuple[Path, str]] = field(default_factory=dict)

    def add(self, name: str, clone: Path, blob: str) -> None:
        """Let a file be read by a name."""
        self._blobs[name] = (clone, blob)

    def names(self) -> list[str]:
        """Names of the files."""
        return list(self._blobs)

    def read(self, name: str) -> bytes:
        """One file. Raises SourceError with a sentence."""
        clone, blob = self._blobs[name]
        try:
            content = content_of(clone, blob)
        except GitError as error:
            raise SourceError(f"{printable(name)}: {error}") from None
        if content.startswith(POINTER):
            raise SourceError(
                f"{printable(name)} is kept by Git LFS and is not in the clone; run `git lfs pull` there"
            )
        return content


def read_clones(
    folder: Path,
    clones: Sequence[Path],
    assignment: str,
    matcher: Matcher,
    users: Collection[str],
    deadlines: Mapping[str, dt.datetime | None],
    others: Collection[str] = (),
    take_late: bool = False,
) -> tuple[ClonesSource, Found]:
    """What each student has handed in by their deadline.

    Args:
        folder: what was named.
        clones: from `clones_in`.
        assignment: its name.
        matcher: of the roster.
        users: GitHub users of the roster.
        deadlines: by id; '' for whoever has none of their own.
        others: names at the top of a release that are no work of the student's.
        take_late: the last commit, whatever the deadline.
    """
    source = ClonesSource(folder)
    pieces: list[Piece] = []
    told: list[str] = []
    for clone in clones:
        match = student_of(clone, matcher, users)
        by = {"id": match.student.id} if match.student else {"github": clone.name}
        deadline = deadlines.get(match.student.id if match.student else "", deadlines.get(""))
        try:
            chosen = choose(clone, deadline, take_late)
            files, left = files_at(clone, chosen.commit, assignment, others)
        except GitError as error:
            told.append(f"{clone.name}: {error}; it was left out")
            continue
        told += [f"{clone.name}: {sentence}" for sentence in (*chosen.told, *left)]
        if chosen.after:
            told.append(
                f"{clone.name}: {chosen.after} commits after the deadline do not count; --late takes the last one"
            )
        if not files:
            told.append(f"{clone.name}: nothing is handed in at its commit {chosen.commit.id[:10]}")
        for path, blob in files.items():
            name = f"{clone.name}/{path}"
            source.add(name, clone, blob)
            pieces.append(Piece(name, path, clone.name, by, chosen.late, chosen.commit.at))
    return source, Found("a folder of git clones", tuple(pieces), tuple(told))
