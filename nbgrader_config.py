"""nbgrader's configuration: our steps in its flow. Used by `python -m course`, `nbgrader` and the formgrader alike."""

import contextlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the course beside this file, however nbgrader is started

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
)

from course.autograder.gradebook.exchange import (
    CollectWithoutChecks,
    ReleaseFeedbackOfExchange,
    ReleaseWithChecks,
    exchange_root,
    own_exchange,
)
from course.autograder.gradebook.lateness import TermLatePolicy
from course.autograder.gradebook.nbgrader_steps import (
    PointsOfChecks,
    RepairCells,
    RunLockedIn,
    SaveScores,
    quiet_environment,
)
from course.autograder.gradebook.times import read_times_strictly

quiet_environment()
read_times_strictly()

c = get_config()  # noqa: F821 - traitlets puts it there

c.CourseDirectory.course_id = "paddle_course"
c.CourseDirectory.root = os.environ.get("COURSE_ROOT", str(Path(__file__).parent))
c.CourseDirectory.source_directory = "course/assignments"
c.CourseDirectory.db_url = os.environ.get(
    "COURSE_DB", f"sqlite:///{c.CourseDirectory.root}/gradebook.db?timeout=60"
)

# Where there is no exchange, the course has one of its own: the formgrader wants one to say what is released.
exchange = exchange_root(Path(c.CourseDirectory.root))
if own_exchange(exchange, Path(c.CourseDirectory.root)):
    with contextlib.suppress(OSError):  # a folder to be read alone
        exchange.mkdir(mode=0o700, exist_ok=True)
c.Exchange.root = str(exchange)
c.ExchangeFactory.release_assignment = ReleaseWithChecks
c.ExchangeFactory.collect = CollectWithoutChecks
c.ExchangeFactory.release_feedback = ReleaseFeedbackOfExchange

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()  # replace this line by your code"}
c.ClearSolutions.text_stub = "*Your answer here.*"

c.GenerateAssignment.preprocessors = [PointsOfChecks, *GenerateAssignment.preprocessors.default()]
c.Autograde.sanitize_preprocessors = [
    RepairCells,
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    RunLockedIn,
    LimitOutput,
    SaveScores,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.AssignLatePenalties.plugin_class = TermLatePolicy
c.RunLockedIn.isolated = os.environ.get("COURSE_NO_SANDBOX") != "1"
c.GenerateFeedback.exporter_class = "course.autograder.feedback.exporter.FeedbackPage"
c.GenerateFeedback.preprocessors = []  # the page asks the gradebook itself
c.HTMLExporter.filters = {"markdown2html": "course.autograder.feedback.pages.markdown2html"}  # the formgrader
