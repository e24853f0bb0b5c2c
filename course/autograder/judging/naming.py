"""Which mistake is behind a wrong output: the misconception that gives exactly this on the same inputs."""

from collections import Counter
from dataclasses import replace

import numpy as np

from course.autograder.checks.language.spec import Check, Output
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging.asking import Question
from course.autograder.judging.comparing import compare, near, precision
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Finding

WRONG_GROUND = (
    "{}'s own output is not right here either: put that right first; this is computed from its cache."
)


def _fits(check: Check, output: Output, asked: Question, got: np.ndarray) -> dict[str, bool]:
    """For each misconception: whether it shows on this case, if it gives exactly this output here."""
    tolerance: Tolerance = getattr(output.tolerances, precision(asked.inputs, got))
    right = asked.right[output.path]
    fitting = {}
    for misconception in check.misconceptions:
        wrong = asked.wrong[misconception.name].get(output.path, right)
        if near(got, wrong, tolerance):
            fitting[misconception.name] = not near(wrong, right, tolerance)
    return fitting


def _differing(finding: Finding) -> str:
    return "the values differ, if only a little" if finding.kind == "precision" else finding.message


def _on_wrong_ground(check: Check, tally: Tally, finding: Finding) -> bool:
    """Whether what the finding's values were computed from is not right either."""
    base = check.rests_on
    if (
        base is None
        or finding.case not in tally.grounds
        or finding.kind not in ("value", "precision", "not finite")
    ):
        return False
    asked, got = tally.grounds[finding.case]
    output = base.outputs[0]
    right = asked.ground
    return right is not None and compare(output, asked.case, asked.inputs, got, right) is not None


def named(check: Check, tally: Tally) -> list[Finding]:
    """Name the mistake behind each finding: of those that give exactly that output, the one that is in step with
    the most cases, those where it must not show included; between equals, the one that explains other outputs too."""
    fits = {
        (output.path, asked.case.name): _fits(check, output, asked, got)
        for output, asked, got in tally.compared
        if output.path in tally.wrong_outputs
    }
    in_step: Counter[tuple[str, str]] = Counter()
    anywhere: Counter[str] = Counter()
    for (path, _), names in fits.items():
        in_step.update((path, name) for name in names)
        anywhere.update(names)
    advice = {m.name: m.advice for m in check.misconceptions}
    named = []
    for finding in tally.findings:
        showing = [n for n, shows in fits.get((finding.output, finding.case), {}).items() if shows]
        if showing and not finding.misconception:
            best = max(showing, key=lambda name: (in_step[finding.output, name], anywhere[name]))
            # The name says more than "right to single precision" would.
            kind = "value" if finding.kind == "precision" else finding.kind
            told = {
                "misconception": best,
                "advice": advice[best],
                "kind": kind,
                "message": _differing(finding),
            }
            finding = replace(finding, **told)  # type: ignore[arg-type]
        elif not finding.misconception and _on_wrong_ground(check, tally, finding):
            finding = replace(finding, advice=WRONG_GROUND.format(check.functions[0]))
        named.append(finding)
    return named
