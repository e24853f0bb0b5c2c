"""An error is shown at the student's own line, whatever library it came up in."""

import linecache

import numpy as np
import pytest

from course.autograder.checks.language.own_code import is_own, own_line
from course.autograder.checks.language.protocol import Call, perform

SOURCES = {
    "statistics": ("import statistics", "statistics.mean([])"),
    "json": ("import json", "json.loads('')"),
    "numpy's Python part": ("import numpy as np", "np.concatenate([])"),
    "numpy's linalg": ("import numpy as np", "np.linalg.inv(np.zeros((2, 2)))"),
    "a callback of a library": ("import functools", "functools.reduce(lambda a, b: a / 0, [1, 2])"),
    "numpy.testing": ("import numpy as np", "np.testing.assert_allclose(1, 2)"),
    "a generated method": ("from dataclasses import make_dataclass", "make_dataclass('A', ['x'])()"),
    "the course's own code": ("from course.common.quiet import quiet_stderr", "quiet_stderr(1)"),
    "the student's own": ("", "1 / 0"),
}


def raised(setup: str, line: str, filename: str = "<ipython-input-3-0123456789ab>") -> str:
    """What the judge is told of a function whose third line fails."""
    source = f"{setup}\ndef f(x):\n    y = {line}\n    return y\n"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    space: dict = {}
    exec(compile(source, filename, "exec"), space)
    reply = perform((Call("f", ("x",), ("y",)),), {"x": np.ones(2)}, ("y",), space)
    assert reply.problem is not None and reply.problem.kind == "raised"
    return reply.problem.message


@pytest.mark.parametrize(("setup", "line"), SOURCES.values(), ids=SOURCES)
def test_the_line_is_the_students(setup: str, line: str) -> None:
    told = raised(setup, line)
    place = "<lambda>" if "lambda" in line else "f"
    assert told.endswith(f" (in {place}, line 3: y = {line})")


def test_a_students_own_file_is_own_and_a_librarys_is_not(tmp_path) -> None:
    assert (
        is_own(str(tmp_path / "helpers.py")) and is_own("/tmp/ipykernel_12/34.py") and is_own("<timed exec>")
    )
    assert not any(
        map(
            is_own,
            (np.__file__, linecache.__file__, "<frozen runpy>", "<string>", "<__array_function__ internals>"),
        )
    )


def test_an_error_without_a_line_of_the_students_says_none() -> None:
    assert own_line(ValueError("never raised")) == ""
