"""Formulas: found in Markdown as Jupyter finds them, and drawn ahead as MathML, so that a page needs no script.

Formulas of a student's are drawn in a process of their own that the kernel ends after a fraction of a second: math-core
is fast on every formula that means something, and takes time without end on a few that do not, such as fifty opening
brackets.
"""

import contextlib
import json
import os
import re
import signal
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from math_core import LatexError, LatexToMathML

from course.autograder.feedback.budget import Budget
from course.common.cleaning import Cleaner, TooMuch, words

MAX_TEX = 5_000  # characters of one formula; as much as MathJax takes
SECONDS = 0.2  # of processor time for new formulas, before another process goes on
PATIENCE = 20.0  # by the clock, for the same
KEPT = 20_000  # drawings, before all are forgotten
BEGIN, END = "\ue000", "\ue001"  # stand around a formula's number in a text; no text of ours has them
PLACE = re.compile(f"{BEGIN}([0-9]+){END}")

_MATHML = words(
    "math mrow mi mo mn ms mtext mspace msup msub msubsup mfrac msqrt mroot mtable mtr mtd munder mover munderover "
    "mstyle mpadded mphantom mmultiscripts mprescripts menclose"
)
_ATTRIBUTES = words(
    "display mathvariant stretchy symmetric largeop movablelimits fence separator accent accentunder displaystyle "
    "scriptlevel form linethickness width height depth lspace rspace minsize maxsize notation voffset style"
)
_STYLES = words(
    "color background-color text-align justify-items padding padding-left padding-right padding-top padding-bottom "
    "border border-top border-bottom border-left border-right width height font-size math-style math-depth"
)
_clean = Cleaner(_MATHML, {"*": _ATTRIBUTES}, styles=_STYLES)
_latex = LatexToMathML(max_expansions=100, fancy_error=False)


@dataclass(frozen=True)
class Formula:
    """One formula: what stands between its marks, whether it has a line of its own, and the whole as it was typed."""

    tex: str
    display: bool
    typed: str


# --- found ----------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r"\\\\[()\[\]]|\\(?:begin|end)\{[a-zA-Z]*\*?\}|\\[\s\S]|\$\$?|[{}]|`+|^[ \t>]*~~~+|\n[ \t]*(?=\n)",
    re.MULTILINE,
)
CLOSES = {"$": "$", "$$": "$$", "\\\\(": "\\\\)", "\\\\[": "\\\\]"}


def take_out(source: str) -> tuple[str, list[Formula]]:
    """Markdown with a numbered place for each formula, and the formulas.

    Jupyter's rules: `$`, `$$`, an environment, or two backslashes and a bracket; up to the next of the same with braces in
    balance; never over a blank line, never in code.
    """
    source = source.replace(BEGIN, "\ufffd").replace(END, "\ufffd")
    formulas: list[Formula] = []
    kept: list[str] = []
    done = 0
    for begin, end, mark in _spans(source):
        whole = source[begin:end]
        named = mark.startswith("\\begin")
        inner = whole if named else whole[len(mark) : -len(mark)]
        kept += [source[done:begin], f"{BEGIN}{len(formulas)}{END}"]
        formulas.append(Formula(inner, named or mark in ("$$", "\\\\["), whole))
        done = end
    return "".join([*kept, source[done:]]), formulas


def _spans(source: str) -> Iterator[tuple[int, int, str]]:
    """(begin, end, opening mark) of each formula."""
    marks = _Marks(source)
    at = 0
    while opening := TOKEN.search(source, at):
        mark = opening.group()
        at = opening.end()
        if mark[0] == "`" or mark.lstrip(" \t>").startswith("~~~"):
            at = marks.after_code(opening)
        elif mark in CLOSES or mark.startswith("\\begin{"):
            closing = CLOSES.get(mark) or mark.replace("\\begin", "\\end")
            if marks.last.get(closing, 0) <= at:
                continue
            found, at = _closed(source, at, closing)
            if found:
                yield opening.start(), at, mark


