"""The one writer: puts marks into nbgrader's gradebook and executed notebooks into its folder.

A submission counts as graded when the last thing written about it, its line in `course_grading`, says so; that
line is committed together with the points. Killed at any moment before, the submission is graded again.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, parse_utc
from sqlalchemy import text

from course.autograder.gradebook.counting import enter_most
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.database import enter_alone
from course.autograder.gradebook.entries import (
    Entry,
    GradeRow,
    look_again,
    read_entries,
    sheet_of,
    write_entries,
    write_students,
)
from course.autograder.gradebook.history import automatic, remember
from course.autograder.gradebook.lateness import set_due_dates, settle_students
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.scores import (
    Score,
    asked_in,
    by_person,
    cell_score,
    flagged,
    put_together,
)
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
    write_states,
)
from course.common.whole import replace_file

CACHE_KB = 65_536  # of SQLite's pages in memory: the indexes of a large class are many times its usual 2 MB


class Recorder:
    """An open gradebook that takes marks in, those of several submissions at a time.

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
        self.autograded = course.folder("autograded")

    def __enter__(self) -> "Recorder":
        """Open the gradebook; make our tables beside nbgrader's."""
        with contextlib.ExitStack() as opened:
            self.gradebook = opened.enter_context(self.course.gradebook())
            self.db = self.gradebook.db
            keep_prepared(self.db)
            if self.db.connection().dialect.name == "sqlite":
                self.db.execute(text(f"PRAGMA cache_size = -{CACHE_KB}"))
            self.late.gradebook = self.gradebook
            set_due_dates(self.gradebook, self.term)
            said = self.course.counting(self.assignment)
            released = self.course.released_cells(self.assignment)
            extra = self.course.extra_credit(self.assignment)
            enter_most(self.gradebook, self.assignment, released.graded, said, extra)
            self.counted = {one.name: one.most for one in said}
            self.db.commit()
            asked = asked_in(self.gradebook, self.assignment)
            if asked is None:
                raise GradingError(f"{self.assignment} is not in the gradebook; run `make release` first")
            self.asked, self.sheet = asked, sheet_of(self.gradebook, self.assignment)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; what was not committed never was."""
        self._opened.__exit__(kind, error, trace)

    def states(self) -> dict[str, State]:
        """How far each student's submission has come."""
        return read_states(self.db, self.assignment)

    def record(self, marked: Marked) -> Score | None:
        """Write one submission's marks; as `record_all`, whose score it gives."""
        return self.record_all([marked]).get(marked.student)

    def record_all(self, marks: Sequence[Marked]) -> dict[str, Score]:
        """Write several submissions' marks, all or none; afterwards each is graded, or, where marking failed, said not to be.

        Args:
            marks: one for a student.

        Returns:
            The scores of those with marks, as they stand in the gradebook now.
        """
        enter_alone(self.db)
        before = read_states(self.db, self.assignment, [one.student for one in marks])
        self._record_failures([one for one in marks if one.failure], before)
        graded = {one.student: one for one in marks if not one.failure}
        scores = self._record_graded(graded, before) if graded else {}
        self.db.commit()
        return scores

    def _record_graded(self, graded: Mapping[str, Marked], before: Mapping[str, State]) -> dict[str, Score]:
        write_students(self.db, graded)
        entries = read_entries(self.db, self.sheet, graded)
        optional = self.asked.optional
        was = {student: automatic(entry.grades, optional) for student, entry in entries.items()}
        found: dict[str, Findings] = {}
        for student, marked in graded.items():
            extra = self._score_all(entries[student], marked, before.get(student, State()))
            found[student] = replace(_findings(marked), extra=extra)
            if not self.term.says_anything:
                entries[student].penalty = self._penalty(entries[student])
        write_entries(self.db, self.sheet, list(entries.values()))
        told: dict[str, str] = {}
        if self.term.says_anything:  # a budget of late days spans assignments
            settled = settle_students(self.gradebook, self.term, graded)
            for student, entry in entries.items():
                entry.penalty = settled.penalties.get((self.assignment, student))
                told[student] = settled.told.get((self.assignment, student), "")
        for marked in graded.values():
            self._write(marked)
        after = {s: State(DONE, one.digest, "", found[s]) for s, one in graded.items()}
        write_states(self.db, self.assignment, after)
        write_findings(self.db, self.assignment, found)
        for student, marked in graded.items():
            if student in before:
                now = automatic(entries[student].grades, optional)
                remember(
                    self.db,
                    self.assignment,
                    student,
                    marked.digest,
                    before[student].digest,
                    was[student],
                    now,
                )
        return {s: self._told(entries[s], after[s], told.get(s, "")) for s in graded}

    def _score_all(self, entry: Entry, marked: Marked, before: State) -> dict[str, float]:
        """Set what a submission has earned, cell by cell; returns what the machine has entered as extra credit."""
        at = marked.handed_in_at
        if (
            at.utc or at.problem
        ):  # a time that cannot be read is none, and one that is not said is left as it was
            entry.timestamp = parse_utc(at.utc) if at.utc else None
        cells = _marked_cells(marked.notebook)
        flag = self._flag(cells.values()) if marked.needs_person else ""
        entered: dict[str, float] = {}
        for grade in entry.grades:
            self._require_same_points(grade, marked)
            cell, points = cells.get(grade.name), marked.points.get(grade.name, 0.0)
            settled = _settled(grade, before, marked)
            if grade.name in self.asked.optional:
                entered |= _enter_extra(grade, points, before, settled)
            else:
                self._score(grade, cell, points, grade.name == flag, settled)
        for comment in entry.comments:
            comment.auto_comment = "No response." if _untouched(cells.get(comment.name)) else None
        return entered

    def _require_same_points(self, grade: GradeRow, marked: Marked) -> None:
        if grade.name in self.counted:
            return
        promised = self.asked.optional.get(grade.name, self.asked.most[grade.name])
        given = marked.verdicts.get(grade.name, {}).get("max_points")
        if given is not None and abs(promised - given) > 1e-9:
            raise GradingError(
                f"{grade.name} has {promised:g} points in the gradebook and {given:g} in its check, so a right answer "
                "would not get them all; give both the same, and run `make release`"
            )

    def _flag(self, cells: Iterable[dict[str, Any]]) -> str:
        by_hand = {c["metadata"]["nbgrader"]["grade_id"] for c in cells if _by_hand(c)}
        return flagged(self.order, by_hand)

    @staticmethod
    def _score(grade: GradeRow, cell: Any, points: float, flag: bool, settled: bool) -> None:
        """One grade; whether a person must look, as nbgrader has it, unless one has and nothing is different since."""
        was = grade.auto_score
        if cell is not None and _by_hand(cell):
            grade.auto_score = 0.0 if _untouched(cell) else None  # a written answer waits for a person
        else:
            grade.auto_score = points
        needs = flag or grade.manual_score is not None or grade.auto_score is None
        grade.needs_manual_grade = needs and not (settled and was == grade.auto_score)

    def _penalty(self, entry: Entry) -> float | None:
        """What nbgrader's own plugin takes off."""
        late = entry.seconds_late(self.sheet.due)
        if late <= 0:
            return None
        penalty = self.late.plugin_inst.late_submission_penalty(entry.student, entry.score, late)
        return None if penalty is None else self.late._check_late_penalty(entry, penalty)

    def _told(self, entry: Entry, state: State, late: str) -> Score:
        """The score of what has just been written, without asking for it."""
        found = state.findings or Findings()
        cells = [
            cell_score(
                row.name,
                (row.auto_score, row.manual_score, row.extra_credit, row.needs_manual_grade),
                self.asked,
                found,
            )
            for row in entry.grades
        ]
        return put_together(
            entry.student,
            self.assignment,
            cells,
            self.order,
            self.asked,
            state,
            entry.penalty or 0.0,
            late,
        )

    def _write(self, marked: Marked) -> None:
        folder = self.autograded / marked.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{self.assignment}.ipynb", marked.notebook)

    def _record_failures(self, failed: Sequence[Marked], before: Mapping[str, State]) -> None:
        """No marks this time. Old ones stay visible, but marked stale: in our table, and for the formgrader."""
        if not failed:
            return
        students = [one.student for one in failed]
        look_again(self.db, self.sheet.assignment_id, students)
        old = {s for s in students if before.get(s, State()).state in (DONE, STALE)}
        states = {
            one.student: State(STALE if one.student in old else FAILED, one.digest, one.failure)
            for one in failed
        }
        write_states(self.db, self.assignment, states)


