"""What the judge says of one answer, and how it reads: as plain text, and as HTML in a notebook.

Everything a student's code could have written (an error's message, a shape) is escaped by the template.
"""

import functools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from course.languages.saying import filled, joined, said

FROM_CALL = re.compile(r"(?P<name>.+) from call (?P<number>\d+)")  # as `from_call` has it
VERDICT = "application/vnd.paddle-course.verdict+json"  # the type of a verdict among a cell's outputs


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        case: name of the case it shows on; '' when no case was reached.
        output: what is wrong: 'out', 'bn_param.running_mean'; '' when the calls did not get that far.
        kind: 'value', 'precision', 'fact', 'shape', 'not finite', 'changed', 'property', or that of a `protocol.Problem`.
        message: what is wrong, in one sentence.
        got_shape, got_dtype, wanted_shape, wanted_dtype: of the array, where there is one.
        largest_difference: in the output's own units.
        index: where that is.
        got, wanted: the two values there; None in a graded run, which never shows an expected value.
        misconception: name of the well-known mistake that gives exactly this; '' when none does.
        advice: one hint.
        scope: of which cases the advice is true, where that is not plain.
        where: what the cases on which this output is wrong have in common, as a clause: 'only where ...'.
        failing: how many cases these are.
    """

    case: str
    output: str
    kind: str
    message: str
    got_shape: tuple[int, ...] | None = None
    got_dtype: str = ""
    wanted_shape: tuple[int, ...] | None = None
    wanted_dtype: str = ""
    largest_difference: float | None = None
    index: tuple[int, ...] | None = None
    got: float | None = None
    wanted: float | None = None
    misconception: str = ""
    advice: str = ""
    scope: str = ""
    where: str = ""
    failing: int = 0


@dataclass(frozen=True)
class Verdict:
    """What one answer is worth.

    Attributes:
        check: the check's name.
        fraction: of the points, 0 to 1.
        max_points: of the cell.
        findings: what is wrong; empty when nothing is.
        right: outputs that are right on every case.
        cases: how many cases were asked.
        graded: whether this is the grading run; a local run says 'visible checks', never 'all'.
        corners: names of those that an output is wrong in, where nothing else is; they cost a share.
        follow_up: what earns points here although it is wrong, because the mistake was paid for in another question; a
            sentence each.
        extra: whether these points are extra credit.
        called: pairs of an output's or an input's path and what it is called, where that is no name of the question's.
    """

    check: str
    fraction: float
    max_points: float
    findings: tuple[Finding, ...] = ()
    right: tuple[str, ...] = ()
    cases: int = 0
    graded: bool = False
    corners: tuple[str, ...] = ()
    follow_up: tuple[str, ...] = ()
    extra: bool = False
    called: tuple[tuple[str, str], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong and something was asked."""
        return not self.findings and self.fraction == 1.0

    @property
    def points(self) -> float:
        """Points earned, to the hundredth."""
        whole = self.passed or (bool(self.follow_up) and self.fraction == 1.0)
        return self.max_points if whole else round(self.max_points * min(self.fraction, 0.99), 2)

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """Names of the mistakes found, each once, in order."""
        return tuple(dict.fromkeys(f.misconception for f in self.findings if f.misconception))

    def words(self, path: str) -> str:
        """What a path is called, in the reader's language; '' where it is a name of the question's."""
        return said(dict(self.called).get(path, ""))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, in which a NaN or an infinity is a string."""
        findings = [vars(one) for one in self.findings]
        return _finite({**vars(self), "findings": findings, "passed": self.passed, "points": self.points})

    def text(self) -> str:
        """The message in plain text, a few lines."""
        return _template("verdict.txt").render(**_context(self)).strip() + "\n"

    def html(self) -> str:
        """The message as an HTML fragment with its own style, for a notebook's output."""
        return _template("verdict.html").render(**_context(self)).strip()

    def __str__(self) -> str:
        """The plain text."""
        return self.text()


