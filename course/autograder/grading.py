"""The driver: takes every submission in, grades it, writes feedback, and loses none."""

import csv
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat

from course.autograder.gradebook import INTAKE, Course, GradingError, Score
from course.autograder.nbgrader_steps import released_notebook
from course.autograder.repair import Intake, absent, take_in


@dataclass(frozen=True)
class Graded:
    """One student's row: a score, or the sentence that says why there is none."""

    student: str
    score: Score | None
    failure: str = ""
    seconds: float = 0.0


def as_dict(row: Graded) -> dict[str, Any]:
    """A row as plain data for JSON."""
    score = row.score
    if score is None:
        return {"student": row.student, "failure": row.failure}
    cells = [asdict(cell) for cell in score.cells]
    return {
        "student": row.student, "assignment": score.assignment, "points": score.points,
        "max_points": score.max_points, "cells": cells, "notes": list(score.notes),
    }  # fmt: skip


def students_of(course: Course, assignment: str) -> list[str]:
    """Every student with a folder for the assignment, empty or not."""
    return sorted(
        path.parent.name for path in course.folder("submitted").glob(f"*/{assignment}") if path.is_dir()
    )


def find_submission(folder: Path, assignment: str) -> Path | str:
    """The one notebook that a folder submits, or the sentence that says why there is none."""
    exact = folder / f"{assignment}.ipynb"
    if exact.is_symlink():
        return f"{exact.name} is a link, not a file; graded as blank"
    if exact.is_file():
        return exact
    others = sorted(path for path in folder.glob("*.ipynb") if path.is_file() and not path.is_symlink())
    if len(others) == 1:
        return others[0]
    if others:
        return f"there are {len(others)} notebooks and none is called {assignment}.ipynb; graded as blank"
    return f"there is no notebook {assignment}.ipynb; graded as blank"


def stage(course: Course, assignment: str, student: str) -> Intake:
    """Put the repaired notebook, and nothing else that the student wrote, where nbgrader will take it from."""
    released = released_notebook(course.root, assignment, assignment, course.folder("release").name)
    folder = course.folder("submitted") / student / assignment
    found = find_submission(folder, assignment)
    intake = absent(released, found) if isinstance(found, str) else take_in(found, released)
    target = course.root / INTAKE / student / assignment
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    nbformat.write(intake.notebook, target / f"{assignment}.ipynb")
    stamp = folder / "timestamp.txt"
    if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 200:
        shutil.copy(stamp, target / "timestamp.txt")
    return intake


def grade_one(root: Path, assignment: str, student: str, feedback: bool) -> Graded:
    """Grade one submission; whatever goes wrong is a sentence in its row."""
    begun = perf_counter()
    try:
        course = Course(root)
        stage(course, assignment, student)
        course.autograde(assignment, student)
        if feedback:
            course.feedback(assignment, student)
        return Graded(student, course.score(assignment, student), seconds=perf_counter() - begun)
    except (GradingError, OSError) as error:
        return Graded(student, None, str(error), perf_counter() - begun)
    except Exception as error:
        return Graded(student, None, f"{type(error).__name__}: {error}"[:300], perf_counter() - begun)


def grade(
    root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    *,
    jobs: int = 0,
    feedback: bool = True,
    on_row: Callable[[Graded], None] = lambda row: None,
    on_start: Callable[[int], None] = lambda count: None,
) -> list[Graded]:
    """Grade a class.

    Args:
        root: the course folder.
        assignment: its name.
        students: whom; everyone with a folder under `submitted/` when None.
        jobs: how many at a time; 0 for as many as there are cores.
        feedback: whether to write the pages.
        on_row: told each row as it comes.
        on_start: told how many there will be.

    Raises:
        GradingError: when nothing can be graded at all: no such assignment, no such student, nothing submitted.
    """
    course = Course(root)
    course.require(assignment)
    have = students_of(course, assignment)
    wanted = list(students) if students else have
    unknown = sorted(set(wanted) - set(have))
    if unknown:
        raise GradingError(
            f"no submission of {assignment} from {', '.join(unknown)} under {course.folder('submitted')}"
        )
    if not wanted:
        where = course.folder("submitted") / "STUDENT" / assignment
        raise GradingError(
            f"nothing is submitted for {assignment}; submissions belong at {where}/{assignment}.ipynb"
        )
    if not (course.folder("release") / assignment / f"{assignment}.ipynb").exists():
        course.release(assignment)
    on_start(len(wanted))
    rows = []
    for row in _each(course.root, assignment, wanted, jobs or os.cpu_count() or 1, feedback):
        rows.append(row)
        on_row(row)
    return sorted(rows, key=lambda row: row.student)


def _each(root: Path, assignment: str, students: list[str], jobs: int, feedback: bool) -> Iterator[Graded]:
    if jobs == 1 or len(students) == 1:
        for student in students:
            yield grade_one(root, assignment, student, feedback)
        return
    with ProcessPoolExecutor(min(jobs, len(students)), mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(grade_one, root, assignment, student, feedback) for student in students]
        for done in as_completed(waiting):
            yield done.result()


def write_csv(rows: Sequence[Graded], path: Path) -> None:
    """grades.csv: a line per student, a column per graded cell; complete or not there at all."""
    scored = [row.score for row in rows if row.score]
    names = list(dict.fromkeys(cell.name for score in scored for cell in score.cells))
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["student", "assignment", "points", "max_points", "to_grade_by_hand", *names, "notes"]
        )
        for row in rows:
            if row.score is None:
                writer.writerow([row.student, "", "", "", "", *[""] * len(names), row.failure])
                continue
            by_name = {cell.name: cell.points for cell in row.score.cells}
            by_hand = sum(cell.max_points for cell in row.score.cells if cell.by_hand)
            points = [f"{by_name.get(name, 0):g}" for name in names]
            head = [
                row.student,
                row.score.assignment,
                f"{row.score.points:g}",
                f"{row.score.max_points:g}",
                f"{by_hand:g}",
            ]
            writer.writerow([*head, *points, "; ".join(row.score.notes)])
    partial.replace(path)
