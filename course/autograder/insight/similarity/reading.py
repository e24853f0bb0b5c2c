"""A class's functions, read out of what was handed in; nothing of it is run, and one hand-in's trouble is a sentence."""

from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from course.autograder.gradebook.course import Course
from course.autograder.grading.driver import handed_in, task_of
from course.autograder.grading.marking import intake_of
from course.autograder.grading.task import in_a_sentence
from course.autograder.insight.similarity.functions import HandedIn, given_by, read_functions
from course.autograder.insight.similarity.shapes import Shapes
from course.autograder.intake.released import read_release


@dataclass(frozen=True)
class ReadClass:
    """What can be compared, and what cannot.

    Attributes:
        assignment: its name.
        handed_in: hand-ins with a function of the student's own, in order of id.
        empty: ids of those without.
        unread: ids with code that was left out, and which.
    """

    assignment: str
    handed_in: tuple[HandedIn, ...]
    empty: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


def read_class(
    course: Course,
    assignment: str,
    on_start: Callable[[int], None] = lambda count: None,
    on_read: Callable[[], None] = lambda: None,
) -> ReadClass:
    """Read every hand-in of an assignment.

    Args:
        course: the course folder.
        assignment: its name.
        on_start: told how many there are.
        on_read: called after each.

    Raises:
        GradingError: no such assignment, or its release cannot be made.
    """
    course.require(assignment)
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not released.exists():
        course.release(assignment)
    shapes = Shapes()
    given = given_by(read_release(nbformat.read(released, as_version=4)), shapes)
    hand_ins = handed_in(course, assignment).by_student
    on_start(len(hand_ins))
    found = []
    for student, one in sorted(hand_ins.items()):
        task = task_of(course, assignment, student, one, released, "")
        try:
            found.append(read_functions(student, intake_of(task).notebook, given, shapes))
        except Exception as error:  # of one hand-in, whatever it holds
            found.append(HandedIn(student, {}, (f"all of it ({in_a_sentence(error)})",)))
        on_read()
    return class_of(assignment, found)


def class_of(assignment: str, found: list[HandedIn]) -> ReadClass:
    """Sort out who has written something."""
    return ReadClass(
        assignment,
        tuple(one for one in found if one.functions),
        tuple(one.student for one in found if not one.functions),
        tuple((one.student, "; ".join(one.unread)) for one in found if one.unread),
    )
