"""What students were given, and whether an assignment's source is still that: looked at before anything is released."""

from dataclasses import replace

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.gradebook.changes import cells_in, cells_of, differences, points_by_hand
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.points import points_that_differ
from course.autograder.gradebook.spoken import in_language
from course.autograder.intake.hand_ins import find_hand_ins


def source_of(course: Course, assignment: str) -> NotebookNode:
    """An assignment's source notebook. GradingError where it cannot be read."""
    path = course.folder("source") / assignment / f"{assignment}.ipynb"
    try:
        return in_language(nbformat.read(path, as_version=4), assignment)
    except Exception as error:  # whatever a file that is no notebook makes nbformat raise
        raise GradingError(f"{path} cannot be read as a notebook: {type(error).__name__}: {error}") from None


def changes_after_hand_ins(course: Course, assignment: str) -> list[str]:
    """What differs from what students were given, once hand-ins came. GradingError where it could not be graded at all."""
    course.require(assignment)
    source = source_of(course, assignment)
    if wrong := points_that_differ(source):
        raise GradingError(f"{assignment} is not released: {wrong[0]}")
    now = cells_of(source)
    optional = {name for name, _ in course.extra_credit(assignment).questions}
    told_points = {one.name: one.was for one in course.counting(assignment) if one.name not in optional}
    with course.gradebook() as gradebook:
        known = cells_in(gradebook, assignment)
        if known is not None:
            known = replace(
                known, graded={n: told_points.get(n, points) for n, points in known.graded.items()}
            )
        graded = known is not None and bool(gradebook.assignment_submissions(assignment))
    if not graded and not _handed_in(course, assignment):
        return []
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    given = [cells_of(nbformat.read(released, as_version=4))] if released.exists() else []
    told = [clause for cells in (*given, *([known] if known else [])) for clause in differences(cells, now)]
    return list(dict.fromkeys(told))


def _handed_in(course: Course, assignment: str) -> bool:
    found = find_hand_ins(course.folder("submitted"), assignment, course.assignments())
    return bool(found.by_student)


def refused(course: Course, changed: dict[str, list[str]]) -> str:
    """Why nothing is released, and the two ways on."""
    assignment, told = next(iter(changed.items()))
    gone = {clause.split()[1] for clause in told if clause.endswith(" is gone")}
    with course.gradebook() as gradebook:
        lost = points_by_hand(gradebook, assignment, gone) if gone else 0
    some = "; ".join(told[:4]) + (f"; and {len(told) - 4} more" if len(told) > 4 else "")
    price = f", but {lost} scores given by hand to cells that are gone" if lost else ""
    return (
        f"nothing is released: {assignment} has been handed in, and differs from what students were given: {some}. "
        "Put that back, or release it so with --changed-cells: the gradebook is copied first, everyone is then graded "
        f"again, and what was given by hand stays{price}"
    )
