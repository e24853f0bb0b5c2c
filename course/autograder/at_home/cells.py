"""Cells that rest on a function which is not written yet: they say so, and a run of all cells goes on.

A notebook's demonstration cells call the student's functions. Where one raises `NotImplementedError` the whole run
would stop there, and every check below would stay blank. A name that such a cell would have made, or that no cell run
so far has made, is told in one sentence as well.
"""

import ast
import contextlib
import re
import sys
from types import TracebackType
from typing import Any

from course.autograder.at_home.stopping import Said
from course.autograder.checks.language.own_code import own_frames
from course.languages.saying import said

CHECKS = re.compile(r"\bcheck\s*\(")
_waiting: dict[str, str] = {}  # what cells would have made, and the function that they wait for


def install(shell: Any) -> None:
    """Let a notebook's shell treat these errors so, from the next cell on and in the one that is running."""
    if not getattr(shell, "course_cells", False):
        shell.set_custom_exc((NotImplementedError, NameError), _told)
        shell.course_cells = True


def _told(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    tb: TracebackType,
    tb_offset: int | None = None,
) -> None:
    sentence, goes_on = _sentence(error)
    if not sentence:
        shell.showtraceback((kind, error, tb), tb_offset=tb_offset)
        return
    if CHECKS.search(shell.user_ns["In"][-1]):
        # As an error, be it in one sentence: nbgrader gives a graded cell without one full marks.
        shell.showtraceback((Said, Said(sentence), tb), tb_offset=tb_offset)
    else:
        print(said(sentence))
    if goes_on:
        _wait(sys._getframe(2).f_locals, error)


def _sentence(error: BaseException) -> tuple[str, bool]:
    """What is said, '' for what is none of these cases; and whether the run goes on."""
    frames = own_frames(error)
    if isinstance(error, NotImplementedError):
        name = frames[-1].name if frames else ""
        told = f"This cell uses {name}, which is not written yet: write it first, then run this cell again."
        return (told, True) if len(frames) > 1 and name.isidentifier() else ("", False)
    name = getattr(error, "name", "") or ""
    if name in _waiting:
        return (
            f"This cell uses {name}, which waits for {_waiting[name]}: write that first, then run both cells again.",
            True,
        )
    if len(frames) == 1 and name:
        return (
            f"NameError: {name} is not there yet. Run the cell that makes it first; it stands further up.",
            False,
        )
    return "", False


def _wait(frame: dict[str, Any], error: BaseException) -> None:
    """Call the cell done, and remember what it would have made."""
    with contextlib.suppress(Exception):
        source = frame["self"].user_ns["In"][-1]
        function = own_frames(error)[-1].name
        if isinstance(error, NameError):
            function = _waiting[str(error.name)]
        for name in _made_by(source):
            _waiting.setdefault(name, function)
    with contextlib.suppress(Exception):
        frame["result"].error_in_exec = None


def _made_by(source: str) -> set[str]:
    return {
        node.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
