"""A hand-in run once more, locked in, on the class's cases: the same for everyone, beside each student's own.

It is a run of its own, after the graded one is over: a submission that is asked more where it was wrong would learn that it
was wrong. Nothing of it earns or loses anything.
"""

import copy
import functools
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import Reply
from course.autograder.engine.engine import as_seed
from course.autograder.engine.progress import graded_name
from course.autograder.engine.wire import encode
from course.autograder.grading.class_mistakes.fingerprints import Answered
from course.autograder.judging import question, seed_for
from course.autograder.judging.asking import Question
from course.autograder.judging.rules import Rules
from course.autograder.judging.verdict import Verdict

NO_FOLLOWING = Rules(own_gradient=0.0)  # nothing is earned here
THE_CLASS = "\0the class"  # in a student's place: no folder has such a name


@dataclass
class Heard:
    """What was asked of each check, and what came back; of the last time that it was asked."""

    answers: dict[str, dict[str, tuple[Question, Reply]]] = field(default_factory=dict)

    def __call__(self, asked: Question, reply: Reply) -> None:
        """Keep it."""
        self.answers.setdefault(asked.check.name, {})[asked.case.name] = (asked, reply)


def class_seed(secret: str, assignment: str) -> str:
    """What the class's cases are drawn from: nobody without the course's secret can tell it, and it tells no other."""
    return f"{seed_for(secret, THE_CLASS, assignment):016x}"


def on_class_cases(
    engine: Any, notebook: NotebookNode, assignment: str, seed: str, wanted: Collection[str]
) -> tuple[dict[str, Verdict], dict[str, Answered]]:
    """Verdicts and answers by check.

    Args:
        engine: a started `engine.Engine`.
        notebook: the submission as intake gives it; it is left as it is.
        assignment: its name.
        seed: `class_seed`.
        wanted: names of the checks to ask; the others are left out.
    """
    cells = {find_check(name).grade_id for name in wanted}
    asking = copy.deepcopy(notebook)
    for cell in asking.cells:
        if (name := graded_name(cell)) is not None and name not in cells:
            cell.source = ""
    heard = Heard()
    result = engine.run(asking, assignment=assignment, student_seed=seed, seen=heard, rules=NO_FOLLOWING)
    verdicts = {verdict.check: verdict for name, verdict in result.ledger.items() if name in cells}
    return verdicts, {name: heard.answers[name] for name in verdicts if name in heard.answers}


@functools.cache
def digest_of(check: str, seed: str) -> str:
    """A line for the inputs of a check's cases of this seed: it changes when the cases do."""
    cases = find_check(check).cases + find_check(check).hidden
    digest = hashlib.blake2b(digest_size=8)
    for index, case in enumerate(cases):
        asked = question(check, index, as_seed(seed))
        digest.update(case.name.encode() + b"\0" + encode({"inputs": asked.inputs}))
    return digest.hexdigest()
