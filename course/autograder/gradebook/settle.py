"""A person has looked at a hand-in: what was listed for them is listed no longer."""

from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.scores import flagged, grades_of, scores_of
from course.autograder.gradebook.states import STALE, read_states


def settle(course: Course, assignment: str, student: str) -> None:
    """Take a student's hand-in off the list, until it is handed in anew or something else is found on it.

    The same happens when a person gives a score, in the formgrader, to the cell that stands for the hand-in.

    Raises:
        GradingError: where nothing is listed, or where looking does not help: it has to be graded.
    """
    order = course.cell_order(assignment)
    with course.gradebook() as gradebook:
        score = scores_of(gradebook, assignment, order, student).get(student)
        if score is None:
            raise GradingError(
                f"{student} has no grades for {assignment} in the gradebook; grade the hand-in first"
            )
        if read_states(gradebook.db, assignment, [student])[student].state == STALE:
            raise GradingError(f"the last grading of {student}'s {assignment} failed; grade it again")
        if not score.needs_person:
            raise GradingError(f"nothing in {student}'s {assignment} waits to be looked at")
        flag = flagged(order, {cell.name for cell in score.cells if cell.by_hand})
        for grade in grades_of(gradebook, gradebook.find_submission(assignment, student).notebooks[0]):
            if grade.name == flag:
                grade.needs_manual_grade = grade.auto_score is None and grade.manual_score is None
        gradebook.db.commit()
