"""JSON that is damaged: what can be read of it is, and what is lost is said.

A trailing or a missing comma, a single backslash, marks of a merge, something before the notebook or behind it, a number too
long, control characters: nothing is lost. A file that was cut off, or broken in the middle: the cells that can be read.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

MOST_TRIES = 2_000  # objects that are tried to be read in a damaged file
MOST_CHARACTERS = 100_000_000  # that are read in vain
STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
TO_ITS_END = (
    STRING[:-1] + r'(?:"|\Z)'
)  # a string, or the rest of the text: what does not end is not looked at again
COMMA = re.compile(rf"({TO_ITS_END})|,(?=\s*+[\]}}])", re.DOTALL)
NO_COMMA = re.compile(rf"({TO_ITS_END}|[}}\]])(?=(\s++[{{\"])?)", re.DOTALL)
CELL = re.compile(
    r'\{\s*+"(?:cell_type|attachments|execution_count|id|metadata|outputs|source|input|collapsed|language)"\s*+:'
)
ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
BEGINNING = re.compile(r'\{\s*+"')
TYPE = re.compile(r'"cell_type"\s*+:\s*+"(\w{1,20})"')
SOURCE = re.compile(r'"(?:source|input)"\s*+:\s*+(\[\s*+)?')
LINE = re.compile(rf"({STRING})\s*+(,?)\s*+", re.DOTALL)


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
    mended = _read(text)
    overwritten = ("zero bytes stand where text of it was",) if "\0" in text else ()
    return replace(mended, lost=(*mended.lost, *overwritten))


def _read(text: str) -> Mended:
    try:
        return _documents(text)
    except (ValueError, RecursionError) as error:
        why = getattr(error, "msg", "nested too deep")
    if '"cells"' not in text and '"cell_type"' not in text:
        raise NoJson(f"it is not JSON ({why})")
    notes: list[str] = []
    for pattern, put, note in REPAIRS:
        mended_text = pattern.sub(put, text)
        if mended_text == text:
            continue
        text = mended_text
        notes += [] if note in notes else [note]
        try:
            mended = _documents(text)
            return Mended(mended.values, (*notes, *mended.notes))
        except (ValueError, RecursionError):
            continue
    return salvaged(text, why)


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[1] else r"\\"


def _with_comma(found: re.Match[str]) -> str:
    return found[1] + "," if found[2] else found[1]


COMMAS = "commas were missing or too many in it"
# What is tried, one after the other, and what it says of the file; the first leaves out what stands before the notebook.
REPAIRS = (
    (re.compile(rf"\A(?!{BEGINNING.pattern})[^{{]*+(?={BEGINNING.pattern})"), "", "something stands before the notebook in the file"),
    (ESCAPE, _escaped, "backslashes in it stood alone that JSON wants twice"),
    (COMMA, r"\1", COMMAS),
    (NO_COMMA, _with_comma, COMMAS),
)  # fmt: skip


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


def salvaged(text: str, why: str) -> Mended:
    """Every cell that can be read, and of those that cannot be the lines that can.

    Raises:
        NoJson: when there is none; `why` says what is wrong with the file.
    """
    cells: list[dict[str, Any]] = []
    broken, read_to, complete = 0, -1, True
    for found, start, end in _objects(text):
        between = text[max(read_to, 0) : start].strip()
        complete = complete and (between == "," if read_to >= 0 else between.endswith("["))
        read_to = end
        if found is not None:
            cells.append(found)
            continue
        complete = False
        pieces = list(_pieces(text[start:end]))
        broken += len(pieces)
        cells += [piece for piece in pieces if piece["source"]]
    if not cells:
        raise NoJson(f"it is not JSON ({why})")
    if complete and text[read_to:].lstrip().startswith("]"):
        return Mended(({"cells": cells},), ("it is damaged outside of its cells",))
    whole = len(cells) - sum("broken" in cell for cell in cells)
    how = "damaged" if text.endswith("}") else "cut off"
    part = ", one cell is there in part" if broken == 1 else f", {broken} cells are there in part"
    part = part if broken else ""
    lost = f"the file is {how}; {whole} cells could be read{part}"
    if whole == 1:
        lost = f"the file is {how}; 1 cell could be read{part}"
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
    for start, end in pairwise([*starts, len(text)]):
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
