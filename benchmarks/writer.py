"""What it costs to enter one hand-in's marks, at several sizes of the class. Writes benchmarks/results/writer-NAME.json.

python -m benchmarks.writer [--sizes 100,10000] [--name sqlite] [--database URL]

The marks are made up, so that nothing is run: all points, and a notebook of the size that grading leaves. A class is filled
up to the size, and the last ones are measured: entered alone, several at a time, and again with nothing changed.
"""

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.grading import ROOT, machine
from course.autograder.gradebook.course import Course
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder

NAME = "ps1_batchnorm"
RESULTS = ROOT / "benchmarks" / "results"
SIZE = 75_000  # characters of a graded notebook: the middle of what a graded sample class has
MEASURED = 100  # hand-ins, for each figure
TOGETHER = (
    8,
    32,
)  # as many as two and eight workers have ahead: so many come at once where the writer is behind


def fresh(folder: Path) -> Course:
    """A course folder with this assignment, released."""
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "course" / "assignments" / NAME
    source.mkdir(parents=True)
    shutil.copy(ROOT / "course" / "assignments" / NAME / f"{NAME}.ipynb", source)
    course = Course(folder)
    course.release(NAME)
    return course


def marks_of(course: Course) -> Marked:
    """What a worker would send of somebody who has everything right."""
    notebook = nbformat.read(course.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    points, verdicts = {}, {}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") and not about.get("solution"):
            points[about["grade_id"]] = float(about["points"])
            verdicts[about["grade_id"]] = {"max_points": float(about["points"]), "findings": []}
        elif about.get("solution"):
            cell.source += "\n# answered"
    short = max(0, SIZE - len(json.dumps(notebook)))
    notebook.cells[-1].metadata["padding"] = "x" * short
    return Marked(
        "", NAME, f"{'0' * 31}.{'1' * 32}", json.dumps(notebook), points, verdicts, seconds={"whole": 0.3}
    )


def class_of(course: Course, size: int) -> Iterator[Marked]:
    """So many, by name."""
    one = marks_of(course)
    return (replace(one, student=f"s{number:07}") for number in range(size))


def enter(recorder: Recorder, marks: Sequence[Marked]) -> None:
    """In one transaction, where the writer can do that."""
    if hasattr(recorder, "record_all"):
        recorder.record_all(marks)
    else:
        for one in marks:
            recorder.record(one)


def cost(recorder: Recorder, batches: Sequence[Sequence[Marked]]) -> dict[str, float]:
    """Milliseconds for each, by the clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    for marks in batches:
        enter(recorder, marks)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    count = sum(map(len, batches))
    return {"wall_ms": round(1000 * wall / count, 2), "processor_ms": round(1000 * processor / count, 2)}


def by(count: int, marks: Sequence[Marked]) -> list[Sequence[Marked]]:
    return [marks[start : start + count] for start in range(0, len(marks), count)]


def measured(course: Course, size: int) -> dict[str, Any]:
    """At one size: the last ones alone, together, and again."""
    marks = list(class_of(course, size))
    filled = max(0, size - (1 + len(TOGETHER)) * MEASURED)
    with Recorder(course, NAME) as recorder:
        for some in by(50, marks[:filled]):
            enter(recorder, some)
        parts = by((size - filled) // (1 + len(TOGETHER)), marks[filled:])
        told = {"rows": size, "1": cost(recorder, by(1, parts[0]))}
        told |= {
            str(count): cost(recorder, by(count, part))
            for count, part in zip(TOGETHER, parts[1:], strict=False)
        }
        told["again"] = cost(recorder, by(1, parts[0]))
    print(told, flush=True)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,10000")
    parser.add_argument("--name", default="sqlite")
    parser.add_argument("--database", default="")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench" / "writer")
    given = parser.parse_args()
    if given.database:
        os.environ["COURSE_DB"] = given.database
    course = fresh(given.folder)
    rows = [measured(course, int(size)) for size in given.sizes.split(",")]
    told = {"day": date.today().isoformat(), "machine": machine(), "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"writer-{given.name}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
