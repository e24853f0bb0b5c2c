"""A group of commands that are imported when they are named: what some bring in takes a second, and another needs none of it."""

import importlib
from typing import Any

import click


class LateGroup(click.Group):
    """A group that knows of some commands only where they are."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As `click.Group`; `places` is filled afterwards, by a command's name: `module:attribute`."""
        super().__init__(*given, **named)
        self.places: dict[str, str] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, by name."""
        return sorted({*super().list_commands(ctx), *self.places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, which is imported now; None where there is none."""
        if cmd_name not in self.commands and cmd_name in self.places:
            module, _, attribute = self.places[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)
