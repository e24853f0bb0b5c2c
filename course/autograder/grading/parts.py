"""Grading a part of a class into a file, on any machine, and entering such files where the gradebook is."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder
from course.autograder.gradebook.scores import scores_of
from course.autograder.gradebook.secret import FILE as SECRET
from course.autograder.gradebook.secret import course_secret
from course.autograder.gradebook.states import State
from course.autograder.grading.driver import (
    Graded,
    Plan,
    alone,
    entered,
    handed_in,
    held,
    task_of,
    up_to_date,
)
from course.autograder.grading.fingerprint import course_version
from course.autograder.grading.pool import all_marked
from course.autograder.grading.ready import require_all, require_isolation, require_writable
from course.autograder.grading.shards import ENDING, About, ResultsFile, Shard, path_of, read_results
from course.autograder.grading.task import Task, digest
from course.autograder.intake.hand_ins import find_hand_ins
from course.autograder.intake.matched import HandIns
from course.common.interrupts import finishing_first
from course.common.text import printable

OTHER = (
    "the results are of another hand-in, release, secret or setting than what lies here; "
    "copy these to the machine that grades, and grade it again"
)


def grade_part(
    root: Path,
    assignment: str,
    shard: Shard,
    folder: Path,
    plan: Plan | None = None,
    *,
    on_start: Callable[[int, int], None] = lambda to_do, kept: None,
    on_marked: Callable[[Marked], None] = lambda marked: None,
) -> Path:
    """Grade one part of a class into a file; no gradebook is needed, and none is written to.

    Args:
        root: a copy of the course folder: `submitted/`, `release/`, and the secret, or COURSE_SECRET.
        assignment: its name.
        shard: which part.
        folder: where the file is written.
        plan: how.
        on_start: told how many there are to do, and how many an earlier run has done.
        on_marked: told each submission's marks as they come.

    Returns:
        The file.

    Raises:
        GradingError: when nothing can be graded: no release, no secret, no isolation, nowhere to write.
    """
    plan = plan or Plan()
    course = Course(root)
    course.require(assignment)
    require_isolation(plan.isolated)
    released, secret = _brought_along(course, assignment)
    about = About(assignment, course_version(), shard)
    require_writable(folder)
    with held(folder, f".{path_of(folder, about).name}.lock"):
        tasks = _tasks(course, assignment, shard, released, secret)
        wanted = {task.student: digest(task) for task in tasks}
        results = ResultsFile(folder, about)
        kept = {s for s, one in results.kept.items() if one.digest and wanted.get(s) == one.digest}
        to_do = [task for task in tasks if plan.force or task.student not in kept]
        if plan.force:
            results.kept.clear()
        on_start(len(to_do), len(tasks) - len(to_do))
        limits = plan.limits or course.limits()
        try:
            for marked in results.write(all_marked(to_do, plan.jobs, limits, plan.isolated), wanted):
                on_marked(marked)
        except OSError as error:
            raise GradingError(
                f"{results.path} could not be written: {error.strerror}; what is graded is kept, so run the same command again"
            ) from None
    return results.path


def _brought_along(course: Course, assignment: str) -> tuple[Path, str]:
    """The released notebook and the secret. Neither is made here: another machine's marks would be of other cases."""
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not released.is_file():
        raise GradingError(
            f"{released} is not here; a part is graded with what students got: copy release/ from where it was made"
        )
    if not (os.environ.get("COURSE_SECRET") or (course.root / SECRET).is_file()):
        raise GradingError(
            f"the course's secret is not here; copy {SECRET}, or set COURSE_SECRET: with another one, other cases are drawn"
        )
    return released, course_secret(course.root)


def _tasks(course: Course, assignment: str, shard: Shard, released: Path, secret: str) -> list[Task]:
    found = _handed_in(course, assignment).by_student
    return [
        task_of(course, assignment, student, hand_in, released, secret)
        for student, hand_in in sorted(found.items())
        if student in shard
    ]


