"""The student's side of a check: `check(name, function, ...)` in a notebook. Imports no framework by itself.

On a laptop, and wherever nbgrader runs without this project's configuration, the judge is a function call away in
this process. In a grading run the process has no judge; `use_judge` has been given the one behind the pipe.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from course.autograder.judging.verdict import VERDICT, Verdict, number
from course.languages.fonts import chinese_labels
from course.languages.saying import filled, language

Functions = tuple[Callable[..., Any], ...]


class Points(float):
    """Points as the value of a test cell.

    nbgrader reads the plain text of a cell's result as its score and anything that is not a number as full
    marks, so the plain text is the number and nothing else; a reader of the notebook sees a sentence.
    """

    max_points: float = 0.0
    extra: bool = False

    def __repr__(self) -> str:
        """The bare number."""
        return float.__repr__(self)

    def _repr_html_(self) -> str:
        of = (
            "<b>{got}</b> of {most} points of extra credit" if self.extra else "<b>{got}</b> of {most} points"
        )
        return filled(of, got=number(self), most=number(self.max_points))


class Unsaid(Points):
    """The value of a check in a grading run: all the points that it can give, whatever it gave, and never shown.

    A line such as `assert check(...) == 5` goes on, and no submission learns how it was judged.
    """

    def __repr__(self) -> str:
        """No number, which would be taken for the points."""
        return "(points are not told in a grading run)"

    __str__ = __repr__

    def _ipython_display_(self) -> None:
        """Nothing."""


class Shown(Points):
    """Points that the message above has told already: a reader of the notebook sees those of all checks up to now.

    The number stays the cell's value, whoever runs it: nbgrader takes a cell without one for full marks.
    """

    so_far: str = ""

    def _repr_html_(self) -> str:
        return f'<span style="font-size:.92em">{self.so_far}</span>'


FarJudge = Callable[[str, Functions], Points | None]
_far_judge: FarJudge | None = None


def use_judge(judge: FarJudge | None) -> None:
    """Send checks to a judge that keeps its verdict to itself; None brings the one in this process back."""
    global _far_judge
    _far_judge = judge


def at_home() -> None:
    """Let a notebook go on past cells whose functions are not written yet; nothing in a grading run or a terminal.

    In Chinese, its figures get a font that has it.
    """
    if language() == "zh" and "matplotlib.pyplot" in sys.modules:
        chinese_labels()
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if _far_judge is None and type(shell).__name__ not in ("NoneType", "TerminalInteractiveShell", "Shell"):
        from course.autograder.at_home.cells import install

        install(shell)


def show(verdict: Verdict, text: str = "", html: str = "") -> None:
    """Put the message where a reader will see it: rich in a notebook, plain on a terminal.

    Args:
        verdict: the message.
        text, html: what is put below it.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or type(shell).__name__ == "TerminalInteractiveShell":
        print(verdict.text() + text, end="")
        return
    from IPython.display import display

    told = {"text/plain": verdict.text() + text, "text/html": verdict.html() + html}
    display({**told, VERDICT: verdict.as_dict()}, raw=True)


def check_notebook(notebook: str = "") -> None:
    """Try the notebook, as it was saved last, as grading would run it, and print what would be lost there and why.

    Args:
        notebook: its file, where this kernel cannot tell which one it belongs to.
    """
    if _far_judge is not None or {"COURSE_REHEARSAL", "NBGRADER_EXECUTION"} & os.environ.keys():
        return
    from course.autograder.at_home.preflight import told_of

    print(told_of(notebook))


def check(
    name: str, *functions: Callable[..., Any], case: int | None = None
) -> Points | dict[str, Any] | None:
    """Check your functions against Paddle, and say what is wrong and why.

    Args:
        name: of the check, as the cell has it: 'batchnorm_forward.train'.
        functions: yours, in the order the cell has them.
        case: the number of one case, counted from 1: nothing is checked, and its inputs come back to work with.

    Returns:
        The points earned, as the value of the cell; in a grading run, whose judge writes them itself, all that there are.
    """
    if _far_judge is not None:
        if case is not None:
            raise RuntimeError("check(..., case=...) brings no inputs while work is graded")
        return _far_judge(name, functions)
    from course.autograder.at_home import checking

    if case is not None:
        return checking.inputs_of(name, functions, case)
    here = checking.checked_here(name, functions)
    show(here.verdict, here.text, here.html)
    by_nbgrader = bool(os.environ.get("NBGRADER_EXECUTION"))
    # To nbgrader a cell of extra credit has no points: it would stop at one that gives more.
    points = Points(0.0 if by_nbgrader and here.verdict.extra else here.verdict.points)
    if not by_nbgrader:
        points = Shown(points)
        points.so_far = here.so_far
    points.max_points, points.extra = here.verdict.max_points, here.verdict.extra
    return points
