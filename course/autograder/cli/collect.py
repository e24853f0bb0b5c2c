"""`python -m course collect`: hand-ins come in, from the zip or folder that a platform gave."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD

from course.autograder.cli.export import SETTLED, settled
from course.autograder.cli.told import some
from course.autograder.settings import Settings, SettingsError, read
from course.autograder.term.clones import clones_in, read_clones
from course.autograder.term.collect import KEPT, Arrival, Stranger, place, plan, whose
from course.autograder.term.late_marks import FILE as MARKS
from course.autograder.term.late_marks import dated, note_marks
from course.autograder.term.match import Matcher
from course.autograder.term.people import Student
from course.autograder.term.pieces import Found
from course.autograder.term.platforms import by_worksheet, recognise
from course.autograder.term.roster import read_roster
from course.autograder.term.sources import Source, SourceError, open_source
from course.autograder.term.worksheet import participants
from course.common.console import Sentence, Table, console, in_words, plain, say
from course.common.tables import TableError, read_table
from course.common.text import printable

if TYPE_CHECKING:
    from course.autograder.gradebook.course import Course

WORDS = {
    "new": "comes in",
    "again": "is here already",
    "newer": f"comes in; the earlier one goes to {KEPT}/",
    "older": "is older than what is here; left out",
    "nothing": "no file of it can be read",
}


def _late(arrival: Arrival, due: dt.datetime | None) -> str:
    if arrival.at is not None and due is not None and arrival.at > due:
        minutes = int((arrival.at - due).total_seconds() // 60) + 1
        return in_words(f"{minutes // 1440} d {minutes % 1440 // 60} h {minutes % 60} min")
    return in_words("yes; when is not said") if arrival.late else ""


Deadlines = Mapping[str, dt.datetime | None]


def _show(arrivals: Sequence[Arrival], deadlines: Deadlines, term: Settings) -> None:
    table = Table("student", "file", "handed in", "late by", "", box=SIMPLE_HEAD)
    for column in table.columns:
        column.overflow = "fold"
    for one in arrivals:
        late = _late(one, deadlines.get(one.student, deadlines[""]))
        at = f"{one.at.astimezone(term.time_zone):%Y-%m-%d %H:%M}" if one.at else ""
        files = some([piece.original for piece in one.pieces], 3)
        table.add_row(plain(printable(one.student)), plain(files), at, late, in_words(WORDS[one.state]))
    console.print(table)


def _tell_strangers(strangers: Sequence[Stranger]) -> None:
    for one in strangers:
        meant = f"; near: {', '.join(one.near)}" if one.near else ""
        files = ", ".join(printable(name) for name in one.files[:2])
        say(f"  {printable(one.called)} is nobody on the roster{meant} ({files})")
    if strangers:
        say(f"A line in {SETTLED} (columns called, id) settles each once.")


def _known(root: Path, term: Settings, course: "Course") -> list[Student]:
    """The roster; without one, whoever has a folder under submitted/ or is in the gradebook."""
    students = read_roster(root / term.roster)
    if students:
        return students
    with course.gradebook() as gradebook:
        ids = {student.id for student in gradebook.students}
    submitted = course.folder("submitted")
    ids |= {path.name for path in submitted.iterdir() if path.is_dir()} if submitted.is_dir() else set()
    return [Student(id) for id in sorted(ids)]


def _deadlines(course: "Course", assignment: str) -> Deadlines:
    """Until when each student may hand in, by id: with extensions; '' stands for everyone else."""
    term = course.term()
    due = term.settings.assignment(assignment).due
    own = {student: until for (of, student), until in term.extensions.items() if of == assignment}
    return {"": due, **{student: max(due, until) if due else None for student, until in own.items()}}


def _given(
    course: "Course", source: Path, assignment: str, matcher: Matcher, users: Sequence[str], late: bool
) -> tuple[Source, Found, Deadlines]:
    """What the platform gave: where files are read from, what they are, and until when they were due."""
    deadlines = _deadlines(course, assignment)
    clones = clones_in(source)
    if not clones:
        given = open_source(source)
        return given, recognise(given, assignment, course.term().settings.time_zone), deadlines
    grace = dt.timedelta(minutes=course.term().settings.late_policy(assignment).grace_minutes)
    until = {student: due + grace if due else None for student, due in deadlines.items()}
    others = {path.name for path in course.folder("release").glob("*")} - {assignment, f"{assignment}.ipynb"}
    others |= {"course", "data", *course.assignments()} - {assignment}
    return *read_clones(source, clones, assignment, matcher, users, until, others, late), deadlines


@click.command()
@click.argument("assignment")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would come in, and place nothing.")
@click.option(
    "--late", is_flag=True, help="Of git clones, take the last commit although the deadline is past."
)
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path),
    help="Moodle's grading worksheet of this assignment: tells apart people of one name.",
)
@click.pass_obj
def collect(
    root: Path, assignment: str, source: Path, dry_run: bool, late: bool, worksheet: Path | None
) -> None:
    """Place hand-ins of ASSIGNMENT from SOURCE under submitted/: a platform's zip, a folder, or git clones."""
    from course.autograder.gradebook.course import Course, GradingError

    try:
        course = Course(root)
        course.require(assignment)
        term = read(root, course.assignments())
        students = _known(root, term, course)
        matcher, users = Matcher(students, settled(root)), [one.github for one in students if one.github]
        given, found, deadlines = _given(course, source, assignment, matcher, users, late)
        if worksheet is not None:
            found = by_worksheet(found, participants(read_table(worksheet)))
        if not students and found.platform == "a plain folder":
            matcher = Matcher([Student(called) for called in {piece.called for piece in found.pieces}])
        by_student, strangers = whose(found.pieces, matcher)
        arrivals = plan(given, by_student, course.folder("submitted"), assignment)
        arrivals = dated(arrivals, root, assignment, term)
    except (GradingError, SettingsError, SourceError, TableError) as error:
        raise Sentence(str(error)) from None
    say(f"{printable(source.name)} is {found.platform}: {len(found.pieces)} files, {len(arrivals)} students")
    if arrivals:
        _show(arrivals, deadlines, term)
    for told in (*given.refused, *found.told, *(t for one in arrivals for t in one.told)):
        say("  ", in_words(told))
    _tell_strangers(strangers)
    missing = sorted({student.id for student in read_roster(root / term.roster)} - set(by_student))
    if missing:
        say(f"{len(missing)} on the roster handed in nothing here: {some(missing, 20)}")
    if not dry_run:
        _place(course, given, arrivals, assignment)
        _tell_late_marks(root, assignment, arrivals)
        if strangers or given.refused:
            raise SystemExit(1)


def _tell_late_marks(root: Path, assignment: str, arrivals: Sequence[Arrival]) -> None:
    """Ask for the times that the platform did not say; without them no penalty can be worked out."""
    try:
        open_still = note_marks(root, assignment, arrivals)
    except TableError as error:
        raise Sentence(str(error)) from None
    if open_still:
        say(
            f"{len(open_still)} came late, and when is not said: {some(open_still, 20)}. Write it into "
            f"{MARKS} (a date with a time, or 'in time'), and run this again; until then no penalty is counted."
        )


def _place(course: "Course", given: Source, arrivals: Sequence[Arrival], assignment: str) -> None:
    for one in arrivals:
        try:
            place(given, course.root, course.folder("submitted"), assignment, one)
        except OSError as error:
            raise Sentence(
                f"{printable(one.student)} could not be placed: {error.strerror or error}"
            ) from None
    placed = sum(one.state in ("new", "newer") for one in arrivals)
    say(f"{placed} placed under {course.folder('submitted')}")
