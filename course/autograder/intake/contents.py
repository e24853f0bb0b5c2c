"""Which assignment a notebook is of, by its cells, where its name does not tell."""

from functools import cached_property
from pathlib import Path

import nbformat

from course.autograder.intake.find import File
from course.autograder.intake.read import Unreadable, read_content
from course.autograder.intake.recognise import Seen, recognise
from course.autograder.intake.released import Kind, Release, read_release
from course.autograder.intake.repair import repair

MOST = 200  # files that are read for it


class Contents:
    """The released notebooks, to compare with.

    Args:
        releases: the folder that they lie in, as `NAME/NAME.ipynb`.
        assignments: their names.
    """

    def __init__(self, releases: Path, assignments: list[str]) -> None:
        """Read nothing before it is needed."""
        self._folder = releases
        self._names = assignments
        self._left = MOST

    @cached_property
    def _releases(self) -> dict[str, Release]:
        found = {}
        for name in self._names:
            path = self._folder / name / f"{name}.ipynb"
            if path.is_file():
                found[name] = read_release(nbformat.read(path, as_version=4))
        return found

    def answered_in(self, file: File, assignment: str) -> bool:
        """Whether a file is a notebook in which something of an assignment's is answered."""
        release = self._releases.get(assignment)
        if release is None:
            return False
        try:
            return bool(repair(read_content(file.read(), file.last).notebook, release).answered)
        except (Unreadable, OSError):
            return False

    def assignment_of(self, file: File) -> str | None:
        """The assignment whose cells a file has more of than any other's; None when there is none such."""
        if self._left <= 0:
            return None
        self._left -= 1
        try:
            cells = read_content(file.read(), file.last).notebook.cells
        except (Unreadable, OSError):
            return None
        counts = {name: _shared(recognise(cells, release)) for name, release in self._releases.items()}
        most = max(counts.values(), default=0)
        best = [name for name, count in counts.items() if count == most > 0]
        return best[0] if len(best) == 1 else None


def _shared(seen: list[Seen]) -> int:
    """How many cells are an assignment's, those apart that several have, as what is imported at the top."""
    return sum(one.part is not None and one.part.kind is not Kind.GIVEN for one in seen)
