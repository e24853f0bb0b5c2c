"""Makes `release/` whole, and keeps what students were given before."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from course.autograder.gradebook.backup import gradebook_copied, gradebook_restored
from course.autograder.gradebook.changes import cells_in, cells_of, in_step
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.earlier import keep_earlier
from course.autograder.gradebook.given import changes_after_hand_ins, refused, source_of
from course.autograder.gradebook.release_folder import fill
from course.autograder.gradebook.swap import beside, put_right, swap


@dataclass(frozen=True)
class Released:
    """What was made.

    Attributes:
        folder: ready to be zipped or pushed.
        changed: by assignment, what is other than students were given, where that was asked for.
        own_exchange: whether the exchange is the course's own; into one that students use, nbgrader puts it when asked.
        copy: of the gradebook as it was before such changes.
    """

    folder: Path
    changed: dict[str, list[str]]
    own_exchange: bool
    copy: Path | None = None


def build_release(course: Course, assignments: list[str], changed_cells: bool = False) -> Released:
    """Make `release/` whole; what was there stays until the new one is.

    Args:
        course: the course folder.
        assignments: which to release, by name; others that are released stay as they are.
        changed_cells: release also what differs from what students were given, after hand-ins came.

    Raises:
        GradingError: when an assignment is missing or cannot be graded as it is, when it differs from what students
            were given, or when a line of a solution would go out. Nothing is changed then.
    """
    changed = {name: differs for name in assignments if (differs := changes_after_hand_ins(course, name))}
    if changed and not changed_cells:
        raise GradingError(refused(course, changed))
    folder = course.folder("release")
    put_right(folder)
    copy = gradebook_copied(course) if changed else None
    new = beside(folder.with_name(f"{folder.name}-new"))
    new.mkdir(parents=True)
    try:
        for name in changed:
            with course.gradebook() as gradebook:
                if cells_in(gradebook, name) is not None:
                    in_step(gradebook, name, cells_of(source_of(course, name)))
        fill(course, assignments, folder, new)
        for name in assignments:
            keep_earlier(course, name, folder / name / f"{name}.ipynb", new / name / f"{name}.ipynb")
        swap(new, folder)
        for name in assignments:
            course.count(name)
        own = course.publish(assignments)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        gradebook_restored(course, copy)
        raise
    return Released(folder, changed, own, copy)
