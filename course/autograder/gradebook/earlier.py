"""Earlier releases of an assignment, and which of them a hand-in was made from: it is graded by the cells it was given.

nbgrader writes a checksum of each cell into its metadata when it makes a release, and a hand-in still has those that it
was given. Notebooks that students wrote are searched as text: a file that is damaged elsewhere tells as much.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from course.autograder.gradebook.course import Course

FOLDER = "earlier_releases"
CHECKSUM = re.compile(rb'"checksum"\s*:\s*"([0-9a-f]{32})"')
LARGEST, MOST = 32 * 2**20, 50  # bytes of a notebook that is searched, and how many of them


def checksums(content: bytes) -> frozenset[bytes]:
    """Checksums of cells that a notebook's text holds."""
    return frozenset(CHECKSUM.findall(content))


def keep_earlier(course: Course, assignment: str, old: Path, new: Path) -> None:
    """Keep a released notebook that another is about to replace, where students would find a cell to be other.

    Args:
        course: the course folder.
        assignment: its name.
        old: the notebook that was released; it may be missing.
        new: the one that is about to be.
    """
    if not old.is_file():
        return
    content = old.read_bytes()
    if checksums(content) == checksums(new.read_bytes()):
        return
    name = hashlib.blake2b(content, digest_size=8).hexdigest()
    place = course.root / FOLDER / assignment / f"{name}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(place)


def given_release(course: Course, assignment: str, released: Path, places: Iterable[Path]) -> Path:
    """The released notebook that a hand-in was made from: the one with most of its cells, the newest where that is open.

    Args:
        course: the course folder.
        assignment: its name.
        released: the notebook as it is released now.
        places: where the hand-in lies.
    """
    earlier = sorted((course.root / FOLDER / assignment).glob("*.ipynb"))
    if not earlier:
        return released
    has = frozenset[bytes]().union(*map(checksums, _texts(places)))
    return max((released, *earlier), key=lambda path: len(has & checksums(path.read_bytes())))


def _texts(places: Iterable[Path]) -> Iterator[bytes]:
    """Notebooks of a hand-in; nothing that a link leads to."""
    left = MOST
    for place in places:
        found = place.rglob("*.ipynb") if place.is_dir() and not place.is_symlink() else (place,)
        for path in found:
            if left and path.is_file() and not path.is_symlink():
                left -= 1
                with path.open("rb") as file:
                    yield file.read(LARGEST)
