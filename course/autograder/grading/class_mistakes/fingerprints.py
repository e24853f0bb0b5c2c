"""The fingerprint of a wrong answer: what each of its outputs was on each of the class's cases, in a few numbers.

Answers that are wrong in the same way on all of these cases have like fingerprints, however differently they are written.
Two writings of one computation differ by rounding, so numbers are compared within a room, and never by their digits.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.checks.language.plain import Problem
from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import Arrays, Check, Output
from course.autograder.judging.asking import Question
from course.autograder.judging.comparing import ROUNDED, compare, near, tolerance_of
from course.autograder.judging.naming import PARTLY, TOGETHER
from course.autograder.judging.sketch import Sketch, room
from course.autograder.judging.verdict import Finding
from course.common.text import printable

Answered = Mapping[str, tuple[Question, Reply]]  # by case: what was asked, and what came back
Key = tuple[str, str]  # a case and the path of an output

# Findings that are no mistake of the answer's: it is not there, or the judge was never asked.
NO_ANSWER = frozenset({"blank", "arity", "function", "judge", "question", "stopped", "unreached"})
MOST = 10**6  # values: no right answer of the course has so many, and a wrong one is known by its shape then
HUGE = 1e8  # times the largest right value: what a division by almost 0 gives differs from writing to writing
LONGEST = 200  # characters of what a problem says
ONE_NUMBER = 1e-6  # relative: how far a factor that is the same everywhere may vary


@dataclass(frozen=True)
class Outcome:
    """What one output was on one case.

    Attributes:
        kind: 'right', 'values', 'precision' (right but for rounding), 'returned' (where an error is wanted), 'multiple' or
            'offset' (of what is right for the answer's own random draw), 'draw', or that of a problem.
        told: what a problem or a draw's flaw says, without its numbers.
        shape: of what came.
        sums: two weighted sums of its values, and one of the places that are not finite or beyond all measure.
        room: how far each of these may lie from another writing's.
    """

    kind: str
    told: str = ""
    shape: tuple[int, ...] = ()
    sums: tuple[float, ...] = ()
    room: tuple[float, ...] = ()

    def like(self, other: "Outcome") -> bool:
        """Whether both may come from the same mistake."""
        if (self.kind, self.told, self.shape) != (other.kind, other.told, other.shape):
            return False
        pairs = zip(self.sums, other.sums, self.room, other.room, strict=True)
        return all(abs(a - b) <= max(mine, theirs) for a, b, mine, theirs in pairs)


Fingerprint = dict[Key, Outcome]
RIGHT = Outcome("right")


def like(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two answers are wrong in the same way on all cases, in the same outputs."""
    return one.keys() == other.keys() and all(outcome.like(other[key]) for key, outcome in one.items())


def has_no_name(finding: Mapping[str, Any]) -> bool:
    """Whether a finding, as data, is of something wrong that no one name explains.

    It has none; or two names explain it together, or one on some of its cases alone. Whoever is wrong in the same way as many
    others has made one mistake, which may be given a name of its own.
    """
    if not finding.get("case") or finding.get("kind") in NO_ANSWER:
        return False
    return not finding.get("misconception") or str(finding.get("scope")).startswith((*TOGETHER, PARTLY))


def unnamed_outputs(check: Check, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Outputs of which something is wrong that has no name, in the check's order."""
    open_still = {f.output for f in findings if has_no_name(vars(f))}
    return tuple(o.path for o in check.outputs if o.path in open_still or "" in open_still)


def fingerprint(check: Check, answered: Answered, outputs: tuple[str, ...]) -> Fingerprint:
    """Of these outputs of an answer, on the cases that were asked."""
    found: Fingerprint = {}
    for name, (asked, reply) in answered.items():
        asked = drawn(asked, reply)
        for output in check.outputs:
            if output.path in outputs:
                found[name, output.path] = outcome(output, asked, reply)
    return found


def drawn(asked: Question, reply: Reply) -> Question:
    """The question about the answer's own draw, where the check is about a random one and it can be read."""
    if asked.reader is None or asked.case.raises:
        return asked
    with np.errstate(all="ignore"):
        return asked.observed(arrays_of(asked.check, reply))


def arrays_of(check: Check, reply: Reply) -> Arrays:
    """What came as arrays; all of them or none, as a draw is read out of all."""
    found = {path: value for path in check.wanted if isinstance(value := reply.outputs.get(path), np.ndarray)}
    return found if len(found) == len(check.wanted) else {}


def outcome(output: Output, asked: Question, reply: Reply) -> Outcome:
    """What one output was on one case."""
    problem = reply.problem
    if asked.case.raises and problem is not None and asked.case.raises in problem.exceptions:
        return RIGHT
    value = problem or reply.outputs.get(output.path, Problem("missing", ""))
    if isinstance(value, Problem):
        return Outcome(value.kind, _told(value))
    if value.dtype.kind not in "fiub":
        return Outcome("type")
    with np.errstate(all="ignore"):
        if asked.case.raises:
            return _in_numbers("returned", output, asked, value, value)
        return _compared(output, asked, reply, value)


def _told(problem: Problem) -> str:
    """The exception's class, and the sentence as far as two writings share it."""
    said = problem.exceptions[0] if problem.exceptions else re.sub(r"\d+", "#", problem.message)
    return printable(said)[:LONGEST]


def _compared(output: Output, asked: Question, reply: Reply, got: np.ndarray) -> Outcome:
    right = asked.right.get(output.path)
    if right is None:
        return RIGHT
    flaws = [f for f in asked.flaws(arrays_of(asked.check, reply)) if f.output == output.path]
    tolerance = tolerance_of(output, asked.inputs, got)
    if near(got, right, tolerance):
        told = sorted({re.sub(r"[\d.]+", "#", f.plain or f.advice) for f in flaws})
        return Outcome("draw", " ".join(told)) if told else RIGHT
    finding = compare(output, asked.case, asked.inputs, got, right)
    if finding is not None and finding.advice == ROUNDED:
        return Outcome("precision", shape=got.shape)  # where it was rounded differs from writing to writing
    if asked.check.observe is not None and got.shape == right.shape and (said := _of_draw(got, right)):
        return said
    return _in_numbers("values", output, asked, got, right)


def _of_draw(got: np.ndarray, right: np.ndarray) -> Outcome | None:
    """How it relates to what is right for the answer's own draw, where that is one number."""
    there = right != 0
    if not np.isfinite(got).all() or not there.any():
        return None
    factors, gaps = got[there] / right[there], got - right
    for kind, numbers in (("multiple", factors), ("offset", gaps)):
        size = float(np.abs(numbers).max())
        if np.ptp(numbers) <= ONE_NUMBER * size and (kind == "offset" or not got[~there].any()):
            return Outcome(kind, "", (), (float(numbers.flat[0]),), (ONE_NUMBER * size,))
    return None


def _in_numbers(kind: str, output: Output, asked: Question, got: np.ndarray, right: np.ndarray) -> Outcome:
    if got.size > MOST:
        return Outcome(kind, "", got.shape)
    values = got.astype(np.float64)
    wild = ~np.isfinite(values)
    most = HUGE * np.max(np.abs(right[np.isfinite(right)]).astype(np.float64), initial=1.0)
    wild |= np.abs(values) > most
    values = np.where(wild, 0.0, values)
    sums = (*Sketch.of(values).sums.tolist(), float(Sketch.of(wild).sums[0]))
    # A constant kept in single precision, as Paddle keeps epsilon, moves all values at once, and so their sums.
    apart = output.tolerances.float64.rtol * Sketch.of(np.abs(values)).sums
    allowed = room(values, tolerance_of(output, asked.inputs, got)) + apart
    return Outcome(kind, "", got.shape, sums, (*allowed.tolist(), 1e-6 * (1 + sums[-1])))
