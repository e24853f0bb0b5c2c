"""`python -m course term`: what is open, due, graded, waiting, and not handed in, as a table."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD

from course.autograder.settings import Settings, SettingsError, read
from course.autograder.term.roster import read_roster
from course.common.console import Sentence, Table, console, in_words, say
from course.common.tables import TableError

if TYPE_CHECKING:
    from course.autograder.gradebook.course import Course

COUNTED = ("graded", "waits", "needs a person", "not graded", "failed")


def state_of(opens: dt.datetime | None, due: dt.datetime | None, now: dt.datetime) -> str:
    """Where an assignment stands in the term, in a word or two."""
    if opens is not None and now < opens:
        return "opens later"
    if due is None:
        return "open"
    return "open" if now <= due else "past due"


def _row(course: "Course", assignment: str, term: Settings, roster: set[str], now: dt.datetime) -> list[str]:
    from course.autograder.gradebook.grades import each_row
    from course.autograder.grading.driver import handed_in

    about = term.assignment(assignment)
    there = handed_in(course, assignment).by_student
    states = Counter(row.state for row in each_row(course, assignment, there))
    counts = [states[state] for state in COUNTED]
    dates = [f"{d.astimezone(term.time_zone):%Y-%m-%d\n%H:%M}" if d else "" for d in (about.opens, about.due)]
    missing = len(roster - set(there)) if roster else 0
    return [
        assignment,
        in_words(state_of(about.opens, about.due, now)),
        *dates,
        *(str(n or "") for n in (*counts, missing)),
    ]


def _table(rows: list[list[str]]) -> Table:
    """The rows, without the columns in which nothing stands; names and dates are never cut."""
    table = Table(box=SIMPLE_HEAD)
    names = ("assignment", "", "opens", "due", *COUNTED, "missing")
    shown = [place for place, name in enumerate(names) if not name or any(row[place] for row in rows)]
    for name in (names[place] for place in shown):
        counted = name in (*COUNTED, "missing")
        table.add_column(
            name,
            justify="right" if counted else "left",
            no_wrap=name in ("assignment", "opens", "due"),
        )
    for row in rows:
        table.add_row(*(row[place] for place in shown))
    return table


@click.command()
@click.pass_obj
def term(root: Path) -> None:
    """Print the term as a table: what is open, due, graded, waiting for a person, not handed in."""
    from course.autograder.gradebook.course import Course, GradingError

    now = dt.datetime.now(dt.UTC)
    try:
        course = Course(root)
        settings = read(root, course.assignments())
        assignments = course.chosen()
        roster = {student.id for student in read_roster(root / settings.roster)}
        rows = [_row(course, assignment, settings, roster, now) for assignment in assignments]
    except (GradingError, SettingsError, TableError) as error:
        raise Sentence(str(error)) from None
    console.print(_table(rows))
    say(f"dates are in {settings.time_zone}; {len(roster)} students are on the roster")
