"""nbgrader's flow on one course folder: release, autograde, feedback, and what the gradebook says."""

import contextlib
import copy
import functools
import logging
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader, NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SAWarning,
)

from course.autograder.gradebook.changes import Cells, cells_of
from course.autograder.gradebook.counting import countings, enter_most
from course.autograder.gradebook.database import NO_DRIVER, OPENING, cannot_be_used, locked, on_server
from course.autograder.gradebook.errors import GradingError
from course.autograder.gradebook.exchange import own_exchange
from course.autograder.gradebook.lateness import Term, read_term
from course.autograder.gradebook.nbgrader_steps import quiet_environment
from course.autograder.gradebook.scores import Score, scores_of
from course.autograder.gradebook.states import prepare
from course.autograder.gradebook.swap import beside, swap
from course.autograder.judging.rules import Counting, ExtraCredit, Rules
from course.autograder.sandbox.limits import Limits, with_caps
from course.autograder.settings import SettingsError
from course.common.notebooks import read_as_it_lies

PROJECT = Path(__file__).parents[3]

RAISED = re.compile(
    r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Entry): (.+)"
)  # an exception's line in a log


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Course:
    """A course folder: `course/assignments` in it, and what grading makes beside it.

    Args:
        root: the folder; configured by the project's nbgrader_config.py, or one of its own where it has one.
    """

    def __init__(self, root: Path) -> None:
        """Read the configuration."""
        quiet_environment()
        warnings.filterwarnings(
            "ignore", category=SAWarning
        )  # nbgrader's own, on every submission it creates
        self.root = root.resolve()
        self._counting: dict[str, tuple[Counting, ...]] = {}
        self._extra: dict[str, ExtraCredit] = {}
        self._there = False  # whether the gradebook's tables are known to be
        own = self.root / "nbgrader_config.py"
        with _environment(COURSE_ROOT=str(self.root)):
            path = own if own.exists() else PROJECT / "nbgrader_config.py"
            app = NbGrader(config_file=str(path), raise_config_file_errors=True)
            app.log.setLevel(logging.CRITICAL)
            try:
                app.load_config_file()
            except Exception as error:  # whatever the file's own code raises
                raise GradingError(f"{path} cannot be used: {type(error).__name__}: {error}") from None
        self.config = app.config
        self.config.CourseDirectory.root = str(self.root)
        self.log = logging.getLogger("course.nbgrader")
        self.log.propagate = False
        self.log.addHandler(logging.NullHandler())

    def _api(self) -> NbGraderAPI:
        return NbGraderAPI(CourseDirectory(config=self.config), config=self.config, log=self.log)

    @property
    def db_url(self) -> str:
        """Where the gradebook is."""
        return str(CourseDirectory(config=self.config).db_url)

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The open gradebook; GradingError, in a sentence, where the database cannot be read or written."""
        gradebook = None
        try:
            gradebook = self._opened()
            yield gradebook
        except ModuleNotFoundError as error:
            if gradebook is not None or not on_server(self.db_url):
                raise
            raise GradingError(f"{NO_DRIVER} ({error})") from None
        except (OperationalError, DatabaseError) as error:
            if isinstance(error, IntegrityError | DataError | ProgrammingError):
                raise
            raise GradingError(cannot_be_used(self.db_url, error)) from None
        finally:
            if gradebook is not None:
                gradebook.close()

    def _opened(self) -> Gradebook:
        """Open it. On a server the first time is one process's alone: two that made its tables at once would collide."""
        given = (self.db_url, self.config.CourseDirectory.course_id)
        if self._there or not on_server(self.db_url):
            return Gradebook(*given)
        with locked(self.db_url, OPENING, wait=True):
            gradebook = Gradebook(*given)
            prepare(gradebook.db)
            gradebook.db.commit()
        self._there = True
        return gradebook

    def folder(self, step: str) -> Path:
        """A folder of nbgrader's: 'release', 'submitted', 'autograded', 'feedback', 'source'."""
        return self.root / str(getattr(CourseDirectory(config=self.config), f"{step}_directory"))

    def assignments(self) -> list[str]:
        """Names of the assignments whose source is here."""
        return sorted({path.parent.name for path in self.folder("source").glob("*/*.ipynb")})

    def term(self) -> Term:
        """Due dates, late policy and extensions. Raises GradingError: the first mistake in their files."""
        try:
            return read_term(self.root, self.assignments())
        except SettingsError as error:
            raise GradingError(str(error)) from None

    def limits(self) -> Limits:
        """What one submission may take, with course.toml's numbers in it. Raises GradingError, as `term` does."""
        grader = self.term().settings.grader
        return with_caps(Limits(), grader.cell_seconds, grader.total_seconds, grader.memory_mb)

    @functools.cached_property
    def rules(self) -> Rules:
        """How answers are judged, with course.toml's numbers in it. Raises GradingError, as `term` does."""
        follow_up = self.term().settings.follow_up
        return Rules(follow_up.own_gradient_percent / 100, follow_up.stand_ins)

    def counting(self, assignment: str) -> tuple[Counting, ...]:
        """Its questions that count otherwise than students were told; read once. Raises GradingError, as `term` does."""
        if assignment not in self._counting:
            self._counting[assignment] = self._counted(assignment)
        return self._counting[assignment]

    def _counted(self, assignment: str) -> tuple[Counting, ...]:
        said, cells = self.term().settings.assignment(assignment), self.released_cells(assignment)
        if not cells.graded or not (said.withdrawn or said.points):
            return ()
        try:
            by_hand = set(cells.solutions) | set(cells.tasks)
            return countings(assignment, said, {**cells.points, **(cells.extra or {})}, by_hand)
        except SettingsError as error:
            raise GradingError(str(error)) from None

    def extra_credit(self, assignment: str) -> ExtraCredit:
        """Its optional questions as they count; read once. Raises GradingError, as `term` does."""
        if assignment not in self._extra:
            cells, percent = self.released_cells(assignment), self.term().settings.extra_credit.percent
            points = {**(cells.extra or {})}
            points |= {one.name: one.most for one in self.counting(assignment) if one.name in points}
            most = min(sum(points.values()), percent / 100 * sum(cells.points.values()))
            self._extra[assignment] = ExtraCredit(tuple(points.items()), round(most, 2))
        return self._extra[assignment]

    def require(self, assignment: str) -> None:
        """Raise GradingError unless the assignment is here."""
        have = self.chosen()
        if assignment not in have:
            raise GradingError(
                f"there is no assignment '{assignment}' here; the assignments are: {', '.join(have)}"
            )

    def chosen(self, names: Sequence[str] = ()) -> list[str]:
        """The assignments named, or all of the course. Raises GradingError: the folder has none."""
        if not (everything := self.assignments()):
            raise GradingError(
                f"{self.root} is no course folder: no assignment lies in {self.folder('source')}; "
                "say with --root, before the command, where the course is"
            )
        return list(names) or everything

    @staticmethod
    def _done(result: dict[str, Any], what: str) -> None:
        """Raise GradingError, with the first error that nbgrader's log has, unless it went well."""
        if not result["success"]:
            log = f"{result.get('log') or ''}\n{result.get('error') or ''}".splitlines()
            raised = [found[1] for line in log if (found := RAISED.fullmatch(line.strip()))]
            others = [line for line in log if line.strip()][-1:]
            raise GradingError(f"{what} failed: {(raised or others or ['no reason given'])[0][:300]}")

    def release(self, assignment: str) -> Path:
        """Make the students' version and enter the assignment into the gradebook; the old one stays until it is whole."""
        place = self.folder("release") / assignment
        new = beside(place)
        self.generate(assignment, new)
        swap(new, place)
        self.count(assignment)
        return place

    def count(self, assignment: str) -> None:
        """Let the gradebook say what counts as course.toml has it; nbgrader has just written the notebook's points."""
        said, extra = self.counting(assignment), self.extra_credit(assignment)
        if said or extra.questions:
            with self.gradebook() as gradebook:
                enter_most(gradebook, assignment, self.released_cells(assignment).graded, said, extra)
                gradebook.db.commit()

    def generate(self, assignment: str, into: Path) -> None:
        """Have nbgrader make the students' version into a folder, and enter the assignment into the gradebook.

        Raises:
            GradingError: when there is no such assignment, or nbgrader will not; the folder is not there then.
        """
        self.require(assignment)
        self._counting.clear()
        self._extra.clear()
        made = beside(self.folder("release"))
        config = copy.deepcopy(self.config)
        config.CourseDirectory.release_directory = made.name
        try:
            api = NbGraderAPI(CourseDirectory(config=config), config=config, log=self.log)
            self._done(api.generate_assignment(assignment), f"releasing {assignment}")
            into.parent.mkdir(parents=True, exist_ok=True)
            (made / assignment).rename(into)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def publish(self, assignments: Sequence[str]) -> bool:
        """Put what is released into the course's own exchange, for the formgrader to know; False where others use it."""
        root = Path(self.config.Exchange.root)
        if not own_exchange(root, self.root) or not root.is_dir():
            return False
        config = copy.deepcopy(self.config)
        config.ExchangeReleaseAssignment.force = True
        api = NbGraderAPI(CourseDirectory(config=config), config=config, log=self.log)
        for assignment in assignments:
            self._done(api.release_assignment(assignment), f"putting {assignment} into the exchange {root}")
        return True

    def score(self, assignment: str, student: str) -> Score:
        """What the gradebook says of one submission; GradingError when it has none."""
        with self.gradebook() as gradebook:
            found = scores_of(gradebook, assignment, self.cell_order(assignment), student)
        if student not in found:
            raise GradingError(f"{student} has no grades for {assignment} in the gradebook")
        return found[student]

    def graded_notebook(self, assignment: str, student: str) -> Path:
        """Where a student's graded notebook is."""
        return self.folder("autograded") / student / assignment / f"{assignment}.ipynb"

    def released_cells(self, assignment: str) -> Cells:
        """The cells of the released notebook, with the points that students were told; none where it is not there."""
        path = self.folder("release") / assignment / f"{assignment}.ipynb"
        return cells_of(read_as_it_lies(path)) if path.exists() else Cells({}, {}, (), ())

    def cell_order(self, assignment: str) -> list[str]:
        """The grade_ids of the graded cells, in the order of the released notebook."""
        path = self.folder("release") / assignment / f"{assignment}.ipynb"
        cells = read_as_it_lies(path).cells if path.exists() else []
        marks = [cell.metadata.get("nbgrader", {}) for cell in cells]
        return [mark["grade_id"] for mark in marks if mark.get("grade")]


def fresh_course(folder: Path) -> Course:
    """A course folder of its own with the project's assignments in it; what was there is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "course").mkdir(parents=True)
    shutil.copytree(PROJECT / "course" / "assignments", folder / "course" / "assignments")
    return Course(folder)
