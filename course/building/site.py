"""The site: executed lessons and a first page, built by Sphinx into plain files."""

import base64
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from course.building.dressing import dress
from course.building.links import broken
from course.building.phones import EXTRA, for_phones
from course.building.running import PROJECT
from course.building.translated import in_words_of, page_in
from course.languages.saying import OWN
from course.languages.saying import said as in_words

PAGES = Path(__file__).parent / "pages"
GLOSSARY = PROJECT / "course" / "lessons" / "glossary.md"
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


NUMBERS = {"zh": "零一二三四五六七八九十"}


class SiteError(Exception):
    """Why there is no site, in a sentence."""


@dataclass(frozen=True)
class Lesson:
    """A lesson on the first page."""

    name: str
    title: str
    line: str
    picture: str


@dataclass(frozen=True)
class Assignment:
    """An assignment on the first page."""

    title: str
    line: str
    functions: tuple[str, ...]
    points: int
    after: tuple[int, ...]


def title(notebook: nbformat.NotebookNode) -> str:
    """A notebook's first heading."""
    found = re.search(r"(?m)^# (.+)$", "\n".join(cell.source for cell in notebook.cells))
    return found.group(1) if found else "Without a title"


def catalogue() -> dict[str, Any]:
    """What the first page says beyond titles: `pages/catalogue.toml`."""
    return tomllib.loads((PAGES / "catalogue.toml").read_text("utf-8"))


def picture(notebook: nbformat.NotebookNode, wanted: str = "") -> bytes | None:
    """The PNG of the cell with the id wanted, or the first there is."""
    figures = {
        cell.id: output.data["image/png"]
        for cell in reversed(notebook.cells)
        for output in reversed(cell.get("outputs", []))
        if "image/png" in output.get("data", {})
    }
    chosen = figures.get(wanted) or next(reversed(figures.values()), None)
    return base64.b64decode(chosen) if chosen else None


def describe_lesson(name: str, notebook: nbformat.NotebookNode, source: Path) -> Lesson:
    """A lesson's card; its picture is written into `source`."""
    said = catalogue()["lesson"].get(name[:2], {})
    found = picture(notebook, said.get("figure", ""))
    if found:
        _write(source / f"{name}.png", found)
    return Lesson(name, title(notebook), _line(said), f"{name}.png" if found else "")


def _line(about: dict[str, Any]) -> str:
    return in_words(about.get("line", ""))


def describe_assignments(root: Path = PROJECT, language: str = "en") -> list[Assignment]:
    """A card for each assignment: its functions and points are read from the notebook."""
    cards = []
    for path in sorted((root / "course" / "assignments").glob("*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        graded = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
        checks = [cell.source for cell, mark in zip(notebook.cells, graded, strict=True) if mark.get("grade")]
        calls = [re.search(r'^check\("[\w.]+", (.+)\)$', source, re.MULTILINE) for source in checks]
        functions = dict.fromkeys(name for call in calls if call for name in call.group(1).split(", "))
        said = catalogue()["assignment"].get(path.stem, {})
        points = sum(int(mark.get("points", 0)) for mark in graded if mark.get("grade"))
        name, after = title(in_words_of(notebook, path.stem, language)), tuple(said.get("after", ()))
        cards.append(Assignment(name, _line(said), tuple(functions), points, after))
    return cards


def write_sources(
    lessons: Sequence[Path],
    answers: Sequence[Path],
    names: dict[Path, str],
    to: Path,
    language: str = "en",
) -> None:
    """Sphinx's input: dressed notebooks and the first page. What has not changed is not touched.

    Args:
        lessons, answers: executed notebooks.
        names: what each one's page is called.
        to: the folder for them.
        language: which the notebooks are in, and the other pages will be.
    """
    to.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(to.parent / EXTRA, ignore_errors=True)
    (to.parent / EXTRA).mkdir()
    cards = []
    for path in [*lessons, *answers]:
        notebook = dress(nbformat.read(path, as_version=4))
        for_phones(notebook, names[path], to.parent / EXTRA)
        notebook.metadata.pop("seconds", None)
        _write(to / f"{names[path]}.ipynb", nbformat.writes(notebook).encode())
        if path in lessons:
            cards.append(describe_lesson(names[path], notebook, to))
    jinja = Environment(loader=FileSystemLoader(PAGES), undefined=StrictUndefined, trim_blocks=True)
    words = NUMBERS.get(language, WORDS)
    jinja.filters["words"] = lambda n: words[n] if n < len(words) else str(n)
    jinja.globals["said"] = in_words
    source = (PAGES / "index.md.jinja").read_text(encoding="utf-8")
    index = jinja.from_string(page_in(source, "program/site", language)).render(
        lessons=cards,
        assignments=describe_assignments(language=language),
        answers=[names[path] for path in answers],
    )
    _write(to / "index.md", index.encode())
    glossary = page_in(GLOSSARY.read_text(encoding="utf-8"), "lessons/glossary", language)
    _write(to / GLOSSARY.name, glossary.encode())
    wanted = {
        "index.md",
        GLOSSARY.name,
        *(f"{names[p]}.ipynb" for p in names),
        *(card.picture for card in cards),
    }
    for stale in (p for p in to.iterdir() if p.name not in wanted):
        stale.unlink()


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)


def render(source: Path, out: Path, language: str = "en", beside: Sequence[str] = ()) -> None:
    """Have Sphinx build `source` into `out`, and follow every link in it, where no other language is built beside it.

    Args:
        source: as `write_sources` makes it.
        out: the folder of this language's pages.
        language: theirs.
        beside: all languages that are built, where these are several; each page then links to the same in the others.

    Raises:
        SiteError: when Sphinx has a warning, or a link leads nowhere.
    """
    shutil.rmtree(out, ignore_errors=True)
    told = source.parent / "warnings.txt"
    options: list[str | Path] = [
        "-q",
        "-b",
        "html",
        "-c",
        PAGES,
        "-d",
        source.parent / "doctrees",
        "-w",
        told,
        "-D",
        f"html_extra_path={source.parent / EXTRA}",
    ]
    # A process of its own: a second build in one process warns of everything that the first has registered.
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, source, out],
        capture_output=True,
        text=True,
        env={**os.environ, OWN: language, "COURSE_SITE_LANGUAGES": " ".join(beside)},
    )
    if done.returncode:
        raise SiteError(f"Sphinx stopped:\n{done.stderr}")
    require_sound([*_lines(told.read_text("utf-8")), *(() if beside else broken(out))])


def require_sound(faults: Sequence[str]) -> None:
    """Raise SiteError where pages have faults."""
    if faults:
        raise SiteError("the pages have faults:\n  " + "\n  ".join(faults))


def _lines(text: str) -> Iterable[str]:
    return (line for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines() if line.strip())