def _closed(source: str, at: int, closing: str) -> tuple[bool, int]:
    """Whether the formula that was opened before `at` ends, and where to go on."""
    braces, last = 0, -1
    for token in TOKEN.finditer(source, at):
        mark = token.group()
        if mark[0] == "\n":
            return (True, last) if last > 0 else (False, token.start())
        if mark == closing:
            if braces <= 0:
                return token.end() > at + len(closing), token.end()
            last = token.end()
        braces += {"{": 1, "}": -1}.get(mark, 0)
    return (True, last) if last > 0 else (False, len(source))


class _Marks:
    """Where things end, known ahead: looking for an end that never comes, at each opening, would take for ever.

    Attributes:
        last: where each mark ends that stands in the text, the last time that it does.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.runs: dict[str, list[int]] = {}
        self.blank: list[int] = []
        self.last: dict[str, int] = {}
        for token in TOKEN.finditer(source):
            self.last[token.group()] = token.end()
            mark = token.group().lstrip(" \t>")
            if mark[:1] in ("`", "~"):
                self.runs.setdefault(mark, []).append(token.end())
            elif token.group()[0] == "\n":
                self.blank.append(token.start())

    def after_code(self, opening: re.Match[str]) -> int:
        """The end of the code, in backticks or between lines of tildes, that opens here, or of the opening itself where it is none."""
        mark, at = opening.group().lstrip(" \t>"), opening.end()
        ends = self.runs.get(mark, [])
        place = bisect_right(ends, at)
        if place == len(ends):
            return at
        crossed = bisect_right(self.blank, ends[place]) > bisect_right(self.blank, at)
        return at if crossed and len(mark) < 3 else ends[place]


# --- drawn ----------------------------------------------------------------------------------------------------

_drawn: dict[tuple[str, bool], str] = {}


def draw(formulas: list[Formula], budget: Budget | None = None) -> list[str]:
    """MathML of each formula; what cannot be drawn is shown as it was typed.

    Args:
        formulas: of one text.
        budget: of a student's text; None for the course's own, which need no process to themselves.
    """
    if len(_drawn) + len(formulas) > KEPT:
        _drawn.clear()
    wanted = sorted({(f.tex, f.display) for f in formulas if len(f.tex) <= MAX_TEX} - _drawn.keys())
    if budget is None:
        _drawn.update((one, _one(*one)) for one in wanted)
        wanted = []
    while wanted and budget and not budget.used_up:
        made = _guarded(wanted) or [""]  # what takes all the time there is by itself is not tried again
        _drawn.update(zip(wanted, made, strict=False))
        wanted = wanted[len(made) :]
    return [_drawn.get((f.tex, f.display)) or as_typed(f) for f in formulas]


def draw_ahead(texts: Iterable[str], budget: Budget) -> None:
    """Draw the formulas of many texts at once and keep them: a process for each text would cost more than the drawing."""
    found = [formula for text in texts if "$" in text or "\\" in text for formula in take_out(text)[1]]
    draw(found, budget)


def as_typed(formula: Formula) -> str:
    """A formula's own text, as code."""
    return f'<code class="tex">{escape(formula.typed, quote=False)}</code>'


def _one(tex: str, display: bool) -> str:
    try:
        drawn = _clean(_latex.convert_with_local_state(tex, displaystyle=display))
    except (LatexError, TooMuch):
        return ""
    return f'<span class="formula" tabindex="0">{drawn}</span>' if display else drawn


def _guarded(wanted: list[tuple[str, bool]]) -> list[str]:
    """The first of these, drawn by a fork that the kernel ends after so much processor time: as many as it got to."""
    lines = _in_a_fork((json.dumps(_one(*one)).encode() for one in wanted), SECONDS)
    return [str(json.loads(line)) for line in lines]


def _in_a_fork(lines: Iterator[bytes], seconds: float) -> list[bytes]:
    """Lines made one by one in a fork that the kernel ends after so many seconds of processor time."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of a fork beside threads: they hold nothing needed here
        child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            # A fork of a program with threads may wait for a lock that nobody holds any more, which takes no time at all.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
            os.close(reading)
            for line in lines:
                os.write(writing, line + b"\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told.split(b"\n")[:-1]