def _handed_in(course: Course, assignment: str) -> HandIns:
    """What is handed in, by the gradebook's names where there is a gradebook; none is made."""
    place = course.db_url.removeprefix("sqlite:///").split("?")[0]
    if course.db_url.startswith("sqlite") and not Path(place).is_file():
        return find_hand_ins(course.folder("submitted"), assignment, course.assignments(), [])
    return handed_in(course, assignment)


# --- entering ------------------------------------------------------------------------------------------------


@dataclass
class Entered:
    """What became of the results for one assignment.

    Attributes:
        rows: one for each student with results.
        missing: who has handed in and has neither results nor marks that are up to date.
        hand_ins: all that is handed in.
    """

    assignment: str
    rows: list[Graded] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    hand_ins: HandIns | None = None


def results_below(paths: Sequence[Path]) -> dict[str, dict[str, Marked]]:
    """All results in files and folders, by assignment and student.

    Raises:
        GradingError: when there are none, or a file is damaged, of another version of the course, or says of someone
            what another file contradicts.
    """
    files = [
        file for path in paths for file in (sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path])
    ]
    if not files:
        raise GradingError(f"no results lie in {', '.join(map(str, paths))}; they end in {ENDING}")
    found: dict[str, dict[str, Marked]] = {}
    for file in files:
        about, marks = read_results(file)
        if about.version != course_version():
            raise GradingError(
                f"{printable(str(file))} was made by another version of the course ({about.version[:12]}) than is here "
                f"({course_version()[:12]}); bring both machines to the same one, and grade that part again"
            )
        of = found.setdefault(about.assignment, {})
        for one in marks:
            before = of.get(one.student)
            if before is None or before.failure:
                of[one.student] = one
            elif not one.failure and (one.digest, one.points) != (before.digest, before.points):
                raise GradingError(
                    f"{printable(one.student)} has other results in {printable(str(file))} than in another file; "
                    "take away the file that is not to count"
                )
    return found


def enter(
    root: Path,
    assignment: str,
    results: dict[str, Marked],
    *,
    on_start: Callable[[int], None] = lambda count: None,
    on_row: Callable[[Graded], None] = lambda row: None,
) -> Entered:
    """Enter results into the gradebook. Killed at any moment it can be started again; twice changes nothing.

    Args:
        root: the course folder.
        assignment: its name.
        results: by student.
        on_start: told how many there are.
        on_row: told each row as it is entered.
    """
    course = Course(root)
    course.require(assignment)
    with alone(course.root, course.db_url, assignment):
        made = Entered(assignment, hand_ins=handed_in(course, assignment))
        found = made.hand_ins.by_student if made.hand_ins else {}
        released, secret = require_all(course, assignment, 1, False, len(results))
        on_start(len(results))
        with Recorder(course, assignment) as recorder:
            states = recorder.states()
            for student in sorted({*found, *results}):
                state, hand_in = states.get(student, State()), found.get(student)
                task = (
                    None
                    if hand_in is None
                    else task_of(course, assignment, student, hand_in, released, secret)
                )
                if student not in results:
                    if not (task and up_to_date(course, task, state)):
                        made.missing.append(printable(student))
                    continue
                with finishing_first():
                    made.rows.append(_row(recorder, results[student], task, state, len(made.rows)))
                    on_row(made.rows[-1])
    return made


def _row(recorder: Recorder, marked: Marked, task: Task | None, state: State, so_far: int) -> Graded:
    if task is None:
        return Graded(
            printable(marked.student), None, "there are results, but no such hand-in lies here", fresh=False
        )
    if up_to_date(recorder.course, task, state):
        scores = scores_of(
            recorder.gradebook, marked.assignment, recorder.order, marked.student, recorder.asked
        )
        return Graded(marked.student, scores[marked.student], fresh=False)
    if not marked.failure and marked.digest != digest(task):
        return Graded(marked.student, None, OTHER, fresh=False)
    return entered(recorder, marked, so_far)
