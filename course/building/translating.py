"""`python -m course translate`: catalogues from the English, and notebooks from the catalogues."""

from collections.abc import Iterable

import click
import nbformat
from rich.table import Table

from course.building.running import PROJECT
from course.common.console import Sentence, console, say
from course.common.notebooks import canonical


def _named(known: Iterable[str], names: tuple[str, ...]) -> list[str]:
    """Of the catalogues known those with these names, or with a name that begins so; all where none is given."""
    chosen = [name for name in known if not names or name.startswith(names)]
    if not chosen:
        raise Sentence(f"no catalogue is named {' or '.join(names)}; there are {', '.join(known)}")
    return chosen


@click.group("translate")
def translate_command() -> None:
    """Keep the Chinese catalogues in step with the English, and build Chinese notebooks."""


@translate_command.command()
@click.argument("names", nargs=-1)
def extract(names: tuple[str, ...]) -> None:
    """Write the catalogues of NAMES (all unless some are named) anew: new texts empty, changed ones fuzzy."""
    from course.languages import catalogue
    from course.languages.translation import in_step, po_file, wanted

    table = Table(title="catalogues")
    for column in ("catalogue", "messages", "missing", "fuzzy"):
        table.add_column(column, justify="left" if column == "catalogue" else "right")
    texts = wanted(PROJECT)
    for language in catalogue.LOCALES:
        for name in _named(texts, names):
            place = po_file(language, name)
            text = in_step(name, texts[name], language)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="\n")
            count = catalogue.counts(catalogue.read(place, language))
            table.add_row(f"{language}/{name}", str(count.messages), str(count.missing), str(count.fuzzy))
    console.print(table)


@translate_command.command()
@click.argument("names", nargs=-1)
def build(names: tuple[str, ...]) -> None:
    """Build the notebooks of NAMES (all unless some are named) under build/LANGUAGE/."""
    from course.languages import catalogue
    from course.languages.translation import po_file, sources, translated

    books = sources(PROJECT)
    for language in catalogue.LOCALES:
        folder = PROJECT / "build" / language
        for name in _named(books, names):
            path = books[name]
            catalog = catalogue.read(po_file(language, name), language)
            made = translated(nbformat.read(path, as_version=4), catalog)
            target = folder / path.relative_to(PROJECT / "course")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(canonical(made), encoding="utf-8", newline="\n")
        say(f"built into {folder}; what has no translation is English there")


@translate_command.command()
@click.argument("names", nargs=-1)
def check(names: tuple[str, ...]) -> None:
    """Say what is wrong in the catalogues of NAMES; without names, in all, where those not yet complete may have gaps."""
    from course.languages import catalogue
    from course.languages.faults import complete, faults
    from course.languages.translation import po_file, wanted

    found = 0
    for language in catalogue.LOCALES:
        for name in _named(wanted(PROJECT), names):
            catalog = catalogue.read(po_file(language, name), language)
            for fault in faults(catalog, language, whole=bool(names) or name in complete(language)):
                say(f"{language}/{name}: {fault}")
                found += 1
    if found:
        raise Sentence(f"{found} things to put right in the catalogues under course/languages")
