"""`python -m course regrade` and `history`: change a check without fear."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD

from course.autograder.cli import options
from course.autograder.cli.grade import grade
from course.autograder.cli.told import command
from course.common.console import Sentence, Table, console, in_words, plain, progress, say, warn
from course.common.text import printable
from course.languages.saying import listed

if TYPE_CHECKING:
    from course.autograder.insight.regrade import Cell, Outcome

MOST_SHOWN = 50


@click.command()
@click.argument("assignment")
@click.argument("students", nargs=-1)
@click.option(
    "--preview",
    "mode",
    flag_value="preview",
    default=True,
    help="Say what would change (this is the default).",
)
@click.option(
    "--accept",
    "mode",
    flag_value="accept",
    help="Grade everyone again and enter it; the old points are kept in the history.",
)
@options.jobs
@options.no_sandbox
@click.pass_context
def regrade(
    context: click.Context, assignment: str, students: tuple[str, ...], mode: str, jobs: int, no_sandbox: bool
) -> None:
    """Say who would gain or lose how much if ASSIGNMENT were graded with what is here now; with --accept, do it."""
    if mode == "accept":
        context.invoke(grade, assignment=assignment, students=students, jobs=jobs, resume=False, force=True,
                       feedback=True, no_sandbox=no_sandbox, strict=False, as_json=None)  # fmt: skip
        return
    from course.autograder.engine.engine import UNGUARDED
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.grading.driver import Plan
    from course.autograder.insight.regrade import preview, write_outcomes

    if no_sandbox:
        warn(UNGUARDED)
    root: Path = context.obj
    outcomes: list[Outcome] = []
    try:
        with progress() as bar:
            task = bar.add_task(f"grading {printable(assignment)}, to look at", total=None)
            plan = Plan(jobs=jobs, isolated=not no_sandbox)
            for one in preview(
                root, assignment, students or None, plan, on_start=lambda n: bar.update(task, total=n)
            ):
                outcomes.append(one)
                bar.advance(task)
        outcomes.sort(key=lambda one: (one.gained, one.student))
        path = write_outcomes(root, assignment, outcomes)
        course = Course(root)
        counting, told = course.counting(assignment), sum(course.released_cells(assignment).points.values())
    except GradingError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{error.filename} cannot be written: {error.strerror}") from None
    for question in counting:
        say(f"{question.said}.")
    if now := round(sum(one.most - one.was for one in counting), 4):
        say(f"The assignment counts {told + now:g} points with that, not {told:g}.")
    _tell(root, assignment, students, outcomes, path)


def _tell(
    root: Path, assignment: str, students: Sequence[str], outcomes: "Sequence[Outcome]", path: Path
) -> None:
    changed = [one for one in outcomes if one.cells]
    if changed:
        table = Table("student", "gained", "why", right=("gained",), box=SIMPLE_HEAD)
        for one in changed[:MOST_SHOWN]:
            table.add_row(
                printable(one.student), f"{one.gained:+g}", plain(listed(map(_why, one.cells), "; "))
            )
        console.print(table)
    if len(changed) > MOST_SHOWN:
        say(f"and {len(changed) - MOST_SHOWN} more")
    for one in outcomes:
        if one.said:
            say(f"{printable(one.student)}: ", one.said)
    lose, gain = sum(one.gained < 0 for one in changed), sum(one.gained > 0 for one in changed)
    same = sum(not one.said and one.gained == 0 for one in outcomes)
    say(f"{lose} would lose points, {gain} would gain, {same} would keep the same sum; see {path}")
    say("Nothing is entered. Points given by hand would stay, and what lateness costs comes off afterwards.")
    if changed:
        say(f"To enter it: {command(root, 'regrade', assignment, *students, '--accept')}")


def _why(cell: "Cell") -> str:
    """As the CSV file has it, in words."""
    named = [listed(map(in_words, names)) for names in (cell.named_before, cell.named_after)]
    return cell.told(in_words(cell.said), named[0], named[1], in_words("no name"))


@click.command()
@click.argument("student")
@click.pass_obj
def history(root: Path, student: str) -> None:
    """Show how STUDENT's points changed from one grading to a later one, when, and who started it."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.history import history_of

    try:
        with Course(root).gradebook() as gradebook:
            known = {one.id for one in gradebook.students}
            changes = history_of(gradebook.db, student)
    except GradingError as error:
        raise Sentence(str(error)) from None
    if student not in known and not changes:
        raise Sentence(f"there is no student '{printable(student)}' here")
    if not changes:
        say(f"{printable(student)}: no later grading has changed the points of an earlier one")
        return
    table = Table(
        "when (UTC)", "assignment", "gained", "cells", "hand-in", "by", "fingerprint", right=("gained",), box=SIMPLE_HEAD
    )  # fmt: skip
    for change in changes:
        cells = "; ".join(f"{name} {change.before[name]:g} → {change.after[name]:g}" for name in change.after)
        handed_in = in_words("the same hand-in" if change.same_hand_in else "another hand-in")
        table.add_row(
            change.at, change.assignment, f"{change.gained:+g}", plain(cells), handed_in, plain(change.started_by),
            change.fingerprint[:12],
        )  # fmt: skip
    console.print(table)
