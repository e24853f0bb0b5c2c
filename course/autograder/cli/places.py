"""What a full disk, or a place that cannot be written, has to say: one sentence, whatever command met it."""

import errno
import re
import shutil

FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
NUMBERED = re.compile(r"\[Errno (\d+)\] ([^:\[\]]+)(?:: '([^']*)')?")


def said_of_a_place(error: OSError) -> str:
    """What is wrong with the place of a file, in a sentence; '' for an error that is none of a place's."""
    number, why, path = error.errno, error.strerror, error.filename
    if isinstance(error, shutil.Error) and (
        found := NUMBERED.search(str(error))
    ):  # of copying a whole folder
        number, why, path = int(found[1]), found[2], found[3]
    where = f"{path} " if path else ""
    if number in FULL:
        return f"{where}cannot be written: {why}; make room, and run the same command again"
    if number in CLOSED:
        return f"{where}cannot be opened or written: {why}"
    return ""
