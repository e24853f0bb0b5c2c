"""The one writer: puts marks into nbgrader's gradebook and executed notebooks into its folder.

A submission counts as graded when the last thing written about it, its line in `course_grading`, says so; that
line is committed together with the points. Killed at any moment before, the submission is graded again.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import text

from course.autograder.gradebook.course import (
    DONE,
    FAILED,
    STALE,
    TABLE,
    Course,
    GradingError,
    comments_of,
    grades_of,
)
from course.autograder.gradebook.marks import Marked


class Recorder:
    """An open gradebook that takes marks in, one submission at a time.

    Args:
        course: the course folder.
        assignment: released in it.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        """Remember where to write."""
        self.course = course
        self.assignment = assignment
        self.late = AssignLatePenalties(config=course.config)
        self.late.init_plugin()
        self.order = course.cell_order(assignment)

    def __enter__(self) -> "Recorder":
        """Open the gradebook; make our table beside nbgrader's."""
        self.gradebook = Gradebook(self.course.db_url, self.course.config.CourseDirectory.course_id)
        self.db = self.gradebook.db
        self.db.execute(text(TABLE))
        self.db.commit()
        try:
            self.gradebook.find_assignment(self.assignment)
        except MissingEntry:
            raise GradingError(
                f"{self.assignment} is not in the gradebook; run `make release` first"
            ) from None
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it; what was not committed never was."""
        self.db.rollback()
        self.gradebook.close()

    # --- states ----------------------------------------------------------------------------------------------

    def states(self) -> dict[str, tuple[str, str]]:
        """By student: state and digest."""
        rows = self.db.execute(
            text("SELECT student, state, digest FROM course_grading WHERE assignment = :assignment"),
            {"assignment": self.assignment},
        )
        return {student: (state, digest) for student, state, digest in rows}

    def _set_state(self, student: str, state: str, digest: str, detail: str) -> None:
        key = {"assignment": self.assignment, "student": student}
        self.db.execute(
            text("DELETE FROM course_grading WHERE assignment = :assignment AND student = :student"), key
        )
        self.db.execute(
            text("INSERT INTO course_grading VALUES (:assignment, :student, :state, :digest, :detail)"),
            {**key, "state": state, "digest": digest, "detail": detail},
        )

    # --- writing ---------------------------------------------------------------------------------------------

    def record(self, marked: Marked, timestamp: str | None) -> None:
        """Write one submission's marks; afterwards it is graded, or, where marking failed, said to be not."""
        if marked.failure:
            self._record_failure(marked)
            return
        submission = self._submission(marked.student, timestamp)
        executed = nbformat.v4.reads_json(marked.notebook)  # valid: a worker has just written it
        book = next(one for one in submission.notebooks if one.name == self.assignment)
        cells = {c.metadata["nbgrader"]["grade_id"]: c for c in executed.cells if "nbgrader" in c.metadata}
        for grade in grades_of(self.gradebook, book):
            self._score(grade, cells.get(grade.name), marked.points.get(grade.name, 0.0))
        for comment in comments_of(self.gradebook, book):
            comment.auto_comment = "No response." if _untouched(cells.get(comment.name)) else None
        self.db.flush()
        self.db.refresh(book)
        book.late_submission_penalty = self._penalty(submission, book)
        self._write(marked)
        self._set_state(marked.student, DONE, marked.digest, "")
        self.db.commit()

    @staticmethod
    def _score(grade: Any, cell: Any, points: float) -> None:
        if cell is not None and utils.is_solution(cell):
            grade.auto_score = 0.0 if _untouched(cell) else None  # a written answer waits for a person
        else:
            grade.auto_score = points
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None

    def _penalty(self, submission: Any, book: Any) -> float | None:
        if submission.total_seconds_late <= 0:
            return None
        plugin = self.late.plugin_inst
        penalty = plugin.late_submission_penalty(
            submission.student_id, book.score, submission.total_seconds_late
        )
        return None if penalty is None else self.late._check_late_penalty(book, penalty)

    def _submission(self, student: str, timestamp: str | None) -> Any:
        self.gradebook.update_or_create_student(student)
        given = {"timestamp": timestamp} if timestamp else {}
        return self.gradebook.update_or_create_submission(self.assignment, student, **given)

    def _write(self, marked: Marked) -> None:
        folder = self.course.folder("autograded") / marked.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{self.assignment}.ipynb", marked.notebook)

    def _record_failure(self, marked: Marked) -> None:
        """No marks this time. Old ones stay visible, but marked stale: in our table, and for the formgrader."""
        was = self.states().get(marked.student, ("", ""))[0]
        state = STALE if was in (DONE, STALE) else FAILED
        with contextlib.suppress(MissingEntry):
            for book in self.gradebook.find_submission(self.assignment, marked.student).notebooks:
                for grade in book.grades:
                    grade.needs_manual_grade = True
        self._set_state(marked.student, state, marked.digest, marked.failure)
        self.db.commit()


def _untouched(cell: Any) -> bool:
    """Whether a solution cell is as it was released (or is gone)."""
    if cell is None:
        return True
    return bool(cell.metadata["nbgrader"].get("checksum") == utils.compute_checksum(cell))


def write_whole(path: Path, content: str) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)


def canonical_dump(course: Course) -> str:
    """The gradebook as text that two equal gradings share: no ids, no times, sorted."""
    return "\n".join(sorted(_lines(course))) + "\n"


def _lines(course: Course) -> Iterator[str]:
    with course.gradebook() as gradebook:
        gradebook.db.execute(text(TABLE))
        for assignment in gradebook.assignments:
            for submission in assignment.submissions:
                key = f"{assignment.name} {submission.student.id}"
                for book in submission.notebooks:
                    yield f"{key} penalty {book.late_submission_penalty}"
                    for grade in book.grades:
                        kept = (
                            grade.auto_score,
                            grade.manual_score,
                            grade.extra_credit,
                            grade.needs_manual_grade,
                        )
                        yield f"{key} grade {grade.name} {kept}"
                    for comment in book.comments:
                        yield f"{key} comment {comment.name} {(comment.auto_comment, comment.manual_comment)}"
        for row in gradebook.db.execute(
            text("SELECT assignment, student, state, digest FROM course_grading")
        ):
            yield f"{row[0]} {row[1]} state {row[2]} {row[3]}"
