"""A picture of each function's inputs and outputs at the head of its question, drawn in letters from its docstring.

`python -m course.building.shapes` draws all of them again, after a docstring or a signature was changed. Letters need
nothing to be drawn when a student starts, and follow every theme; a test holds the pictures to the docstrings.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import nbformat

from course.common.notebooks import canonical

PROJECT = Path(__file__).parents[2]
AXES = re.compile(r"(?:int )?arrays? \[([^\]]+)\]|arrays? \((\w+),\)")
OR = re.compile(r"\] or (\[[^\]]+\])")
SHAPE = re.compile(r"^\((?:[^()]|\([^()]*\))*\)")
ENTRY = re.compile(r"^(\w+(?:, \w+)*): (.+)$")
OURS = re.compile(r"```text\n(?:(?!```).)*?─→(?:(?!```).)*?```\n*", re.DOTALL)
POINTS = re.compile(r"^\*\d+(?:\.\d+)? points?[^\n]*\*$", re.MULTILINE)


@dataclass(frozen=True)
class Thing:
    """What goes in or comes out.

    Attributes:
        name: one name, or several of one kind.
        axes: of an array, outermost first; None for what is no array, () for an array of any shape.
        note: what stands beside it.
    """

    name: str
    axes: tuple[str, ...] | None = None
    note: str = ""


def _thing(name: str, text: str, known: Mapping[str, Thing]) -> Thing:
    if found := AXES.match(text):
        axes = tuple(part.strip() for part in (found[1] or found[2]).split(","))
        other = OR.search(text)
        return Thing(name, axes, f"or {other[1]}" if other else "")
    if (same := re.match(r"arrays? as (\w+)", text)) and same[1] in known:
        return Thing(name, known[same[1]].axes, known[same[1]].note)
    if re.match(r"arrays?\b", text):
        return Thing(name, ())
    shape = SHAPE.match(text)
    return Thing(name, None, shape[0] if shape else "")


def _section(docstring: str, title: str) -> list[str]:
    """The entries of a section, a line each."""
    found = re.search(rf"^{title}:\n((?:    .*\n?|\n)+)", docstring, re.MULTILINE)
    lines = found[1].rstrip().split("\n") if found else []
    entries: list[str] = []
    for line in lines:
        own = line.removeprefix("    ")
        if entries and (own.startswith(" ") or not ENTRY.match(own)):
            entries[-1] += f" {own.strip()}"
        else:
            entries.append(own)
    return entries


def _things(entries: list[str], known: dict[str, Thing]) -> Iterator[Thing]:
    for entry in entries:
        named = ENTRY.match(entry)
        if named is None:
            shape = SHAPE.match(entry)
            told = shape[0] if shape else re.split(r"[,.:]", entry)[0]
            yield Thing(told[0].lower() + told[1:])
        elif re.match(r"as for \w+\.?$", named[2]) and any(one in known for one in named[1].split(", ")):
            yield from (known.get(one, Thing(one)) for one in named[1].split(", "))
        else:
            thing = _thing(named[1], named[2], known)
            for one in named[1].split(", "):
                known[one] = Thing(one, thing.axes, thing.note)
            yield thing


def _left(thing: Thing) -> str:
    """What stands at the left edge of a thing's box."""
    return thing.axes[-2] if thing.axes and len(thing.axes) > 1 else ""


def _drawn(thing: Thing, margin: int) -> list[str]:
    """One thing: a box with its axes at the edges, or its name.

    Args:
        thing: what is drawn.
        margin: room for what stands at the left edges of all boxes in the stack.
    """
    pad = " " * margin
    if thing.axes is None:
        return [f"{pad}{thing.name} {thing.note}".rstrip()]
    width = max(len(thing.name) + 2, len(thing.axes[-1]) if thing.axes else 0)
    beyond = "".join(f" × {axis}" for axis in thing.axes[:-2])
    beyond += f"  {thing.note}" if thing.note else ""
    lines = [
        f"{pad}┌{'─' * width}┐",
        f"{f'{_left(thing)} '.rjust(margin) if margin else ''}│{thing.name:^{width}}│{beyond}",
        *([f"{pad}│{'':{width}}│"] if len(thing.axes) != 1 else []),
        f"{pad}└{'─' * width}┘",
    ]
    return [f"{pad} {thing.axes[-1]:^{width}}".rstrip(), *lines] if thing.axes else lines


def _stacked(things: list[Thing]) -> list[str]:
    margin = max(len(_left(thing)) for thing in things)
    lines = [line for thing in things for line in _drawn(thing, margin + 1 if margin else 0)]
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]


def _beside(*blocks: list[str]) -> list[str]:
    """Blocks side by side, each in the middle of the height."""
    height = max(map(len, blocks))
    padded = []
    for block in blocks:
        above = (height - len(block)) // 2
        blank = " " * len(block[0])
        padded.append([*[blank] * above, *block, *[blank] * (height - len(block) - above)])
    return ["".join(row).rstrip() for row in zip_longest(*padded)]


def picture(function: ast.FunctionDef, known: dict[str, Thing]) -> str:
    """The picture of one function.

    Args:
        function: with a docstring that has Args and Returns.
        known: arrays that were met before, by name; those of this function are added.
    """
    text = ast.get_docstring(function) or ""
    inputs = list(_things(_section(text, "Args"), known))
    outputs = list(_things(_section(text, "Returns"), known))
    name = function.name
    middle = [
        f"    ┌{'─' * (len(name) + 2)}┐    ",
        f" ─→ │ {name} │ ─→ ",
        f"    └{'─' * (len(name) + 2)}┘    ",
    ]
    return "\n".join(_beside(_stacked(inputs), middle, _stacked(outputs)))


def functions_of(source: str) -> list[ast.FunctionDef]:
    """The functions that a student writes in a cell: those with Returns in their docstring."""
    return [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and "Returns:" in (ast.get_docstring(node) or "")
    ]


def redraw(notebook: nbformat.NotebookNode) -> None:
    """Draw all pictures of an assignment anew, each below the text in front of its function."""
    known: dict[str, Thing] = {}
    head: nbformat.NotebookNode | None = None
    drawn: dict[str, list[str]] = {}
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and not mark and "prediction" not in cell.metadata.get("tags", ()):
            head = cell
            head.source = OURS.sub("", head.source)
        elif mark.get("solution") and cell.cell_type == "code" and head is not None:
            made = [f"```text\n{picture(one, known)}\n```" for one in functions_of(cell.source)]
            drawn.setdefault(head.id, []).extend(made)
    for cell in notebook.cells:
        if pictures := drawn.get(cell.get("id", "")):
            last = list(POINTS.finditer(cell.source))
            at = last[-1].start() if last else len(cell.source)
            above, below = cell.source[:at].rstrip(), cell.source[at:].strip()
            cell.source = "\n\n".join(part for part in (above, *pictures, below) if part)


def main() -> None:
    """Redraw all assignments."""
    for path in sorted(PROJECT.glob("course/assignments/*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        redraw(notebook)
        path.write_text(canonical(notebook), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
