"""Where students stand, read from the gradebook.

A whole class is read by four queries; nbgrader's own objects would ask several times for each cell of each student.
"""

from collections.abc import Sequence

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import func, select

from course.autograder.feedback.standing import Mark, Standing
from course.autograder.gradebook.lateness import lateness_told
from course.autograder.gradebook.states import STALE, State, read_extra, read_states

AT_A_TIME = 500  # students in one query: databases limit the length of a list


def standings(
    gradebook: Gradebook, assignment: str, notebook: str, students: Sequence[str]
) -> dict[str, Standing]:
    """Where these students stand, by id; who has no submission in the gradebook is left out."""
    found: dict[str, Standing] = {}
    for first in range(0, len(students), AT_A_TIME):
        found |= _some(gradebook, assignment, notebook, students[first : first + AT_A_TIME])
    return found


def _some(
    gradebook: Gradebook, assignment: str, notebook: str, students: Sequence[str]
) -> dict[str, Standing]:
    db = gradebook.db
    books = db.execute(
        select(
            SubmittedNotebook.id, Student.id, SubmittedNotebook.late_submission_penalty,
        )
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Student, Student.id == SubmittedAssignment.student_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment, Notebook.name == notebook, Student.id.in_(students))
    ).all()  # fmt: skip
    ids = [book[0] for book in books]
    marks = db.execute(
        select(
            Grade.notebook_id, BaseCell.name, Grade.score,
            func.coalesce(GradeCell.max_score, TaskCell.max_score, 0.0), Grade.needs_manual_grade,
            Grade.auto_score, Grade.manual_score,
        )
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .outerjoin(GradeCell.__table__, GradeCell.__table__.c.id == BaseCell.id)
        .outerjoin(TaskCell.__table__, TaskCell.__table__.c.id == BaseCell.id)
        .where(Grade.notebook_id.in_(ids))
    ).all()  # fmt: skip
    comments = db.execute(
        select(Comment.notebook_id, BaseCell.name, Comment.comment)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .where(Comment.notebook_id.in_(ids))
    ).all()
    states, extra = read_states(db, assignment, students), read_extra(db, assignment)
    optional = dict(extra.questions)
    students_of = {book: student for book, student, _ in books}
    late = lateness_told(db, assignment, students)
    made = {
        book: Standing(
            student=student, assignment=assignment, notebook=notebook,
            marks={}, comments={}, penalty=float(penalty or 0.0), notes=_notes(states.get(student), late.get(student)),
            max_extra=extra.most,
        )
        for book, student, penalty in books
    }  # fmt: skip
    for book, name, points, most, asked, by_machine, by_person in marks:
        waits = bool(asked) if by_person is not None else by_machine is None
        given = by_machine
        if name in optional:
            found = states.get(students_of[book], State()).findings
            given = found.extra.get(name) if found else None
        replaced = by_person is not None and given is not None and given != points
        made[book].marks[name] = Mark(
            name=name,
            points=float(points or 0.0),
            max_points=float(most),
            waits=waits,
            flagged=bool(asked) and not waits,
            by_machine=float(given) if replaced else None,
            extra=optional.get(name, 0.0),
        )
    for book, name, comment in comments:
        if comment:
            made[book].comments[name] = comment
    return {standing.student: standing for standing in made.values()}


def _notes(state: State | None, late: str | None) -> tuple[str, ...]:
    """What is to be said of the marks as a whole: that they are old, what lateness cost, what grading noted."""
    stale = state is not None and state.state == STALE
    old = (
        (f"these points are from an earlier grading; the last one failed: {state.detail}",)
        if state and stale
        else ()
    )
    found = state.findings.notes if state and state.findings else ()
    return (*old, *((late,) if late else ()), *found)
