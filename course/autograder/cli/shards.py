"""`grade --shard` and `record`: a class graded in parts, on machines that need not reach each other."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from course.autograder.cli import options
from course.autograder.cli.commands import pages
from course.autograder.cli.told import command, grades_written, some, tell_row, tell_who_needs_a_person
from course.common.console import Sentence, in_words, plain, progress, say
from course.common.text import printable

if TYPE_CHECKING:
    from course.autograder.gradebook.marks import Marked
    from course.autograder.grading.driver import Graded

INTERRUPTED = 130
MOST_IDS = 12


def grade_shard(root: Path, assignment: str, shard_text: str, folder: Path, plan: Any) -> None:
    """Grade one part of a class into a file, and say how it goes; ends the program as `grade` does."""
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading.parts import grade_part
    from course.autograder.grading.shards import shard_of

    failed = done = 0
    try:
        shard = shard_of(shard_text)
    except ValueError as error:
        raise Sentence(str(error)) from None
    with progress() as bar:
        step = bar.add_task(f"grading part {shard} of {printable(assignment)}", total=None)

        def begun(to_do: int, kept: int) -> None:
            bar.update(step, total=to_do)
            if kept:
                say(
                    f"{kept} were graded by an earlier run and are kept; --force grades them again",
                    to=bar.console,
                )

        def told(marked: "Marked") -> None:
            nonlocal failed, done
            failed, done = failed + bool(marked.failure), done + 1
            bar.advance(step)
            said = (
                f"failed: {marked.failure}"
                if marked.failure
                else f"{sum(marked.points.values()):g} points by the machine"
            )
            say(f"  {printable(marked.student):<12} ", said, to=bar.console)

        try:
            path = grade_part(root, assignment, shard, folder, plan, on_start=begun, on_marked=told)
        except GradingError as error:
            raise Sentence(str(error)) from None
        except KeyboardInterrupt:
            say(
                plain(in_words("interrupted: "), style="yellow"),
                f"{done} are graded and kept; the same command goes on",
            )
            sys.exit(INTERRUPTED)
    say(
        f"{path}: take it to where the gradebook is; there, `python -m course record {path.parent}` enters it"
    )
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("places", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--feedback/--no-feedback", default=True, help="Whether to write the feedback pages.")
@options.jobs
@click.pass_obj
def record(root: Path, places: Sequence[Path], feedback: bool, jobs: int) -> None:
    """Enter what `grade --shard` has graded elsewhere: files, or folders with such files, in PLACES.

    A second time changes nothing. The exit code is 0 when everyone who handed in is graded, else 1.
    """
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading.parts import enter, results_below

    lacking = False
    try:
        for assignment, results in sorted(results_below(places).items()):
            rows = _entered(root, assignment, results, enter)
            fresh = [row.student for row in rows.rows if row.fresh and row.score is not None]
            written = grades_written(root, assignment)[0]
            if feedback and fresh:
                pages(fresh, root, assignment, jobs)
            unmatched = rows.hand_ins.unmatched if rows.hand_ins else ()
            tell_who_needs_a_person(root, assignment, rows.rows, unmatched)
            failed = sum(row.score is None for row in rows.rows)
            say(f"{len(rows.rows) - failed} graded, {failed} failed; see {written}")
            if rows.missing:
                who = some(rows.missing, MOST_IDS)
                again = command(root, "grade", assignment)
                say(
                    f"no results for {len(rows.missing)} who handed in: {who}; bring their parts, or run `{again}`"
                )
            lacking = lacking or bool(failed or rows.missing)
    except GradingError as error:
        raise Sentence(str(error)) from None
    sys.exit(1 if lacking else 0)


def _entered(root: Path, assignment: str, results: dict[str, "Marked"], enter: Any) -> Any:
    """Enter one assignment's, with a row for each that is new."""
    with progress() as bar:
        step = bar.add_task(f"entering {printable(assignment)}", total=len(results))

        def told(row: "Graded") -> None:
            bar.advance(step)
            if row.fresh or row.score is None:
                tell_row(row, bar.console)

        return enter(root, assignment, results, on_row=told)
