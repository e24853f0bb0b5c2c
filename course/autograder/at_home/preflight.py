"""A notebook tried as grading would run it: fresh, top to bottom, with nothing beside it. Not locked in, and it says so."""

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from course.autograder.at_home.grader import Grader, read
from course.autograder.at_home.helpers import wrong_file
from course.autograder.at_home.told import (
    Cell,
    NotebookError,
    code_cells,
    read_notebook,
    remarks,
    unanswered,
)
from course.autograder.judging.bank import bank_here
from course.autograder.judging.verdict import number
from course.languages.saying import filled, said

CELL_SECONDS = 60.0
BEGINNING = 300.0  # seconds that a fresh Python may take to begin on a busy machine: no cell is at fault
ANEW = 3  # times that what lies below a cell is tried without it
UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
SAID_ALREADY = ("input(", "%matplotlib")  # by `remarks`


@dataclass
class Preflight:
    """What was found.

    Attributes:
        remarks: what would be lost in grading, a sentence each.
        points: by check, of the visible cases.
        verdicts: what each check said, by its name, as it is kept in a notebook.
        most: what they can give, extra credit apart.
        extra: by check, what each optional one can give.
        along: files that come along.
    """

    remarks: list[str] = field(default_factory=list)
    points: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    most: float = 0.0
    extra: dict[str, float] = field(default_factory=dict)
    along: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All of it, for a terminal or a cell."""
        remarks = [f"  - {said(remark)}" for remark in self.remarks] or [
            f"  {said('Nothing would be lost.')}"
        ]
        return "\n".join(
            [
                said("As grading would run this notebook (fresh, top to bottom, but not in the sandbox):"),
                *remarks,
                f"  {self._earned()}",
            ]
        )

    def _earned(self) -> str:
        """The points on the visible cases, those of optional questions apart."""
        core = sum(points for name, points in self.points.items() if name not in self.extra)
        told = {"got": number(core), "most": number(self.most)}
        if not self.extra:
            return filled("{got} of {most} points on the visible cases; grading draws others.", **told)
        return filled(
            "{got} of {most} points on the visible cases, and {more} of {top} extra; grading draws others.",
            **told,
            more=number(sum(self.points.values()) - core),
            top=number(sum(self.extra.values())),
        )


def preflight(path: Path, *, grader: Grader | None = None, seconds: float = CELL_SECONDS) -> Preflight:
    """Try a notebook.

    Args:
        path: of the notebook.
        grader: what grading has; what the release says where None.
        seconds: after which a cell is given up, and the run with it.

    Raises:
        NotebookError: for a file that is no notebook.
    """
    grader = grader or read()
    notebook = read_notebook(path)
    cells = code_cells(notebook)
    bank = bank_here()
    wanted = {name.replace(".", "-"): name for name in bank.names()}
    graded = [cell for cell in cells if cell.graded and cell.grade_id in wanted]
    assignment = bank.find(wanted[graded[0].grade_id]).assignment if graded else ""
    asked = bank.names(assignment) if assignment else []
    extra = {name: bank.points(name) for name in asked if bank.extra(name)}
    found = Preflight(most=sum(map(bank.points, asked)) - sum(extra.values()), extra=extra)
    folder, submit = path.resolve().parent, grader.submit.get(assignment, ())
    found.remarks += remarks(cells, grader, dict(grader.given.get(assignment, {})), folder, submit)
    found.along = [name for name in submit if not wrong_file(folder / name)]
    here = {name.removesuffix(".py") for name in found.along}
    missing = {module for cell in cells for module in _imported(cell) if not grader.has(module)} - here
    beside = [folder / name for name in found.along]
    for line in _run([cell for cell in cells if not cell.skipped], missing, seconds, beside):
        _take(line, cells, found)
    found.remarks += unanswered(notebook)
    return found


def _imported(cell: Cell) -> set[str]:
    words = [
        line.split() for line in cell.python.splitlines() if line.lstrip().startswith(("import ", "from "))
    ]
    return {part.partition(".")[0].strip(",") for word in words for part in word[1:2]}


def _take(line: dict[str, Any], cells: list[Cell], found: Preflight) -> None:
    """What the run of one cell says."""
    cell = next(cell for cell in cells if cell.number == line["cell"])
    for verdict in line.get("verdicts", ()):
        found.points[verdict["check"]] = verdict["points"]
        found.verdicts[verdict["check"]] = verdict
        blank = verdict["findings"] and verdict["findings"][0]["kind"] == "blank"
        if blank and verdict["check"] not in found.extra:
            found.remarks.append(f"{cell.name}: {verdict['findings'][0]['message']}")
        told = " ".join(finding["message"] for finding in verdict["findings"])
        for name in dict.fromkeys(UNDEFINED.findall(told)):
            if any(other.makes(name) for other in cells if other.number < cell.number):
                continue  # it stands above: why it came to nothing is told there
            below = any(
                other.defines(name) for other in cells if other.number > cell.number and not other.skipped
            )
            found.remarks.append(
                f"{cell.name} needs {name}, which is defined further down: cells are run from top to bottom."
                if below
                else f"{cell.name} needs {name}, which no cell above it defines."
            )
    for what in dict.fromkeys(line.get("left", ())):
        if not what.startswith(SAID_ALREADY):
            found.remarks.append(f"{cell.name}: not run while grading: {what}")
    error = line["error"]
    if not error or error.startswith("NotImplementedError"):
        return
    told = f"{cell.name} stops: {error}"
    if error.startswith("NameError"):
        told += ". Is it defined further down, or in a cell that was deleted?"
    found.remarks.append(told)


def _run(
    cells: list[Cell], missing: set[str], seconds: float, beside: list[Path]
) -> Iterator[dict[str, Any]]:
    """What is reported cell by cell. One that never ends, or ends its process, is left out of a fresh run of the rest."""
    told: set[int] = set()
    for again in range(ANEW + 1):
        ended = 0
        for line in _run_once(cells, missing, seconds, beside):
            ended = line["cell"] if line.get("ended") else 0
            if line["cell"] in told:
                continue
            told.add(line["cell"])
            if ended and again == ANEW:
                line["error"] += "; the cells below were not tried"
            yield line
        if not ended:
            return
        cells = [cell for cell in cells if cell.number != ended]


def _run_once(
    cells: list[Cell], missing: set[str], seconds: float, beside: list[Path]
) -> Iterator[dict[str, Any]]:
    """The lines that a fresh process reports, cell by cell; it finds copies of the files that come along."""
    job = {"missing": sorted(missing), "cells": [(cell.number, cell.source) for cell in cells]}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for path in beside:
            shutil.copyfile(path, Path(folder) / path.name)
        environment = {
            **os.environ,
            "MPLBACKEND": "agg",
            "COURSE_REHEARSAL": "1",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "course.autograder.at_home.rehearsal"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert process.stdin and process.stdout
        lines: queue.Queue[str] = queue.Queue()
        output = process.stdout
        threading.Thread(target=_pass_on, args=(output, lines), daemon=True).start()
        try:
            process.stdin.write(json.dumps(job))
            process.stdin.close()
            yield from _lines(lines, seconds)
        finally:
            process.kill()
            process.wait()


def _pass_on(output: IO[str], lines: "queue.Queue[str]") -> None:
    for line in output:
        lines.put(line)
    lines.put("")


def _lines(lines: "queue.Queue[str]", seconds: float) -> Iterator[dict[str, Any]]:
    running = 0
    while True:
        try:
            text = lines.get(timeout=seconds if running else max(seconds, BEGINNING))
        except queue.Empty:
            if running:
                yield {"cell": running, "error": f"it took longer than {seconds:.0f} s", "ended": True}
            return
        if not text:
            if running:
                yield {"cell": running, "error": "it ended the whole process", "ended": True}
            return
        line = json.loads(text)
        running = line.get("starts", 0)
        if "cell" in line:
            yield line


def notebook_here() -> Path:
    """The notebook that this kernel belongs to, as it was saved. Raises NotebookError where that cannot be told."""
    named = os.environ.get("JPY_SESSION_NAME", "")
    if named.endswith(".ipynb") and Path(named).exists():
        return Path(named)
    found = sorted(Path.cwd().glob("*.ipynb"))
    if len(found) != 1:
        listed = ", ".join(path.name for path in found) or "none"
        raise NotebookError(f'Which notebook is meant? Say check_notebook("NAME.ipynb"); here lie: {listed}.')
    return found[0]


def told_of(notebook: str = "") -> str:
    """What `check_notebook` prints."""
    try:
        path = Path(notebook) if notebook else notebook_here()
        saved = time.strftime("%H:%M", time.localtime(path.stat().st_mtime)) if path.exists() else ""
        found = preflight(path)
        files = " and ".join([path.name, *found.along])
        names = "these names" if found.along else "this name"
        told = said(f"{path.name}, as it was saved at {saved}.")
        return f"{told}\n{found.text()}\n" + said(f"Hand in {files}, under {names}, {read().hand_in}.")
    except NotebookError as error:
        return said(str(error))


def main(arguments: list[str]) -> int:
    """`python -m course preflight NOTEBOOK`: 0 where nothing would be lost, 1 where something would, 2 without a notebook."""
    if len(arguments) != 1:
        print("usage: python -m course preflight NOTEBOOK.ipynb", file=sys.stderr)
        return 2
    try:
        found = preflight(Path(arguments[0]))
    except NotebookError as error:
        print(said(str(error)), file=sys.stderr)
        return 2
    print(found.text())
    return int(bool(found.remarks))
