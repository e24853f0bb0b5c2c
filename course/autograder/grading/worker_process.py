"""What a worker process does: one engine, kept warm, marks what the driver sends.

The driver names these functions to a pool and never calls them, so what marks is imported when one is called.
"""

import gc
from typing import Any

from course.autograder.gradebook.marks import Marked
from course.autograder.grading.fingerprint import course_version
from course.autograder.grading.task import Opened, Task, in_a_sentence
from course.autograder.grading.workers import end_with_parent
from course.autograder.sandbox.limits import Limits
from course.languages.saying import ENGLISH, choose

# New objects after which a worker searches for those that nobody needs any more. Python's own 700 have it look through a
# notebook's cells and a check's cases again and again while they are in use.
SEARCH_AFTER = 20_000
_engine: Any = None


def start_worker(limits: Limits, isolated: bool, language: str = ENGLISH) -> None:
    """Make this process a worker: it ends with its parent, and has an engine of its own."""
    global _engine
    from course.autograder.engine.engine import Engine

    end_with_parent()
    choose(language)
    gc.set_threshold(SEARCH_AFTER)
    _engine = Engine(limits, isolated=isolated)


def first_times() -> None:
    """Go through what is slow the first time: the device is chosen, a schema and templates compiled, files that count read."""
    import nbformat

    from course.autograder.engine.outputs import verdict_outputs
    from course.autograder.judging.verdict import Finding, Verdict
    from course.reference.device import device

    device()
    course_version()
    verdict_outputs(Verdict("", 0.0, 1.0, (Finding("", "out", "value", "first"),)), 1)
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]))


def mark_here(one: Task | Opened) -> Marked:
    """Mark with this worker's engine; whatever goes wrong is a sentence."""
    try:
        from course.autograder.grading.marking import mark

        return mark(one, _engine)
    except Exception as error:
        task = one if isinstance(one, Task) else one.task
        return Marked(task.student, task.assignment, failure=in_a_sentence(error))
