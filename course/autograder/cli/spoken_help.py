"""`--help`, and what is wrong with a command line, in the course's language: click writes English alone."""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import click
from rich.cells import cell_len

from course.common.console import in_words, speak
from course.languages.choice import speak_as
from course.languages.instructors import for_instructors
from course.languages.saying import ENGLISH, language, provide, said

UNIT = re.compile(r"\s+|(?:[!-~]+|.)[，。；：、）”！？]*")  # what no line is broken in
EXTRA = re.compile(r"(.*?)(\s*\[[^\]]*\])?", re.DOTALL)  # an option's help, and what click puts behind it


def begin(root: Path) -> None:
    """Speak the language of the course in that folder from now on."""
    speak_as(root)
    provide(for_instructors)
    speak(said)


def paragraphs(text: str) -> list[str]:
    """A help text, paragraph by paragraph, each in one line as its catalogue has it."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.cleandoc(text))]


def folded(text: str, width: int) -> list[str]:
    """Lines at most so wide, where Chinese characters take two columns and need no blank between them."""
    lines = [""]
    for unit in UNIT.findall(text):
        if cell_len(lines[-1] + unit.rstrip()) > width:
            lines.append("")
        lines[-1] += unit if lines[-1] else unit.lstrip()
    return [line.rstrip() for line in lines]


class Formatter(click.HelpFormatter):
    """Help in the course's language, English as click has it."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """As click's."""
        super().write_usage(prog, args, prefix or in_words("Usage: "))

    def write_heading(self, heading: str) -> None:
        """As click's."""
        colon = ":" if language() == ENGLISH else "："
        self.write(f"{'':>{self.current_indent}}{in_words(heading)}{colon}\n")

    def write_text(self, text: str) -> None:
        """As click's; paragraph by paragraph."""
        if language() == ENGLISH:
            super().write_text(text)
            return
        indent = " " * self.current_indent
        told = [folded(in_words(one), self.width - self.current_indent) for one in paragraphs(text)]
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in told) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """As click's: options or commands, and what each does."""
        rows = list(rows)
        if language() == ENGLISH:
            super().write_dl(rows, col_max, col_spacing)
            return
        first = min(max(len(name) for name, _ in rows), col_max) + col_spacing
        before, behind = " " * self.current_indent, " " * (self.current_indent + first)
        for name, text in rows:
            help, extra = EXTRA.fullmatch(text).groups()  # type: ignore[union-attr]
            lines = folded(in_words(help) + (extra or ""), max(self.width - first - 2, 10))
            begun = (
                f"{before}{name:<{first}}"
                if len(name) <= first - col_spacing
                else f"{before}{name}\n{behind}"
            )
            self.write(begun + f"\n{behind}".join(lines) + "\n")


class Context(click.Context):
    """A context whose help is in the course's language."""

    formatter_class = Formatter


def speaking(command: click.Command) -> click.Command:
    """The command, and all below it, with help in the course's language."""
    command.context_class = Context
    own = command.get_short_help_str

    def short(limit: int = 45) -> str:
        if language() == ENGLISH or not command.help:
            return own(limit)
        return in_words(paragraphs(command.help)[0]).partition("。")[0]

    command.get_short_help_str = short  # type: ignore[method-assign]
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        speaking(below)
    return command


class WrongUsage(click.UsageError):
    """What is wrong with a command line, in the course's language."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it as click does: how the command is called, where its help is, and what is wrong."""
        if language() == ENGLISH or self.ctx is None:
            super().show(file)
            return
        hint = in_words(f"Try '{self.ctx.command_path} --help' for help.")
        click.echo(f"{self.ctx.get_usage()}\n{hint}\n", err=True)
        click.echo(f"{in_words('error:')}{in_words(self.format_message())}", err=True)


def in_our_words(error: click.UsageError) -> click.UsageError:
    """The same error, said in the course's language; help that stands for an error is one already."""
    if language() == ENGLISH or isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    return WrongUsage(error.format_message(), error.ctx)
