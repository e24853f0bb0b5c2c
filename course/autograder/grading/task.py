"""What is to be marked, and all that its marks depend on.

That is the submission, the release, the course's secret and the code's fingerprint; `digest` is those four in one line, so
that a second run knows what it need not do again. The driver handles tasks and marks nothing: what reads notebooks and
judges is not imported here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.autograder.grading.fingerprint import course_version
from course.autograder.intake.find import Handed, fingerprint, look_through
from course.autograder.intake.timestamp import FILE, HandedInAt, handed_in_at
from course.autograder.judging.rules import NO_EXTRA, STANDARD, Counting, ExtraCredit, Rules
from course.autograder.judging.seeds import seed_for
from course.common.text import printable
from course.languages.saying import ENGLISH

if TYPE_CHECKING:
    from course.autograder.grading.class_mistakes.mistake import ClassMistake


@dataclass(frozen=True)
class Task:
    """What a worker needs to know of one submission.

    Attributes:
        student, assignment: names.
        folder: where the submission lies.
        released: the notebook as students got it.
        secret: the course's.
        places: `HandIn.places`, when it lies elsewhere, or in more than one place.
        noted: `HandIn.notes`.
        class_mistakes: what the instructor has given names to, beside the checks' own.
        rules: how answers are judged.
        counting: questions that count otherwise than students were told.
        extra: optional questions, as they count.
        language: in which the student is spoken to.
    """

    student: str
    assignment: str
    folder: Path
    released: Path
    secret: str
    places: tuple[Path, ...] = ()
    noted: tuple[str, ...] = ()
    class_mistakes: "tuple[ClassMistake, ...]" = ()
    rules: Rules = STANDARD
    counting: tuple[Counting, ...] = ()
    extra: ExtraCredit = NO_EXTRA
    language: str = ENGLISH

    @property
    def where(self) -> tuple[Path, ...]:
        """The places that the submission lies in."""
        return self.places or (self.folder,)

    @property
    def handed_in_at(self) -> HandedInAt:
        """When it was handed in, by the first `timestamp.txt` in its places."""
        timed = (place for place in self.where if (place / FILE).exists() or (place / FILE).is_symlink())
        return handed_in_at(next(timed, self.folder))


@dataclass(frozen=True)
class Opened:
    """A hand-in with all that its marks depend on at hand; its task's paths and secret are not looked at any more.

    Attributes:
        task: what is to be marked, and how.
        handed: the files that were handed in.
        at: when.
        released: bytes of the notebook as students got it.
        seed: what the student's cases are drawn from.
        digest: one line for everything that the marks depend on.
    """

    task: Task
    handed: Handed
    at: HandedInAt
    released: bytes
    seed: int
    digest: str


def opened(task: Task) -> Opened:
    """A hand-in as it lies on this machine's disk. Raises OSError where that cannot be read."""
    handed, at, released = look_through(task.where), task.handed_in_at, task.released.read_bytes()
    seed = seed_for(task.secret, task.student, task.assignment)
    return Opened(task, handed, at, released, seed, _digest(task, handed, at, released))


def digest(task: Task) -> str:
    """One line for everything that the marks depend on; what stands before the dot is of what was handed in alone."""
    return opened(task).digest


def _digest(task: Task, handed: Handed, at: HandedInAt, released: bytes) -> str:
    parts = [
        task.student,
        task.assignment,
        course_version(),
        task.secret,
        at.utc or "",
        at.problem,
        repr(task.rules),
        *map(repr, task.counting),
        *([repr(task.extra)] if task.extra.questions else ()),
        *([task.language] if task.language != ENGLISH else ()),
        *task.noted,
    ]
    rest = hashlib.blake2b("\0".join(parts).encode(), digest_size=12)
    rest.update(b"\0" + released)
    for mistake in task.class_mistakes:
        rest.update(f"\0{mistake}".encode())
    return f"{fingerprint(handed).hex()}.{rest.hexdigest()}"


def in_a_sentence(error: BaseException) -> str:
    """An error that nobody foresaw, in one line."""
    told = str(error).strip().splitlines() or [""]
    return printable(f"{type(error).__name__}: {told[0][:300]}")
