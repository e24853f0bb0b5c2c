"""From a file's bytes to a notebook of sound cells, and what is to be said of the file."""

import base64
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.decode import decode
from course.autograder.intake.mend import Mended, NoJson, read_json, salvaged
from course.autograder.intake.merges import sides
from course.autograder.intake.scripts import from_markdown, from_script, is_script
from course.autograder.intake.slim import without_outputs
from course.autograder.intake.sound import cells_of, sound
from course.autograder.intake.web_pages import from_page, is_page, notebook_shown

MOST_BYTES = 256 * 2**20  # of a file, its saved outputs among them
MOST_OF_THE_REST = 64 * 2**20  # without them
NO_CELLS = "it has no list of cells"
KNOWN = (  # how files begin that are no notebook, whatever they are called
    (rb"%PDF", "it is a PDF; a PDF cannot be run"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "it is a picture"),
    (rb"Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ", "it is packed in a way that is not opened here; a zip is"),
    (rb"version https://git-lfs", "it is a pointer of git LFS: the notebook itself was not handed in"),
    (rb"PK\x03\x04", "it is a zip, or a document of an office program"),
)  # fmt: skip


class Unreadable(ValueError):
    """The file is no notebook; the message says why, in one clause."""


@dataclass(frozen=True)
class Read:
    """A notebook as it was read.

    Attributes:
        notebook: in nbformat 4.5, without outputs; pictures that had been displayed are in their cells' metadata.
        notes: clauses on what was odd about the file, of which nothing is lost.
        lost: clauses on what could not be read.
    """

    notebook: NotebookNode
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


Weigh = Callable[[NotebookNode], int]  # how much there is in a notebook, where one of several is to be taken


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook file of any version of the format.

    Raises:
        Unreadable: when it cannot be used.
    """
    try:
        with path.open("rb") as file:
            return read_content(file.read(MOST_BYTES + 1), path.name).notebook
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from None


def read_content(content: bytes, name: str, weigh: Weigh = lambda notebook: len(notebook.cells)) -> Read:
    """Read a file's content.

    Args:
        content: all of it.
        name: the file's.
        weigh: which of several notebooks in one file is taken, when there are several: the heaviest.

    Raises:
        Unreadable: when it is no notebook.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"it is larger than {MOST_BYTES >> 20} MB")
    for begins, why in KNOWN:
        if re.match(begins, content[:200], re.IGNORECASE):
            raise Unreadable(why)
    both = sides(content)
    found: list[Read] = []
    problem = "it is empty"
    for side in both:
        try:
            found.append(_read(side, name, weigh))
        except Unreadable as error:
            problem = str(error)
    if not found:
        raise Unreadable(problem)
    if len(both) == 1:
        return found[0]
    return _merged(max(found, key=lambda one: weigh(one.notebook)), found)


def _merged(best: Read, found: list[Read]) -> Read:
    """Of a file with the marks of a merge, one side; where the other has other text, a person must know."""
    texts = [[cell.source for cell in one.notebook.cells] for one in found]
    if len(found) == 2 and texts[0] == texts[1]:
        return replace(best, notes=(*best.notes, "it has the marks of a merge, and both sides say the same"))
    why = "it has the marks of a merge that was not resolved, and the side with more answers was taken"
    return replace(best, lost=(*best.lost, why))


def _read(content: bytes, name: str, weigh: Weigh) -> Read:
    """One side of a file."""
    said = ""
    bare = content.lstrip(b"\0")
    if bare[:1].strip() and bare[1:2] != b"\0":
        content = bare  # a disk's empty bytes before the text, and not text of two or four bytes a character
    if content[:4].count(0) or content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # two or four bytes a character
        text, said = decode(content)
        content = text.encode("utf-8", "replace")
    try:
        content = without_outputs(content)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    if len(content) > MOST_OF_THE_REST:
        raise Unreadable(
            f"it is {len(content) >> 20} MB large without its outputs; the limit is {MOST_OF_THE_REST >> 20} MB"
        )
    text, also = decode(content)
    notes = tuple(filter(None, (said or also,)))
    if not text.strip("\ufeff \t\r\n\0"):
        raise Unreadable("it is empty")
    if is_page(text):
        return _page(text, name, notes, weigh)
    script = None if text.lstrip("\ufeff \t\r\n\0").startswith(("{", "[")) else _script(text, name)
    if script is not None:
        kind = "Markdown" if name.lower().endswith(("md", "md.txt")) else "a script"
        return Read(script, (*notes, f"it is {kind}, not a notebook, and was read as one"))
    try:
        mended = read_json(text)
        if not _lists(mended):
            mended = salvaged(text, NO_CELLS) if '"cell_type"' in text else mended
    except NoJson as error:
        raise Unreadable(str(error)) from None
    return _heaviest(mended, notes, weigh)


def _page(text: str, name: str, notes: tuple[str, ...], weigh: Weigh) -> Read:
    """A web page that shows a notebook."""
    if shown := notebook_shown(text):
        told = "it is a web page that shows the notebook, which was read out of it"
        read = _read(shown.encode("utf-8", "replace"), name, weigh)
        return replace(read, notes=(*notes, told, *read.notes))
    exported = from_page(text)
    if exported is None:
        raise Unreadable("it is a web page: what a browser showed was saved, and not the notebook")
    return Read(exported, (*notes, "it is a web page that the notebook was exported to, and was read as one"))


def _script(text: str, name: str) -> NotebookNode | None:
    """A script or Markdown as a notebook; None for text that is neither."""
    if re.search(r"\.[rq]?md(\.txt)?$", name, re.IGNORECASE):
        return from_markdown(text)
    if text.lstrip().startswith('"') or not is_script(text):
        return None
    return from_script(text)


def _heaviest(mended: Mended, notes: tuple[str, ...], weigh: Weigh) -> Read:
    lists = _lists(mended)
    if not lists:
        raise Unreadable(f"it is JSON, but no notebook: {NO_CELLS}")
    made = [sound(cells) for cells in lists]
    weights = [weigh(one.notebook) for one in made] if len(made) > 1 else [1]
    best = made[weights.index(max(weights))]
    lost = [*mended.lost, *best.lost]
    others = [one for one, weight in zip(made, weights, strict=True) if weight]
    if any(_sources(one.notebook) != _sources(best.notebook) for one in others):
        lost.append(f"it has {len(made)} notebooks in one file, and the one with more answers was taken")
    return Read(best.notebook, (*notes, *mended.notes), tuple(lost))


def _lists(mended: Mended) -> list[list[Any]]:
    return [found for value in mended.values if (found := cells_of(_unpacked(value))) is not None]


def _unpacked(value: Any) -> Any:
    """A notebook that was written into a JSON string, or as base64 beside its name, as servers do."""
    if isinstance(value, dict) and "base64" in (value.get("encoding"), value.get("format")):
        with contextlib.suppress(ValueError, TypeError):
            value = base64.b64decode(value.get("content", "")).decode()
    if isinstance(value, str) and ('"cells"' in value or '"worksheets"' in value):
        with contextlib.suppress(NoJson):
            return read_json(value).values[0]
    return value


def _sources(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells]