def number(value: float) -> str:
    """Points, or a count, without a needless fraction: 4, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def earned(points: float, most: float, extra: bool) -> str:
    """What a check gave, in a few words: '4 of 6 points', '2 of 3 points of extra credit'."""
    of = "{got} of {most} points of extra credit" if extra else "{got} of {most} points"
    return filled(of, got=number(points), most=number(most))


def significant(value: float | None) -> str:
    """A measured number with as many digits as help: integers whole, the rest with four."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _whole(value: int) -> str:
    return str(value) if isinstance(value, bool) else f"{value:,}"


def told_apart(got: float, wanted: float) -> str:
    """The two values at the worst index, with as many digits as it takes to see that they differ."""
    for digits in range(4, 18):
        mine, right = (
            f"{value + 0.0:.{digits}g}" if isinstance(value, float) else _whole(value)
            for value in (got, wanted)  # no -0
        )
        if mine != right:
            break
    return f"yours {mine}, expected {right}"


OPERAND = r"-?(?:[A-Za-z_]\w*(?:\.\w+)*(?:\[[^\]]*\])?(?:\([^()]*\))?|\d+(?:\.\d+)?|\([^()]*\))"
FORMULA = re.compile(rf"(?<![\w`]){OPERAND}(?: (?:\*\*|//|[-+*/@=]) {OPERAND})+|\b[A-Za-z]\w*_\w+(?:\.\w+)*")


def formulas_set(text: str) -> Markup:
    """Advice as markup, in which formulas and names from code stand as such."""
    made, at = Markup(), 0
    for found in FORMULA.finditer(text):
        made += escape(text[at : found.start()]) + Markup("<code>{}</code>").format(found[0])
        at = found.end()
    return made + escape(text[at:])


def _finite(value: Any) -> Any:
    """Standard JSON has no NaN; and a kernel warns about one on stderr, where it would cost points."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def sentence(text: str) -> str:
    """The text with an end, where it has none."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


@dataclass(frozen=True)
class Told:
    """A finding as it is shown: once, with how many cases say the same.

    Attributes:
        finding: the first of them.
        cases: on how many cases it is found.
        of: how many cases were asked.
        again: whether the same mistake, with the same advice, was shown of an output above.
        called: what the output is called, where its path is no name of the question's.
    """

    finding: Finding
    cases: int
    of: int
    again: bool = False
    called: str = ""

    @property
    def advice(self) -> str:
        """One hint, where it was not read a line or two above."""
        return "" if self.again else said(self.finding.advice)

    @property
    def headline(self) -> str:
        """What is wrong, in a few words or one sentence."""
        f = self.finding
        return said(f.misconception) if f.misconception else after_its_name(f.output, f.message)

    @property
    def details(self) -> str:
        """What was seen, and where, in whole sentences."""
        f = self.finding
        seen = f.message if f.misconception else ""
        return joined((seen, f.scope, self._where(), self._how_far()))

    def _where(self) -> str:
        f = self.finding
        if not f.case or self.of < 2 or f.kind in ("blank", "arity", "function"):
            return ""  # of what every case would show only one was asked
        if f.scope.startswith("It explains"):
            return f"The first is “{f.case}”." if self.cases > 1 else f"That is “{f.case}”."
        if self.cases == self.of:
            if f"on each of these {self.of} cases" in f.advice:
                return ""
            return f"All {self.of} cases show it."
        if self.cases == 1:
            others = self.of - 1
            rest = f"; the other {others} are right" if f.failing == 1 and others > 1 else ""
            return f"It shows on the case “{f.case}”{rest}."
        shown = f"It shows on {self.cases} of {self.of} cases, first on “{f.case}”"
        if not f.where:
            return f"{shown}."
        if f.failing == self.cases:
            return f"{shown}{', ' if f.where.startswith('all but') else ': '}{f.where}."
        if f.where.startswith("all but"):
            return f"{shown}."
        name = f"{self.called or f.output} goes wrong" if f.output else "something goes wrong"
        return f"{shown}. Among these cases, {name} {f.where}."

    def _how_far(self) -> str:
        f = self.finding
        if f.kind in ("fact", "not finite") or f.largest_difference is None:
            return ""
        values = f" ({told_apart(f.got, f.wanted)})" if f.got is not None and f.wanted is not None else ""
        gap = f.largest_difference
        whole = f.wanted_dtype.startswith(("int", "uint")) and gap == int(gap)
        size = significant(int(gap) if whole else gap)
        if not f.index:
            return f"It is off by {size}{values}."
        there = "There the" if 1 < self.cases < self.of else "The"
        at = ", ".join(map(str, f.index))
        return f"{there} largest difference is {size}, at [{at}]{values}."


