"""What a student's own notebook says of extra credit: apart from the points, and nothing is missed that was left out."""

from types import SimpleNamespace

import nbformat

from course.autograder import student
from course.autograder.at_home.preflight import Preflight, _take
from course.autograder.at_home.standing import Standing
from course.autograder.at_home.told import Cell
from course.autograder.judging.verdict import Finding, Verdict

MOST = {"forward": 12.0, "backward": 6.0}
BANK = SimpleNamespace(
    names=lambda assignment: list(MOST), points=MOST.__getitem__, extra=lambda name: name == "backward"
)
BLANK = Finding("", "", "blank", "backward is not written yet")


def test_the_points_so_far_are_told_apart():
    standing = Standing()
    standing.take(Verdict("forward", 1.0, 12))
    assert standing.told(BANK, "ps") == "So far 12 of 12 points, and 0 of 6 extra (1 of 2 checks run)."
    standing.take(Verdict("backward", 0.5, 6, extra=True))
    assert standing.told(BANK, "ps") == "So far 12 of 12 points, and 3 of 6 extra (all checks run)."


def test_a_verdict_says_that_its_points_are_extra():
    verdict = Verdict("backward", 0.5, 6, (BLANK,), extra=True)
    assert "3 of 6 points of extra credit" in verdict.text() and "of extra credit" in verdict.html()
    assert "extra" not in Verdict("forward", 0.5, 12, (BLANK,)).text()


def test_what_is_left_out_is_nothing_that_grading_would_punish():
    for extra, remarks in (({}, ["cell 1 (backward): backward is not written yet"]), ({"backward": 6.0}, [])):
        found = Preflight(most=12.0, extra=extra)
        cell = Cell(1, "backward", "check(...)", True, False)
        told = Verdict("backward", 0.0, 6, (BLANK,), extra=bool(extra)).as_dict()
        _take({"cell": cell.number, "verdicts": [told], "error": ""}, [cell], found)
        assert found.remarks == remarks
    found.points |= {"forward": 10.0, "backward": 1.5}
    assert "10 of 12 points on the visible cases, and 1.5 of 6 extra; grading draws" in found.text()


def test_nbgrader_by_itself_takes_such_a_cell_for_one_of_no_points(monkeypatch):
    """It would stop at a cell that gives more than its points, which are 0."""
    from nbgrader.utils import determine_grade

    from course.autograder.at_home import checking

    verdict = Verdict("backward", 1.0, 6, extra=True)
    monkeypatch.setattr(checking, "checked_here", lambda name, functions: checking.Here(verdict))
    monkeypatch.setattr(student, "show", lambda *_: None)
    assert student.check("backward") == 6 and "of extra credit" in student.Points._repr_html_(
        student.check("backward")
    )
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    cell = nbformat.v4.new_code_cell("check(...)")
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 0, "grade_id": "backward"}
    told = {"text/plain": repr(student.check("backward"))}
    cell.outputs = [nbformat.v4.new_output("execute_result", told, execution_count=1)]
    assert determine_grade(cell) == (0, 0)
