"""The command line: what an instructor types, or a robot runs. Errors are one sentence and a non-zero exit code."""

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from course.common.console import Sentence, console, errors, progress

ROOT = Path(__file__).parents[3]


def pages(students: Sequence[str], root: Path, assignment: str, jobs: int) -> None:
    """Write feedback pages with a bar."""
    from course.autograder.feedback.feedback import write_feedback

    with progress() as bar:
        task = bar.add_task("feedback", total=len(students))
        write_feedback(root, assignment, students, jobs, lambda student: bar.advance(task))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root", type=click.Path(file_okay=False, path_type=Path), default=ROOT, help="The course folder."
)
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """Release assignments, grade what comes in, and look after the course."""
    context.obj = root


@main.command()
@click.argument("assignments", nargs=-1)
@click.pass_obj
def release(root: Path, assignments: tuple[str, ...]) -> None:
    """Make release/, the folder that students get (all assignments unless some are named)."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.release import build_release

    try:
        course = Course(root)
        with console.status("writing the students' version"):
            folder = build_release(course, list(assignments) or course.assignments())
    except GradingError as error:
        raise Sentence(str(error)) from None
    console.print(
        f"released into [bold]{folder}[/bold]: zip it or push it as it is", highlight=False, soft_wrap=True
    )


@main.command()
@click.argument("assignment")
@click.argument("students", nargs=-1)
@click.option("--jobs", "-j", default=0, help="How many at a time; as many as there are cores by default.")
@click.option(
    "--resume", is_flag=True, help="Leave alone what is graded and unchanged (this is the default)."
)
@click.option("--force", is_flag=True, help="Grade also what is graded and unchanged.")
@click.option("--feedback/--no-feedback", default=True, help="Whether to write the feedback pages.")
@click.option(
    "--no-sandbox", is_flag=True, help="Run submissions without isolation. Only for ones you trust."
)
@click.option(
    "--json", "as_json", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows there too."
)
@click.pass_obj
def grade(
    root: Path,
    assignment: str,
    students: tuple[str, ...],
    jobs: int,
    resume: bool,
    force: bool,
    feedback: bool,
    no_sandbox: bool,
    as_json: Path | None,
) -> None:
    """Grade everyone who submitted ASSIGNMENT, or the STUDENTS named."""
    from course.autograder.grading.workers import start_ahead

    if any((root / "submitted").glob(f"*/{assignment}/*.ipynb")):
        start_ahead()  # before the imports below, which take as long as Paddle's
    from course.autograder.engine.engine import UNGUARDED
    from course.autograder.feedback.feedback import without_page
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading import driver as grading

    if resume and force:
        raise Sentence("--resume leaves alone what is graded, --force grades it again; say one of them")
    if no_sandbox:
        errors.print(f"[yellow]warning:[/yellow] {UNGUARDED}", highlight=False)
    bar = progress()
    task = bar.add_task(f"grading {assignment}", total=None)

    def begun(to_do: int, up_to_date: int) -> None:
        bar.update(task, total=to_do)
        if up_to_date:
            bar.console.print(
                f"{up_to_date} are graded and unchanged; --force grades them again", highlight=False
            )

    devices: set[str] = set()

    def told(row: grading.Graded) -> None:
        if row.device and row.device not in devices:
            devices.add(row.device)
            bar.console.print(row.device, highlight=False)
        result = (
            f"{row.score.points:g} of {row.score.max_points:g}" if row.score else f"[red]{row.failure}[/red]"
        )
        bar.console.print(f"  {row.student:<12} {result}", highlight=False)
        bar.advance(task)

    plan = grading.Plan(jobs=jobs, force=force, isolated=not no_sandbox)
    try:
        with bar:
            rows = grading.grade(root, assignment, students, plan, on_start=begun, on_row=told)
        grading.write_csv(rows, root / "grades.csv")
        if as_json:
            as_json.write_text(json.dumps([grading.as_dict(row) for row in rows], indent=1) + "\n")
        if feedback:
            graded = [row.student for row in rows if row.score]
            pages(without_page(root, assignment, graded), root, assignment, jobs)
    except GradingError as error:
        raise Sentence(str(error)) from None
    failed = [row for row in rows if row.score is None]
    console.print(
        f"{len(rows) - len(failed)} graded, {len(failed)} failed; see {root / 'grades.csv'}", soft_wrap=True
    )
    sys.exit(1 if failed else 0)


@main.command("grade-one")
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--assignment", "-a", default="", help="Which one it is of; found out by itself otherwise.")
@click.option("--student", default="student", help="Whose cases are drawn.")
@click.option("--no-sandbox", is_flag=True, help="Run it without isolation. Only if you trust it.")
@click.option(
    "--json",
    "as_json",
    type=click.File("w", lazy=True),
    help="Write Gradescope's results.json there; - for standard output.",
)
@click.pass_obj
def grade_one(
    root: Path, notebook: Path, assignment: str, student: str, no_sandbox: bool, as_json: Any
) -> None:
    """Grade one NOTEBOOK, without a gradebook."""
    from course.autograder.engine.engine import UNGUARDED, Engine, NoIsolation
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.secret import course_secret
    from course.autograder.grading import gradescope

    if no_sandbox:
        errors.print(f"[yellow]warning:[/yellow] {UNGUARDED}", highlight=False)
    known = Course(root).assignments()
    chosen = assignment or gradescope.assignment_of(notebook, known)
    if chosen not in known:
        which = f"there is no assignment '{chosen}'" if chosen else f"what {notebook.name} is of is not clear"
        raise Sentence(f"{which}; say --assignment with one of: {', '.join(known)}")
    try:
        released = gradescope.released_of(root, chosen)
        with warnings.catch_warnings(), Engine(isolated=not no_sandbox) as engine:
            warnings.simplefilter("ignore")
            found = gradescope.grade_notebook(
                notebook, released, chosen, student, course_secret(root), engine
            )
    except (GradingError, NoIsolation) as error:
        raise Sentence(str(error)) from None
    if as_json is not None:
        as_json.write(json.dumps(found, indent=1) + "\n")
        return
    for test in found["tests"]:
        console.print(f"{test['score']:>5g} of {test['max_score']:g}  {test['name']}", highlight=False)
        if test.get("status") == "failed":
            console.print(test["output"].rstrip(), highlight=False, markup=False)
    console.print(f"{found['score']:g} of {found['max_score']:g}", highlight=False)
    if found["output"]:
        console.print(found["output"], highlight=False, markup=False)


@main.command()
@click.argument("assignment")
@click.argument("students", nargs=-1)
@click.pass_obj
def feedback(root: Path, assignment: str, students: tuple[str, ...]) -> None:
    """Write the feedback pages of ASSIGNMENT again, for instance after grading written answers by hand."""
    from course.autograder.gradebook.course import Course, GradingError

    course = Course(root)
    graded = sorted(path.parent.name for path in course.folder("autograded").glob(f"*/{assignment}"))
    if not graded:
        raise Sentence(
            f"nothing is graded for {assignment} yet; run `python -m course grade {assignment}` first"
        )
    unknown = sorted(set(students) - set(graded))
    if unknown:
        raise Sentence(f"not graded for {assignment}: {', '.join(unknown)}")
    try:
        pages(students or graded, root, assignment, 0)
    except GradingError as error:
        raise Sentence(str(error)) from None
    console.print(f"feedback is in {course.folder('feedback')}", soft_wrap=True)


@main.command()
@click.option("--jobs", "-j", default=0, help="How many at a time; as many as there are cores by default.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "build" / "demo")
@click.option("--assignment", "-a", "only", multiple=True, help="Only this one (may be said more than once).")
def demo(jobs: int, folder: Path, only: tuple[str, ...]) -> None:
    """Release, place the sample class, grade it, and show every row beside what is true."""
    from course.autograder.cli.demo import run_demo
    from course.autograder.gradebook.course import GradingError

    try:
        sys.exit(run_demo(folder, jobs, console, progress, only))
    except GradingError as error:
        raise Sentence(str(error)) from None


@main.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; fail where something would change."
)
def tidy(only_check: bool) -> None:
    """Bring every notebook into its canonical form."""
    import nbformat

    from course.common.notebooks import canonical, notebooks
    from course.common.notebooks import tidy as tidy_one

    if only_check:
        loose = [
            p for p in notebooks(ROOT) if canonical(nbformat.read(p, as_version=4)) != p.read_text("utf-8")
        ]
        for path in loose:
            console.print(f"not canonical: {path.relative_to(ROOT)}; run `make tidy`")
        sys.exit(1 if loose else 0)
    for path in notebooks(ROOT):
        if tidy_one(path):
            console.print(f"tidied {path.relative_to(ROOT)}")


@main.command("gpu-check")
def gpu_check() -> None:
    """Compare every reference on the device that would be used with the CPU."""
    from course.reference.device import device
    from course.reference.device_table import compare_devices

    console.print(str(device()), highlight=False)
    table = Table(title=f"{device().name} against the CPU")
    for name in ("op", "output", "largest difference", "allowed", ""):
        table.add_column(name)
    rows = compare_devices()
    for row in rows:
        table.add_row(
            row.op,
            row.output,
            f"{row.difference:.2e}",
            f"{row.allowed:.2e}",
            "ok" if row.ok else "[red]OFF[/red]",
        )
    console.print(table)
    if device().name == "cpu":
        console.print(
            "No GPU is in use, so both columns are the CPU: this shows that the table works, no more."
        )
    sys.exit(0 if all(row.ok for row in rows) else 1)
