"""`python -m course similar`: what pairs of hand-ins share that hardly anybody else wrote, for the instructor to look at."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD

from course.autograder.cli.roster import place
from course.autograder.cli.told import some
from course.common.console import Sentence, Table, console, in_words, plain, progress, say, status
from course.languages.saying import filled, listed

if TYPE_CHECKING:
    from course.autograder.insight.similarity.page import Similar
    from course.autograder.insight.similarity.reading import ReadClass

MOST_ROWS = 20
MOST_IDS = 10


@click.command()
@click.argument("assignment")
@click.option("--names", is_flag=True, help="Show the roster's names beside the ids.")
@click.pass_obj
def similar(root: Path, assignment: str, names: bool) -> None:
    """Rank pairs of hand-ins of ASSIGNMENT by how unlikely in this class it is what their functions share.

    Writes reports/ASSIGNMENT-similar.html, with the functions side by side. It is a reason to look, and proves nothing; nobody's
    points change.
    """
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.insight.similarity.page import write_similar
    from course.autograder.insight.similarity.reading import read_class

    called = _names(root) if names else {}
    try:
        course = Course(root)
        with progress() as bar:
            task = bar.add_task("reading", total=None)
            class_ = read_class(
                course, assignment, lambda count: bar.update(task, total=count), lambda: bar.advance(task)
            )
        with status("comparing"):
            found = write_similar(course.root, class_, called)
    except GradingError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{error.filename} cannot be written: {error.strerror}") from None
    _tell(class_, found)


def _names(root: Path) -> dict[str, str]:
    """The roster's names by id."""
    from course.autograder.term.roster import read_roster
    from course.common.tables import TableError

    try:
        students = read_roster(place(root))
    except TableError as error:
        raise Sentence(str(error)) from None
    if not students:
        raise Sentence(
            f"there is no roster in {place(root)}; `python -m course roster import FILE` makes one"
        )
    return {one.id: one.name for one in students}


def _tell(class_: "ReadClass", found: "Similar") -> None:
    size = len(class_.handed_in)
    if found.rows:
        table = Table(
            "pair", "", "score", "most in", "shared, rare", "rarest had by", "",
            right=("score", "shared, rare"), box=SIMPLE_HEAD,
        )  # fmt: skip
        for row in found.rows[:MOST_ROWS]:
            rarest = filled("{n} of {all}", n=row.telling.shared[0].having, all=row.telling.of)
            table.add_row(
                plain(row.one), plain(row.other), f"{row.pair.score:.1f}", plain(in_words(row.telling.name)),
                str(len(row.telling.shared)), rarest, in_words("stands out") if row.stands_out else "",
            )  # fmt: skip
        console.print(table)
    compared = "1 hand-in compared" if size == 1 else f"{size} hand-ins compared"
    say(f"{found.files[0]}: ", f"{compared}; {_said(class_, found)}")
    for students, what in (
        (class_.empty, "no function of their own"),
        ([s for s, _ in class_.unread], "not all could be read"),
    ):
        if students:
            say(plain("  " + listed((in_words(what), some(students, MOST_IDS)), ": ")))
    say("Alike is not copied: the page says what this does not prove. Nobody's points depend on it.")


def _said(class_: "ReadClass", found: "Similar") -> str:
    """What can be concluded, in a clause."""
    if found.ranking.stands_out is None:
        return "from so few nothing can be concluded about any pair"
    out = sum(row.stands_out for row in found.rows)
    if not out:
        return "no pair stands out"
    return "1 pair stands out" if out == 1 else f"{out} pairs stand out"
