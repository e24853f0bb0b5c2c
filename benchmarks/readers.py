"""What a whole class costs to read: memory, time and files at several sizes. Writes benchmarks/results/readers-NAME.json.

python -m benchmarks.readers [--sizes 100,1000,10000] [--commands "grades,report,feedback,export --to csv --incomplete"] [--name sqlite]

The class is the writer's: marks are made up and entered, and then each command reads all of them in processes of its own. Memory is
the sum of proportional set sizes, looked at twice a second.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.grading import ROOT, machine
from benchmarks.measure import run
from benchmarks.writer import NAME, RESULTS, by, class_of, enter, fresh
from course.autograder.gradebook.record import Recorder

KB = 2**10


def filled(folder: Path, size: int) -> None:
    """A course folder with so many graded hand-ins."""
    course = fresh(folder)
    with Recorder(course, NAME) as recorder:
        for some in by(50, list(class_of(course, size))):
            enter(recorder, some)


def cost(folder: Path, command: str) -> dict[str, float]:
    """One command over the whole class: seconds by the clock, of processors, and its processes' largest memory in MB."""
    words = [sys.executable, "-m", "course", "--root", str(folder), *command.split(), NAME]
    took = run(words, ROOT, {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    return {
        "wall_s": round(took.wall, 1),
        "processor_s": round(took.processor, 1),
        "memory_MB": round(took.memory),
    }


def sizes_of(folder: Path) -> dict[str, float]:
    """Kilobytes of what a course folder holds, by its first folder or file, as the files' lengths say."""
    told: dict[str, float] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            first = path.relative_to(folder).parts[0]
            told[first] = told.get(first, 0) + path.stat().st_size / KB
    return {first: round(size, 1) for first, size in sorted(told.items())}


def measured(folder: Path, size: int, commands: Sequence[str]) -> dict[str, Any]:
    """At one size of the class."""
    filled(folder, size)
    told: dict[str, Any] = {"rows": size, **{command: cost(folder, command) for command in commands}}
    told["kB"] = sizes_of(folder)
    print(told, flush=True)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--commands", default="grades,report,feedback,export --to csv --incomplete")
    parser.add_argument("--name", default="sqlite")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench" / "readers")
    given = parser.parse_args()
    rows = [measured(given.folder, int(size), given.commands.split(",")) for size in given.sizes.split(",")]
    told = {"day": date.today().isoformat(), "machine": machine(), "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"readers-{given.name}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
