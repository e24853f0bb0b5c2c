"""`python -m course gradebook copy`: the gradebook into another database, whole and compared."""

import click
from rich.box import SIMPLE_HEAD

from course.common.console import Sentence, Table, console, plain, say


@click.group()
def gradebook() -> None:
    """Look after the gradebook."""


@gradebook.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """Copy a gradebook FROM one database TO another one that is empty.

    Each is a file of SQLite's, such as gradebook.db, or an address such as postgresql://USER@HOST/DATABASE. The copy is
    compared with the gradebook, table by table, before it is kept; the gradebook itself stays as it is.
    """
    from course.autograder.gradebook.copying import address, copy_gradebook, make_safe
    from course.autograder.gradebook.errors import GradingError

    try:
        done = copy_gradebook(address(source), address(target))
    except GradingError as error:
        raise Sentence(str(error)) from None
    table = Table(
        "table", "rows", "digest of what they say, there and here", right=("rows",), box=SIMPLE_HEAD
    )
    for one in done:
        table.add_row(plain(one.table), str(one.rows), one.digest)
    console.print(table)
    say(f"copied to {make_safe(target)}, and every table there says what it says here.")
    if "://" in target:
        say("From now on set COURSE_DB to that address; grade nothing into the old one.")
