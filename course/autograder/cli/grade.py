"""`python -m course grade`: a row as each submission is graded, pages meanwhile, and at the end who needs a person."""

import contextlib
import importlib
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from course.autograder.cli import options
from course.autograder.cli.event_log import EventLog
from course.autograder.cli.told import (
    require_place,
    tell_row,
    tell_who_is_not_on_the_roster,
    tell_who_needs_a_person,
)
from course.common.collecting import made_to_stay
from course.common.console import Sentence, in_words, plain, progress, say, warn
from course.common.later import FORMATS, later, without
from course.common.text import printable

if TYPE_CHECKING:
    from course.autograder.grading.driver import Graded, Marking
    from course.autograder.intake.matched import Unmatched

NEEDS_PERSON = 3  # the exit code with --strict
INTERRUPTED = 130  # as shells have it
# What nbgrader and nbconvert import for a server, a hub, archives, pages and tests of their own; grading uses none.
# From those below the others take functions by name, and classes that they only call.
NOT_YET = (
    "bleach", "rapidfuzz.distance", "rapidfuzz.fuzz", "rapidfuzz.process", "rapidfuzz.utils", "requests", "setuptools", "yaml",
)  # fmt: skip
_EXTENSION = ("load_jupyter_server_extension",)
NOT_YET_CALLED = {
    "bs4": ("BeautifulSoup",),
    "nbconvert.filters.markdown_mistune": ("IPythonRenderer", "MarkdownWithMath", "markdown2html_mistune"),
    "nbconvert.postprocessors.serve": ("ServePostProcessor",),
    "nbconvert.preprocessors.sanitize": ("_get_default_css_sanitizer",),
    "nbgrader.server_extensions.assignment_list": _EXTENSION,
    "nbgrader.server_extensions.course_list": _EXTENSION,
    "nbgrader.server_extensions.formgrader": _EXTENSION,
    "nbgrader.server_extensions.validate_assignment": _EXTENSION,
    "setuptools.archive_util": ("unpack_archive", "unpack_tarfile", "unpack_zipfile"),
}


def import_driver() -> None:
    """Import what hands submissions out and enters their marks; it needs no judge, no numpy and no server."""
    with made_to_stay(unless="nbgrader"), later(*NOT_YET, called=NOT_YET_CALLED), without(*FORMATS):
        importlib.import_module("course.autograder.grading.driver")


