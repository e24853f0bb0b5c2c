"""Where a test runs: right after the code it tests, which is found by the names that cells define.

A test stays where the student has it as long as everything that it tests is there by then. One that stands too high, or is
gone, comes as soon as the functions it tests are defined, and all that they use. Nothing else is moved.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.code import Statement, all_needed, statements
from course.autograder.intake.released import Kind, Part

Place = tuple[int, int, int]  # of the submitted cell, beside it, and a number that keeps the release's order
ABOVE, BEFORE, ITSELF, AFTER, LATER, BEHIND = range(6)  # beside a submitted cell


@dataclass
class Item:
    """A cell of the repaired notebook.

    Attributes:
        at: where it goes.
        cell: itself.
        part: the released cell that it is; None for one of the student's own.
        put_in: whether it was not there and comes from the release.
    """

    at: Place
    cell: NotebookNode
    part: Part | None = None
    put_in: bool = False

    @property
    def runs(self) -> bool:
        """Whether grading runs it."""
        return self.cell.cell_type == "code" and not (self.part and self.part.kind is Kind.TAGGED)


class Names:
    """Where the names of a notebook are bound, and what they need."""

    def __init__(self, items: Iterable[Item]) -> None:
        """Read every cell that runs."""
        self.bound: dict[str, list[Place]] = defaultdict(list)
        self.unwritten: dict[str, list[Place]] = defaultdict(list)
        self.left_out: dict[str, list[tuple[Place, Statement]]] = defaultdict(list)
        self._needs: dict[str, set[str]] = defaultdict(set)
        for item in sorted(items, key=lambda item: item.at):
            for one in statements(item.cell.source) if item.cell.cell_type == "code" else ():
                for name in one.binds:
                    if item.runs:
                        self.bound[name].append(item.at)
                        self._needs[name] |= one.later
                    else:
                        self.left_out[name].append((item.at, one))
                for name in one.stubs if item.runs else ():
                    self.unwritten[name].append(item.at)

    def needed(self, functions: Iterable[str]) -> set[str]:
        """These functions and every name that is looked up when they are called, as far as can be read."""
        return all_needed(functions, self._needs)

    def first(self, names: Iterable[str]) -> Place | None:
        """When all of these that are bound anywhere are there."""
        return max((self.bound[name][0] for name in names if self.bound.get(name)), default=None)

    def last(self, names: Iterable[str]) -> Place | None:
        """Where the last of these is bound for the last time; where none is, where the last is left unwritten."""
        names = tuple(names)
        bound = [self.bound[name][-1] for name in names if self.bound.get(name)]
        unwritten = [self.unwritten[name][-1] for name in names if self.unwritten.get(name)]
        return max(bound or unwritten, default=None)


def place_of(test: Part, stood: Sequence[Place], names: Names) -> Place | None:
    """Where a test goes.

    Args:
        test: the released cell.
        stood: where the student has it, and copies of it.
        names: of the notebook.

    Returns:
        Its place; None when neither it nor any of its functions is there.
    """
    ready = names.first(names.needed(test.functions))
    last = names.last(test.functions)
    late_enough = [place for place in stood if ready is None or place > ready]
    if late_enough:
        after_last = [place for place in late_enough if last is None or place > last]
        return after_last[0] if after_last else late_enough[-1]
    behind = max((place for place in (ready, last) if place is not None), default=None)
    return None if behind is None else (behind[0], BEHIND, test.index)


def needed_but_left_out(tests: Iterable[Part], names: Names) -> Mapping[Place, list[Statement]]:
    """Definitions in cells that grading leaves out which answers use all the same, by cell.

    A function that stands in such a cell alone, to check a gradient say, may be called by an answer.
    """
    found: dict[Place, list[Statement]] = defaultdict(list)
    waiting = [name for test in tests for name in names.needed(test.functions)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or names.bound.get(name) or not names.left_out.get(name):
            continue
        seen.add(name)
        place, one = names.left_out[name][0]
        if one.defining and one not in found[place]:
            found[place].append(one)
            waiting += one.later | one.uses
    return found
