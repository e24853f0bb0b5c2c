"""A folder replaced by a new one that was built beside it: what was there stays until the new one is whole."""

import shutil
from pathlib import Path


def beside(folder: Path) -> Path:
    """An empty place for the new one, on the same disk, hidden, and known to `.gitignore` by its ending."""
    new = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(new, ignore_errors=True)
    return new


def _before(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.before.partial")


def put_right(folder: Path) -> None:
    """Where a run was killed between the two steps of `swap`, put back what was there."""
    before = _before(folder)
    if before.exists() and not folder.exists():
        before.rename(folder)
    shutil.rmtree(before, ignore_errors=True)


def swap(new: Path, folder: Path) -> None:
    """Put the new folder in the old one's place. Hidden entries of the old one, a repository's `.git` say, move over."""
    put_right(folder)
    if folder.exists():
        for entry in folder.glob(".*"):
            if not (new / entry.name).exists():
                entry.rename(new / entry.name)
        folder.rename(_before(folder))
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
    new.rename(folder)
    shutil.rmtree(_before(folder), ignore_errors=True)
