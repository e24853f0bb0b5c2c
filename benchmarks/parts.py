"""Where a submission's processor time goes, by part and by process: one worker that does nothing else.

A part counts what it takes itself, without the parts that it calls.
"""

import contextlib
import functools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nbformat import v4

from benchmarks import classes
from course.autograder import judging
from course.autograder.engine import questions, session, supervisor
from course.autograder.engine.engine import Engine
from course.autograder.feedback.budget import processor_seconds
from course.autograder.feedback.feedback import _Tasks
from course.autograder.feedback.writing import write_page
from course.autograder.gradebook.course import Course
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.record import Recorder
from course.autograder.grading import driver, marking
from course.autograder.grading.task import Task

WORKER, STUDENT, DRIVER, PAGES = "worker", "student's process", "driver", "page writer"
TICKS = os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Processor seconds of this process by name, each without what is measured inside of it."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.names: list[str] = []
        self.since = 0.0

    def _turn(self) -> None:
        now = time.process_time()
        if self.names:
            self.seconds[self.names[-1]] += now - self.since
        self.since = now

    @contextlib.contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        self._turn()
        self.names.append(name)
        try:
            yield
        finally:
            self._turn()
            self.names.pop()

    def wrap(self, owner: Any, attribute: str, name: str) -> None:
        """Measure a function from now on."""
        function: Callable[..., Any] = getattr(owner, attribute)

        @functools.wraps(function)
        def measured(*given: Any, **named: Any) -> Any:
            with self.measuring(name):
                return function(*given, **named)

        setattr(owner, attribute, measured)


def watched() -> Stopwatch:
    """A stopwatch on the parts of a worker."""
    watch = Stopwatch()
    watch.wrap(marking, "intake_of", "reading and repairing the notebook")
    watch.wrap(judging, "weighed", "references and comparison")
    watch.wrap(judging, "question", "drawing cases")
    for owner, attribute in (
        (supervisor.StudentProcess, "send"), (supervisor.StudentProcess, "receive"),
        (supervisor.StudentProcess, "send_frames"), (questions.Questions, "_encoded"),
    ):  # fmt: skip
        watch.wrap(owner, attribute, "messages: frames and sockets")
    watch.wrap(Engine, "_fork", "asking for a process, and ending it")
    watch.wrap(supervisor.StudentProcess, "close", "asking for a process, and ending it")
    watch.wrap(session.Session, "_keep", "outputs and messages for the notebook")
    watch.wrap(marking, "_written", "writing the graded notebook")
    watch.wrap(marking, "opened", "fingerprint of the hand-in")
    return watch


def children(engine: Engine) -> tuple[float, float]:
    """Processor seconds of the zygote, and of all the students' processes that have ended."""
    assert engine._zygote is not None
    about = Path(f"/proc/{engine._zygote.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    own, ended = about[11:13], about[13:15]
    return sum(map(int, own)) / TICKS, sum(map(int, ended)) / TICKS


def empty_process(engine: Engine, times: int = 30) -> float:
    """Processor seconds of a student's process with one cell that does nothing, zygote included."""
    notebook = v4.new_notebook(cells=[v4.new_code_cell("1")])
    before = sum(children(engine))
    for _ in range(times):
        engine.run(notebook, assignment=classes.ASSIGNMENT, student_seed=0)
    return (sum(children(engine)) - before) / times


def graded(tasks: list[Task]) -> tuple[list[Marked], dict[tuple[str, str], float]]:
    """Mark a class; seconds by (part, process)."""
    watch = watched()
    with Engine() as engine:
        for task in tasks[:2]:
            marking.mark(task, engine)
        empty = empty_process(engine)
        watch.seconds.clear()
        before = sum(children(engine))
        marks = []
        for task in tasks:
            with watch.measuring("everything else"):
                marks.append(marking.mark(task, engine))
        inside = (sum(children(engine)) - before) / len(tasks)
    found = {(name, WORKER): seconds / len(tasks) for name, seconds in watch.seconds.items()}
    found["fork, locking in, end of the process", STUDENT] = empty
    found["cells and answers", STUDENT] = inside - empty
    return marks, found


def main(root: str, assignment: str) -> None:
    course = Course(Path(root))
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    folder = course.folder("submitted")
    students = sorted(path.name for path in folder.iterdir())
    tasks = [Task(one, assignment, folder / one / assignment, released, "benchmark") for one in students]
    marks, found = graded(tasks)
    with Recorder(course, assignment) as recorder:
        driver.entered(recorder, marks[0], 0)
        begun = time.process_time()
        for marked in marks:
            driver.entered(recorder, marked, 0)
        found["gradebook", DRIVER] = (time.process_time() - begun) / len(marks)
    pages = _Tasks(course, assignment).of(students)
    write_page(pages[0])
    begun = processor_seconds()
    for page in pages:
        write_page(page)
    found["page", PAGES] = (processor_seconds() - begun) / len(pages)
    order = [STUDENT, WORKER, DRIVER, PAGES]
    rows = sorted(found.items(), key=lambda item: (order.index(item[0][1]), -item[1]))
    told = [{"name": name, "where": where, "seconds": seconds} for (name, where), seconds in rows]
    print("RESULT " + json.dumps({"rows": told, "submissions": len(tasks), "total": sum(found.values())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