def _findings(marked: Marked) -> Findings:
    seconds = round(marked.seconds["whole"], 3) if "whole" in marked.seconds else None
    return Findings(marked.notes, marked.needs_person, marked.named, seconds, marked.restarts)


def _enter_extra(grade: GradeRow, points: float, before: State, settled: bool) -> dict[str, float]:
    """Enter an optional question's points as nbgrader's extra credit, unless a person has given another number there.

    Returns:
        What the machine has entered, by grade_id.
    """
    last = (before.findings or Findings()).extra.get(grade.name)
    theirs = grade.manual_score is not None or by_person(grade.extra_credit, last)
    grade.auto_score = 0.0
    grade.needs_manual_grade = theirs and not settled
    if theirs:
        return {}
    grade.extra_credit = points
    return {grade.name: points}


def _settled(grade: GradeRow, before: State, marked: Marked) -> bool:
    """Whether a person has dealt with this grade already, for this same hand-in and the same reasons."""
    found = before.findings or Findings()
    same = before.state == DONE and before.handed_in == State(digest=marked.digest).handed_in
    return bool(same and not grade.needs_manual_grade and found.needs_person == marked.needs_person)


def _marked_cells(notebook: str) -> dict[str, dict[str, Any]]:
    """The cells with nbgrader's marks, by grade_id; valid, for a worker has just written them."""
    cells = [cell for cell in json.loads(notebook)["cells"] if "nbgrader" in cell["metadata"]]
    return {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in cells}


def _by_hand(cell: dict[str, Any]) -> bool:
    """Whether it is a student's answer, for a person to grade where it has points."""
    return bool(cell["metadata"]["nbgrader"].get("solution", False))


def _untouched(cell: dict[str, Any] | None) -> bool:
    """Whether a solution cell is as it was released (or is gone)."""
    if cell is None:
        return True
    about = cell["metadata"]["nbgrader"]
    # What nbgrader's checksum looks at, and no more: making a notebook's node of the cell cost as much as the rest of its marks.
    asked: Any = SimpleNamespace(**{**cell, "metadata": _Metadata(nbgrader=about)})
    return bool(about.get("checksum") == compute_checksum(asked))


class _Metadata(dict[str, Any]):
    """Metadata whose entries are attributes, too, as nbformat has it."""

    __getattr__ = dict.__getitem__


def write_whole(path: Path, content: str) -> None:
    """Write a text so that it is there whole or not at all. Raises OSError."""
    replace_file(path, content.encode())


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
