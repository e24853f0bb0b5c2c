"""Which of the files that were handed in is the notebook to be graded.

The rule: of all notebooks that lie there, the one with the most of this assignment's cells answered is graded; among equals the
one with the exact name, then the newest. A script, a page, or another file, counts only where no notebook has an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.find import File
from course.autograder.intake.names import ENDINGS, NOBODY, letters
from course.autograder.intake.notes import listed
from course.autograder.intake.read import MOST_BYTES, Read, Unreadable, read_content
from course.autograder.intake.released import Kind, Release
from course.autograder.intake.repair import Repaired, repair

APART = 60.0  # seconds, within which files are of the same time: a zip keeps every second one, and unpacking takes a while
MOST = 40  # files that are read to see whether they are the notebook
MOST_TEXT = 10_000_000  # characters of their cells
NOTEBOOK = re.compile(r".*\.ipynb.*", re.IGNORECASE)
SCRIPT = re.compile(r".*\.(py|md|rmd|qmd|html?)(\.txt)?", re.IGNORECASE)
MAYBE = re.compile(r".*\.(json|txt|zip|bak|tmp|download|ipy|nb|ipyn|jupyter)|[^.]+", re.IGNORECASE)
ANYTHING = re.compile(r"(?s:.*)")  # that begins as a notebook's JSON does
NEVER = re.compile(r"timestamp\.txt|requirements\.txt|readme(\..*)?|license.*|check_env\.py", re.IGNORECASE)
NUMBER = re.compile(r"\((\d{1,4})\)|(?:copy|version|final|v)\W?(\d{1,4})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A file that was read as a notebook.

    Attributes:
        file: which.
        read: its notebook.
        repaired: the same, fit to be graded.
    """

    file: File
    read: Read
    repaired: Repaired

    @property
    def answered(self) -> frozenset[str]:
        """The cells of the assignment that have something of the student's in them."""
        return self.repaired.answered

    def whole(self, release: Release) -> bool:
        """Whether every question has an answer in it."""
        asked = {part.name for kind in (Kind.ANSWER, Kind.WRITTEN) for part in release.of(kind)}
        return asked <= self.answered


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why.

    Attributes:
        taken: the notebook; None when none of the files is one.
        others: other notebooks that lie there, the likeliest first.
        unread: files that might have been the notebook and could not be read, and a clause on why.
    """

    taken: Candidate | None
    others: tuple[Candidate, ...] = ()
    unread: tuple[tuple[File, str], ...] = ()


def choose(files: Sequence[File], release: Release, assignment: str, beside: str = "") -> Choice:
    """Read what may be the notebook, and take one by the rule.

    Args:
        files: all that was handed in.
        release: the notebook as students got it.
        assignment: its name, which is the exact name of the file.
        beside: what `repair` shows where a written answer is missing.
    """
    found: list[Candidate] = []
    unread: list[tuple[File, str]] = []
    room = MOST_TEXT
    for rank in (NOTEBOOK, MAYBE, SCRIPT, ANYTHING):
        here = [file for file in files if _rank(file) is rank and (rank is not ANYTHING or _begins_so(file))]
        here.sort(
            key=lambda file: (letters(file.last) != letters(assignment), file.folder.count("/"), file.name)
        )
        for file in here[:MOST]:
            try:
                if room < 0:
                    raise Unreadable("too much lies there to look at all of it")
                found.append(_candidate(file, release, beside))
                room -= sum(len(cell.source) for cell in found[-1].read.notebook.cells)
            except Unreadable as reason:
                if rank is NOTEBOOK or (rank is MAYBE and "." not in file.last):
                    unread.append((file, str(reason)))
        unread += [(file, "too many files lie there to look at each") for file in here[MOST:]]
        if any(one.answered for one in found):
            break
    found = [one for one in found if _is_of_it(one, release) or _rank(one.file) is NOTEBOOK]
    newest = max((one.file.modified for one in found), default=0.0)
    found.sort(key=lambda one: _order(one, assignment, newest), reverse=True)
    return Choice(found[0] if found else None, tuple(found[1:]), tuple(unread))


def _rank(file: File) -> re.Pattern[str] | None:
    if NEVER.fullmatch(file.last):
        return None
    return next(rank for rank in (NOTEBOOK, SCRIPT, MAYBE, ANYTHING) if rank.fullmatch(file.last))


def _begins_so(file: File) -> bool:
    """Whether a file whose name says nothing begins as a notebook does."""
    try:
        return file.read(100).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith((b"{", b"<<<<<<< "))
    except OSError:
        return False


def _candidate(file: File, release: Release, beside: str) -> Candidate:
    def weigh(notebook: NotebookNode) -> int:
        return len(repair(notebook, release).answered)

    if file.size > MOST_BYTES:
        raise Unreadable(f"it is {file.size >> 20} MB large; the limit is {MOST_BYTES >> 20} MB")
    try:
        content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from None
    read = read_content(content, file.last, weigh)
    return Candidate(file, read, repair(read.notebook, release, beside))


def _is_of_it(one: Candidate, release: Release) -> bool:
    return bool(one.answered) or one.repaired.known > 0


def _order(one: Candidate, assignment: str, newest: float) -> tuple[int, bool, bool, float, int, float, str]:
    """What is compared, one after the other; files of the last minute are of one time, and a number in the name tells first."""
    name = one.file.last
    number = NUMBER.findall(name)
    copy = max((int(part) for pair in number for part in pair if part), default=0)
    exact, alike = name == f"{assignment}.ipynb", letters(name) == letters(assignment)
    at = newest if one.file.modified > newest - APART else one.file.modified
    return len(one.answered), exact, alike, at, copy, one.file.modified, name


def said_of(choice: Choice, assignment: str) -> tuple[list[str], list[str]]:
    """Sentences on a choice.

    Returns:
        For the student: which notebook was taken and what else lies there. For a person: what the choice may have cost.
    """
    notes: list[str] = []
    person: list[str] = []
    taken = choice.taken
    if taken is None:
        return notes, person
    wanted = f"{assignment}.ipynb"
    if taken.file.name != wanted:
        notes.append(f"The notebook was found as {taken.file.name}; it should be {wanted}.")
    if choice.others:
        told = [f"{one.file.name} ({_about(one, taken)})" for one in choice.others]
        why = _why(taken, choice.others, assignment)
        notes.append(
            f"{len(choice.others) + 1} notebooks were handed in; {taken.file.name} was graded, {why}. "
            f"The others: {listed(told, 5)}."
        )
    for one in choice.others:
        if more := sorted(one.answered - taken.answered):
            person.append(
                f"{one.file.name} has answers that {taken.file.name}, which was graded, has not ({listed(more)}); "
                "look at both, or ask which one counts."
            )
        elif _of_another(one, taken, assignment):
            person.append(
                f"{one.file.name} has as many answers as {taken.file.name}, which was graded, and other ones; nothing in their "
                "names tells which one counts: look at both, or ask."
            )
        elif _later(one, taken):
            person.append(
                f"{one.file.name} has as many answers as {taken.file.name}, which was graded for its name, other ones, and "
                "is newer; look at both, or ask which one counts."
            )
    return notes, person


def _about(one: Candidate, taken: Candidate) -> str:
    if _same(one, taken):
        return "the same"
    return f"{len(one.answered)} answered" if one.answered else "nothing is answered in it"


def _of_another(one: Candidate, taken: Candidate, assignment: str) -> bool:
    """Whether one is as full, says something else, and is called otherwise, as another student's would be."""
    as_full = len(one.answered) == len(taken.answered) > 0
    exact = taken.file.name == f"{assignment}.ipynb" or letters(taken.file.last) == letters(assignment)
    return as_full and not exact and _words_of(one) != _words_of(taken) and not _same(one, taken)


