"""Grading and pages measured: stock nbgrader against ours in pairs, overhead, and how both grow. Writes docs/performance.md.

python -m benchmarks.grading [--students 60] [--stock 10] [--pairs 3] [--sizes 10,100,1000] [--jobs 2]
"""

import argparse
import json
import operator
import os
import platform
import statistics
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

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


def ours(folder: Path, jobs: int, *, pages: bool = False) -> tuple[Cost, dict[str, float]]:
    """Grade a class with this project; seconds by part, summed over the class, beside what it cost."""
    rows = BUILD / "rows.json"
    command = [sys.executable, "-m", "course", "--root", str(folder), "grade", classes.ASSIGNMENT, "--force"]
    how = ["--feedback" if pages else "--no-feedback", "--jobs", str(jobs), "--json", str(rows)]
    cost = run([*command, *how], ROOT, _environment())
    told = json.loads(rows.read_text("utf-8"))
    wrong = [row for row in told if row.get("points") != ALL_POINTS]
    if wrong:
        raise RuntimeError(f"an honest class did not get its points: {wrong[0]}")
    parts = Counter()
    for row in told:
        parts.update(row["seconds"])
    return cost, dict(parts)


def stock(folder: Path, like: classes.Course, students: int) -> tuple[Cost, Cost]:
    """Grade the first so many of the same class with nbgrader as it comes, and write their pages: what each step cost."""
    classes.make_stock(folder, like, students)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    run([*nbgrader, "generate_assignment", classes.ASSIGNMENT, "--create"], folder, _environment())
    graded = run([*nbgrader, "autograde", classes.ASSIGNMENT, "--create"], folder, _environment())
    return graded, run([*nbgrader, "generate_feedback", classes.ASSIGNMENT], folder, _environment())


def _result(module: str, *given: str) -> Any:
    """What a module of this package prints after RESULT, run in a process of its own."""
    cost = run([sys.executable, "-m", f"benchmarks.{module}", *given], ROOT, _environment())
    line = next(line for line in cost.output.splitlines() if line.startswith("RESULT "))
    return json.loads(line.partition(" ")[2])


def pure(folder: Path) -> float:
    """Processor seconds of the cells and the references alone."""
    return float(_result("pure", str(folder))["seconds"])


def pairs(students: int, of_stock: int, count: int, jobs: int) -> dict:
    """Stock and ours in turn on one class; a small class first, unmeasured, so that both find bytecode and files warm."""
    small = classes.make(BUILD / "ours", 2)
    stock(BUILD / "stock", small, 2)
    ours(small.root, jobs, pages=True)
    made = classes.make(BUILD / "ours", students)
    rows = []
    for number in range(1, count + 1):
        graded, paged = stock(BUILD / "stock", made, of_stock)
        alone, parts = ours(made.root, jobs)
        whole, _ = ours(made.root, jobs, pages=True)
        rows.append({
            "stock": graded.wall / of_stock, "stock_pages": paged.wall / of_stock, "ours": alone.wall / students,
            "ours_whole": whole.wall / students, "parts": parts, "processor": alone.processor,
            "processor_whole": whole.processor,
            "stock_processor": (graded.processor + paged.processor) / of_stock,
        })  # fmt: skip
        rows[-1]["times"] = rows[-1]["stock"] / rows[-1]["ours"]
        rows[-1]["times_whole"] = (rows[-1]["stock"] + rows[-1]["stock_pages"]) / rows[-1]["ours_whole"]
        print(
            f"pair {number}: " + ", ".join(f"{k} {v:.3f}" for k, v in rows[-1].items() if k != "parts"),
            flush=True,
        )
    medians = {key: statistics.median(row[key] for row in rows) for key in rows[0] if key != "parts"}
    return {"students": students, "of_stock": of_stock, "rows": rows, **medians, "pure": pure(made.root),
            "page": _result("pages", str(made.root), classes.ASSIGNMENT),
            "where": _result("parts", str(made.root), classes.ASSIGNMENT)}  # fmt: skip


def start(jobs: int) -> dict[str, float]:
    """A class of two with their pages: the least that a run costs. The quickest of three."""
    made = classes.make(BUILD / "two", 2)
    costs = [ours(made.root, jobs, pages=True)[0] for _ in range(4)][1:]
    return {"wall": min(one.wall for one in costs), "processor": min(one.processor for one in costs)}


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


def goals(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is aimed at, and how near this run came; from all that was measured."""
    pairs = values["pairs"]
    floor = pairs["pure"] / pairs["students"]
    each = pairs["processor"] / pairs["students"] / floor
    going = sum(row["seconds"] for row in pairs["where"]["rows"] if row["name"] != "page") / floor
    least, most, times = operator.ge, operator.le, "{:.1f} times"
    asked = [
        ("grading alone, against stock nbgrader", least, 30, pairs["times"], times),
        ("grading and pages, against stock nbgrader", least, 20, pairs["times_whole"], times),
        ("processor time of a page", most, 0.05, pairs["page"]["median"], "{:.4g} s"),
        ("processor time of a submission over the floor, the start of all included", most, 2, each, times),
        ("the same in a worker that is warm", most, 2, going, times),
        ("the start, by the clock", most, 3, values["start"]["wall"], "{:.1f} s"),
        ("processor time over the floor where cells take a second", most, 1.15, values["overhead"]["ratio"], "{:.2f} times"),
    ]  # fmt: skip
    return [
        {"what": what, "aim": f"{'at least' if reached is least else 'at most'} {aim:g}",
         "measured": shown.format(value), "reached": reached(value, aim)}
        for what, reached, aim, value, shown in asked
    ]  # fmt: skip


def machine() -> str:
    """The machine in a line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return f"{os.cpu_count()} cores ({processor}), {platform.platform()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--stock", type=int, default=10, help="how many of them stock nbgrader grades")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--sizes", default="10,100,1000")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    values = {
        "pairs": pairs(given.students, min(given.stock, given.students), given.pairs, given.jobs),
        "start": start(given.jobs),
        "overhead": overhead(max(4, given.students // 2), given.jobs),
        "sizes": sizes([int(n) for n in given.sizes.split(",") if n], given.jobs),
        "machine": machine(), "day": date.today().isoformat(), "jobs": given.jobs, "load": load,
    }  # fmt: skip
    write(values, given.output)
    print(f"written: {given.output}")


def write(values: Mapping[str, Any], to: Path) -> None:
    """The page of what was measured."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("performance.md.jinja").render(**values, goals=goals(values))
    to.write_text(page.rstrip() + "\n")


if __name__ == "__main__":
    main()
