"""`grade --cluster`, and `python -m course cluster`: the machines that grade beside this one."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from course.common.console import Sentence, in_words, say

if TYPE_CHECKING:
    from course.autograder.grading.driver import Marking


def _require_extra() -> None:
    for name in ("distributed", "cryptography"):
        if find_spec(name) is None:
            raise Sentence(
                f"grading on a cluster needs the package {name}, which is not here; install the extra: "
                "pip install -e '.[cluster]'"
            )


@contextmanager
def on_cluster(root: Path, where: str, console: Console) -> "Iterator[Marking]":
    """What has submissions marked by a cluster; says at the end what each machine has done.

    Args:
        root: the course folder.
        where: the scheduler's address, or its file.
        console: what is told meanwhile goes there.
    """
    _require_extra()
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading.cluster.certificates import folder_of
    from course.autograder.grading.cluster.executor import open_cluster

    try:
        executor = open_cluster(where, folder_of(root), lambda sentence: say(sentence, to=console))
    except GradingError as error:
        raise Sentence(str(error)) from None
    try:
        if executor.dashboard:
            say(f"Dask's own page of this cluster is {executor.dashboard}", to=console)
        yield executor.marked
    finally:
        for name, one in executor.machines.done:
            lost = {0: "", 1: "; lost once"}.get(one.deaths, f"; lost {one.deaths} times")
            many = in_words("1 submission") if one.submissions == 1 else f"{one.submissions} submissions"
            say(f"  {name}: {many}, {one.seconds:.1f} s of grading{lost}", to=console)
        executor.close()


@click.group()
def cluster() -> None:
    """Look after the machines that grade for `grade --cluster`."""


@cluster.command()
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=None,
    help="How long they are valid; 200 by default, a term.",
)
@click.pass_obj
def certificates(root: Path, days: int | None) -> None:
    """Make the certificates by which scheduler, workers and driver know each other.

    They are written into cluster/ in the course folder, or where COURSE_CLUSTER says; those that are there are replaced, but
    not the authority that they are made by.
    """
    _require_extra()
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading.cluster.certificates import DAYS, folder_of, make_certificates

    folder = folder_of(root)
    try:
        written = make_certificates(folder, days or DAYS)
    except GradingError as error:
        raise Sentence(str(error)) from None
    say(f"written into {folder}: {', '.join(path.name for path in written)}")
    say(
        "the scheduler's machine needs ca.pem, scheduler.pem and scheduler-key.pem; a worker's ca.pem, worker.pem and "
        "worker-key.pem; the driver's ca.pem, client.pem and client-key.pem. ca-key.pem stays here: it makes new ones."
    )
