"""What every command says to its user through: the console, the bar, and an error in one sentence."""

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(width=None if sys.stdout.isatty() else 110)  # a log has no width of its own
errors = Console(stderr=True)


class Sentence(click.ClickException):
    """An error as the user sees it."""

    def show(self, file: object = None) -> None:
        """Print it in one line on standard error."""
        errors.print(f"[red]error:[/red] {self.message}", highlight=False, soft_wrap=True)


def progress() -> Progress:
    """The one progress bar: what, how far, how long still."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        transient=not console.is_terminal,
    )
