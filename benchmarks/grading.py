"""Stock nbgrader beside this course's driver, on one class of honest ps1 submissions, in turn on this machine.

    python benchmarks/grading.py [--submissions 40] [--pairs 3] [--scale 10 100 1000]

Writes what it measured into docs/performance.md, with the date and the machine.
"""

import argparse
import datetime
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console

from course.autograder import answers, grading
from course.autograder.gradebook import Course, fresh_course

PROJECT = Path(__file__).parent.parent
ASSIGNMENT = "ps1_batchnorm"
BUSY_SECONDS = 1.0
console = Console(width=110)

STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.source_directory = "course/assignments"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
c.Execute.timeout = 60
"""
BUSY_CELL = f"""
import time
_until = time.process_time() + {BUSY_SECONDS}
while time.process_time() < _until:
    np.linalg.norm(np.random.default_rng(0).normal(size=20_000))
"""


@dataclass(frozen=True)
class Measured:
    """One run over a class.

    Attributes:
        submissions: how many.
        wall: seconds.
        cpu: processor seconds, of every process that took part.
        peak: bytes, the largest sum of proportional set sizes over the process tree.
    """

    submissions: int
    wall: float
    cpu: float
    peak: int

    @property
    def per_second(self) -> float:
        """Submissions a second."""
        return self.submissions / self.wall


def make_class(course: Course, count: int, busy: bool = False) -> None:
    """Honest submissions: the right answers of the bank in turn. With `busy`, a cell of a second in each."""
    shutil.rmtree(course.folder("submitted"), ignore_errors=True)
    released = nbformat.read(course.folder("release") / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    # Noise on stderr costs points under stock nbgrader, which is not what is measured here.
    bank = [answer for answer in answers.right_answers(ASSIGNMENT) if answer.name != "noisy"]
    base = answers.solutions(ASSIGNMENT)
    texts = []
    for answer in bank:
        notebook = answers.notebook_with(released, {**base, **answer.sources})
        if busy:
            notebook.cells.append(nbformat.v4.new_code_cell(BUSY_CELL))
        texts.append(nbformat.writes(notebook))
    for number in range(count):
        folder = course.folder("submitted") / f"s{number:04d}" / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_text(texts[number % len(texts)], encoding="utf-8")


class _Memory(threading.Thread):
    """Watches the process tree below this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.done = threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self.done.wait(0.5):
            total = 0
            for process in me.children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)


def measure(command: Sequence[str], cwd: Path, submissions: int) -> Measured:
    """Run a command over a class and count what it took. Raises RuntimeError when it fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    memory = _Memory()
    memory.start()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory.done.set()
    memory.join()
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(submissions, wall, cpu, memory.peak)


def stock(course: Course, count: int) -> Measured:
    """`nbgrader autograde` as it comes."""
    shutil.rmtree(course.folder("autograded"), ignore_errors=True)
    command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--force"]
    return measure(command, course.root, count)


def ours(course: Course, count: int, jobs: int = 2) -> Measured:
    """This course's driver, everything graded anew."""
    command = [sys.executable, "-m", "course", "--root", str(course.root), "grade", ASSIGNMENT, "--force"]
    return measure([*command, "--no-feedback", "--jobs", str(jobs)], PROJECT, count)


def points_of(course: Course) -> set[float]:
    """The distinct automatic points in a gradebook: 88 and nothing else, or the comparison is void."""
    students = grading.students_of(course, ASSIGNMENT)
    return {course.score(ASSIGNMENT, student).automatic for student in students}


def where_time_goes(course: Course) -> dict[str, float]:
    """Mean seconds of one submission by part, in one worker."""
    students = grading.students_of(course, ASSIGNMENT)[:20]
    rows = grading.grade(course.root, ASSIGNMENT, students, grading.Plan(jobs=1, force=True))
    parts: dict[str, list[float]] = {}
    for row in rows[1:]:  # the first one waits for the template
        for part, seconds in row.seconds.items():
            parts.setdefault(part, []).append(seconds)
    return {part: statistics.mean(values) for part, values in parts.items()}


def main() -> None:
    """Measure and write docs/performance.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--scale", type=int, nargs="*", default=[10, 100, 1000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-benchmark-") as folder:
        found = run_all(Path(folder), given.submissions, given.pairs, given.scale)
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = templates.get_template("performance.md.jinja").render(found)
    (PROJECT / "docs" / "performance.md").write_text(text, encoding="utf-8")
    console.print(text)


def run_all(folder: Path, submissions: int, pairs: int, scale: Sequence[int]) -> dict[str, object]:
    """Every measurement, as the document's template wants it."""
    theirs, course = fresh_course(folder / "stock"), fresh_course(folder / "ours")
    (theirs.root / "nbgrader_config.py").write_text(STOCK_CONFIG)
    theirs = Course(theirs.root)
    for one in (theirs, course):
        one.release(ASSIGNMENT)
        make_class(one, submissions)
    runs: list[tuple[Measured, Measured]] = []
    for pair in range(pairs):
        runs.append((stock(theirs, submissions), ours(course, submissions)))
        one, two = runs[-1]
        console.print(
            f"pair {pair + 1}: stock {one.per_second:.2f}/s, ours {two.per_second:.2f}/s, {two.per_second / one.per_second:.1f} times"
        )
    fair = points_of(course) == {88.0} and points_of(theirs) == {88.0}
    parts = where_time_goes(course)
    make_class(course, submissions, busy=True)
    busy = ours(course, submissions)
    grown = []
    for count in scale:
        make_class(course, count)
        grown.append(ours(course, count))
        console.print(f"{count}: {grown[-1].wall:.1f} s, {grown[-1].peak / 2**20:.0f} MB")
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "submissions": submissions,
        "runs": runs,
        "stock_rate": statistics.median(s.per_second for s, _ in runs),
        "our_rate": statistics.median(o.per_second for _, o in runs),
        "ratio": statistics.median(o.per_second / s.per_second for s, o in runs),
        "stock_cpu": statistics.median(s.cpu for s, _ in runs) / submissions,
        "our_cpu": statistics.median(o.cpu for _, o in runs) / submissions,
        "fair": fair,
        "parts": parts,
        "busy": busy,
        "busy_ratio": busy.cpu / (submissions * BUSY_SECONDS),
        "busy_wall_ratio": busy.wall * min(2, os.cpu_count() or 1) / (submissions * BUSY_SECONDS),
        "grown": grown,
    }


if __name__ == "__main__":
    main()
