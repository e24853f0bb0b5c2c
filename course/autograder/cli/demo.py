"""The demo: a class of sample submissions from release to gradebook, each row beside what is true of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from course.autograder.cli.sample_class import Expected, make_class
from course.autograder.feedback.feedback import write_feedback
from course.autograder.gradebook.course import fresh_course
from course.autograder.gradebook.grades import write_grades
from course.autograder.gradebook.release import build_release
from course.autograder.grading import driver as grading
from course.autograder.judging.answers import BANK
from course.autograder.sandbox.limits import Limits
from course.common.notebooks import is_practice


class Clock:
    """Where the time goes: seconds by step."""

    def __init__(self) -> None:
        """Start."""
        self.steps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, step: str) -> None:
        """Book the time since the last lap."""
        now = perf_counter()
        self.steps[step] = self.steps.get(step, 0.0) + now - self._last
        self._last = now


def verdict_of(row: grading.Graded | None, expected: Expected) -> list[str]:
    """What is not as it should be, in words; empty when the row is true."""
    if row is None:
        return ["no row"]
    if row.score is None:
        return [row.failure]
    return expected.matches(row.score)


def table_of(assignment: str, rows: dict[str, grading.Graded], expected: list[Expected]) -> tuple[Table, int]:
    """One line a student, and how many lines are not true."""
    table = Table(
        title=f"{assignment}: what the machine gave, and what is true", title_justify="left", box=SIMPLE_HEAD
    )
    table.add_column("student", no_wrap=True)
    table.add_column("handed in", ratio=2)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("true", justify="right", no_wrap=True)
    table.add_column("named, or noted", ratio=3)
    table.add_column("", no_wrap=True)
    wrong = 0
    for one in expected:
        row = rows.get(one.student)
        faults = verdict_of(row, one)
        wrong += bool(faults)
        score = row.score if row else None
        said: list[str] = []
        if score:
            said = list(dict.fromkeys(name for names in score.named.values() for name in names))
            said += list(score.notes)
        shown = "; ".join(said[:2]) + (f"; and {len(said) - 2} more" if len(said) > 2 else "")
        table.add_row(
            one.student,
            one.what,
            _and_extra(score.automatic, score.extra) if score else "-",
            _and_extra(one.points, one.extra),
            shown if not faults else "[red]" + "; ".join(faults) + "[/red]",
            "[red]✗[/red]" if faults else "[green]✓[/green]",
        )
    return table, wrong


def _and_extra(points: float, extra: float) -> str:
    """Points, and those of extra credit apart: '88 + 20'."""
    return f"{points:g} + {extra:g}" if extra else f"{points:g}"


def term_table(
    graded: dict[str, dict[str, grading.Graded]], true: dict[str, dict[str, Expected]], practice: set[str]
) -> Table:
    """The whole class over the term: a column for each assignment, ticked where the points are the true ones."""
    table = Table(title="the term", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("student", no_wrap=True)
    for assignment in graded:
        table.add_column(assignment, justify="right", no_wrap=True)
    table.add_column("sum", justify="right", no_wrap=True)
    for student in sorted({student for rows in graded.values() for student in rows}):
        cells, total = [], 0.0
        for assignment, rows in graded.items():
            row, expected = rows.get(student), true[assignment].get(student)
            if row is None or expected is None or row.score is None:
                cells.append("[red]✗[/red]" if expected else "")
                continue
            total += 0 if assignment in practice else row.score.automatic + row.score.extra
            mark = "[red]✗[/red]" if expected.matches(row.score) else "[green]✓[/green]"
            cells.append(f"{_and_extra(row.score.automatic, row.score.extra)} {mark}")
        table.add_row(student, *cells, f"{total:g}")
    return table


def _advancing(bar: Progress, task: TaskID) -> Callable[[object], None]:
    return lambda row: bar.advance(task)


def run_demo(
    folder: Path, jobs: int, console: Console, progress: Callable[[], Progress], only: Sequence[str] = ()
) -> int:
    """The whole demo, or that of the assignments named; 0 when every row is true."""
    clock = Clock()
    with console.status("a fresh course folder, released"):
        course = fresh_course(folder)
        build_release(course, course.chosen(only))
    clock.lap("release")
    wrong = total = 0
    tables: list[Table] = []
    all_rows: list[grading.Graded] = []
    graded: dict[str, dict[str, grading.Graded]] = {}
    true: dict[str, dict[str, Expected]] = {}
    for assignment in only or sorted(path.parent.name for path in BANK.glob("*/class.toml")):
        expected = make_class(course.root, assignment)
        clock.lap("the class")
        with progress() as bar:
            task = bar.add_task(f"grading {assignment}", total=len(expected))
            rows = grading.grade(
                course.root,
                assignment,
                None,
                grading.Plan(jobs=jobs, limits=Limits(cell_seconds=8)),
                on_row=_advancing(bar, task),
            )
        clock.lap("grading")
        with progress() as bar:
            task = bar.add_task("feedback pages", total=len(rows))
            students = [row.student for row in rows if row.score]
            write_feedback(course.root, assignment, students, jobs, _advancing(bar, task))
        write_grades(course, assignment, [one.student for one in expected])
        clock.lap("feedback")
        all_rows.extend(rows)
        graded[assignment] = {row.student: row for row in rows}
        true[assignment] = {one.student: one for one in expected}
        table, faults = table_of(assignment, graded[assignment], expected)
        tables.append(table)
        wrong, total = wrong + faults, total + len(expected)
    if len(graded) > 1:
        sources = {name: course.folder("source") / name / f"{name}.ipynb" for name in graded}
        tables.append(term_table(graded, true, {name for name, path in sources.items() if is_practice(path)}))
    for table in tables:
        console.print(table)
    if all_rows and (device := next((row.device for row in all_rows if row.device), "")):
        console.print(device, highlight=False)
    spent = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in clock.steps.items())
    console.print(f"{total - wrong} of {total} rows are true. Time: {spent}.", highlight=False)
    console.print(
        "Points are those the machine gives, and behind a + those of extra credit; the written answers wait for a person "
        "(12 points each in ps1 to ps4).",
        highlight=False,
    )
    shown = Path(folder)
    for what, where in (
        ("gradebook", "gradebook.db"),
        ("grades", "grades/"),
        ("feedback", "feedback/"),
        ("release", "release/"),
    ):
        console.print(f"  {what:<10} {shown / where}", highlight=False, soft_wrap=True)
    return 1 if wrong else 0
