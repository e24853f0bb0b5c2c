"""A class in a course folder of its own, marked without running anything: for tests of what comes after the marks."""

import json
import shutil
from pathlib import Path

import nbformat

from course.autograder.gradebook.course import Course
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder
from course.autograder.intake.timestamp import HandedInAt
from course.common.notebooks import EXTRA

NAME = "ps1_batchnorm"
UNREAD = "ps1_batchnorm.ipynb cannot be read: it is empty; graded as blank. Ask for the file again"


def folder_like(course: Course, root: Path) -> Course:
    """A copy of a released course folder, to hand in and to grade in."""
    shutil.copytree(course.root, root)
    return Course(root)


def hand_in(course: Course, student: str, text: str | None = None, assignment: str = NAME) -> Path:
    """Place a hand-in: the released notebook as it is, or a text."""
    folder = course.folder("submitted") / student / assignment
    folder.mkdir(parents=True)
    released = (course.folder("release") / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
    (folder / f"{assignment}.ipynb").write_text(released if text is None else text, encoding="utf-8")
    return folder


def marked(
    course: Course,
    student: str,
    lost: dict[str, tuple[float, str]] | None = None,
    *,
    blank: bool = False,
    notes: tuple[str, ...] = (),
    needs_person: tuple[str, ...] = (),
    digest: str = "same.same",
    at: HandedInAt = HandedInAt(),  # noqa: B008 - frozen
    assignment: str = NAME,
) -> Marked:
    """What a worker would have sent: all points but those lost, by check, each with the name of a mistake."""
    notebook = nbformat.read(course.folder("release") / assignment / f"{assignment}.ipynb", as_version=4)
    verdicts, points = {}, {}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") and not about.get("solution"):
            less, name = (lost or {}).get(about["grade_id"], (0.0, ""))
            most = float(cell.metadata.get(EXTRA, about["points"]))
            points[about["grade_id"]] = 0.0 if blank else most - less
            findings = [{"misconception": name}] if name else []
            verdicts[about["grade_id"]] = {"max_points": most, "findings": findings}
        elif about.get("solution") and not blank:
            cell.source = "x = 1" if cell.cell_type == "code" else "Because the mean moves."
    notebook.metadata["course"] = {"notes": list(notes), "needs_person": list(needs_person)}
    points |= course.extra_credit(assignment).counted(points)
    return Marked(
        student,
        assignment,
        digest,
        json.dumps(notebook),
        points,
        verdicts,
        notes,
        needs_person,
        handed_in_at=at,
    )


def record(course: Course, *marks: Marked) -> None:
    """Enter marks into the gradebook."""
    with Recorder(course, marks[0].assignment) as recorder:
        for one in marks:
            recorder.record(one)
