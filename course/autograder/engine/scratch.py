"""The folder that a student's process may write to: how full it is, and how it is emptied."""

import os
import secrets
from pathlib import Path

from course.autograder.sandbox.limits import Limits


def empty(folder: Path) -> None:
    """Remove all that is in a folder, however deep and whatever its modes, following no link.

    What lies deeper is moved to the top before its folder goes, so that no path ever grows too long.
    """
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)  # noqa: PTH108 (the name may be no text)
                continue
            os.chmod(entry.path, 0o700)  # noqa: PTH101
            for child in list(os.scandir(entry.path)):
                if child.is_dir(follow_symlinks=False):
                    os.chmod(child.path, 0o700)  # noqa: PTH101
                os.rename(child.path, folder / f"moved-{secrets.token_hex(8)}")  # noqa: PTH104
            os.rmdir(entry.path)  # noqa: PTH106


def too_much(folder: Path, limits: Limits) -> str:
    """Why the files in a folder are more than a submission may write; '' when they are not."""
    count = size = 0
    folders = [folder]
    try:
        while folders:
            for entry in os.scandir(folders.pop()):
                count += 1
                size += entry.stat(follow_symlinks=False).st_size
                if count > limits.scratch_files:
                    return f"more than {limits.scratch_files} files were written"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
    except FileNotFoundError:
        return ""  # it changed while we looked; the next look will tell
    except OSError:
        return "its files cannot be counted"
    return f"more than {limits.scratch_bytes // 2**20} MB were written" if size > limits.scratch_bytes else ""
