"""A group of commands that are imported when they are named: what some bring in takes a second, and another needs none of it."""

import importlib
from pathlib import Path
from typing import Any

import click

from course.autograder.cli.places import said_of_a_place
from course.autograder.cli.spoken_help import Context, begin, in_our_words, speaking
from course.common.console import Sentence


class LateGroup(click.Group):
    """A group that knows of some commands only where they are."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As `click.Group`; `places` is filled afterwards, by a command's name: `module:attribute`."""
        super().__init__(*given, **named)
        self.places: dict[str, str] = {}
        self.context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, by name."""
        return sorted({*super().list_commands(ctx), *self.places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, which is imported now; None where there is none."""
        if cmd_name not in self.commands and cmd_name in self.places:
            module, _, attribute = self.places[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """As click's; the command's help speaks the course's language."""
        super().add_command(speaking(cmd), name)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click's; it comes before `--root` is read where that does not stand before it."""
        self._begin(ctx)
        super().format_help(ctx, formatter)

    def _begin(self, ctx: click.Context | None) -> None:
        chosen = ctx.params.get("root") if ctx is not None else None
        begin(Path(str(chosen or next(p.default for p in self.params if p.name == "root"))))

    def make_context(self, *given: Any, **named: Any) -> click.Context:
        """As click's; what is wrong is said in the course's language."""
        try:
            return super().make_context(*given, **named)
        except click.UsageError as error:
            self._begin(error.ctx)
            raise in_our_words(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """As click's; what is wrong is said in the course's language, and of a full disk in a sentence."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            self._begin(ctx)
            raise in_our_words(error) from None
        except OSError as error:
            if told := said_of_a_place(error):
                raise Sentence(told) from None
            raise
