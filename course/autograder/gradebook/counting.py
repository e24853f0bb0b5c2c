"""Questions that count otherwise than students were told: withdrawn, or with other points. Said in course.toml.

A withdrawn question gives everyone its full points, or is out of the sum; another number of points scales what was earned.
The notebook that students have stays as it is: the gradebook's most, and with it grades, pages, exports and the report,
follow what is said here from the next grading on.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from nbgrader.api import MissingEntry

from course.autograder.gradebook.states import write_extra
from course.autograder.judging.rules import NO_EXTRA, Counting, ExtraCredit
from course.autograder.settings import FILE, FULL_POINTS, AssignmentSettings, SettingsError


def countings(
    assignment: str, settings: AssignmentSettings, released: Mapping[str, float], by_hand: Iterable[str]
) -> tuple[Counting, ...]:
    """All of an assignment's.

    Args:
        assignment: its name.
        settings: what course.toml says of it.
        released: points by grade_id, as students were told.
        by_hand: those that a person grades.

    Raises:
        SettingsError: for a question that there is not, or that is named twice, or that a person grades.
    """
    found: dict[str, Counting] = {}
    for key, said in (("withdrawn", settings.withdrawn), ("points", settings.points)):
        for called, value in said.items():
            where = f"{FILE}: [assignments.{assignment}.{key}]"
            name = _cell(where, called, released)
            if name in found:
                raise SettingsError(
                    f"{where} names {called}, which is named there or as withdrawn already; say it once"
                )
            if name in by_hand:
                raise SettingsError(
                    f"{where} names {called}, which a person grades; give its points by hand in the formgrader"
                )
            full = value == FULL_POINTS
            most = float(value) if key == "points" else released[name] if full else 0.0
            found[name] = Counting(name, released[name], most, full)
    return tuple(found.values())


def _cell(where: str, called: str, released: Mapping[str, float]) -> str:
    """The grade_id of a question by its name or its check's."""
    name = called.replace(".", "-")
    if released.get(name):
        return name
    near = difflib.get_close_matches(name, [one for one in released if released[one]], n=1)
    meant = f"did you mean {near[0]}?" if near else f"its questions are: {', '.join(released)}"
    raise SettingsError(f"{where} names {called}, which has no points in this assignment; {meant}")


def enter_most(
    gradebook: Any,
    assignment: str,
    released: Mapping[str, float],
    said: Iterable[Counting],
    extra: ExtraCredit = NO_EXTRA,
) -> None:
    """Give the gradebook's cells the most that they can earn; the caller commits.

    A cell of extra credit keeps 0, so that the sum is the assignment's own; what it can add stands in a table of ours.

    Args:
        gradebook: open.
        assignment: its name.
        released: points by grade_id, as students were told.
        said: what counts otherwise.
        extra: optional questions, as they count.
    """
    optional = {name for name, _ in extra.questions}
    wanted = {**released, **{one.name: one.most for one in said if one.name not in optional}}
    write_extra(gradebook.db, assignment, extra)
    try:
        book = gradebook.find_notebook(assignment, assignment)
    except MissingEntry:
        return
    for cell in book.grade_cells:
        if cell.name in wanted and float(cell.max_score) != wanted[cell.name]:
            cell.max_score = wanted[cell.name]
