"""Where in the student's own code something went wrong: an error's line in a library tells a student nothing."""

import functools
import os
import sysconfig
import traceback
from pathlib import Path
from traceback import FrameSummary, StackSummary

# What a shell calls the code of its cells; a kernel's cells lie in files of a temporary folder.
CELLS = ("<ipython-input", "<timed ", "<magic-timeit", "<cell", "<stdin")
PACKAGES = ("site-packages", "dist-packages")
_OTHERS = tuple(
    os.path.realpath(place) + os.sep
    for place in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(Path(traceback.__file__).parent),
        str(Path(__file__).parents[3]),  # this course
    )
)


@functools.lru_cache(maxsize=1024)  # an error comes through the same files again and again
def is_own(filename: str) -> bool:
    """Whether a piece of code with this name is of the student's: a cell, or a file that is no library's."""
    if filename.startswith("<"):
        return filename.startswith(CELLS)
    path = os.path.realpath(filename)
    return not path.startswith(_OTHERS) and not set(PACKAGES) & set(Path(path).parts)


def own_frames(error: BaseException) -> list[FrameSummary]:
    """The lines of the student's own code that an error came through, the outermost first."""
    try:
        through = traceback.walk_tb(error.__traceback__)
        return StackSummary.extract((f, line) for f, line in through if is_own(f.f_code.co_filename))
    except Exception:
        return []


def own_line(error: BaseException) -> str:
    """That line in brackets, to be put behind a message: ' (in normalize, line 3: mean = x.mean(1))'; or ''."""
    frames = own_frames(error)
    if not frames:
        return ""
    frame = frames[-1]
    source = f": {frame.line[:200]}" if frame.line else ""
    within = "" if frame.name == "<module>" else f"in {frame.name}, "
    return f" ({within}line {frame.lineno}{source})"
