"""`python -m course roster`: who is in the course."""

from pathlib import Path

import click

from course.autograder.settings import SettingsError, read
from course.autograder.term.people import Student
from course.autograder.term.roster import Change, merged, read_roster, write_roster
from course.autograder.term.rosters import students_in
from course.common.console import Sentence, Table, console, in_words, say
from course.common.tables import TableError

SHOWN = 40  # changes of one kind


@click.group()
def roster() -> None:
    """Who is in the course: take it from a platform's file, or print it."""


def place(root: Path) -> Path:
    """Where the course keeps its roster."""
    try:
        return root / read(root).roster
    except SettingsError as error:
        raise Sentence(str(error)) from None


SAID = {
    "roster": "a roster of this course",
    "canvas": "Canvas's gradebook",
    "moodle worksheet": "Moodle's grading worksheet",
    "moodle participants": "Moodle's list of participants",
    "gradescope": "Gradescope's roster",
    "github": "a list of GitHub users with columns",
    "plain": "a plain table",
    "list of users": "a list of GitHub users",
}


def _row(change: Change) -> tuple[str, str, str]:
    about = ", ".join(change.fields) if change.fields else change.student.section
    return change.student.id, in_words(change.what), about


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.pass_obj
def import_(root: Path, file: Path, yes: bool, dry_run: bool) -> None:
    """Take students from FILE: Canvas's gradebook, Moodle's worksheet or participants, Gradescope, GitHub, plain CSV."""
    target = place(root)
    try:
        kind, incoming = students_in(file)
        after, changes = merged(read_roster(target), incoming)
    except TableError as error:
        raise Sentence(str(error)) from None
    people = "1 student" if len(incoming) == 1 else f"{len(incoming)} students"
    say(f"{file.name} is {SAID[kind]}, with {people}")
    if not changes:
        say("nothing changes")
        return
    table = Table("student", "what changes", "in what")
    for change in changes[:SHOWN]:
        table.add_row(*_row(change))
    console.print(table)
    if len(changes) > SHOWN:
        say(f"and {len(changes) - SHOWN} more")
    if any(change.what == "gone" for change in changes):
        say("whoever is gone from the file stays on the roster; take the line out yourself if they left")
    if dry_run:
        return
    if not yes and not click.confirm(in_words(f"Write this to {target}?")):
        raise Sentence("nothing was written")
    try:
        write_roster(target, after)
    except TableError as error:
        raise Sentence(str(error)) from None
    _enter(root, after)
    say(f"{len(after)} students are in {target}")


def _enter(root: Path, students: list[Student]) -> None:
    """Enter everyone into the gradebook, which stays on this machine: who hands in nothing has a row there, too."""
    from course.autograder.gradebook.course import Course, GradingError

    try:
        with Course(root).gradebook() as gradebook:
            for one in students:
                last, comma, first = one.name.partition(",")
                given, _, family = one.name.rpartition(" ")
                names = (first.strip(), last.strip()) if comma else (given or None, family or one.id)
                about = {"first_name": names[0], "last_name": names[1], "email": one.email or None}
                gradebook.update_or_create_student(one.id, **about, lms_user_id=one.canvas_id or None)
    except GradingError as error:
        raise Sentence(str(error)) from None


@roster.command()
@click.option("--names", is_flag=True, help="Show names and addresses, too.")
@click.pass_obj
def show(root: Path, names: bool) -> None:
    """Print the roster, by ids."""
    try:
        students = read_roster(place(root))
    except TableError as error:
        raise Sentence(str(error)) from None
    if not students:
        raise Sentence(
            f"there is no roster in {place(root)}; `python -m course roster import FILE` makes one"
        )
    table = Table("student", "section", *(("name", "e-mail") if names else ()))
    for student in students:
        table.add_row(student.id, student.section, *((student.name, student.email) if names else ()))
    console.print(table)
