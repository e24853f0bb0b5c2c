"""Grading measured: stock nbgrader against ours in pairs, overhead, and how both grow. Writes docs/performance.md.

python -m benchmarks.grading [--students 60] [--pairs 3] [--sizes 10,100,1000] [--jobs 2]
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from benchmarks import classes
from benchmarks.measure import Cost, run

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "bench"
ALL_POINTS = 88.0  # without the written answers
STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.Execute.timeout = 120
"""


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    return {"PYTHONPATH": str(ROOT), "PATH": path, "COURSE_SECRET": "benchmark", "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": ""}  # fmt: skip


def ours(folder: Path, jobs: int) -> tuple[Cost, dict[str, float]]:
    """Grade a class with this project; seconds by part, summed over the class, beside what it cost."""
    rows = BUILD / "rows.json"
    command = [sys.executable, "-m", "course", "--root", str(folder), "grade", classes.ASSIGNMENT]
    cost = run(
        [*command, "--force", "--no-feedback", "--jobs", str(jobs), "--json", str(rows)], ROOT, _environment()
    )
    told = json.loads(rows.read_text("utf-8"))
    wrong = [row for row in told if row.get("points") != ALL_POINTS]
    if wrong:
        raise RuntimeError(f"an honest class did not get its points: {wrong[0]}")
    parts = Counter()
    for row in told:
        parts.update(row["seconds"])
    return cost, dict(parts)


def stock(folder: Path, like: classes.Course) -> Cost:
    """Grade the same class with nbgrader as it comes."""
    classes.make_stock(folder, like)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    run([*nbgrader, "generate_assignment", classes.ASSIGNMENT, "--create"], folder, _environment())
    return run([*nbgrader, "autograde", classes.ASSIGNMENT, "--create"], folder, _environment())


def pure(folder: Path) -> float:
    """Processor seconds of the cells and the references alone."""
    cost = run([sys.executable, "-m", "benchmarks.pure", str(folder)], ROOT, _environment())
    return float(next(line for line in cost.output.splitlines() if line.startswith("RESULT ")).split()[1])


def pairs(students: int, count: int, jobs: int) -> dict:
    """Stock and ours in turn on one class; a small class first, unmeasured, so that both find bytecode and files warm."""
    small = classes.make(BUILD / "ours", 2)
    stock(BUILD / "stock", small)
    ours(small.root, jobs)
    made = classes.make(BUILD / "ours", students)
    rows = []
    for number in range(1, count + 1):
        theirs = stock(BUILD / "stock", made)
        mine, parts = ours(made.root, jobs)
        rows.append({"stock": students / theirs.wall, "ours": students / mine.wall, "parts": parts,
                     "processor": mine.processor, "stock_processor": theirs.processor})  # fmt: skip
        print(f"pair {number}: stock {rows[-1]['stock']:.2f}/s, ours {rows[-1]['ours']:.2f}/s", flush=True)
    medians = {
        key: statistics.median(row[key] for row in rows)
        for key in ("stock", "ours", "processor", "stock_processor")
    }
    return {"students": students, "rows": rows, **medians, "ratio": medians["ours"] / medians["stock"],
            "pure": pure(made.root)}  # fmt: skip


def overhead(students: int, jobs: int) -> dict:
    """What grading adds to a class whose cells take a second and more."""
    made = classes.make(BUILD / "slow", students, slow=True)
    cost, _ = ours(made.root, jobs)
    least = pure(made.root)
    return {"students": students, "processor": cost.processor, "pure": least, "ratio": cost.processor / least}


def sizes(wanted: list[int], jobs: int) -> list[dict]:
    """Seconds and memory as the class grows."""
    rows = []
    for students in wanted:
        made = classes.make(BUILD / "sized", students)
        cost, _ = ours(made.root, jobs)
        rows.append({"students": students, "wall": cost.wall, "each": cost.wall / students,
                     "processor_each": cost.processor / students, "memory": cost.memory})  # fmt: skip
        print(f"{students} submissions: {cost.wall:.1f} s, {cost.memory:.0f} MB", flush=True)
    return rows


def machine() -> str:
    """The machine in a line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return f"{os.cpu_count()} cores ({processor}), {platform.platform()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--sizes", default="10,100,1000")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    given = parser.parse_args()
    values = {
        "pairs": pairs(given.students, given.pairs, given.jobs),
        "overhead": overhead(max(4, given.students // 2), given.jobs),
        "sizes": sizes([int(n) for n in given.sizes.split(",") if n], given.jobs),
        "machine": machine(), "day": date.today().isoformat(), "jobs": given.jobs, "load": os.getloadavg()[0],
    }  # fmt: skip
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True, lstrip_blocks=True
    )
    given.output.write_text(environment.get_template("performance.md.jinja").render(**values).rstrip() + "\n")
    print(f"written: {given.output}")


if __name__ == "__main__":
    main()
