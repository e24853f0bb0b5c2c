"""nbgrader's configuration: our steps in its flow. Used by `python -m course`, `nbgrader` and the formgrader alike."""

import contextlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the course beside this file, however nbgrader is started

import nbgrader
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

import course.autograder
from course.autograder.gradebook.database import with_driver
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
from course.autograder.gradebook.spoken import InLanguage, speak_as
from course.autograder.gradebook.students import name_by_id
from course.autograder.gradebook.times import read_times_strictly
from course.languages.saying import said

quiet_environment()
read_times_strictly()
name_by_id()

c = get_config()  # noqa: F821 - traitlets puts it there

c.CourseDirectory.course_id = "paddle_course"
c.CourseDirectory.root = os.environ.get("COURSE_ROOT", str(Path(__file__).parent))
c.CourseDirectory.source_directory = "course/assignments"
in_a_file = f"sqlite:///{c.CourseDirectory.root}/gradebook.db?timeout=60"
c.CourseDirectory.db_url = with_driver(os.environ.get("COURSE_DB") or in_a_file)

# Where there is no exchange, the course has one of its own: the formgrader wants one to say what is released.
exchange = exchange_root(Path(c.CourseDirectory.root))
if own_exchange(exchange, Path(c.CourseDirectory.root)):
    with contextlib.suppress(OSError):  # a folder to be read alone
        exchange.mkdir(mode=0o700, exist_ok=True)
c.Exchange.root = str(exchange)
c.ExchangeFactory.release_assignment = ReleaseWithChecks
c.ExchangeFactory.collect = CollectWithoutChecks
c.ExchangeFactory.release_feedback = ReleaseFeedbackOfExchange

speak_as(Path(c.CourseDirectory.root))
replace_it = said("replace this line by your code")
c.ClearSolutions.code_stub = {"python": f"raise NotImplementedError()  # {replace_it}"}
c.ClearSolutions.text_stub = f"*{said('Your answer here.')}*"

c.GenerateAssignment.preprocessors = [InLanguage, PointsOfChecks, *GenerateAssignment.preprocessors.default()]
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

# The formgrader: text without scripts, formulas without a network, and each written answer's rubric beside it.
sources = Path(c.CourseDirectory.root) / c.CourseDirectory.source_directory


def rubric_beside(grade_id: str, assignment: str, notebook: str) -> object:
    """The rubric of a written answer, for the template; imported when it is wanted."""
    from course.autograder.feedback.rubric import rubric

    return rubric(sources, grade_id, assignment, notebook)


c.HTMLExporter.filters = {
    "markdown2html": "course.autograder.feedback.pages.markdown2html",
    "rubric": rubric_beside,
}
pages = Path(course.autograder.__file__).parent / "feedback" / "formgrader"
nbgraders_pages = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
c.HTMLExporter.template_name = "course_formgrade"
c.HTMLExporter.extra_template_basedirs = [str(pages), str(nbgraders_pages)]
c.HTMLExporter.extra_template_paths = [str(nbgraders_pages)]
