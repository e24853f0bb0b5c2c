"""Which mistake is behind a wrong output: the misconception that gives exactly this on the same inputs.

A name must be earned: it fits at least a quarter of the cases on which the mistake would show. Where it explains some
of the failing cases only, that is said. Where no mistake fits, and no two together, the relation of wrong to right is.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from course.autograder.checks.language.spec import Check
from course.autograder.judging.asking import EXCEPTION, Question
from course.autograder.judging.comparing import SMALL, SMALL_TERM, tolerance_from
from course.autograder.judging.evidence import Answers, gather
from course.autograder.judging.facts import NEVER_WRITTEN, fact
from course.autograder.judging.making import Entry, Made, made_otherwise
from course.autograder.judging.raising import alone, told_by_exception
from course.autograder.judging.relating import pair, relation
from course.autograder.judging.resting import WRONG_GROUND, on_wrong_ground
from course.autograder.judging.tally import Tally
from course.autograder.judging.together import two_mistakes
from course.autograder.judging.traits import common
from course.autograder.judging.verdict import Finding

COMPARABLE = ("value", "precision", "not finite", "fact", "shape", "not raised", "rows")
RELATED = ("value", "shape")
# So begins what is said of a name that does not explain all that fails: one of two, or one on some of the cases.
TOGETHER, PARTLY = ("Two mistakes together", "Three mistakes together"), "It explains"
FEW = 4  # of so many failing cases one without a name is too little for a pair of further mistakes


@dataclass(frozen=True)
class Cause:
    """What is said of a finding: a mistake by its name, or a hint alone."""

    misconception: str
    advice: str
    scope: str = ""


@dataclass(frozen=True)
class Support:
    """What all outputs of a check say of its mistakes.

    Attributes:
        everywhere: on how many cases of wrong outputs each mistake is in step with what came.
        against: on how many cases of right outputs each would show; asked where names are equal otherwise.
    """

    everywhere: Mapping[str, int]
    against: Callable[[], Mapping[str, int]]


Causes = dict[str, tuple[Cause, ...]]  # by case


def named(check: Check, tally: Tally) -> list[Finding]:
    """The findings, output by output, with what is behind each."""
    if not tally.findings:
        return []
    entries: dict[str, list[tuple[Question, np.ndarray]]] = defaultdict(list)
    for output, asked, got in tally.compared:
        if output.path in tally.wrong:
            entries[output.path].append((asked, got))
    answers = {o.path: gather(o, entries[o.path]) for o in check.outputs if o.path in entries}
    everywhere: Counter[str] = Counter()
    for found in answers.values():
        everywhere.update({name: len(evidence.in_step) for name, evidence in found.evidence.items()})
    support = Support(everywhere, functools.cache(lambda: _shown_where_right(tally)))
    told: list[Finding] = []
    seen = [_told_by_its_case(check, tally, finding) for finding in tally.findings]
    seen = _refusals_named(check, tally, answers, seen, support)
    for path in dict.fromkeys(finding.output for finding in seen):
        findings = [finding for finding in seen if finding.output == path]
        causes = _causes(check, tally, answers[path], findings, support) if path in answers else {}
        said = [_with(f, cause) for f in findings for cause in _of(f, causes) or (Cause("", ""),)]
        caused = [told_by_exception(tally, finding) for finding in said]
        told += _where(caused, tally, path)
    large = {f.output for f in told if f.kind == "value"}
    told = [
        replace(f, advice="") if f.advice in (SMALL, SMALL_TERM) and f.output in large else f for f in told
    ]
    written = {output.path for output, _, got in tally.compared if got.any()}
    return alone(
        [replace(f, advice="") if f.advice == NEVER_WRITTEN and f.output in written else f for f in told]
    )


def _refusals_named(
    check: Check, tally: Tally, answers: Mapping[str, Answers], seen: list[Finding], support: Support
) -> list[Finding]:
    """The findings, those of inputs that are refused and should not be told by their mistake where one explains them."""
    refused = {
        asked.case.name for _, asked, got in tally.compared if got is EXCEPTION and not asked.case.raises
    }
    if not refused:
        return seen
    found = []
    for finding in seen:
        if finding.kind == "raised" and not finding.output and finding.case in refused:
            for path, of_path in answers.items():
                wrong = tally.wrong[path]
                name = _best(of_path, finding.case, wrong, support, wrong=wrong)
                # That it is refused is little to go by: the mistake must explain all that fails, and show nowhere else.
                if name and of_path.evidence[name].explains == of_path.evidence[name].shows == wrong:
                    finding = replace(finding, output=path, misconception=name, advice=_advice(check, name))
                    break
        found.append(finding)
    return found


def _told_by_its_case(check: Check, tally: Tally, finding: Finding) -> Finding:
    """The finding with the mistake that its case tells, where all other cases are right."""
    asked = tally.asked.get(finding.case)
    if asked is None or not asked.case.tells or finding.kind == "changed":
        return finding
    paths = (finding.output,) if finding.output else check.wanted
    if any(tally.wrong.get(path) != {finding.case} for path in paths):
        return finding
    name = asked.case.tells
    return replace(finding, misconception=name, advice=_advice(check, name))


def _where(findings: list[Finding], tally: Tally, path: str) -> list[Finding]:
    """The findings of one output, with what the cases they show on have in common where that is not plain."""
    if any(f.misconception and not f.scope for f in findings):
        return findings
    failing = {f.case for f in findings if f.case in tally.asked}
    if path:
        failing |= {f.case for f in tally.findings if not f.output and f.case in tally.asked}
    clause = common(tally.asked, failing)
    return [f if f.misconception else replace(f, where=clause, failing=len(failing)) for f in findings]


def _of(finding: Finding, causes: Causes) -> tuple[Cause, ...]:
    open_to_a_name = not finding.misconception and finding.kind in COMPARABLE
    return causes.get(finding.case, ()) if open_to_a_name else ()


def _with(finding: Finding, cause: Cause) -> Finding:
    if cause == Cause("", ""):
        return finding
    # A name says more than that the values differ only a little.
    kind = "value" if cause.misconception and finding.kind == "precision" else finding.kind
    return replace(finding, kind=kind, **vars(cause))


def _causes(
    check: Check, tally: Tally, answers: Answers, findings: list[Finding], support: Support
) -> Causes:
    """For each failing case of one output what is behind it, as far as that is known."""
    wrong = {f.case for f in findings if f.case in answers.by_case}
    failing = {f.case for f in findings if f.kind in COMPARABLE and f.case in wrong}
    kinds = {
        f.case: f.kind for f in findings if f.case in failing and not f.misconception and f.kind in COMPARABLE
    }

    def known_by(cases: Iterable[str], **how: bool) -> dict[str, str]:
        return {
            case: name
            for case in cases
            if (name := _best(answers, case, failing, support, wrong=wrong, **how))
        }

    def told_as(names: Mapping[str, str]) -> Causes:
        told = Counter(names.values())
        return {case: (_named(check, findings, failing, name, told[name]),) for case, name in names.items()}

    names = known_by(kinds)
    some_only = names and not any(failing <= answers.evidence[name].explains for name in names.values())
    if some_only and set(kinds) == failing and (said := _relation(answers, kinds, strong=True)):
        # A plain relation that holds on all cases says more than a mistake that fits some of them by chance.
        return dict.fromkeys(kinds, (Cause("", said),))
    causes = told_as(names)
    rest = [case for case in kinds if case not in causes]
    missed = wrong | tally.wrong.get(answers.output.path, set())
    right = [entry for case, entry in answers.by_case.items() if case not in missed]
    two = _two(answers, rest, names, right) if rest else None
    if two is not None and len(rest) * FEW < len(kinds) and not set(two) & set(names.values()):
        two = None  # beside a name for nearly all that fails, two others on the rest are chance
    if two is not None:
        # Where the same two are behind all that fails, what fits some of it alone is no third.
        ordered = [*rest, *(case for case in kinds if case not in rest)]
        if causes and two_mistakes(answers.output, [answers.by_case[case] for case in ordered]) == two:
            causes, rest = {}, ordered
        both = tuple(Cause(one, _advice(check, one), _beside(other)) for one, other in (two, two[::-1]))
        return causes | dict.fromkeys(rest, both)
    made = _pieces(check, answers, kinds, right) if rest else None
    if made is not None and len(made.cases) > len(causes):
        causes |= dict.fromkeys(made.cases, _told_together(made, len(kinds)))
        rest = [case for case in rest if case not in causes]
    causes |= told_as(known_by(rest, in_shape_alone=True))
    rest = [case for case in rest if case not in causes]
    for case in rest:
        if on_wrong_ground(check, tally, case):
            causes[case] = (Cause("", WRONG_GROUND.format(check.functions[0])),)
    left = {case: kinds[case] for case in rest if case not in causes and kinds[case] in RELATED}
    if said := _relation(answers, left):
        causes |= dict.fromkeys(left, (Cause("", said),))
    return causes


def _two(
    answers: Answers, rest: Sequence[str], names: Mapping[str, str], right: Sequence[Entry]
) -> tuple[str, str] | None:
    """Two mistakes that are behind the cases without a name; where others fit all that fails, those are said."""
    every = [answers.by_case[case] for case in (*rest, *names)]
    two = two_mistakes(answers.output, every[: len(rest)], right)
    if two is None or not names:
        return two
    return two_mistakes(answers.output, every, right) or two


def _pieces(check: Check, answers: Answers, failing: Iterable[str], right: Sequence[Entry]) -> Made | None:
    """The wrong pieces that give this output where it fails, if its pieces are known; a case that must raise has none."""
    making = check.makings.get(answers.output.path)
    if making is None:
        return None
    wrong = [answers.by_case[case] for case in failing]
    of_values = ([entry for entry in entries if not entry[0].case.raises] for entries in (wrong, right))
    return made_otherwise(making, answers.output, *of_values)


def _told_together(made: Made, failing: int) -> tuple[Cause, ...]:
    """One cause for each wrong piece, beside the others."""
    names = [name for name, _ in made.mistakes]
    if len(names) == 1:
        return (Cause(*made.mistakes[0], _scope(len(made.cases), failing)),)
    beside = (_beside(*(other for other in names if other != name)) for name in names)
    return tuple(
        Cause(name, advice, scope) for (name, advice), scope in zip(made.mistakes, beside, strict=True)
    )


def _advice(check: Check, name: str) -> str:
    return next(m.advice for m in check.misconceptions if m.name == name)


def _named(check: Check, findings: list[Finding], failing: set[str], name: str, cases: int) -> Cause:
    """A mistake by its name, and how many of the failing cases are told by it where these are not all."""
    told = {f.case for f in findings if f.misconception == name}
    return Cause(name, _advice(check, name), _scope(cases + len(failing & told), len(failing)))


def _best(
    answers: Answers,
    case: str,
    failing: set[str],
    support: Support,
    *,
    wrong: set[str],
    in_shape_alone: bool = False,
) -> str:
    """Of the mistakes that give just this, the one in step with most cases; between equals, with other outputs too.

    Between those that are equal in this as well, it is the one that would change least of what is right.
    Those that are known by the shape alone are asked when no other fits.
    """
    fitting = [
        name
        for name, e in answers.evidence.items()
        if case in e.explains and e.enough(failing) and e.in_shape_alone == in_shape_alone
    ]
    throughout = [name for name in fitting if wrong <= answers.evidence[name].in_step]
    if throughout != fitting and _says_little(answers, case):  # many a mistake gives it on some case or other
        fitting = throughout
    best = _tops(fitting, lambda name: (len(answers.evidence[name].in_step), support.everywhere[name]))
    return (
        best[0] if len(best) == 1 else next(iter(_tops(best, lambda name: (-support.against()[name],))), "")
    )


def _says_little(answers: Answers, case: str) -> bool:
    """Whether what came on a case is 0 everywhere, or the like."""
    asked, got = answers.by_case[case]
    right = asked.right[answers.output.path]
    seen = fact(got, right, asked.arrays) if got.shape == right.shape else None
    return seen is not None and seen.empty


def _tops(names: Sequence[str], key: Callable[[str], tuple[int, ...]]) -> list[str]:
    """All that share the largest key, in their order."""
    keys = {name: key(name) for name in names}
    return [name for name in names if keys[name] == max(keys.values())]


def _shown_where_right(tally: Tally) -> Counter[str]:
    """For each mistake the cases of outputs that are right throughout on which it would show."""
    shown: Counter[str] = Counter()
    for output, asked, got in tally.compared:
        if output.path not in tally.wrong:
            shown.update(asked.lineup(output.path, tolerance_from(output, asked.single, got)).showing)
    return shown


def _relation(answers: Answers, kinds: Mapping[str, str], *, strong: bool = False) -> str:
    """What is true of all these cases."""
    if not set(kinds.values()) <= set(RELATED):
        return ""
    made = []
    for case in kinds:
        asked, got = answers.by_case[case]
        tolerance = tolerance_from(answers.output, asked.single, got)
        path = answers.output.path
        beside = {other: right for other, right in asked.right.items() if other != path}
        made.append(pair(got, asked.right[path], tolerance, asked.inputs, path, beside))
    return relation(made, strong=strong)


def _scope(explained: int, failing: int) -> str:
    return f"It explains {explained} of the {failing} cases that fail." if explained < failing else ""


def _beside(*others: str) -> str:
    if len(others) == 2:
        first, second = others
        return f"Three mistakes together give exactly this: this one, “{first}” and “{second}”."
    return "".join(f"Two mistakes together give exactly this: this one and “{other}”." for other in others)
