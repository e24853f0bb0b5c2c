"""JSON that is damaged: what can be read of it is, and what is lost is said.

A trailing or a missing comma, marks of a merge, something behind the notebook, a number too long, control characters: nothing
is lost. A file that was cut off, or broken in the middle: the cells that can be read.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_TRIES = 2_000  # objects that are tried to be read in a damaged file
MOST_CHARACTERS = 100_000_000  # that are read in vain
STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
COMMA = re.compile(rf"({STRING})|,(?=\s*+[\]}}])", re.DOTALL)
NO_COMMA = re.compile(rf"({STRING}(?=\s*+[\]}},:]))|({STRING}|[}}\]])(?=\s*+[{{\"])", re.DOTALL)
CELL = re.compile(
    r'\{\s*+"(?:cell_type|attachments|execution_count|id|metadata|outputs|source|input|collapsed|language)"\s*+:'
)
TYPE = re.compile(r'"cell_type"\s*+:\s*+"(\w{1,20})"')
SOURCE = re.compile(r'"(?:source|input)"\s*+:\s*+(\[\s*+)?')
LINE = re.compile(rf"({STRING})\s*+(,?)\s*+", re.DOTALL)
MARKS = re.compile(rb"^(?:<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|$)[^\n]*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Mended:
    """What was read.

    Attributes:
        values: the JSON documents in the file, the notebook among them; nearly always one.
        notes: clauses on what was wrong with it, of which nothing is lost: 'it has a comma too many'.
        lost: clauses on what is lost.
    """

    values: tuple[Any, ...]
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class NoJson(ValueError):
    """Nothing could be read; the message says why, in one clause."""


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 0


DECODER = json.JSONDecoder(strict=False, parse_int=_number, parse_constant=lambda name: None)


def read_json(text: str) -> Mended:
    """Read a file's JSON, damaged or not.

    Raises:
        NoJson: when there is none, or no cell can be read of it.
    """
    text = text.strip("\ufeff \t\r\n\0")
    if not text:
        raise NoJson("it is empty")
    try:
        return _documents(text)
    except (ValueError, RecursionError) as error:
        why = getattr(error, "msg", "nested too deep")
    if '"cells"' not in text and '"cell_type"' not in text:
        raise NoJson(f"it is not JSON ({why})")
    for pattern, put in ((COMMA, r"\1"), (NO_COMMA, _with_comma)):
        try:
            text = pattern.sub(put, text)
            mended = _documents(text)
            return Mended(mended.values, ("commas were missing or too many in it", *mended.notes))
        except (ValueError, RecursionError):
            continue
    return _salvaged(text, why)


def _with_comma(found: re.Match[str]) -> str:
    return found[1] if found[1] is not None else f"{found[2]},"


def _documents(text: str) -> Mended:
    """The documents that follow each other in a text; what follows the last and is none is said."""
    values: list[Any] = []
    position = 0
    while position < len(text) and len(values) < 10:
        try:
            value, position = DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            if not values:
                raise
            return Mended(tuple(values), ("something follows the notebook in the file, and was left out",))
        values.append(value)
        position = _next(text, position)
    notes = (f"there are {len(values)} documents in one file",) if len(values) > 1 else ()
    return Mended(tuple(values), notes)


def _next(text: str, position: int) -> int:
    found = re.compile(r"[\s\0]*+").match(text, position)
    return found.end() if found else position


# --- cells of a file that is broken -------------------------------------------------------------------------------


def _salvaged(text: str, why: str) -> Mended:
    """Every cell that can be read, and of those that cannot be the lines that can."""
    cells: list[dict[str, Any]] = []
    broken = 0
    for found, start, end in _objects(text):
        if found is not None:
            cells.append(found)
            continue
        pieces = list(_pieces(text[start:end]))
        broken += len(pieces)
        cells += [piece for piece in pieces if piece["source"]]
    if not cells:
        raise NoJson(f"it is not JSON ({why})")
    whole = len(cells) - sum("broken" in cell for cell in cells)
    how = "damaged" if text.endswith("}") else "cut off"
    lost = f"the file is {how}; {whole} {'cell' if whole == 1 else 'cells'} could be read"
    if broken:
        lost += ", one cell is there in part" if broken == 1 else f", {broken} cells are there in part"
    return Mended(({"cells": cells},), (), (lost,))


def _objects(text: str) -> Iterator[tuple[dict[str, Any] | None, int, int]]:
    """Cells, and the stretches between them in which something broke."""
    position, gap, spent = 0, -1, 0
    for _ in range(MOST_TRIES):
        found = CELL.search(text, position)
        if found is None or spent > MOST_CHARACTERS:
            break
        try:
            value, end = DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError) as error:
            spent += getattr(error, "pos", found.end()) - found.start()
            gap = gap if gap >= 0 else found.start()
            position = found.end()
            continue
        if isinstance(value, dict) and isinstance(value.get("cell_type"), str):
            if gap >= 0:
                yield None, gap, found.start()
                gap = -1
            yield value, found.start(), end
            position = end
        else:
            position = found.end()
    if gap >= 0:
        yield None, gap, len(text)


def _pieces(text: str) -> Iterator[dict[str, Any]]:
    """The cells in a broken stretch: their type, marks and the lines of their source up to the break."""
    starts = [found.start() for found in TYPE.finditer(text)][:MOST_TRIES]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end]
        kind = TYPE.match(piece)
        assert kind is not None
        cell = {"cell_type": kind[1], "metadata": _marks(piece), "source": _lines(piece), "broken": True}
        if name := re.search(r'"id"\s*+:\s*+"([\w-]{1,64})"', piece):
            cell["id"] = name[1]
        yield cell


def _marks(piece: str) -> dict[str, Any]:
    found = re.search(r'"nbgrader"\s*+:\s*+(?=\{)', piece)
    try:
        return {"nbgrader": DECODER.raw_decode(piece, found.end())[0]} if found else {}
    except (ValueError, RecursionError):
        return {}


def _lines(piece: str) -> str:
    found = SOURCE.search(piece)
    if found is None:
        return ""
    position, lines = found.end(), []
    while line := LINE.match(piece, position):
        try:
            lines.append(str(DECODER.decode(line[1])))
        except (ValueError, RecursionError):
            break
        position = line.end()
        if not found[1] or not line[2]:
            break
    return "".join(lines)


# --- marks of a merge ---------------------------------------------------------------------------------------------


def sides(content: bytes) -> tuple[bytes, ...]:
    """A file with the marks of a merge in it as each side had it; the file itself where there are none.

    A line of JSON begins with a blank, a bracket or a quote, so these marks are never a notebook's own text.
    """
    if not re.search(rb"^<{7}(?: |\r?$)", content, re.MULTILINE):
        return (content,)
    ours: list[bytes] = []
    theirs: list[bytes] = []
    position, state = 0, "both"
    for mark in MARKS.finditer(content):
        _to(state, content[position : mark.start()], ours, theirs)
        position = mark.end()
        state = {b"<": "ours", b"|": "neither", b"=": "theirs", b">": "both"}[mark[0][:1]]
    _to(state, content[position:], ours, theirs)
    return b"".join(ours), b"".join(theirs)


def _to(state: str, text: bytes, ours: list[bytes], theirs: list[bytes]) -> None:
    if state in ("both", "ours"):
        ours.append(text)
    if state in ("both", "theirs"):
        theirs.append(text)
