"""`python -m course gradescope` and `github`: what is given to a platform, so that it checks what students hand in there."""

from pathlib import Path

import click

from course.common.console import Sentence, say
from course.common.tables import TableError, write_whole
from course.common.text import printable

FOLDER = "exports"
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
MEANS = (
    "If the container does not let submissions be locked in, nothing of them is run, and results.json says so: upload one "
    "right answer first, and look. Marks that count are then made here, by `collect` and `grade`."
)


@click.command()
@click.argument("assignment")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the zip.")
@click.option(
    "--visibility", type=click.Choice(VISIBILITIES), default="visible", help="When students see each test."
)
@click.pass_obj
def gradescope(root: Path, assignment: str, out: Path | None, visibility: str) -> None:
    """Write the autograder zip of ASSIGNMENT for Gradescope. It is for the instructor alone: hidden cases are in it."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.grading.packed import autograder_zip

    path = out or root / FOLDER / f"{assignment}-gradescope.zip"
    try:
        data = autograder_zip(Course(root), assignment, visibility)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except (GradingError, TableError) as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{path} cannot be written: {error.strerror}") from None
    say(f"written: {printable(str(path))}")
    say(MEANS)


@click.command()
@click.argument("assignment")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to write the repository."
)
@click.pass_obj
def github(root: Path, assignment: str, out: Path | None) -> None:
    """Write a starter repository of ASSIGNMENT for GitHub: the release, and a workflow that runs the student's own check."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.term.starter import write_starter

    folder = out or root / FOLDER / f"{assignment}-github"
    try:
        made = write_starter(Course(root), assignment, folder)
    except GradingError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{folder} cannot be written: {error.strerror}") from None
    say(f"written: {printable(str(made.repository))}, to be pushed and made a template repository")
    say(
        f"         {printable(str(made.autograder))}, which is autograder.py for Classroom 50 (set its Python to 3.12)"
    )
    say("Students' clones come back by `collect`; the marks that count are made here.")
