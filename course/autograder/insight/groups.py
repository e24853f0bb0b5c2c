"""Wrong answers without a name, in groups: those that are wrong in the same way on all of the class's cases."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course.autograder.checks.language.protocol import Reply
from course.autograder.checks.language.spec import Check, Output
from course.autograder.grading.class_mistakes.fingerprints import (
    Answered,
    Fingerprint,
    drawn,
    fingerprint,
    has_no_name,
    like,
    unnamed_outputs,
)
from course.autograder.grading.class_mistakes.mistake import Relation, pairs_of, relations_of, wrong_on
from course.autograder.judging.asking import Question
from course.autograder.judging.facts import fact
from course.autograder.judging.naming import TOGETHER
from course.autograder.judging.relating import simple_relation
from course.autograder.judging.resting import WRONG_GROUND
from course.autograder.judging.traits import common
from course.autograder.judging.verdict import Finding, Verdict

FEW = 2  # cases that are called by their names


@dataclass(frozen=True)
class Trace:
    """One answer to one check that is wrong in a way that has no name, on the class's cases.

    Attributes:
        check: its name.
        fingerprint: of the outputs that are wrong without a name.
        relations: what these are wherever they are wrong, where all of them can be stated so.
        said: by output, in words: in what relation it is to the right answer, and on which cases.
        partly: known mistakes that explain it together, or each on some of the cases; '' where some of it has no name at all.
    """

    check: str
    fingerprint: Fingerprint
    relations: Mapping[str, Relation]
    said: Mapping[str, str]
    partly: str = ""


@dataclass(frozen=True)
class Group:
    """Answers that are wrong in the same way.

    Attributes:
        id: short, and the same as long as its first answer is.
        trace: of the first of them.
        students: ids.
        follows: a check in which all of them are wrong, and whose functions theirs call; '' where there is none.
    """

    id: str
    trace: Trace
    students: tuple[str, ...]
    follows: str = ""


def trace(check: Check, verdict: Verdict, answered: Answered) -> Trace | None:
    """What one answer shows without a name on the class's cases; None where nothing.

    A gradient that rests on a wrong forward output is a consequence, and no mistake of its own.
    """
    own = [f for f in verdict.findings if not rests(check, f)]
    outputs = unnamed_outputs(check, own)
    found = fingerprint(check, answered, outputs)
    wrong = {path for (_, path), outcome in found.items() if outcome.kind != "right"}
    found = {key: outcome for key, outcome in found.items() if key[1] in wrong}
    if not found:
        return None
    relations = relations_of(check, answered, found)
    said = {o.path: _said(o, answered, found, relations) for o in check.outputs if o.path in wrong}
    return Trace(check.name, found, relations, said, _partly([f for f in own if has_no_name(vars(f))]))


def _partly(findings: Sequence[Finding]) -> str:
    """Which known mistakes explain all of these findings between them."""
    names = list(dict.fromkeys(f.misconception for f in findings))
    if "" in names:
        return ""
    told = " and ".join(f"“{name}”" for name in names)
    return f"{told}, together" if findings[0].scope.startswith(TOGETHER) else f"{told}, on some of the cases"


def rests(check: Check, finding: Finding) -> bool:
    """Whether a finding is a consequence of a forward output that is wrong."""
    return finding.advice == WRONG_GROUND.format(check.functions[0])


def _said(output: Output, answered: Answered, found: Fingerprint, relations: Mapping[str, Relation]) -> str:
    """In what relation an output is to the right one, and where it is wrong."""
    cases = wrong_on(found, output.path)
    what = _what(output, answered, found, cases)
    if not what and output.path in relations:
        what = f"It is {relations[output.path].stated.words}."
    asked = {name: question for name, (question, _) in answered.items()}
    if len(cases) == len(asked):
        where = "wrong on all cases"
    elif len(cases) <= FEW:
        where = f"wrong on {' and '.join(f'“{case}”' for case in cases)} alone"
    else:
        where = f"wrong on {len(cases)} of {len(asked)} cases"
        clause = common(asked, cases)
        where += f", {clause}" if clause else ""
    return f"{what or 'No simple relation.'} ({where})"


def _what(output: Output, answered: Answered, found: Fingerprint, cases: tuple[str, ...]) -> str:
    kinds = {(found[case, output.path].kind, found[case, output.path].told) for case in cases}
    if len(kinds) == 1:
        kind, told = next(iter(kinds))
        if kind == "precision":
            return "It is right but for rounding, as in float32."
        if kind == "returned":
            return "It returns where an error is wanted."
        if kind not in ("values", "multiple", "offset"):
            return f"{kind}: {told}" if told else kind
    pairs = pairs_of(output, answered, cases)
    if not pairs:
        return ""
    facts = {_fact(answered[name], output.path) for name in cases}
    if len(facts) == 1 and (one := facts.pop()):
        return one
    with np.errstate(all="ignore"):
        return simple_relation(pairs)


def _fact(answer: tuple[Question, Reply], path: str) -> str:
    """What strikes the eye in an output on one case; '' where nothing does."""
    asked, got = drawn(*answer), answer[1].outputs[path]
    right = asked.right[path]
    if not isinstance(got, np.ndarray) or got.shape != right.shape:
        return ""
    with np.errstate(all="ignore"):
        seen = fact(got, right, asked.arrays)
    return seen.message if seen is not None else ""


def grouped(traces: Sequence[tuple[str, Trace]]) -> list[Group]:
    """The groups, the largest first; those that known mistakes explain between them come last.

    Args:
        traces: each with its student, in a fixed order.
    """
    found: list[tuple[Trace, list[str]]] = []
    by_check: dict[str, list[tuple[Trace, list[str]]]] = {}
    for student, one in traces:
        for first, members in by_check.setdefault(one.check, []):
            if like(first.fingerprint, one.fingerprint):
                members.append(student)
                break
        else:
            found.append((one, [student]))
            by_check[one.check].append(found[-1])
    ids: set[str] = set()
    made = []
    for one, members in found:
        made.append(Group(_id(one, ids), one, tuple(members)))
        ids.add(made[-1].id)
    return sorted(made, key=lambda one: (bool(one.trace.partly), -len(one.students), one.trace.check, one.id))


def _id(one: Trace, taken: set[str]) -> str:
    """Four hexadecimal digits of what its first answer gives, or more where another group has them."""
    text = one.check + "".join(
        f"{case} {path} {o.kind} {o.told} {o.shape} {[f'{s:.3g}' for s in o.sums]}"
        for (case, path), o in sorted(one.fingerprint.items())
    )
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return next(digest[:n] for n in range(4, 33) if digest[:n] not in taken)
