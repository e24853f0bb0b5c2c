"""One notebook, and its marks in the form that Gradescope reads (`results.json`)."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.engine.engine import Engine, RunResult
from course.autograder.intake.decode import decode
from course.autograder.intake.names import assignment_named
from course.autograder.intake.take_in import Intake, take_in
from course.autograder.judging import seed_for
from course.autograder.judging.rules import STANDARD, Counting, Rules
from course.languages.saying import said

BY_HAND = "This answer is graded by a person."
NO_VERDICT = "There is no verdict for this cell: its code did not get as far as the check."


def grade_notebook(
    path: Path,
    released: NotebookNode,
    assignment: str,
    student: str,
    secret: str,
    engine: Engine,
    rules: Rules = STANDARD,
    counting: Iterable[Counting] = (),
) -> dict[str, Any]:
    """Grade one notebook file.

    Args:
        path: the submission.
        released: the notebook as students got it.
        assignment: its name.
        student: whose cases are drawn.
        secret: the course's.
        engine: runs it.
        rules: how answers are judged.
        counting: questions that count otherwise than students were told.

    Returns:
        Plain data for `results.json`.
    """
    intake = take_in(path, released, assignment)
    seed = seed_for(secret, student, assignment)
    result = engine.run(intake.notebook, assignment=assignment, student_seed=seed, rules=rules)
    return results(released, intake, result, counting=counting)


def results(
    released: NotebookNode,
    intake: Intake,
    result: RunResult,
    visibility: str = "visible",
    counting: Iterable[Counting] = (),
) -> dict[str, Any]:
    """Marks of one run as Gradescope's data: one test for each graded cell, in the notebook's order.

    Args:
        released: the notebook as students got it.
        intake: what was handed in.
        result: of running it.
        visibility: who sees a test, in Gradescope's words.
        counting: questions that count otherwise than students were told.
    """
    otherwise = {one.name: one for one in counting}
    graded = [cell for cell in released.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    tests = [{**_as_it_counts(_test(cell, result), otherwise), "visibility": visibility} for cell in graded]
    for number, test in enumerate(tests, start=1):
        test["number"] = str(number)
    notes = (*intake.notes, *result.incidents)
    return {
        "score": round(sum(test["score"] for test in tests), 2),
        "max_score": sum(test["max_score"] for test in tests),
        "execution_time": round(result.seconds["total"], 2),
        "visibility": "visible",
        "output": "\n".join(map(said, notes)),
        "output_format": "text",
        "tests": tests,
        "extra_data": {
            "isolated": result.isolated,
            "readable": intake.readable,
            "needs_person": [*intake.needs_person, *result.needs_person],
        },
    }


def _test(cell: NotebookNode, result: RunResult) -> dict[str, Any]:
    about = cell.metadata["nbgrader"]
    name, most = about["grade_id"], float(about["points"])
    verdict = result.ledger.get(name)
    test = {"name": name, "max_score": most, "output_format": "text"}
    if about.get("solution"):
        return {**test, "score": 0.0, "output": said(BY_HAND), "tags": ["by hand"]}
    if verdict is None:
        return {**test, "score": 0.0, "status": "failed", "output": said(NO_VERDICT), "tags": []}
    status = "passed" if verdict.points == verdict.max_points else "failed"
    names = dict.fromkeys(finding.misconception for finding in verdict.findings if finding.misconception)
    return {**test, "score": verdict.points, "status": status, "output": verdict.text(), "tags": [*names]}


def _as_it_counts(test: dict[str, Any], otherwise: Mapping[str, Counting]) -> dict[str, Any]:
    """A test of a question that counts otherwise than students were told: with these points, and a line that says so."""
    if (one := otherwise.get(test["name"])) is None:
        return test
    given = {"score": one.of(test["score"]), "max_score": one.most}
    passed = {"status": "passed"} if one.full else {}
    return {**test, **given, **passed, "output": f"{said(f'{one.said}.')}\n\n{test['output']}"}


def assignment_of(path: Path, assignments: list[str]) -> str | None:
    """The assignment that a notebook file is of: by its name, else by the cells it has; None when that is not clear."""
    if (named := assignment_named(path.name, assignments)) is not None:
        return named
    try:
        text, _ = decode(path.read_bytes())
    except OSError:
        return None
    from course.autograder.checks import find_check, list_checks

    def asked(name: str) -> int:
        check = find_check(name)
        return f'"{check.grade_id}"' in text or any(
            f"def {function}(" in text for function in check.functions
        )

    counts = {assignment: sum(map(asked, list_checks(assignment))) for assignment in assignments}
    most = max(counts.values(), default=0)
    best = [assignment for assignment, count in counts.items() if count == most > 0]
    return best[0] if len(best) == 1 else None


def released_of(root: Path, assignment: str) -> NotebookNode:
    """The released notebook; made first where it is missing."""
    from course.autograder.gradebook.course import Course

    course = Course(root)
    path = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not path.exists():
        course.release(assignment)
    return nbformat.read(path, as_version=4)
