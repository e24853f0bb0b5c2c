"""`python -m course record`: enters the marks that parts of a class were graded into."""

import sys
from functools import partial
from pathlib import Path

import click

from course.autograder.cli.grade import Run
from course.common.console import Sentence, warn


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--feedback/--no-feedback", default=True, help="Whether to write the feedback pages.")
@click.pass_obj
def record(root: Path, folder: Path, feedback: bool) -> None:
    """Enter the marks in FOLDER, which `grade --shard` wrote, into the gradebook.

    Each is entered once, however often this is said. What does not fit this course, its code or what is handed in now is
    not entered, and said in a sentence; the exit code is then 1.
    """
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading import shards

    try:
        found, told = shards.usable(root, shards.found_in(folder))
    except GradingError as error:
        raise Sentence(str(error)) from None
    failed = 0
    for assignment, marks in sorted(found.items()):
        run = Run(root, assignment, feedback, 0)
        rows = run.whole(partial(shards.enter, root, assignment, marks, told))
        run.told_at_the_end(rows)
        failed += sum(row.score is None for row in rows)
    for sentence in told:
        warn(sentence)
    sys.exit(1 if told or failed else 0)
