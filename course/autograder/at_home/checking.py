"""The judge beside the notebook: asks the student's functions in this very process."""

import functools
import os
from collections.abc import Callable
from typing import Any

from course.autograder.checks.language.protocol import Reply, Step, perform
from course.autograder.judging.bank import Bank, bank_here
from course.autograder.judging.deciding import judge_with, resolve
from course.autograder.judging.verdict import Verdict
from course.common.quiet import quiet_stderr

Functions = tuple[Callable[..., Any], ...]


@functools.cache
def _bank() -> Bank:
    return bank_here(int(os.environ.get("COURSE_SEED", "0")))


def judged_here(name: str, functions: Functions) -> Verdict:
    """Judge in this process, with everything that libraries write to standard error kept out of the notebook."""
    told: list[str] = []
    with quiet_stderr():
        bank = _bank()
        graded = os.environ.get("NBGRADER_EXECUTION") == "autograde"
        found = resolve(name, len(functions), graded, bank)
        if isinstance(found, Verdict):
            return found
        by_name = dict(zip(found.functions, functions, strict=True))

        def ask(steps: tuple[Step, ...], inputs: dict[str, Any], wanted: tuple[str, ...]) -> Reply:
            with quiet_stderr() as kept:
                reply = perform(steps, inputs, wanted, by_name)
            told.append(kept.getvalue())
            return reply

        verdict = judge_with(found, ask, graded=graded, questions=functools.partial(bank.question, found))
    text = "".join(dict.fromkeys(told))
    if text.strip():
        print(text[:2000], end="" if text.endswith("\n") else "\n")
    return verdict
