"""A notebook that makes one call of a check again, to step through with a debugger."""

from collections.abc import Sequence
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.autograder.checks.language.protocol import Call, Put
from course.autograder.checks.language.spec import Check
from course.autograder.checks.language.stand_ins import Affine, Seeded
from course.autograder.judging.asking import Question
from course.languages.saying import filled, said

WARNING = """# {check}, the case “{case}”

For the instructor's eyes: this is a student's code on a case that students do not see. Here it runs **without the
sandbox**, with all that you may do on this machine. Read it before you run it.
"""
STEP = """To stop at each line: `%debug` after an error, or `import pdb; pdb.runcall({function}, ...)` in place of a call."""


def notebook_for(check: Check, asked: Question, sources: Sequence[str]) -> NotebookNode:
    """The student's cells, then the inputs of a case, then its calls."""
    inputs = [f"{name} = {literal(value)}" for name, value in asked.values.items() if name.isidentifier()]
    cells = [
        new_markdown_cell(filled(WARNING, check=check.name, case=said(asked.case.name))),
        new_code_cell("import numpy as np\nfrom numpy import inf, nan"),
        *map(new_code_cell, sources),
        new_code_cell(said("# The inputs, to the last digit.") + "\n" + "\n".join(inputs)),
        new_markdown_cell(filled(STEP, function=check.functions[0])),
        new_code_cell("\n".join(_told(step) for step in check.steps_of(asked.case))),
        new_code_cell(", ".join(place(path) for path in check.wanted if "*" not in path)),
    ]
    made = new_notebook(cells=cells)
    nbformat.validate(made)
    return made


def literal(value: Any) -> str:
    """A value of a case as Python; what cannot be written so is `None`, with a comment."""
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, dtype=np.{value.dtype.name}).reshape({value.shape!r})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, Seeded):
        return f"np.random.default_rng({value.seed})"
    if isinstance(value, Affine):
        return f"lambda x: x @ {literal(value.weight)} + {literal(value.bias)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + "".join(f"{literal(item)}, " for item in value) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    return f"None  # a {type(value).__name__} of the judge's, which cannot be written down"


def place(path: str) -> str:
    """A path in the workspace as Python: 'bn_param.mode' is bn_param["mode"], 'cache.0' is cache[0]."""
    first, *rest = path.split(".")
    return first + "".join(f"[{part}]" if part.isdigit() else f'["{part}"]' for part in rest)


def _told(step: Call | Put) -> str:
    if isinstance(step, Put):
        return f"{place(step.path)} = {literal(step.value)}"
    results = ", ".join(step.results)
    return f"{results}{' = ' if results else ''}{step.function}({', '.join(map(place, step.arguments))})"
