"""`python -m course.studies NAME ...`: run studies, show how far they are, keep what they find."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before Paddle: one thread gives the same sums everywhere

from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from course.studies.catalogue import STUDIES
from course.studies.record import KEPT, Result, Row, Study, runs, save, versions
from course.teaching.data import load_mnist

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TimeRemainingColumn(),
)


def listing() -> Table:
    """What can be run, and whether it has been."""
    table = Table("study", "question", "kept")
    for study in STUDIES.values():
        table.add_row(study.name, study.question, "yes" if (KEPT / f"{study.name}.json").is_file() else "no")
    return table


def run_with_progress(study: Study, console: Console) -> Result:
    """Run a study under a progress bar that counts cases times seeds."""
    images, rows = load_mnist(), list[Row]()
    with Progress(*COLUMNS, console=console) as progress:
        bar = progress.add_task(study.name, total=len(study.cases(study.settings)) * len(study.seeds))
        for part in runs(study, study.settings, study.seeds, images):
            rows += part
            progress.advance(bar)
    return Result(
        study.name, study.question, images.name, study.settings, study.seeds, versions(), tuple(rows)
    )


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*STUDIES, "all"]))
@click.option("--folder", type=click.Path(path_type=Path), default=KEPT, help="Where the results go.")
def main(names: tuple[str, ...], folder: Path) -> None:
    """Run the studies NAMES and keep their results; without a name, list them.

    They use the part of MNIST that ships with the course, and write into the result how it was split.
    """
    console = Console()
    if not names:
        console.print(listing())
    for name in STUDIES if "all" in names else names:
        path = save(run_with_progress(STUDIES[name], console), folder)
        console.print(f"{name}: {path}")


if __name__ == "__main__":
    main()
