"""What every command says to its user through: the console, the bar, and an error in one sentence.

What comes from elsewhere (a folder's name, a note) is said with `say` or put into a `Text`: rich would take `[/x]` for
markup, and a terminal would obey an escape code.

What is said is English until `speak` gives the words of another language; then whole sentences are looked up as they are
printed. A `Text` is taken as it is.
"""

import sys
from collections.abc import Callable, Collection
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.status import Status
from rich.table import Table as RichTable
from rich.text import Text

from course.common.text import printable

console = Console(width=None if sys.stdout.isatty() else 110)  # a log has no width of its own
errors = Console(stderr=True)
FULL = tuple("（），。：；")  # signs that have a blank within them
LONGEST = 5_000  # characters of what is looked up: no sentence of ours is longer
_spoken: list[Callable[[str], str]] = [str]


def speak(words: Callable[[str], str]) -> None:
    """Have all that is said go through this from now on, which has the words of the reader's language."""
    _spoken[0] = words


def in_words(text: str) -> str:
    """A sentence in the reader's language, with the blanks around it as they were."""
    if len(text) > LONGEST:
        return text
    bare = text.strip()
    made = _spoken[0](bare)
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if bare else ""
    if before == " " and made[:1] in FULL:
        before = ""
    return before + made + ("" if after == " " and made[-1:] in FULL else after)


def plain(text: object, style: str = "") -> Text:
    """Any text as it is: no markup, and no character that steers a terminal; lines stay lines."""
    return Text(printable(str(text), keep="\n\t"), style=style)


def say(*parts: str | Text, to: Console | None = None) -> None:
    """Print parts in a row: strings in the reader's words and made plain; lines are not cut to the console's width."""
    line = Text.assemble(*(part if isinstance(part, Text) else plain(in_words(part)) for part in parts))
    (to or console).print(line, highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """A warning in one line on standard error."""
    say(Text(in_words("warning: "), style="yellow"), message, to=errors)


class Sentence(click.ClickException):
    """An error as the user sees it."""

    def show(self, file: Any = None) -> None:
        """Print it in one line on standard error."""
        say(Text(in_words("error: "), style="red"), printable(in_words(self.message)), to=errors)


class Rate(ProgressColumn):
    """How many a second, or how many seconds each takes where that is the larger number.

    Lately, as long as it goes on, and of the whole when it is done: at its end a step may have had a burst, or a rest.
    """

    def render(self, task: Task) -> Text:
        """Empty until there is something to tell."""
        speed = task.completed / task.finished_time if task.finished_time else task.speed
        if not speed:
            return Text("")
        rate = f"{speed:.1f} a second" if speed >= 1 else f"{1 / speed:.1f} s each"
        return Text(in_words(rate), style="cyan")


class Bar(Progress):
    """A progress bar whose tasks are named in the reader's words."""

    def add_task(self, description: str, *given: Any, **named: Any) -> TaskID:
        """As rich's."""
        return super().add_task(in_words(description), *given, **named)


class Table(RichTable):
    """A table whose title and headings are in the reader's words; what stands in its rows is the caller's."""

    def __init__(self, *headings: str, title: str = "", right: Collection[str] = (), **named: Any) -> None:
        """As rich's; columns whose headings are in `right` are set to the right."""
        super().__init__(title=in_words(title) or None, **named)
        for heading in headings:
            self.add_column(heading, justify="right" if heading in right else "left")

    def add_column(self, header: Any = "", *given: Any, **named: Any) -> None:
        """As rich's."""
        super().add_column(in_words(header) if isinstance(header, str) else header, *given, **named)


def status(what: str) -> Status:
    """A sign that something goes on, in a `with`."""
    return console.status(in_words(what))


def progress() -> Bar:
    """The one progress bar: what, how far, how fast, how long still."""
    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        Rate(),
        TimeLeft(elapsed_when_finished=True),
        console=console,
        transient=not console.is_terminal,
    )
