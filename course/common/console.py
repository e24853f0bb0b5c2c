"""What every command says to its user through: the console, the bar, and an error in one sentence.

What comes from elsewhere (a folder's name, a note) is said with `say` or put into a `Text`: rich would take `[/x]` for
markup, and a terminal would obey an escape code.
"""

import sys
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.text import Text

from course.common.text import printable

console = Console(width=None if sys.stdout.isatty() else 110)  # a log has no width of its own
errors = Console(stderr=True)


def plain(text: object, style: str = "") -> Text:
    """Any text as it is: no markup, and no character that steers a terminal; lines stay lines."""
    return Text(printable(str(text), keep="\n\t"), style=style)


def say(*parts: str | Text, to: Console | None = None) -> None:
    """Print parts in a row as they are; strings are made plain, lines are not cut to the console's width."""
    line = Text.assemble(*(part if isinstance(part, Text) else plain(part) for part in parts))
    (to or console).print(line, highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """A warning in one line on standard error."""
    say(Text("warning: ", style="yellow"), message, to=errors)


class Sentence(click.ClickException):
    """An error as the user sees it."""

    def show(self, file: Any = None) -> None:
        """Print it in one line on standard error."""
        say(Text("error: ", style="red"), printable(self.message), to=errors)


class Rate(ProgressColumn):
    """How many a second, or how many seconds each takes where that is the larger number.

    Lately, as long as it goes on, and of the whole when it is done: at its end a step may have had a burst, or a rest.
    """

    def render(self, task: Task) -> Text:
        """Empty until there is something to tell."""
        speed = task.completed / task.finished_time if task.finished_time else task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f} a second" if speed >= 1 else f"{1 / speed:.1f} s each", style="cyan")


def progress() -> Progress:
    """The one progress bar: what, how far, how fast, how long still."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        Rate(),
        TimeLeft(elapsed_when_finished=True),
        console=console,
        transient=not console.is_terminal,
    )
