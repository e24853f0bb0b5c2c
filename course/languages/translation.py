"""A notebook in another language: the same cells, ids, metadata and code, with the catalogue's texts for its words."""

import copy
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog

from course.common.notebooks import notebooks
from course.languages import catalogue, spoken
from course.languages.code import looked_up, of_code
from course.languages.passages import Passage, of_markdown


def sources(root: Path) -> dict[str, Path]:
    """Every notebook that is translated, by the name of its catalogue: `lessons/01_…`, `assignments/ps0_warmup`."""
    found = {}
    for path in notebooks(root):
        place = path.relative_to(root / "course")
        name = (
            f"assignments/{path.stem}"
            if place.parts[0] == "assignments"
            else place.with_suffix("").as_posix()
        )
        found[name] = path
    return found


def keys(notebook: nbformat.NotebookNode) -> frozenset[str]:
    """What the notebook's cells look something up by."""
    return looked_up(cell.source for cell in notebook.cells if cell.cell_type == "code")


def passages(cell: nbformat.NotebookNode, looked: frozenset[str] = frozenset()) -> list[Passage]:
    """The passages of any cell of a notebook, whose `keys` stay as they are."""
    if cell.cell_type == "markdown":
        return of_markdown(cell.source)
    return of_code(cell.source, looked) if cell.cell_type == "code" else []


def entries(notebook: nbformat.NotebookNode) -> list[catalogue.Entry]:
    """What of a notebook wants a translation."""
    looked = keys(notebook)
    return [
        catalogue.Entry(cell.id, passage.text, passage.kind)
        for cell in notebook.cells
        for passage in passages(cell, looked)
    ]


def translated(notebook: nbformat.NotebookNode, catalog: Catalog) -> nbformat.NotebookNode:
    """The notebook with the catalogue's words; a passage stays English where there are none for it."""
    other, looked = copy.deepcopy(notebook), keys(notebook)
    for cell in other.cells:
        source = cell.source
        for passage in reversed(passages(cell, looked)):
            if words := catalogue.words(catalog, passage.text, cell.id):
                source = source[: passage.start] + passage.written(words) + source[passage.end :]
        cell.source = source
    return other


def text_in(source: str, name: str, language: str) -> str:
    """A Markdown text, or a template of one, with the words of the catalogue of that name."""
    catalog = catalogue.read(po_file(language, name), language)
    for passage in reversed(of_markdown(source)):
        if words := catalogue.words(catalog, passage.text):
            source = source[: passage.start] + words + source[passage.end :]
    return source


def po_file(language: str, name: str) -> Path:
    """Where the catalogue of that name lies."""
    return catalogue.FOLDER / language / f"{name}.po"


def wanted(root: Path) -> dict[str, list[catalogue.Entry]]:
    """What every catalogue wants a translation of, by its name."""
    found = {name: entries(nbformat.read(path, as_version=4)) for name, path in sources(root).items()}
    return found | spoken.entries(root)


def in_step(name: str, texts: list[catalogue.Entry], language: str) -> str:
    """The text of the catalogue of that name, in step with the English."""
    old = catalogue.read(po_file(language, name), language)
    return catalogue.written(catalogue.merged(old, texts, language), language)


def not_in_step(root: Path) -> dict[Path, str]:
    """The catalogues that are other than the English wants them, and what should stand in each."""
    loose = {}
    for language in catalogue.LOCALES:
        for name, texts in wanted(root).items():
            place = po_file(language, name)
            text = in_step(name, texts, language)
            if not place.exists() or place.read_text(encoding="utf-8") != text:
                loose[place] = text
    return loose
