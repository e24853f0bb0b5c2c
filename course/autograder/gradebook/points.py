"""Whether the points that a notebook promises are the points that its checks give."""

from nbformat.notebooknode import NotebookNode

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.spec import Check
from course.common.notebooks import EXTRA


def points_that_differ(notebook: NotebookNode) -> list[str]:
    """What is wrong with the points of a source or released notebook, a sentence each; empty is what it must be.

    A test cell earns what the check of its name gives: with other points in the notebook a right answer would not get
    them all, and a cell that no check has the name of can never earn any.
    """
    checks = {find_check(name).grade_id: find_check(name) for name in list_checks()}
    wrong = []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if not about.get("grade") or about.get("solution"):
            continue
        name, points = about.get("grade_id"), float(about.get("points", 0))
        if name not in checks:
            wrong.append(
                f"no check is called '{name}', so its cell of {points:g} points can never earn one; give the cell a "
                f"check's name, or make it an answer that a person grades (nbgrader: manually graded)"
            )
        elif checks[name].extra or EXTRA in cell.metadata:
            wrong += _extra_differs(checks[name], points, cell.metadata.get(EXTRA))
        elif abs(checks[name].points - points) > 1e-9:
            wrong.append(
                f"{name} has {points:g} points in the notebook and {checks[name].points:g} in its check; "
                "give both the same, or a right answer does not get them all"
            )
    return wrong


def _extra_differs(check: Check, points: float, extra: float | None) -> list[str]:
    """What is wrong with a cell of extra credit: it has no points of nbgrader's, and the check's own in its metadata."""
    wanted = check.points if check.extra else None
    if extra == wanted and not (check.extra and points):
        return []
    if wanted is None:
        return [
            f"{check.grade_id} is no extra credit in its check, and in the notebook it is; take '{EXTRA}' out of its metadata"
        ]
    return [
        f"{check.grade_id} is extra credit of {wanted:g} points in its check; in the notebook give its cell 0 points, and "
        f'"{EXTRA}": {wanted:g} in its metadata'
    ]