def _words_of(one: Candidate) -> set[str]:
    """The words of a file's name but for those that say which version it is."""
    found = re.findall(r"[^\W\d_]+", ENDINGS.sub("", one.file.last.casefold()))
    return {word for word in found if not NOBODY.fullmatch(word)}


def _later(one: Candidate, taken: Candidate) -> bool:
    """Whether one that was not taken is as full, says something else, and was changed later."""
    as_full = len(one.answered) == len(taken.answered) > 0
    return as_full and one.file.modified > taken.file.modified + APART and not _same(one, taken)


def _same(one: Candidate, other: Candidate) -> bool:
    return [c.source for c in one.read.notebook.cells] == [c.source for c in other.read.notebook.cells]


def _why(taken: Candidate, others: Sequence[Candidate], assignment: str) -> str:
    """The clause that says why one was taken."""
    if all(_same(taken, one) for one in others):
        return "and all say the same"
    newest = max(one.file.modified for one in (taken, *others))
    mine, second = _order(taken, assignment, newest), _order(others[0], assignment, newest)
    place = next(place for place, (a, b) in enumerate(zip(mine, second, strict=True)) if a != b)
    if place == 0:
        if len(taken.answered) == 1:
            return "because it has the most answers (1 cell)"
        return f"because it has the most answers ({len(taken.answered)} cells)"
    because = {
        1: "it has the exact name",
        2: "its name is the nearest",
        3: "it is the newest",
        5: "it is the newest",
    }
    return (
        f"because of those with the most answers {because.get(place, 'its name says that it is the latest')}"
    )
