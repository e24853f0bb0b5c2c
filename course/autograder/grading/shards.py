"""A part of a class, graded where neither a scheduler nor the gradebook is in reach: into a file, entered later."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.secret import course_secret, secret_is_there
from course.autograder.gradebook.states import read_states
from course.autograder.grading.driver import Graded, Plan, grade, handed_in, task_of, wanted_of
from course.autograder.grading.fingerprint import course_version
from course.autograder.grading.marking import Task, digest
from course.autograder.grading.pool import all_marked
from course.autograder.grading.ready import require_isolation, require_release
from course.autograder.grading.results import (
    ENDING,
    About,
    Results,
    add,
    adding_to,
    course_digest,
    line_of,
    read_results,
    require_ours,
)
from course.autograder.sandbox.limits import Limits

FORM = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


@dataclass(frozen=True)
class Shard:
    """One of so many parts of a class. Whose it is hangs on the student's name alone, not on who else handed in."""

    number: int
    of: int

    @classmethod
    def named(cls, text: str) -> "Shard":
        """From `3/40`. Raises GradingError."""
        found = FORM.fullmatch(text)
        if not found or int(found[1]) > int(found[2]):
            raise GradingError(f"--shard is '{text}'; wanted: which of how many, as 3/40")
        return cls(int(found[1]), int(found[2]))

    def has(self, student: str) -> bool:
        """Whether a student is in this part."""
        name = hashlib.blake2b(student.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(name, "big") % self.of == self.number - 1

    def __str__(self) -> str:
        """As it is said on the command line."""
        return f"{self.number}/{self.of}"


def file_of(folder: Path, assignment: str, shard: Shard) -> Path:
    """Where a shard's results are."""
    return folder / f"{assignment}.{shard.number}-of-{shard.of}{ENDING}"


def grade_shard(
    root: Path,
    assignment: str,
    shard: Shard,
    folder: Path,
    plan: Plan,
    *,
    on_start: Callable[[int, int], None] = lambda to_do, done: None,
    on_marked: Callable[[Marked], None] = lambda marked: None,
) -> Path:
    """Grade a part of a class into a file; the gradebook is read, and nothing is entered.

    Args:
        root: the course folder, or a copy of it.
        assignment: released in it.
        shard: which part.
        folder: where the file is to be.
        plan: how; with `force`, also what is in the gradebook unchanged.
        on_start: told how many there are to do, and how many there is nothing to do for.
        on_marked: told each submission's marks as they come.

    Returns:
        The file. What it held before and is unchanged is left alone, so a run that was ended goes on.

    Raises:
        GradingError: where nothing can be graded.
    """
    course = Course(root)
    course.require(assignment)
    if not secret_is_there(course.root):
        raise GradingError(
            f"there is no .course-secret in {course.root}, and another one would draw other cases; copy the course's, "
            "or set COURSE_SECRET"
        )
    if not (course.folder("release") / assignment / f"{assignment}.ipynb").is_file():
        raise GradingError(
            f"{assignment} is not released in {course.root}; copy the course's folder release/"
        )
    require_isolation(plan.isolated)
    released, secret = require_release(course, assignment), course_secret(course.root)
    wanted = wanted_of(course, assignment, handed_in(course, assignment), None)
    mine = {student: one for student, one in wanted.items() if shard.has(student)}
    about = About(assignment, str(shard), course_digest(secret), course_version())
    path = file_of(folder, assignment, shard)
    with adding_to(path, about) as (before, file):
        have = {one.student: one.digest for one in before.marks if not one.failure}
        with course.gradebook() as gradebook:
            entered = {} if plan.force else read_states(gradebook.db, assignment)
        have |= {student: state.digest for student, state in entered.items() if state.state == "done"}
        tasks = (task_of(course, assignment, student, one, released, secret) for student, one in mine.items())
        to_do = [task for task in tasks if have.get(task.student) != _digest(task)]
        on_start(len(to_do), len(mine) - len(to_do))
        limits = plan.limits or course.limits()
        for marked in all_marked(to_do, plan.jobs, limits, plan.isolated):
            add(file, line_of(marked))
            on_marked(marked)
    return path


def _digest(task: Task) -> str | None:
    try:
        return digest(task)
    except OSError:
        return None  # it cannot be read; the worker will say so


# --- entering ------------------------------------------------------------------------------------------------


def found_in(folder: Path) -> list[Path]:
    """The files of results in a folder. Raises GradingError where there are none."""
    found = sorted(folder.glob(f"*{ENDING}"))
    if not found:
        raise GradingError(f"there is no file of results (*{ENDING}) in {folder}")
    return found


def usable(root: Path, paths: Sequence[Path]) -> tuple[dict[str, dict[str, Marked]], list[str]]:
    """What files of results hold for this course: by assignment and student, and sentences on what is of no use."""
    course, told = Course(root), list[str]()
    ours = course_digest(course_secret(course.root))
    found: dict[str, dict[str, Marked]] = {}
    for path in paths:
        try:
            results: Results = read_results(path)
            require_ours(results, ours)
            course.require(results.about.assignment)
        except GradingError as error:
            told.append(str(error) if str(path) in str(error) else f"{path}: {error}")
            continue
        told += results.told
        of = found.setdefault(results.about.assignment, {})
        for one in results.marks:
            if one.student not in of or of[one.student].failure or not one.failure:
                of[one.student] = one
    return found, told


def enter(
    root: Path, assignment: str, marks: dict[str, Marked], told: list[str], **on: Callable[..., None]
) -> list[Graded]:
    """Enter marks from files into the gradebook, each once, where they are of what is handed in now.

    Args:
        root: the course folder.
        assignment: its name.
        marks: by student.
        told: gets a sentence for each that does not fit.
        on: as `driver.grade` has them.
    """
    course = Course(root)
    there = set(handed_in(course, assignment).by_student)
    told += [
        f"{student}: nothing is handed in for {assignment} any more, so its marks are not entered"
        for student in marks
        if student not in there
    ]
    mine = [student for student in marks if student in there]
    if not mine:
        return []

    def from_files(tasks: list[Task], limits: Limits) -> Iterator[Marked]:
        for task in tasks:
            marked = marks[task.student]
            if marked.failure or marked.digest == _digest(task):
                yield marked
            else:
                why = "what the marks depend on is not what it was when they were made; grade it again"
                told.append(f"{task.student}: {why}")

    return grade(root, assignment, mine, replace(Plan(), marking=from_files), **on)
