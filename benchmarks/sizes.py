"""What grading one hand-in costs in a small class and in a large one, and what a class leaves on the disk.

python -m benchmarks.sizes [--sizes 100,10000] [--folder DIR]

Honest hand-ins, the bank's right answers in turn, graded by the command without pages, with as many workers as there are
cores. Writes benchmarks/results/sizes.json after each size.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.classes import ASSIGNMENT, make
from benchmarks.grading import ROOT, machine
from benchmarks.measure import MB, run

RESULTS = ROOT / "benchmarks" / "results" / "sizes.json"


def on_disk(path: Path) -> float:
    """What a file or a folder takes, in MB: blocks, not characters."""
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sum(512 * one.lstat().st_blocks for one in files if one.exists()) / MB


def measured(students: int, folder: Path) -> dict[str, Any]:
    """One class, graded in a folder of its own that is removed afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    make(folder, students)
    command = [sys.executable, "-m", "course", "--root", str(folder), "grade", ASSIGNMENT, "--no-feedback"]
    cost = run(command, ROOT, {"OMP_NUM_THREADS": "1"})
    if f"{students} graded, 0 failed" not in cost.output:
        raise RuntimeError(cost.output[-1000:])
    places = {name: on_disk(folder / name) for name in ("submitted", "autograded", "gradebook.db", "grades")}
    shutil.rmtree(folder)
    return {
        "students": students,
        "wall": cost.wall,
        "processor": cost.processor,
        "each": cost.processor / students,
        "memory_mb": cost.memory,
        "disk_mb": places,
    }


def main() -> None:
    """Measure the sizes asked for, the smallest a second time at the end: the machine may have changed meanwhile."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--sizes", default="100,10000")
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sizes")
    given = asked.parse_args()
    sizes = [int(one) for one in given.sizes.split(",")]
    found = []
    for students in [*sizes, min(sizes)]:
        found.append(measured(students, given.folder))
        print(found[-1], flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        about = {"machine": machine(), "cores": os.cpu_count(), "day": f"{date.today()}", "classes": found}
        RESULTS.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
