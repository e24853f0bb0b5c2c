"""A verdict taken apart for office hours: each case's inputs, what the function returned, what is right, and where they differ.

It shows hidden cases and expected values, so it is for the instructor alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
from markupsafe import Markup
from nbformat import NotebookNode

from course.autograder.at_home import cases
from course.autograder.at_home.picture import picture
from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import Check
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.engine.engine import Engine
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading.driver import handed_in, task_of
from course.autograder.grading.marking import intake_of
from course.autograder.insight.stepping import notebook_for
from course.autograder.insight.writing import FOLDER, environment, style, written
from course.autograder.judging import seed_for
from course.autograder.judging.asking import EXCEPTION, Question
from course.autograder.judging.comparing import outside, tolerance_of
from course.autograder.judging.verdict import Verdict
from course.languages.saying import said

MOST_CASES = 8  # drawn on the page; the others are counted


@dataclass(frozen=True)
class Look:
    """One output of one case.

    Attributes:
        output: its path.
        said: what came and what is right, in a sentence.
        pictures: what is shown, and the drawing: theirs beside what is right, then what a named mistake gives.
    """

    output: str
    said: str
    pictures: tuple[tuple[str, Markup], ...] = ()


@dataclass(frozen=True)
class CaseSeen:
    """One case: what it is and is asked about, and each output that is wrong; `said` where it never got that far."""

    name: str
    about: str
    hidden: bool
    said: str = ""
    looks: tuple[Look, ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.said and not self.looks


@dataclass
class Asked:
    """What the judge asked of one check, and what came back; of the last time that it was asked."""

    check: Check
    answers: dict[str, tuple[Question, Reply]] = field(default_factory=dict)

    def __call__(self, asked: Question, reply: Reply) -> None:
        """Keep it, where it is about this check."""
        if asked.check.name == self.check.name:
            self.answers[asked.case.name] = (asked, reply)


def check_called(assignment: str, called: str) -> Check:
    """A check by its name or its graded cell's. Raises GradingError with the names there are."""
    known = [find_check(name) for name in list_checks(assignment)]
    for check in known:
        if called in (check.name, check.grade_id):
            return check
    names = ", ".join(check.name for check in known)
    raise GradingError(f"{assignment} has no check '{called}'; its checks are: {names}")


def explain(
    course: Course, assignment: str, student: str, called: str, isolated: bool = True
) -> tuple[Path, ...]:
    """Run a hand-in once more, locked in, and write what one check asked and got: a page, and a notebook to step through.

    Raises:
        GradingError: no such check, or nothing handed in.
        NoIsolation: when the sandbox is not to be had.
    """
    check = check_called(assignment, called)
    found = handed_in(course, assignment).by_student.get(student)
    if found is None:
        raise GradingError(f"{student} has handed in nothing for {assignment}")
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not released.exists():
        course.release(assignment)
    secret = course_secret(course.root)
    intake = intake_of(task_of(course, assignment, student, found, released, secret))
    asked = Asked(check)
    with Engine(course.limits(), isolated=isolated) as engine:
        seed = seed_for(secret, student, assignment)
        result = engine.run(
            intake.notebook, assignment=assignment, student_seed=seed, seen=asked, rules=course.rules
        )
    verdict = result.ledger.get(check.grade_id)
    if verdict is None:
        raise GradingError(f"the notebook of {student} has no cell for {check.name}")
    seen = cases_seen(check, asked.answers, verdict)
    name = f"{student}-{check.grade_id}"
    files = {f"{name}.html": page(student, check, verdict, seen)}
    first = next((case for case in seen if not case.right), None)
    if first is not None and first.name in asked.answers:
        made = notebook_for(check, asked.answers[first.name][0], _own_cells(intake.notebook))
        files[f"{name}.ipynb"] = nbformat.writes(made)
    return written(course.root / FOLDER / "explain", files)


