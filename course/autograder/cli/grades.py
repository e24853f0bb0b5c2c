"""`python -m course grades` and `show`: what the gradebook says of a class, and everything there is on one hand-in."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD
from rich.text import Text

from course.autograder.cli.told import (
    command,
    grades_written,
    in_a_sentence,
    tell_who_is_not_on_the_roster,
    tell_who_needs_a_person,
)
from course.common.console import Sentence, Table, console, in_words, plain, say
from course.common.text import printable
from course.languages.saying import listed

if TYPE_CHECKING:
    from course.autograder.gradebook.course import Course
    from course.autograder.gradebook.grades import Row

MOST_FILES = 20


@click.command()
@click.argument("assignments", nargs=-1)
@click.pass_obj
def grades(root: Path, assignments: tuple[str, ...]) -> None:
    """Write grades/ASSIGNMENT.csv for the whole class anew from the gradebook (all assignments unless some are named)."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.grading.driver import handed_in

    try:
        course = Course(root)
        for assignment in course.chosen(assignments):
            path, written = grades_written(root, assignment)
            say(f"{path}: ", f"{written.students} students, {written.graded} graded")
            found = handed_in(course, assignment)
            tell_who_needs_a_person(root, assignment, written.needy, found.unmatched, written.waiting)
            tell_who_is_not_on_the_roster(root, found.by_student)
    except GradingError as error:
        raise Sentence(str(error)) from None


@click.command()
@click.argument("assignment")
@click.argument("student")
@click.option("--seen", is_flag=True, help="Say that a person has looked: it is listed no longer.")
@click.pass_obj
def show(root: Path, assignment: str, student: str, seen: bool) -> None:
    """Show what there is on STUDENT's hand-in of ASSIGNMENT: points, mistakes, notes, and where the files lie."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.grades import each_row
    from course.autograder.gradebook.settle import settle
    from course.autograder.grading.driver import handed_in

    try:
        course = Course(root)
        if student in course.assignments() and assignment not in course.assignments():
            assignment, student = student, assignment
        course.require(assignment)
        if seen:
            settle(course, assignment, student)
            grades_written(root, assignment)
        found = handed_in(course, assignment).by_student
        rows = [row for row in each_row(course, assignment, found) if printable(row.student) == student]
    except GradingError as error:
        raise Sentence(str(error)) from None
    if not rows:
        raise Sentence(
            f"there is no student '{student}' here; `{command(root, 'grades', assignment)}` lists all"
        )
    _tell(root, assignment, rows[-1])
    places = found[student].places if student in found else ()
    _tell_files(course, assignment, student, places)


def _tell(root: Path, assignment: str, row: "Row") -> None:
    """Points by cell with what was found, and what was noted."""
    score = row.score
    told = plain(in_a_sentence(score) if score else in_words(row.state))
    say(Text(printable(row.student), style="bold"), f", {assignment}: ", told)
    if row.why:
        say(Text(in_words("To be looked at by a person:"), style="yellow"))
        for why in row.why:
            say("  ", why)
        if score:
            say(f"  When you have: {command(root, 'show', assignment, row.student, '--seen')}")
    if score is None:
        return
    if score.notes:
        say("Noted:")
        for note in score.notes:
            say("  ", note)
    table = Table("cell", "points", "of", "", right=("points", "of"), box=SIMPLE_HEAD)
    for cell in score.cells:
        waits = ("waits for a person",) if cell.waits and cell.by_hand else ()
        points = "" if cell.blank else f"{cell.points:g}"
        of = in_words(f"{cell.extra:g} extra") if cell.extra else f"{cell.max_points:g}"
        table.add_row(cell.name, points, of, plain(listed(map(in_words, (*cell.named, *waits)))))
    console.print(table)


def _tell_files(course: "Course", assignment: str, student: str, places: tuple[Path, ...]) -> None:
    """Where what was handed in, the graded notebook and the page lie."""
    files: list[Path] = []
    for place in places:
        files += sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    for path in files[:MOST_FILES]:
        say("handed in  ", printable(str(path)))
    if len(files) > MOST_FILES:
        say(f"           and {len(files) - MOST_FILES} files more")
    for what, folder, ending in (("graded     ", "autograded", "ipynb"), ("page       ", "feedback", "html")):
        path = course.folder(folder) / student / assignment / f"{assignment}.{ending}"
        say(what, printable(str(path)), "" if path.exists() else " (is not there)")
