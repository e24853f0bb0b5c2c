"""`python -m course report` and `explain`: what can be seen of a class, as pages and CSV files for its instructor."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.autograder.cli import options
from course.autograder.cli.told import command
from course.common.console import Sentence, say, status, warn
from course.common.text import printable

if TYPE_CHECKING:
    from course.autograder.insight.report import Report


@click.command()
@click.argument("assignments", nargs=-1)
@click.pass_obj
def report(root: Path, assignments: tuple[str, ...]) -> None:
    """Write reports/ASSIGNMENT.html, a page on the class for its instructor, and its numbers as CSV.

    Without an assignment: all of them, and reports/term.html over the term.
    """
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.insight.report import write_report
    from course.autograder.insight.term import write_term

    made: list[Report] = []
    try:
        course = Course(root)
        for assignment in course.chosen(assignments):
            course.require(assignment)
            made.append(write_report(course, assignment))
            _tell(root, made[-1])
        if not assignments:
            say(f"{write_term(course, made)[0]}: ", "the term")
    except GradingError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{error.filename} cannot be written: {error.strerror}") from None


def _tell(root: Path, report: "Report") -> None:
    results = report.results
    if not results.size:
        say(
            f"{results.assignment}: nobody's hand-in is graded yet; `{command(root, 'grade', results.assignment)}` does it"
        )
        return
    told = "1 student" if results.size == 1 else f"{results.size} students"
    if report.mistakes:
        first = report.mistakes[0]
        told = f"{told}; the most frequent mistake is “{first.name}” ({len(first.students)})"
    say(f"{report.files[0]}: ", told)
    for question in report.questions:
        if question.flagged:
            say(
                f"  {printable(question.name)}: who does well elsewhere does badly in it; look at how it is asked and graded"
            )


@click.command()
@click.argument("assignment")
@click.argument("student")
@click.argument("check")
@options.no_sandbox
@click.pass_obj
def explain(root: Path, assignment: str, student: str, check: str, no_sandbox: bool) -> None:
    """Take STUDENT's verdict on CHECK apart, for office hours: a page, and a notebook to step through."""
    from course.autograder.engine.engine import UNGUARDED, NoIsolation
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.insight.explain import explain as write_explanation

    if no_sandbox:
        warn(UNGUARDED)
    try:
        course = Course(root)
        course.require(assignment)
        with status("running the hand-in once more"):
            files = write_explanation(course, assignment, student, check, not no_sandbox)
    except (GradingError, NoIsolation) as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{error.filename} cannot be written: {error.strerror}") from None
    for path in files:
        say(printable(str(path)))
    say("For your eyes: these show hidden cases and right values.")
