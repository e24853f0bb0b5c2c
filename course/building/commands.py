"""The commands that run lessons, build the site and fetch data."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table

from course.building.running import PROJECT, Run, answers, lessons, run
from course.common.console import Sentence, console, progress

EXECUTED = PROJECT / "build" / "lessons"


def run_all(paths: Sequence[Path], folder: Path, again: bool, language: str = "en") -> list[Run]:
    """Run notebooks one after another, since some of them measure time, with a bar and a line for each."""
    runs = []
    with progress() as bar:
        task = bar.add_task("lessons", total=len(paths))
        for path in paths:
            bar.update(task, description=path.stem)
            runs.append(run(path, folder, again, language))
            bar.advance(task)
    return runs


def show(runs: Sequence[Run]) -> None:
    """A table: lesson, seconds, how it went."""
    table = Table(title="lessons")
    table.add_column("lesson")
    table.add_column("seconds", justify="right")
    table.add_column("", overflow="fold")
    for one in runs:
        word = (
            f"[red]failed[/red]: {one.failure}" if one.failure else "kept from before" if one.kept else "ran"
        )
        name = (
            f"{one.path.parent.name}/{one.path.stem}" if one.path.parent.name == "answers" else one.path.stem
        )
        table.add_row(name, f"{one.seconds:.1f}", word)
    table.add_section()
    table.add_row("together", f"{sum(one.seconds for one in runs):.1f}", "")
    console.print(table)


def failed(runs: Sequence[Run]) -> str:
    """Which lessons failed, for an error message; empty when none did."""
    return ", ".join(one.path.stem for one in runs if one.failure)


@click.command("lessons")
@click.argument("names", nargs=-1)
@click.option("--answers", "with_answers", is_flag=True, help="Also the answers to the exercises.")
def lessons_command(names: tuple[str, ...], with_answers: bool) -> None:
    """Run all lessons, or those whose file names start with NAMES (as 03), and say how long each took."""
    known = [*lessons(), *(answers() if with_answers else [])]
    chosen = [path for path in known if not names or path.name.startswith(names)]
    if not chosen:
        raise Sentence(
            f"no lesson starts with {' or '.join(names)}; there are {', '.join(p.stem for p in known)}"
        )
    runs = run_all(chosen, EXECUTED, again=True)
    show(runs)
    sys.exit(1 if failed(runs) else 0)


@click.command("site")
@click.option("--answers", "with_answers", is_flag=True, help="Build the answers to the exercises in.")
@click.option("--again", is_flag=True, help="Run also lessons that have not changed.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=PROJECT / "build" / "site"
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(("en", "zh")),
    default=("en",),
    help="May be said more than once: `--language en --language zh` builds both, with a switch on each page.",
)
def site_command(with_answers: bool, again: bool, folder: Path, languages: tuple[str, ...]) -> None:
    """Run what has changed among the lessons, and build the pages."""
    from course.building.links import broken
    from course.building.site import SiteError, require_sound
    from course.languages.saying import choose

    chosen = tuple(dict.fromkeys(languages))
    beside = chosen if len(chosen) > 1 else ()
    try:
        for language in sorted(
            chosen, key=lambda one: one != "en"
        ):  # English lies at the top, and is built first
            choose(language)
            _pages(
                with_answers,
                again,
                folder / language if beside and language != "en" else folder,
                language,
                beside,
            )
        require_sound(list(broken(folder)) if beside else ())
    except SiteError as error:
        raise Sentence(str(error)) from None
    console.print(f"open [bold]{folder / 'index.html'}[/bold]", highlight=False, soft_wrap=True)


def _pages(with_answers: bool, again: bool, folder: Path, language: str, beside: Sequence[str]) -> None:
    """One language's pages."""
    from course.building.site import render, write_sources
    from course.building.translated import in_language

    wanted = answers() if with_answers else []
    built = {path: path for path in [*lessons(), *wanted]}
    executed, pages = EXECUTED, PROJECT / "build" / "pages"
    if language != "en":
        built = in_language([*built], language)
        executed, pages = EXECUTED.with_name(f"lessons-{language}"), pages.with_name(f"pages-{language}")
    runs = run_all([*built.values()], executed, again, language)
    show(runs)
    if failed(runs):
        raise Sentence(f"no site was built, for a lesson failed: {failed(runs)}")
    first, further = ([built[path] for path in paths] for paths in (lessons(), wanted))
    done = {one.path: one.executed for one in runs if one.executed}
    names = {done[p]: p.stem for p in first} | {done[p]: f"answers-{p.stem}" for p in further}
    with console.status("building the pages"):
        write_sources([done[p] for p in first], [done[p] for p in further], names, pages / "source", language)
        render(pages / "source", folder, language, beside)


@click.command("prose")
def prose_command() -> None:
    """Say what is better said otherwise in the English of notebooks, pages and messages."""
    from course.building.prose import finds, texts
    from course.common.console import say

    found = finds(texts(PROJECT))
    for one in found:
        say(f"{one.place}: {one.advice}")
    if found:
        raise Sentence(
            f"{len(found)} phrases to put right; course/building/phrases.toml lists the project's own"
        )


@click.command("data")
def data_command() -> None:
    """Fetch MNIST, which lessons 1, 4, 5, 6 and 8 then use, and CIFAR-10, which lesson 5 uses, too."""
    from course.building.downloads import NotFetched, downloads_folder, fetch, read_all, wanted

    files = wanted()
    missing = [file for file in files if not file.here()]
    table = Table(title=f"into {downloads_folder()}")
    for name in ("data", "file", "MB"):
        table.add_column(name, justify="right" if name == "MB" else "left")
    for file in files:
        size = f"{file.size / 1e6:.1f}" if file in missing else "is there"
        table.add_row(file.dataset, file.path.name, size)
    console.print(table)
    console.print(f"to fetch: {sum(file.size for file in missing) / 1e6:.1f} MB", highlight=False)
    try:
        for file in fetch(missing):
            console.print(f"fetched {file.path.name}", highlight=False)
        for part, count in read_all().items():
            console.print(f"{part}: {count:,} images", highlight=False)
    except NotFetched as error:
        raise Sentence(str(error)) from None


@click.command("new-assignment")
@click.argument("name")
@click.argument("questions", nargs=-1, required=True)
@click.option("--practice", is_flag=True, help="Its points are no part of the term's sum.")
def new_assignment_command(name: str, questions: tuple[str, ...], practice: bool) -> None:
    """Begin the assignment NAME: its notebook, with cells for each of QUESTIONS (function:points, as relu:5)."""
    from course.building.scaffold import ScaffoldError, question, write_notebook

    try:
        asked = [question(text) for text in questions]
        path = write_notebook(PROJECT, name, asked, practice=practice)
    except ScaffoldError as error:
        raise Sentence(str(error)) from None
    console.print(
        f"{path.relative_to(PROJECT)} is begun; docs/new_assignment.md says what comes next", highlight=False
    )