@click.command()
@click.argument("assignment")
@click.argument("students", nargs=-1)
@options.jobs
@click.option(
    "--resume", is_flag=True, help="Leave alone what is graded and unchanged (this is the default)."
)
@click.option("--force", is_flag=True, help="Grade also what is graded and unchanged.")
@click.option("--feedback/--no-feedback", default=True, help="Whether to write the feedback pages.")
@options.no_sandbox
@click.option(
    "--strict",
    is_flag=True,
    help=f"End with code {NEEDS_PERSON} when a hand-in needs a person to look at it.",
)
@click.option(
    "--json", "as_json", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows there too."
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add a line of JSON there for each submission, as it is graded.",
)
@click.option(
    "--shard",
    metavar="K/N",
    help="Grade the Kth of N parts of the class into a file, for `record` to enter where the gradebook is.",
)
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for that file; shards/ in the course folder by default.",
)
@click.option(
    "--cluster",
    metavar="SCHEDULER",
    help="Have the workers of a Dask cluster grade: its address, tls://HOST:8786, or its scheduler file.",
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
    strict: bool,
    as_json: Path | None,
    log: Path | None,
    shard: str | None,
    to: Path | None,
    cluster: str | None,
) -> None:
    """Grade everyone who submitted ASSIGNMENT, or the STUDENTS named.

    The exit code is 0 when everyone is graded, 1 when someone could not be or nothing could be done, and 130 after Ctrl-C.
    """
    if resume and force:
        raise Sentence("--resume leaves alone what is graded, --force grades it again; say one of them")
    if as_json is not None:
        require_place(as_json)
    if to is not None and shard is None:
        raise Sentence("--to says where a part's results go; say with --shard which part, 3/40 say")
    if shard is not None and (students or strict or as_json or log):
        raise Sentence(
            "--shard grades a part of the class into a file; say it without students, --strict, --json and --log"
        )
    if cluster is not None and (no_sandbox or shard):
        raise Sentence(
            "--cluster grades on other machines and locks submissions in; say it without --no-sandbox and --shard"
        )
    from course.autograder.grading.workers import start_ahead

    if cluster is None and any((root / "submitted").glob(f"*/{assignment}/*.ipynb")):
        # Before the imports below, which take as long as Paddle's.
        start_ahead(*(["course.autograder.feedback.page"] if feedback else []), assignment=assignment)
    import_driver()
    from course.autograder.gradebook.course import GradingError
    from course.autograder.grading.driver import Plan

    if no_sandbox:
        from course.autograder.engine.engine import UNGUARDED

        warn(UNGUARDED)
    if shard is not None:
        from course.autograder.cli.shards import grade_shard
        from course.autograder.grading.shards import FOLDER

        plan = Plan(jobs=jobs, force=force, isolated=not no_sandbox)
        grade_shard(root, assignment, shard, to or root / FOLDER, plan)
    run = _Run(root, assignment, feedback, jobs, log)
    try:
        with run.elsewhere(cluster) as marking:
            plan = Plan(jobs=jobs, force=force, isolated=not no_sandbox, marking=marking)
            rows = run.grade(students, plan)
        if as_json is not None:
            run.write_json(rows, as_json)
        written = run.finish()
    except KeyboardInterrupt:
        run.log("ended", why="interrupted", done=run.done)
        run.told_interrupted()
        sys.exit(INTERRUPTED)
    except GradingError as error:
        run.log("ended", why=str(error), done=run.done)
        run.keep_what_is_done()
        raise Sentence(str(error)) from None
    failed = [row for row in rows if row.score is None]
    old = sum(row.score is not None and not row.fresh for row in rows)
    run.log("ended", why="done", done=run.done, failed=len(failed), up_to_date=old)
    needy = tell_who_needs_a_person(root, assignment, rows, run.unmatched)
    tell_who_is_not_on_the_roster(root, [row.student for row in rows])
    say(f"{len(rows) - len(failed)} graded, {len(failed)} failed; see {written}")
    if run.pages_missing:
        raise Sentence(run.pages_missing)
    sys.exit(1 if failed else NEEDS_PERSON if strict and needy else 0)