def page(student: str, check: Check, verdict: Verdict, seen: Sequence[CaseSeen]) -> str:
    """The page as HTML."""
    wrong = [case for case in seen if not case.right]
    return (
        environment()
        .get_template("explain.html.jinja")
        .render(
            student=student, check=check, verdict=verdict, message=Markup(verdict.html()), seen=seen,
            shown=wrong[:MOST_CASES], more=wrong[MOST_CASES:], style=style(),
        )
    )  # fmt: skip


def cases_seen(check: Check, answers: dict[str, tuple[Question, Reply]], verdict: Verdict) -> list[CaseSeen]:
    """Each case that was asked, in the check's order."""
    named = {finding.output: finding.misconception for finding in verdict.findings if finding.misconception}
    hidden = {case.name for case in check.hidden}
    made = []
    for case in check.cases + check.hidden:
        if case.name not in answers:
            continue
        asked, reply = answers[case.name]
        said = reply.problem.message if reply.problem is not None else ""
        looks = () if said else tuple(_looks(check, asked, reply, named))
        made.append(CaseSeen(case.name, _about(check, asked), case.name in hidden, said, looks))
    return made


def _about(check: Check, asked: Question) -> str:
    calls = said(", then ").join(cases.calls(check, asked.case)[:3])
    inputs = ((name, said(cases.described(value))) for name, value in asked.inputs.items())
    return "\n".join([calls, *(f"  {name}: {value}" for name, value in inputs)])


def _looks(check: Check, asked: Question, reply: Reply, named: dict[str, str]) -> list[Look]:
    arrays = {path: value for path, value in reply.outputs.items() if isinstance(value, np.ndarray)}
    if asked.reader is not None and set(check.wanted) <= set(arrays):
        asked = asked.observed({path: arrays[path] for path in check.wanted})
    looks = []
    for output in check.outputs:
        value, right = reply.outputs.get(output.path), asked.right.get(output.path)
        if value is None or right is None:
            continue
        if not isinstance(value, np.ndarray):
            looks.append(Look(output.path, value.message))
            continue
        name = named.get(output.path, "")
        mistake = name, asked.wrong.get(name, {}).get(output.path)
        near = tolerance_of(output, asked.inputs, value)
        if look := _look(output.path, value, right, mistake, near):
            looks.append(look)
    return looks


def _look(
    path: str, got: np.ndarray, right: np.ndarray, mistake: tuple[str, np.ndarray | None], near: Tolerance
) -> Look | None:
    """What is wrong with one output; None where nothing is."""
    if right is EXCEPTION:
        return Look(path, f"An array of shape {got.shape} came where an error was wanted.")
    name, mistaken = mistake
    if got.shape != right.shape:
        return Look(
            path, f"Its shape is {got.shape}; {right.shape} is right.", _pictures(path, got, right, None)
        )
    with np.errstate(all="ignore"):
        bad = outside(got, right, near)
        if not bad.any():
            return None
        pictures = _pictures(path, got, right, bad)
        if mistaken is not None and mistaken.shape == right.shape:
            pictures += _pictures(path, mistaken, right, outside(mistaken, right, near), name)
    return Look(path, f"{int(bad.sum())} of {bad.size} values differ beyond the tolerance.", pictures)


def _pictures(
    path: str, got: np.ndarray, right: np.ndarray, bad: np.ndarray | None, mistake: str = ""
) -> tuple[tuple[str, Markup], ...]:
    if got.dtype.kind not in "fiub" or right.dtype.kind not in "fiub":
        return ()
    drawn = picture(path, got, right, bad, "the mistake" if mistake else "theirs")
    said = f"What “{mistake}” gives there:" if mistake else ""
    return ((said, Markup(drawn)),) if drawn else ()


def _own_cells(notebook: NotebookNode) -> list[str]:
    """The code of a hand-in, without the graded cells that ask."""
    marks = [(cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells if cell.cell_type == "code"]
    own = [cell.source for cell, mark in marks if not mark.get("grade") or mark.get("solution")]
    return [source for source in own if "check_notebook(" not in source]
