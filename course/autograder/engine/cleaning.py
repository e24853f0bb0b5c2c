"""What a student's process sends, with nothing left in it that was not asked for. The process may be hostile."""

from typing import Any

import numpy as np

from course.autograder.checks.language.plain import Problem
from course.autograder.checks.language.protocol import Reply
from course.autograder.engine.progress import Failure


def _clean_problem(problem: Any) -> Problem | None:
    if not isinstance(problem, Problem):
        return None
    raised = problem.exceptions if isinstance(problem.exceptions, tuple) else ()
    names = tuple(str(name)[:80] for name in raised[:20])
    return Problem(str(problem.kind)[:20], str(problem.message)[:500], names)


def clean_reply(reply: Any, wanted: tuple[str, ...]) -> Reply | None:
    """The reply with nothing in it but arrays and problems, under names that were asked for."""
    if (
        not isinstance(reply, Reply)
        or not isinstance(reply.outputs, dict)
        or not isinstance(reply.inputs_after, dict)
    ):
        return None

    outputs = _kept({k: v for k, v in reply.outputs.items() if k in wanted})
    return Reply(outputs, _kept(reply.inputs_after), _clean_problem(reply.problem))


def _kept(values: dict[Any, Any]) -> dict[str, np.ndarray | Problem]:
    """The arrays and problems of a dict from outside."""
    kept: dict[str, np.ndarray | Problem] = {}
    for name, value in values.items():
        cleaned = value if type(value) is np.ndarray else _clean_problem(value)
        if cleaned is not None and type(name) is str:
            kept[name] = cleaned
    return kept


def clean_failure(stopped: Any) -> Failure | None:
    """The error that a cell stopped with, as its process tells it."""
    if not isinstance(stopped, tuple) or len(stopped) != 4:
        return None
    name, value, line, source = stopped
    number = line if type(line) is int and 0 <= line < 10**6 else 0
    return Failure(str(name)[:80], str(value)[:1000], number, str(source)[:300])