class _Run:
    """One run of the command: what it has said and done so far, so that it can be told whenever it ends."""

    def __init__(
        self, root: Path, assignment: str, feedback: bool, jobs: int, log: Path | None = None
    ) -> None:
        self.root, self.assignment, self.feedback, self.jobs = root, assignment, feedback, jobs
        self.unmatched: Sequence[Unmatched] = ()
        self.to_do = self.done = self.pages = 0
        self.pages_missing = ""
        self.devices: set[str] = set()
        self.bar = progress()
        self._events = EventLog(log, assignment) if log else None

    def log(self, event: str, **more: Any) -> None:
        """Add to the events, where they are wanted."""
        if self._events is not None:
            self._events.add(event, **more)

    def grade(self, students: Sequence[str], plan: Any) -> "list[Graded]":
        """Grade, with a row and, meanwhile, a page for each."""
        from course.autograder.feedback.feedback import PagesMissing, PageWriter
        from course.autograder.gradebook.course import GradingError
        from course.autograder.grading import driver

        step = self.bar.add_task(f"grading {printable(self.assignment)}", total=None)
        paged = self.bar.add_task("feedback pages", total=None, visible=False)

        def begun(to_do: int, up_to_date: int) -> None:
            self.to_do = to_do
            self.log("begun", to_do=to_do, up_to_date=up_to_date)
            self.bar.update(step, total=to_do)
            if up_to_date:
                say(f"{up_to_date} are graded and unchanged; --force grades them again", to=self.bar.console)

        def written(student: str) -> None:
            self.pages += 1
            self.bar.advance(paged)

        def told(row: "Graded") -> None:
            self._tell(row)
            if self._events is not None:
                self._events.add_row(row)
            self.done += row.fresh
            self.bar.advance(step, 1 if row.fresh else 0)
            if self.feedback and row.score:
                self.bar.update(paged, total=self.to_do, visible=True)
                pages.add(row.student)

        def other(things: "Sequence[Unmatched]") -> None:
            self.unmatched = things

        most = sum(1 for _ in (self.root / "submitted").glob("*"))
        rows: list[Graded] = []
        try:
            with self.bar, PageWriter(self.root, self.assignment, most, self.jobs, written) as pages:
                try:
                    rows += driver.grade(
                        self.root,
                        self.assignment,
                        students,
                        plan,
                        on_start=begun,
                        on_row=told,
                        on_unmatched=other,
                    )
                except GradingError:
                    self.bar.update(
                        step, visible=self.to_do > 0
                    )  # above an error, a bar at nothing is in the way
                    raise
                missing = self._without_page(rows)
                self.bar.update(paged, total=self.done + len(missing), visible=self.feedback)
                for student in missing:
                    pages.add(student)
        except PagesMissing as error:
            self.pages_missing = str(error)
        return rows

    def elsewhere(self, cluster: str | None) -> "contextlib.AbstractContextManager[Marking | None]":
        """What has submissions marked on other machines; None where this one does."""
        if cluster is None:
            return contextlib.nullcontext()
        from course.autograder.cli.cluster import on_cluster

        return on_cluster(self.root, cluster, self.bar.console)

    def _without_page(self, rows: "list[Graded]") -> list[str]:
        """Those who were graded before and have no page of it."""
        from course.autograder.feedback.feedback import without_page

        kept = [row.student for row in rows if row.score and not row.fresh and self.feedback]
        return without_page(self.root, self.assignment, kept)

    def _tell(self, row: "Graded") -> None:
        if row.device and row.device not in self.devices:
            self.devices.add(row.device)
            say(row.device, to=self.bar.console)
        tell_row(row, self.bar.console)

    def write_json(self, rows: "list[Graded]", path: Path) -> None:
        """The rows as JSON; GradingError where that cannot be written after all."""
        from course.autograder.gradebook.course import GradingError
        from course.autograder.gradebook.record import write_whole
        from course.autograder.grading.driver import as_dict

        try:
            write_whole(path, json.dumps([as_dict(row) for row in rows], indent=1) + "\n")
        except OSError as error:
            raise GradingError(
                f"{path} could not be written: {error.strerror}; everything is graded"
            ) from None

    def finish(self) -> Path:
        """Write the whole class's grades anew; returns where they are."""
        from course.autograder.cli.told import grades_written

        return grades_written(self.root, self.assignment)[0]

    def keep_what_is_done(self) -> None:
        """The grades of those who were graded before something went wrong."""
        from course.autograder.gradebook.course import GradingError

        if self.done:
            try:
                self.finish()
            except (GradingError, OSError) as error:
                warn(f"the grades could not be written: {error}")

    def told_interrupted(self) -> None:
        """What is done, and how to go on."""
        self.keep_what_is_done()
        again = [arg for arg in sys.argv[1:] if arg != "--force"]
        command = shlex.join(["python", "-m", "course", *again]) if again else "the same command"
        done = f"{self.done} of {self.to_do}" if self.to_do else f"{self.done}"
        pages = f", and {self.pages} pages are written" if self.feedback else ""
        say(
            plain(in_words("interrupted: "), style="yellow"),
            f"{done} are graded and kept{pages}. Nothing is lost; this goes on:\n  {command}",
        )
