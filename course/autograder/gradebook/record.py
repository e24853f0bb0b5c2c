"""The one writer: puts marks into nbgrader's gradebook and executed notebooks into its folder.

A submission counts as graded when the last thing written about it, its line in `course_grading`, says so; that
line is committed together with the points. Killed at any moment before, the submission is graded again.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import text

from course.autograder.gradebook.counting import enter_most
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.history import automatic, remember
from course.autograder.gradebook.lateness import set_due_dates, settle_student
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.scores import asked_in, comments_of, flagged, grades_of
from course.autograder.gradebook.states import (
    DONE,
    FAILED,
    STALE,
    Findings,
    State,
    keep_prepared,
    prepare,
    read_states,
    write_findings,
    write_state,
)
from course.autograder.gradebook.students import entered
from course.autograder.intake.timestamp import HandedInAt


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
        self.late.assignment_id = assignment
        self.late.init_plugin()
        self.term = course.term()
        self.order = course.cell_order(assignment)

    def __enter__(self) -> "Recorder":
        """Open the gradebook; make our tables beside nbgrader's."""
        with contextlib.ExitStack() as opened:
            self.gradebook = opened.enter_context(self.course.gradebook())
            self.db = self.gradebook.db
            keep_prepared(self.db)
            self.late.gradebook = self.gradebook
            set_due_dates(self.gradebook, self.term)
            said = self.course.counting(self.assignment)
            released = self.course.released_cells(self.assignment)
            enter_most(self.gradebook, self.assignment, released.graded, said)
            self.counted = {one.name: one.most for one in said}
            self.db.commit()
            try:
                self.gradebook.find_assignment(self.assignment)
            except MissingEntry:
                raise GradingError(
                    f"{self.assignment} is not in the gradebook; run `make release` first"
                ) from None
            self.asked = asked_in(self.gradebook, self.assignment)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; what was not committed never was."""
        self._opened.__exit__(kind, error, trace)

    # --- states ----------------------------------------------------------------------------------------------

    def states(self) -> dict[str, State]:
        """How far each student's submission has come."""
        return read_states(self.db, self.assignment)

    # --- writing ---------------------------------------------------------------------------------------------

    def record(self, marked: Marked) -> None:
        """Write one submission's marks; afterwards it is graded, or, where marking failed, said to be not."""
        if marked.failure:
            self._record_failure(marked)
            return
        submission = self._submission(marked.student, marked.handed_in_at)
        before = read_states(self.db, self.assignment, marked.student).get(marked.student, State())
        book = next(one for one in submission.notebooks if one.name == self.assignment)
        cells = _marked_cells(marked.notebook)
        flag = self._flag(cells.values()) if marked.needs_person else ""
        grades = grades_of(self.gradebook, book)
        old = automatic(grades)
        for grade in grades:
            self._require_same_points(grade, marked)
            cell, points = cells.get(grade.name), marked.points.get(grade.name, 0.0)
            self._score(grade, cell, points, grade.name == flag, _settled(grade, before, marked))
        for comment in comments_of(self.gradebook, book):
            comment.auto_comment = "No response." if _untouched(cells.get(comment.name)) else None
        self.db.flush()
        self.db.refresh(book)
        if self.term.says_anything:
            settle_student(
                self.gradebook, self.term, marked.student
            )  # a budget of late days spans assignments
        else:
            book.late_submission_penalty = self._penalty(submission, book)
        self._write(marked)
        write_state(self.db, self.assignment, marked.student, DONE, marked.digest)
        if before.state:
            remember(
                self.db, self.assignment, marked.student, marked.digest, before.digest, old, automatic(grades)
            )
        seconds = round(marked.seconds["whole"], 3) if "whole" in marked.seconds else None
        found = Findings(marked.notes, marked.needs_person, marked.named, seconds, marked.restarts)
        write_findings(self.db, self.assignment, marked.student, found)
        self.db.commit()

    def _require_same_points(self, grade: Any, marked: Marked) -> None:
        if grade.name in self.counted:
            return
        promised, given = float(grade.max_score), marked.verdicts.get(grade.name, {}).get("max_points")
        if given is not None and abs(promised - given) > 1e-9:
            raise GradingError(
                f"{grade.name} has {promised:g} points in the gradebook and {given:g} in its check, so a right answer "
                "would not get them all; give both the same, and run `make release`"
            )

    def _flag(self, cells: Iterable[NotebookNode]) -> str:
        by_hand = {c.metadata["nbgrader"]["grade_id"] for c in cells if utils.is_solution(c)}
        return flagged(self.order, by_hand)

    @staticmethod
    def _score(grade: Any, cell: Any, points: float, flag: bool, settled: bool) -> None:
        """One grade; whether a person must look, as nbgrader has it, unless one has and nothing is different since."""
        was = grade.auto_score
        if cell is not None and utils.is_solution(cell):
            grade.auto_score = 0.0 if _untouched(cell) else None  # a written answer waits for a person
        else:
            grade.auto_score = points
        needs = flag or grade.manual_score is not None or grade.auto_score is None
        grade.needs_manual_grade = needs and not (settled and was == grade.auto_score)

    def _penalty(self, submission: Any, book: Any) -> float | None:
        if submission.total_seconds_late <= 0:
            return None
        plugin = self.late.plugin_inst
        penalty = plugin.late_submission_penalty(
            submission.student_id, book.score, submission.total_seconds_late
        )
        return None if penalty is None else self.late._check_late_penalty(book, penalty)

    def _submission(self, student: str, at: HandedInAt) -> Any:
        """The gradebook's; a time that cannot be read is none, and one that is not said is left as it was."""
        entered(self.gradebook, student)
        given = {"timestamp": at.utc} if at.utc or at.problem else {}
        try:
            there = self.gradebook.find_submission(self.assignment, student)
        except MissingEntry:
            return self.gradebook.add_submission(self.assignment, student, **given)
        if given:
            there.timestamp = utils.parse_utc(at.utc) if at.utc else None
        return there

    def _write(self, marked: Marked) -> None:
        folder = self.course.folder("autograded") / marked.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{self.assignment}.ipynb", marked.notebook)

    def _record_failure(self, marked: Marked) -> None:
        """No marks this time. Old ones stay visible, but marked stale: in our table, and for the formgrader."""
        before = read_states(self.db, self.assignment, marked.student).get(marked.student, State())
        state = STALE if before.state in (DONE, STALE) else FAILED
        with contextlib.suppress(MissingEntry):
            for book in self.gradebook.find_submission(self.assignment, marked.student).notebooks:
                for grade in book.grades:
                    grade.needs_manual_grade = True
        write_state(self.db, self.assignment, marked.student, state, marked.digest, marked.failure)
        self.db.commit()


def _settled(grade: Any, before: State, marked: Marked) -> bool:
    """Whether a person has dealt with this grade already, for this same hand-in and the same reasons."""
    found = before.findings or Findings()
    same = before.state == DONE and before.handed_in == State(digest=marked.digest).handed_in
    return bool(same and not grade.needs_manual_grade and found.needs_person == marked.needs_person)


def _marked_cells(notebook: str) -> dict[str, NotebookNode]:
    """The cells with nbgrader's marks, by grade_id, without their outputs; valid, for a worker has just written them."""
    cells = (cell for cell in json.loads(notebook)["cells"] if "nbgrader" in cell["metadata"])
    nodes = (nbformat.from_dict({**cell, "outputs": []}) for cell in cells)
    return {node.metadata["nbgrader"]["grade_id"]: node for node in nodes}


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
        prepare(gradebook.db)
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
