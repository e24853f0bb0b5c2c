"""Lessons in another language, made ready to be run and to become pages."""

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
from docutils.nodes import make_id

from course.building.running import PROJECT
from course.common.headings import HEADING
from course.common.notebooks import canonical
from course.languages import catalogue
from course.languages.translation import po_file, sources, text_in, translated


def in_language(paths: Sequence[Path], language: str) -> dict[Path, Path]:
    """The notebooks built in a language, by what they are built from.

    A heading keeps the place that it has on the English page, to which cards and feedback link.
    """
    folder, names = (
        PROJECT / "build" / language / "pages",
        {path: name for name, path in sources(PROJECT).items()},
    )
    built = {}
    for path in paths:
        english = nbformat.read(path, as_version=4)
        other = translated(english, catalogue.read(po_file(language, names[path]), language))
        for cell, source in zip(other.cells, english.cells, strict=True):
            if cell.cell_type == "markdown":
                cell.source = with_places(cell.source, source.source)
        target = folder / path.relative_to(PROJECT / "course")
        text = canonical(other)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        built[path] = target
    return built


def with_places(text: str, english: str) -> str:
    """A cell of text whose headings can be linked to by the names that English ones have."""
    places = [make_id(re.sub(r"[`*$]", "", heading)) for heading in HEADING.findall(english)]
    found = list(HEADING.finditer(text))
    if len(found) != len(places):
        return text
    for heading, place in reversed(list(zip(found, places, strict=True))):
        if place:
            text = f'{text[: heading.start()]}<a id="{place}"></a>\n\n{text[heading.start() :]}'
    return text


def in_words_of(notebook: nbformat.NotebookNode, assignment: str, language: str) -> nbformat.NotebookNode:
    """An assignment's notebook in a language."""
    if language == "en":
        return notebook
    return translated(notebook, catalogue.read(po_file(language, f"assignments/{assignment}"), language))


def page_in(text: str, name: str, language: str) -> str:
    """A page's text, or a template of one, in a language."""
    return text if language == "en" else text_in(text, name, language)
