"""One case to work with: which call a check makes there, on what, and its inputs to be had."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Case, Check
from course.autograder.checks.language.stand_ins import Affine, Seeded, Strided, Thinned, lay_out
from course.autograder.judging.asking import Question


def described(value: Any) -> str:
    """A value in a few words: an array by its shape and type, a dict by its entries."""
    if isinstance(value, Strided):
        return f"{described(value.array)}, a view"
    if isinstance(value, np.ndarray):
        return f"array {value.shape} {value.dtype}"
    if isinstance(value, Seeded):
        return f"np.random.default_rng({value.seed})"
    if isinstance(value, (Affine, Thinned)):
        return "a function"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {described(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)) and any(
        isinstance(item, (np.ndarray, Strided, Mapping)) for item in value
    ):
        return f"{type(value).__name__} of {len(value)}"
    return repr(value)


def number_of(check: Check, case: str) -> int:
    """A case's number, counted from 1."""
    return [one.name for one in check.cases].index(case) + 1


def calls(check: Check, case: Case) -> list[str]:
    """The calls that a case makes, as a student would write them; of many alike the first."""
    made = [
        f"{step.function}({', '.join(step.arguments)})"
        for step in check.steps_of(case)
        if isinstance(step, Call)
    ]
    return list(dict.fromkeys(made))


def about(check: Check, asked: Question) -> str:
    """What a case is: its number, its calls and their arguments, a line each."""
    case, number = asked.case, number_of(check, asked.case.name)
    used = {
        argument.partition(".")[0]
        for step in check.steps_of(case)
        if isinstance(step, Call)
        for argument in step.arguments
    }
    given = [f"  {name}: {described(value)}" for name, value in asked.inputs.items() if name in used]
    head = (
        f"Case {number} of {len(check.cases)} (“{case.name}”) calls {', then '.join(calls(check, case)[:3])}"
    )
    return "\n".join([f"{head} with", *given])


def again(check: Check, case: str) -> str:
    """The line that brings a case's inputs."""
    functions = ", ".join(check.functions)
    return f'given = check("{check.name}", {functions}, case={number_of(check, case)})'


def laid_out(asked: Question) -> dict[str, Any]:
    """The inputs as the functions get them, fresh at every call."""
    return dict(lay_out(asked.inputs))