def after_its_name(output: str, message: str) -> str:
    """A message in the reader's language, to be read after the name of its output: 'It is None', not 'out is None'."""
    told = said(message)
    if not output or not message.startswith(f"{output} is "):
        return told
    return f"It{message.removeprefix(output)}" if told == message else told.removeprefix(output).lstrip()


def grouped(
    findings: Iterable[Finding], of: int, called: Mapping[str, str] = MappingProxyType({})
) -> list[Told]:
    """One entry for all findings that say the same but for their numbers, the most telling case of each in front.

    Args:
        findings: of one verdict.
        of: how many cases were asked.
        called: by path, as in `Verdict`.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for f in findings:
        seen = () if f.misconception else (f.kind, _without_numbers(f.message) if f.kind != "value" else "")
        groups.setdefault((f.output, f.misconception, f.advice, *seen), []).append(f)
    told = []
    advised: set[tuple[str, str]] = set()
    for group in groups.values():
        front = next((f for f in group if f.message), group[0])
        mistake = (front.misconception, front.advice)
        count, words = len({f.case for f in group}), called.get(front.output, "")
        told.append(Told(front, count, of, again=mistake in advised, called=words))
        if front.misconception:
            advised.add(mistake)
    firsts = once_for_all_calls(
        (item.called, item.headline, item.finding.advice, item.details) for item in told
    )
    return [replace(told[place], called=called) for place, called in firsts]


def from_call(name: str, number: int) -> str:
    """What the output of a further call is called: 'mask from call 2'."""
    return f"{name} from call {number}"


def once_for_all_calls(entries: Iterable[tuple[str, ...]]) -> list[tuple[int, str]]:
    """What several calls of one function show alike, to be said of all of them where it is said first.

    Args:
        entries: what each is called, as in `Verdict.called`, and whatever else must be the same.

    Returns:
        The places of those that are to be said, in order, and what each is called then.
    """
    alike: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    called = []
    for place, (words, *rest) in enumerate(entries):
        of_call = FROM_CALL.fullmatch(words)
        name, number = (of_call["name"], int(of_call["number"])) if of_call else (f"#{place}", 0)
        alike.setdefault((name, *rest), []).append((place, number))
        called.append(words)
    return [
        (
            same[0][0],
            _from_calls(name, [number for _, number in same]) if len(same) > 1 else called[same[0][0]],
        )
        for (name, *_), same in alike.items()
    ]


def _from_calls(name: str, numbers: list[int]) -> str:
    first, last = min(numbers), max(numbers)
    if len(numbers) > 2 and last - first == len(numbers) - 1:
        return f"{name} from calls {first} to {last}"
    listed = ", ".join(map(str, sorted(numbers)))
    return f"{name} from calls {listed}"


def _without_numbers(message: str) -> str:
    return re.sub(r"[-+]?\d[\d.,e+-]*", "#", message)


def _context(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "earned": earned(verdict.points, verdict.max_points, verdict.extra),
        "right": [verdict.words(path) or path for path in verdict.right],
        "told": grouped(verdict.findings, verdict.cases, dict(verdict.called)),
    }


@functools.cache
def _template(name: str) -> Any:
    # Not at the top: the process that submissions are forked from knows verdicts, and puts none into words.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("course.autograder.judging", "templates"),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"formulas": formulas_set, "said": said}
    environment.globals |= {"said": said, "filled": filled}
    return environment.get_template(name)
