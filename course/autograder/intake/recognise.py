"""What each cell of a submission is, whatever became of its metadata.

A cell is known by its grade_id; else by its text; else by its cell id, when its text bears that out; else by the functions
it defines or the check it calls. A cell that is none of these is the student's own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.code import Statement, binds, statements, stubs, words
from course.autograder.intake.released import Kind, Part, Release, grade_id, key_of, text_of

SEVERAL = (Kind.TEST, Kind.WRITTEN, Kind.TAGGED, Kind.PROSE)  # kinds of which more than one cell may be taken


@dataclass(frozen=True)
class Seen:
    """A submitted cell.

    Attributes:
        cell: as it was handed in.
        part: the released cell that it is; None for one of the student's own.
        copy_of: for one of the student's own, the released cell whose grade_id it carries beside another.
        named: whether its metadata said what it is.
    """

    cell: NotebookNode
    part: Part | None = None
    copy_of: Part | None = None
    named: bool = False


def recognise(cells: Sequence[NotebookNode], release: Release) -> list[Seen]:
    """Find out what each cell is; in the order in which they were handed in."""
    parts: list[Part | None] = [release.by_name.get(grade_id(cell) or "") for cell in cells]
    named = [part is not None for part in parts]
    taken = Counter(part.index for part in parts if part)
    for way in (_by_text, _by_cell_id, _by_functions, _by_statements):
        for place, cell in enumerate(cells):
            if parts[place] is not None:
                continue
            free = (part for part in way(cell, release) if part.kind in SEVERAL or not taken[part.index])
            if (found := next(free, None)) is not None:
                parts[place] = found
                taken[found.index] += 1
    return _one_each(cells, parts, named)


def _one_each(cells: Sequence[NotebookNode], parts: list[Part | None], named: list[bool]) -> list[Seen]:
    """Of an answer or a given cell that is there more than once one is it; the others are the student's own."""
    chosen: dict[int, int] = {}
    for place, part in enumerate(parts):
        if part is not None and part.kind not in SEVERAL:
            before = chosen.get(part.index)
            if before is None or (_written(cells[place], part) and not _written(cells[before], part)):
                chosen[part.index] = place
    seen = []
    for place, (cell, part) in enumerate(zip(cells, parts, strict=True)):
        if part is None or part.kind in SEVERAL or chosen[part.index] == place:
            seen.append(Seen(cell, part, None, named[place]))
        else:
            seen.append(Seen(cell, None, part, named[place]))
    return seen


def _written(cell: NotebookNode, part: Part) -> bool:
    """Whether a cell says something of its own in an answer's place."""
    return part.kind is Kind.ANSWER and bool(cell.source.strip()) and not stubs(cell.source)


def _by_text(cell: NotebookNode, release: Release) -> Iterator[Part]:
    part = release.by_key.get(key_of(cell.cell_type, cell.source))
    if part is not None:
        yield part


def _by_cell_id(cell: NotebookNode, release: Release) -> Iterator[Part]:
    part = release.by_id.get(str(cell.get("id")))
    if part is not None and _bears_out(cell, part):
        yield part


def _bears_out(cell: NotebookNode, part: Part) -> bool:
    """Whether a cell's text fits what its cell id says."""
    match part.kind:
        case Kind.ANSWER:
            return bool((binds(cell.source) | stubs(cell.source)) & set(part.functions))
        case Kind.WRITTEN:
            return cell.cell_type != "code" or bool(words(cell.source))
        case Kind.PROSE if part.minutes and cell.cell_type != "code":
            return True  # whatever became of its lines: it is no answer, and nothing is put back there
        case Kind.PROSE:
            return bool(_lines(cell.source) & _lines(part.cell.source))
        case _:
            return bool(_keys(cell.source) & _keys(part.cell.source))


def _lines(source: str) -> set[str]:
    return {line.strip() for line in text_of(source).split("\n") if len(line.strip()) > 3}


def _keys(source: str) -> set[str]:
    return {one.key for one in statements(source)}


def _by_functions(cell: NotebookNode, release: Release) -> Iterator[Part]:
    """An answer, by the functions that it defines."""
    if cell.cell_type == "code":
        found = binds(cell.source)
        yield from (
            part for part in release.of(Kind.ANSWER) if part.functions and set(part.functions) <= found
        )


def _by_statements(cell: NotebookNode, release: Release) -> Iterator[Part]:
    """A check, by what it calls; code that is left out, by what it says; prose, by its first line, or a question's by a long one."""
    if cell.cell_type != "code":
        first = text_of(cell.source).partition("\n")[0]
        for part in release.of(Kind.PROSE):
            if len(first) > 3 and text_of(part.cell.source).partition("\n")[0] == first:
                yield part
        long = {line for line in _lines(cell.source) if len(line) > 60}
        yield from (
            part for part in release.of(Kind.PROSE) if part.number and long & _lines(part.cell.source)
        )
        return
    said = statements(cell.source)
    if said and all(one.checks for one in said):
        yield from (part for part in release.of(Kind.TEST) if part.check == said[-1].checks)
    for part in release.of(Kind.TAGGED):
        released = statements(part.cell.source)
        if _is_of(said, released):
            yield part


def _is_of(said: Sequence[Statement], released: Sequence[Statement]) -> bool:
    """Whether a cell is released code, split off or changed: it has half of it, or nothing else."""
    ours, theirs = {one.key for one in released}, {one.key for one in said}
    telling = [one for one in released if len(one.key) > 200]  # longer than `x = np.zeros(3)`
    shared = sum(one.key in theirs for one in telling)
    return bool(shared) and (2 * shared >= len(telling) or theirs <= ours)


def where_written(seen: Sequence[Seen]) -> dict[str, set[int]]:
    """Which cells define a name, those that grading leaves out apart."""
    where: dict[str, set[int]] = defaultdict(set)
    for place, one in enumerate(seen):
        if one.cell.cell_type == "code" and not (one.part and one.part.kind is Kind.TAGGED):
            for name in binds(one.cell.source):
                where[name].add(place)
    return where
