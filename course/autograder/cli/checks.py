"""`course checks`: what is asked, on how many cases, and which mistakes have a name."""

import hashlib
import json
import warnings
from collections.abc import Mapping
from typing import Any

import click
import numpy as np

from course.common.console import Sentence, Table, console

SEED = 7  # of the draws whose digests are listed


def digest(value: Any) -> str:
    """Sixteen hex digits that change when anything in a nest of arrays, dicts and tuples does."""
    found = hashlib.blake2b(digest_size=8)
    for part in _parts(value):
        found.update(part)
    return found.hexdigest()


def _parts(value: Any) -> list[bytes]:
    if isinstance(value, Mapping):
        return [part for key, item in value.items() for part in (str(key).encode(), *_parts(item))]
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in _parts(item)]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [str((value.dtype, value.shape)).encode(), value.tobytes()]
    return [repr(value).encode()]


def described(name: str) -> dict[str, Any]:
    """A check as plain data, with a digest of what each case draws and what is right and wrong there.

    Right and wrong answers of random questions are those of the student's own draw, so they have no digest.
    """
    from course.autograder.checks import find_check
    from course.autograder.judging.computing import question

    check = find_check(name)
    cases = []
    for index, case in enumerate(check.cases + check.hidden):
        asked = question(name, index, SEED)
        about = {"name": case.name, "hidden": index >= len(check.cases), "raises": case.raises}
        digests = {"inputs": digest(asked.values)}
        if check.observe is None:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # wrong answers divide by 0, and may
                digests |= {"right": digest(asked.right), "wrong": digest(asked.wrong)}
        cases.append(about | digests)
    return {
        "name": name,
        "assignment": check.assignment,
        "points": check.points,
        "functions": check.functions,
        "outputs": {output.path: output.weight for output in check.outputs},
        "cases": cases,
        "misconceptions": {m.name: m.advice for m in check.misconceptions},
    }


def _table(names: list[str]) -> Table:
    from course.autograder.checks import find_check

    table = Table("check", "assignment", "points", "cases", "hidden", "mistakes named", box=None)
    for name in names:
        check = find_check(name)
        counted = (check.points, len(check.cases), len(check.hidden), len(check.misconceptions))
        table.add_row(name, check.assignment, *(f"{number:g}" for number in counted))
    return table


@click.command("checks")
@click.argument("assignment", required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Everything as JSON, with digests of cases and answers."
)
def checks(assignment: str | None, as_json: bool) -> None:
    """List the checks, of ASSIGNMENT or all: points, cases, named mistakes."""
    from course.autograder.checks import list_checks

    names = list_checks(assignment)
    if not names:
        raise Sentence(f"there are no checks of '{assignment}'; `course checks` lists all")
    if as_json:
        click.echo(json.dumps([described(name) for name in names], indent=1, ensure_ascii=False))
    else:
        console.print(_table(names))
