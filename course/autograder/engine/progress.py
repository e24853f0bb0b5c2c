"""What is known of one submission, across the processes that it takes to run it to its end."""

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from nbformat import NotebookNode

from course.autograder.checks.language.protocol import Reply
from course.autograder.engine import outputs
from course.autograder.engine.timer import Taken
from course.autograder.judging.asking import Question
from course.autograder.judging.rules import STANDARD, Rules
from course.autograder.judging.verdict import Verdict
from course.autograder.sandbox.limits import Limits

KEPT = 1 / 10  # of a cell's time, kept for each graded cell that waits for its turn


@dataclass(frozen=True)
class Failure:
    """The error that a cell stopped with.

    Attributes:
        name, value: of the exception.
        line: its number in the cell, 0 where there is none.
        source: the line.
    """

    name: str
    value: str
    line: int
    source: str

    @property
    def told(self) -> str:
        """The error in one line."""
        lines = self.value.strip().splitlines()
        return f"{self.name}: {lines[0][:300]}" if lines else self.name


def graded_name(cell: NotebookNode) -> str | None:
    """The grade_id of a test cell, None of any other."""
    about = cell.metadata.get("nbgrader", {})
    if cell.cell_type == "code" and about.get("grade") and not about.get("solution"):
        return about.get("grade_id")
    return None


@dataclass
class Progress:
    """One submission on its way through as many processes as it takes.

    Attributes:
        notebook: a copy of it, whose cells get their outputs.
        checks: names of the checks that count, by grade_id.
        seed: what the cases are drawn from.
        ledger: verdicts by grade_id. What is in it stands.
        stopped: why a cell is left out from now on, by its index.
        failures: with what error a cell stopped, by its index.
        done: cells that have run to their end, or to an error.
        hung: functions that did not come back, each with where that was.
        out_of_time: whether any cell was stopped because its time was up.
        incidents: what went wrong, a sentence each.
        taken: time, by all processes so far.
        processes: how many there were.
        seconds: of wall time, by part.
        tried_again: whether a cell was let off because its process was killed, which happens once.
        killed: cells that are left out because their process was killed when none was let off any more.
        misjudged: graded cells at which the judge failed.
        asking: cells that asked somebody at the keyboard.
        zygotes_lost: how often the process died that they are forked from, which no submission can reach.
        ended: why it was not run to its end; '' when it was.
        seen: told of each question of the judge's and what came back.
        rules: how answers are judged.
    """

    notebook: NotebookNode
    checks: dict[str, str]
    seed: int
    ledger: dict[str, Verdict] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    hung: dict[str, str] = field(default_factory=dict)
    out_of_time: bool = False
    incidents: list[str] = field(default_factory=list)
    taken: Taken = field(default_factory=Taken)
    processes: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"judge": 0.0, "fork": 0.0})
    tried_again: bool = False
    killed: set[int] = field(default_factory=set)
    misjudged: set[int] = field(default_factory=set)
    asking: set[int] = field(default_factory=set)
    zygotes_lost: int = 0
    ended: str = ""
    seen: Callable[[Question, Reply], None] | None = None
    rules: Rules = STANDARD

    @classmethod
    def of(cls, notebook: NotebookNode, checks: dict[str, str], seed: int) -> "Progress":
        """Nothing has run yet; the notebook is copied, as far as a run changes it: itself, its metadata, and each cell."""
        cells = [NotebookNode(cell) for cell in notebook.cells]
        metadata = NotebookNode(notebook.metadata)
        return cls(NotebookNode({**notebook, "cells": cells, "metadata": metadata}), checks, seed)

    def tell(self, incident: str) -> None:
        """Take note of what went wrong, once."""
        if incident not in self.incidents:
            self.incidents.append(incident)

    def stop(self, index: int, reason: str) -> None:
        """Leave a cell out from now on. It says why, below the verdict that it has earned before, if it has."""
        self.stopped[index] = reason
        cell = self.notebook.cells[index]
        earned = cell.outputs if graded_name(cell) in self.ledger else []
        cell.outputs = [*earned, outputs.stopped(reason)]

    def try_again(self, index: int, standing: Collection[str]) -> None:
        """Let a cell off whose process was killed, maybe by no doing of its own: it runs and is judged as if for the first time.

        Args:
            index: the cell's.
            standing: verdicts from before that process.
        """
        self.tried_again = True
        name = graded_name(self.notebook.cells[index])
        if name is not None and name not in standing:
            self.ledger.pop(name, None)

    def place(self, index: int) -> str:
        """A cell, by its grade_id or its number."""
        cell = self.notebook.cells[index]
        return f"cell {cell.metadata.get('nbgrader', {}).get('grade_id') or index + 1}"

    def behind(self) -> set[str]:
        """Graded cells that have their verdict, or had their turn without coming to be judged."""
        had = {self._names[index] for index in self.done}
        return set(self.ledger) | self.cut_off() | {name for name in had if name is not None}

    def cut_off(self) -> set[str]:
        """Graded cells that were stopped."""
        return {name for index in self.stopped if (name := self._names[index])}

    @functools.cached_property
    def _names(self) -> tuple[str | None, ...]:
        """`graded_name` of each cell, asked for again and again; cells are never moved, nor is one's metadata changed."""
        return tuple(map(graded_name, self.notebook.cells))

    @functools.cached_property
    def _judged_cells(self) -> tuple[tuple[int, str], ...]:
        """Index and name of each cell that is judged."""
        return tuple((i, name) for i, name in enumerate(self._names) if name and name in self.checks)

    def unjudged(self) -> set[str]:
        """Graded cells that still wait for their turn."""
        return {name for i, name in self._judged_cells if i not in self.stopped and name not in self.ledger}

    def share(self, index: int, limits: Limits, taken: Taken) -> float:
        """Seconds that a cell may take.

        Each graded cell that waits for its turn has some kept for it, so that slow ones before it cannot use up the
        notebook's time. Once a cell has used up its own, what is left is for all that wait.

        Args:
            index: the cell's.
            limits: caps.
            taken: by all processes up to now.
        """
        if index in self.done:
            return limits.cell_seconds
        left = max(0.0, limits.total_seconds - max(taken.processor, taken.clock / limits.clock_factor))
        waiting = len(self.unjudged() - {self._names[index] or ""})
        even = left / (waiting + 1)
        if self.out_of_time:
            return min(limits.cell_seconds, even)
        return min(limits.cell_seconds, max(even, left - waiting * KEPT * limits.cell_seconds))

    def leaves_out(self, index: int, limits: Limits) -> bool:
        """Whether a cell of the student's own is left out, because too many of that kind ended the process."""
        cells = self.notebook.cells
        own = sum("nbgrader" not in cells[i].metadata for i in self.stopped)
        return own > limits.restarts and index not in self.done and "nbgrader" not in cells[index].metadata

    def over(self, limits: Limits) -> str:
        """Why no other process is started, or ''."""
        most = limits.total_seconds
        if self.taken.processor >= most or self.taken.clock >= most * limits.clock_factor:
            return (
                f"the notebook had used up its time: {self.taken.processor:.1f} s of the {most:g} s of processor time "
                f"that it may take, and {self.taken.clock:.1f} s of {most * limits.clock_factor:g} s by the clock"
            )
        ours = sum("nbgrader" in cell.metadata for cell in self.notebook.cells)
        if self.processes > limits.restarts + ours + 1 + self.tried_again:
            return f"the notebook had ended its process {self.processes} times"
        return ""
