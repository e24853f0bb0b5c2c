"""The command line: what an instructor types, or a robot runs. Errors are one sentence and a non-zero exit code."""

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from course.autograder.cli import options
from course.autograder.cli.grade import grade
from course.autograder.cli.grades import grades, show
from course.autograder.cli.late_group import LateGroup
from course.autograder.cli.spoken_help import begin
from course.autograder.cli.told import command, grades_written, require_place
from course.common.console import Sentence, console, in_words, plain, progress, say, status, warn
from course.languages.saying import filled, listed

ROOT = Path(__file__).parents[3]


def pages(students: Sequence[str], root: Path, assignment: str, jobs: int) -> None:
    """Write feedback pages with a bar."""
    from course.autograder.feedback.feedback import write_feedback

    with progress() as bar:
        task = bar.add_task("feedback", total=len(students))
        write_feedback(root, assignment, students, jobs, lambda student: bar.advance(task))


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT,
    is_eager=True,
    help="The course folder.",
)
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """Release assignments, grade what comes in, and look after the course."""
    context.obj = root
    begin(root)


for subcommand in (grade, grades, show):
    main.add_command(subcommand)


@main.command()
@click.argument("assignments", nargs=-1)
@click.option(
    "--changed-cells",
    is_flag=True,
    help="After hand-ins came, release also cells and points that are other than students were given.",
)
@click.pass_obj
def release(root: Path, assignments: tuple[str, ...], changed_cells: bool) -> None:
    """Make release/, the folder that students get (all assignments unless some are named)."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.release import build_release

    try:
        course = Course(root)
        with status("writing the students' version"):
            made = build_release(course, course.chosen(assignments), changed_cells)
    except GradingError as error:
        raise Sentence(str(error)) from None
    for name, changed in made.changed.items():
        say(f"{name}: {'; '.join(changed)}; now grade again: {command(root, 'grade', name)}")
    if made.copy:
        say(f"the gradebook as it was before is {made.copy}")
    say(f"released into {made.folder}: zip it or push it as it is")
    if not course.term().settings.lessons_url:
        say(
            "its cards cite the lessons without a link; `lessons_url` in course.toml says where students read them"
        )
    if not made.own_exchange:
        say(
            "for students to fetch it by nbgrader: `nbgrader release_assignment ASSIGNMENT`, or Release in the formgrader"
        )


def _of(scored: dict[str, Any]) -> str:
    """Points and how many there are, in Gradescope's words for them: none, where they are extra credit."""
    if scored["score"] and not scored["max_score"]:
        return in_words(f"{scored['score']:>5g} extra")
    return filled("{got} of {most}", got=f"{scored['score']:>5g}", most=f"{scored['max_score']:g}")


@main.command("grade-one")
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--assignment", "-a", default="", help="Which one it is of; found out by itself otherwise.")
@click.option("--student", default="student", help="Whose cases are drawn.")
@options.no_sandbox
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
    """Grade one NOTEBOOK, without a gradebook.

    The exit code is 0 when it was graded, 1 when it could not be read or nothing could be done.
    """
    from course.autograder.engine.engine import UNGUARDED, Engine, NoIsolation
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.secret import course_secret
    from course.autograder.grading import gradescope

    if as_json is not None and as_json.name != "-":
        require_place(Path(as_json.name))
    if no_sandbox:
        warn(UNGUARDED)
    try:
        course = Course(root)
        known = course.chosen()
    except GradingError as error:
        raise Sentence(str(error)) from None
    chosen = assignment or gradescope.assignment_of(notebook, known)
    if chosen not in known:
        which = f"there is no assignment '{chosen}'" if chosen else f"what {notebook.name} is of is not clear"
        raise Sentence(f"{which}; say --assignment with one of: {', '.join(known)}")
    try:
        released = gradescope.released_of(root, chosen)
        with warnings.catch_warnings(), Engine(isolated=not no_sandbox) as engine:
            warnings.simplefilter("ignore")
            found = gradescope.grade_notebook(
                notebook,
                released,
                chosen,
                student,
                course_secret(root),
                engine,
                course.rules,
                course.counting(chosen),
                course.extra_credit(chosen),
            )
    except (GradingError, NoIsolation) as error:
        raise Sentence(str(error)) from None
    readable = found["extra_data"]["readable"]
    if as_json is not None:
        as_json.write(json.dumps(found, indent=1) + "\n")
        sys.exit(0 if readable else 1)
    for test in found["tests"]:
        say(plain(f"{_of(test)}  {test['name']}"))
        if test.get("status") == "failed":
            say(test["output"].rstrip())
    extra = found["extra_data"]["extra_credit"]
    told = _of({**found, "score": found["score"] - extra}).strip()
    say(plain(listed([told, in_words(f"and {extra:g} extra")]) if extra else told))
    if found["output"]:
        say(found["output"])
    for why in found["extra_data"]["needs_person"]:
        say(f"needs a person: {plain(why)}")
    sys.exit(0 if readable else 1)


@main.command()
@click.argument("assignment")
@click.argument("students", nargs=-1)
@click.pass_obj
def feedback(root: Path, assignment: str, students: tuple[str, ...]) -> None:
    """Write the feedback pages of ASSIGNMENT again, for instance after grading written answers by hand.

    grades/ASSIGNMENT.csv is written anew, too.
    """
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.scores import graded_students

    try:
        course = Course(root)
        course.require(assignment)
        with course.gradebook() as gradebook:
            graded = graded_students(gradebook, assignment)
        if not graded:
            raise Sentence(
                f"nothing is graded for {assignment} yet; run `{command(root, 'grade', assignment)}` first"
            )
        unknown = sorted(set(students) - set(graded))
        if unknown:
            raise Sentence(f"not graded for {assignment}: {', '.join(unknown)}")
        wanted = students or graded
        gone = [one for one in wanted if not course.graded_notebook(assignment, one).exists()]
        try:
            pages([one for one in wanted if one not in gone], root, assignment, 0)
        finally:
            written, _ = grades_written(root, assignment)
    except GradingError as error:
        raise Sentence(str(error)) from None
    say(f"feedback is in {course.folder('feedback')}, the class's grades in {written}")
    if gone:
        raise Sentence(
            f"{', '.join(gone)}: the graded notebook is gone; run `{command(root, 'grade', assignment)}`, which makes it anew"
        )


@main.command()
@options.jobs
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
    """Bring every notebook into its canonical form, and the catalogues of other languages in step with them."""
    import nbformat

    from course.common.notebooks import canonical, notebooks
    from course.common.notebooks import tidy as tidy_one
    from course.languages.translation import not_in_step

    if only_check:
        loose = [
            p for p in notebooks(ROOT) if canonical(nbformat.read(p, as_version=4)) != p.read_text("utf-8")
        ]
        for path in loose:
            say(f"not canonical: {path.relative_to(ROOT)}; run `make tidy`")
        stale = not_in_step(ROOT)
        for path in stale:
            say(f"not in step with the English: {path.relative_to(ROOT)}; run `make tidy`")
        sys.exit(1 if loose or stale else 0)
    for path in notebooks(ROOT):
        if tidy_one(path):
            say(f"tidied {path.relative_to(ROOT)}")
    for path, text in not_in_step(ROOT).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        say(f"brought in step with the English: {path.relative_to(ROOT)}")
