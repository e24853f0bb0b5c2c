"""A thousand hostile hand-ins among a hundred honest ones: what becomes of the honest, and what the hostile gain.

python -m benchmarks.hostile [--honest 100] [--hostile 1000] [--folder DIR]

The honest hundred are graded alone first; then the hostile come, each one of the attacks of `tests/attacks` in the place of
`normalize`, and the whole class is graded again. Cells may take one processor second, since many attacks waste all they are
given. Writes benchmarks/results/hostile.json.
"""

import argparse
import csv
import hashlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.classes import ASSIGNMENT, make
from benchmarks.grading import ROOT, machine
from benchmarks.measure import run
from tests.attacks.suite import attacks, hand_in, submission

RESULTS = ROOT / "benchmarks" / "results" / "hostile.json"
LIMITS = "\n[grader]\ncell_seconds = 1.0\ntotal_seconds = 10.0\n"
ATTACKED = "normalize"  # the question that each attack wants points for


def place_hostile(folder: Path, students: int) -> dict[str, str]:
    """Hand in attacks in turn; which student has which."""
    hostile = [attack for attack in attacks() if not attack.honest]
    names: dict[str, str] = {}
    for number, attack in enumerate(islice(cycle(hostile), students)):
        student = f"h{number:04}"
        place = folder / "submitted" / student / ASSIGNMENT
        place.mkdir(parents=True)
        made = submission(attack)
        for cell in made.cells:  # the suite's own notebook calls an answer's cell otherwise
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade_id", "").endswith("-answer"):
                about["grade_id"] = f"code-{about['grade_id'].removesuffix('-answer')}"
        hand_in(attack, made, place)
        names[student] = f"{attack.family}/{attack.id}"
    return names


def marks(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of grades.csv by student, without what tells one run from another."""
    with (folder / "grades" / f"{ASSIGNMENT}.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def shown(folder: Path, students: list[str]) -> dict[str, str]:
    """A digest of what each student's graded notebook shows: sources and outputs."""
    found = {}
    for student in students:
        path = folder / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        text = json.dumps([(cell.source, cell.get("outputs")) for cell in cells], sort_keys=True)
        found[student] = hashlib.sha256(text.encode()).hexdigest()
    return found


def graded(folder: Path) -> Any:
    """Grade whoever is there."""
    command = [
        sys.executable,
        "-m",
        "course",
        "--root",
        str(folder),
        "grade",
        ASSIGNMENT,
        "--no-feedback",
        "--force",
    ]
    return run(command, ROOT, {"OMP_NUM_THREADS": "1"})


def main() -> None:
    """Measure, and write down."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--honest", type=int, default=100)
    asked.add_argument("--hostile", type=int, default=1000)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "hostile")
    given = asked.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    make(given.folder, given.honest)
    settings = given.folder / "course.toml"
    settings.write_text(settings.read_text(encoding="utf-8") if settings.exists() else "", encoding="utf-8")
    with settings.open("a", encoding="utf-8") as file:
        file.write(LIMITS)
    alone = graded(given.folder)
    before = marks(given.folder)
    honest = sorted(before)
    seen = shown(given.folder, honest)

    hostile = place_hostile(given.folder, given.hostile)
    among = graded(given.folder)
    after = marks(given.folder)
    now = shown(given.folder, honest)
    gained = Counter(hostile[student] for student in hostile if float(after[student][ATTACKED] or 0) > 0)
    found = {
        "machine": machine(),
        "day": date.today().isoformat(),
        "honest": given.honest,
        "hostile": given.hostile,
        "kinds": len(set(hostile.values())),
        "honest_rows_changed": [student for student in honest if before[student] != after[student]],
        "honest_notebooks_changed": [student for student in honest if seen[student] != now[student]],
        "hostile_with_points": dict(gained),
        "not_graded": [student for student in [*honest, *hostile] if student not in after],
        "alone": {"wall": alone.wall, "processor": alone.processor},
        "among": {"wall": among.wall, "processor": among.processor, "memory_mb": among.memory},
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    print(among.output[-3000:])


if __name__ == "__main__":
    main()
