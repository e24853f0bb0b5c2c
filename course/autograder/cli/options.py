"""Options that several commands have, said once."""

import click

jobs = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=0),
    default=0,
    help="How many at a time; as many as there are cores by default.",
)
no_sandbox = click.option(
    "--no-sandbox", is_flag=True, help="Run submissions without isolation. Only for ones you trust."
)
