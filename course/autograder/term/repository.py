"""One git clone, read by `git` without a checkout: the commit that counts, and the files at it.

Only commands that look things up are run, each with everything switched off by which a repository could start a program.
A commit's time is what its author's machine said; who may doubt it looks at the times of pushes, which GitHub keeps and a
clone has not.
"""

import datetime as dt
import os
import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course.autograder.term.sources import MOST_BYTES, SourceError, is_left_behind
from course.common.text import printable

MOST_COMMITS = 20_000
MOST_FILES = 500  # of one hand-in
SECONDS = 120
QUIET = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never",
    "-c", "log.showSignature=false", "-c", "core.pager=cat",
)  # fmt: skip
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
}  # fmt: skip
REGULAR = ("100644", "100755", "100664")


class GitError(ValueError):
    """A clone that git cannot read; one sentence."""


def _git(clone: Path, *words: str, most: int = MOST_BYTES) -> bytes:
    command = ["git", *QUIET, "-c", f"safe.directory={clone}", "--git-dir", str(clone / ".git"), *words]
    env = {"PATH": os.environ.get("PATH", os.defpath), **ENVIRONMENT}
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise SourceError("a folder of clones is read by git, and there is no git here; install it") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git took more than {SECONDS} s over it") from None
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise GitError(f"git cannot read it: {printable(told[-1])[:200]}")
    return done.stdout[:most]


def owner_of(clone: Path) -> str:
    """Whose the repository is on its server, from the address it was cloned from; '' where that says nothing."""
    try:
        address = (
            _git(clone, "config", "--local", "--get", "remote.origin.url").decode("utf-8", "replace").strip()
        )
    except GitError:
        return ""
    found = re.search(r"[/:]([\w.-]+)/[^/]+?(?:\.git)?/?$", address)
    return found[1] if found else ""


def content_of(clone: Path, blob: str) -> bytes:
    """One file by its id. Raises GitError."""
    return _git(clone, "cat-file", "blob", blob)


@dataclass(frozen=True)
class Commit:
    """One commit: its id, and when it was made."""

    id: str
    at: dt.datetime


@dataclass(frozen=True)
class Chosen:
    """Which commit of a clone counts.

    Attributes:
        commit: the one.
        late: it was made after the deadline, since nothing was done before.
        after: how many commits came after the deadline and do not count.
        told: sentences for the instructor.
    """

    commit: Commit
    late: bool = False
    after: int = 0
    told: tuple[str, ...] = ()


def _moment(seconds: str) -> dt.datetime:
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def commits_of(clone: Path) -> list[Commit]:
    """The commits of what is checked out, the newest first. Raises GitError where there is none."""
    lines = (
        _git(clone, "rev-list", "--timestamp", f"--max-count={MOST_COMMITS}", "HEAD").decode().splitlines()
    )
    found = [Commit(id, _moment(seconds)) for seconds, _, id in (line.partition(" ") for line in lines)]
    if not found:
        raise GitError("there is no commit in it")
    return sorted(found, key=lambda commit: commit.at, reverse=True)


def _tree(clone: Path, commit: Commit) -> str:
    return _git(clone, "rev-parse", f"{commit.id}^{{tree}}").decode().strip()


def choose(clone: Path, deadline: dt.datetime | None, take_late: bool = False) -> Chosen:
    """The commit that counts: the last before the deadline, or the last of all where that is still the starter alone.

    Args:
        clone: its folder.
        deadline: the student's own; None for no deadline.
        take_late: the last of all in any case.

    Raises:
        GitError: in a sentence.
    """
    commits = commits_of(clone)
    last = commits[0]
    in_time = [commit for commit in commits if deadline is None or commit.at <= deadline]
    after = len(commits) - len(in_time)
    told = _other_branches(clone, last)
    if not after:
        return Chosen(last, told=told)
    if take_late or not in_time:
        return Chosen(last, late=True, told=told)
    starter = _tree(clone, commits[-1])
    if len(in_time) < len(commits) and _tree(clone, in_time[0]) == starter != _tree(clone, last):
        return Chosen(last, late=True, told=told)
    return Chosen(in_time[0], after=after, told=told)


def _other_branches(clone: Path, last: Commit) -> tuple[str, ...]:
    """A sentence where another branch has newer work than what is checked out."""
    wanted = ("--sort=-committerdate", "--count=1", "--format=%(committerdate:unix) %(refname:short)")
    line = (
        _git(clone, "for-each-ref", *wanted, "refs/heads", "refs/remotes").decode("utf-8", "replace").strip()
    )
    seconds, _, name = line.partition(" ")
    if not line or _moment(seconds) <= last.at:
        return ()
    return (f"the branch {printable(name)} has later commits, which are not looked at",)


def files_at(
    clone: Path, commit: Commit, assignment: str, others: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Blobs by path of what was handed in at a commit: the assignment's folder, or else all but what was released beside.

    Args:
        clone: its folder.
        commit: which.
        assignment: its name.
        others: names at the top of a release that are no work of the student's.

    Returns:
        (ids of blobs by path, sentences on what was left out)
    """
    listed = _git(clone, "ls-tree", "-r", "-l", "-z", "--full-tree", commit.id).decode(
        "utf-8", "surrogateescape"
    )
    found: dict[str, str] = {}
    told: list[str] = []
    for entry in filter(None, listed.split("\0")):
        about, _, path = entry.partition("\t")
        mode, _, blob, size = about.split()
        if is_left_behind(PurePosixPath(path)) or mode == "160000":
            continue
        if mode not in REGULAR:
            told.append(f"{printable(path)} is a link; it was left out")
        elif int(size) > MOST_BYTES:
            told.append(f"{printable(path)} is larger than {MOST_BYTES >> 20} MB; it was left out")
        else:
            found[path] = blob
    own = {path: blob for path, blob in found.items() if assignment.casefold() in _folders(path)}
    rest = {
        path: blob
        for path, blob in found.items()
        if not path.startswith(".") and PurePosixPath(path).parts[0] not in others
    }
    chosen = own or rest
    if len(chosen) > MOST_FILES:
        told.append(f"there are {len(chosen)} files in it; the first {MOST_FILES} were taken")
    return dict(list(chosen.items())[:MOST_FILES]), told


def _folders(path: str) -> list[str]:
    return [part.casefold() for part in PurePosixPath(path).parts[:-1]]
