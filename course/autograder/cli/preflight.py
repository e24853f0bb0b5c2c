"""`python -m course preflight NOTEBOOK`: what students run, for whoever has the whole course."""

import sys

import click

from course.autograder.at_home.preflight import main


@click.command()
@click.argument("notebook")
def preflight(notebook: str) -> None:
    """Try a notebook as grading would run it, without the lock, and say what would be lost."""
    sys.exit(main([notebook]))
