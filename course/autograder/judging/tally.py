"""What the cases of one check show, as they come in: compared answers, findings, wrong outputs."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from course.autograder.checks.language.seen import Flaw
from course.autograder.checks.language.spec import Output
from course.autograder.judging.asking import Question
from course.autograder.judging.verdict import Finding, sentence

SEVERAL = 3  # cases, twice as many of which leave a mistake that only one shows without its name


@dataclass
class Tally:
    """What the cases of one check show, as they come in."""

    findings: list[Finding] = field(default_factory=list)
    compared: list[tuple[Output, Question, np.ndarray]] = field(default_factory=list)
    asked: dict[str, Question] = field(default_factory=dict)  # by case
    wrong: dict[str, set[str]] = field(default_factory=dict)  # by output, the cases on which it is wrong
    changed: bool = False
    grounds: dict[str, tuple[Question, np.ndarray]] = field(
        default_factory=dict
    )  # by case: what `rests_on` gave

    doubtful: dict[int, Flaw] = field(
        default_factory=dict
    )  # by place in `findings`: more than one mistake may fit

    called: dict[str, str] = field(default_factory=dict)  # by an input's path, what it is called to students
    forced: set[str] = field(default_factory=set)  # cases that leave no choice: p = 0 and p = 1
    tainted: set[str] = field(default_factory=set)  # outputs that follow from a draw with a flaw

    def settle(self) -> None:
        """Name one mistake where one fits all cases that show a flaw; where none does, none is named."""
        by_output: dict[str, list[int]] = {}
        gone: set[int] = set()  # places of what chance may show on some cases
        for place, flaw in self.doubtful.items():
            by_output.setdefault(flaw.output, []).append(place)
        for places in by_output.values():
            flaws = [self.doubtful[place] for place in places]
            output, cases = flaws[0].output, {self.findings[place].case for place in places}
            others = {
                f.case for f in self.findings if f.kind == "property" and f.output == output
            } - self.forced
            common = [name for name in flaws[0].fits if all(name in flaw.fits for flaw in flaws)]
            if all(flaw.mostly and flaw.fits for flaw in flaws) and not common:
                fitting = Counter(name for flaw in flaws for name in flaw.fits)
                common = [name for name, count in fitting.items() if 2 * count > len(flaws)]
            first = Counter(next(iter(flaw.fits)) for flaw in flaws if flaw.fits)
            common.sort(key=lambda name: -first[name])  # which fits best on most of them
            tossed = len(set(self.asked) - self.forced)
            # Most of what is wrong is another flaw; or one case of many shows it, as chance may have it for once.
            if len(others - cases) >= len(cases) or len(cases) == 1 < tossed // SEVERAL:
                common = []
            by_chance = cases < set(self.asked) - self.forced or not common
            if all(flaw.always for flaw in flaws) and by_chance:
                gone |= set(places)
                continue
            for place, flaw in zip(places, flaws, strict=True):
                name = common[0] if common and common[0] in flaw.fits else ""
                told = flaw.fits.get(name, "")
                message = "" if name else sentence(flaw.plain)
                self.findings[place] = replace(
                    self.findings[place], misconception=name, advice=told, message=message
                )

        for place in gone:
            self._forgive(self.findings[place])
        self.findings = [finding for place, finding in enumerate(self.findings) if place not in gone]

    def _forgive(self, finding: Finding) -> None:
        """Take back that an output is wrong on a case, where nothing else says so."""
        others = [f for f in self.findings if (f.case, f.output) == (finding.case, finding.output)]
        if len(others) == 1:
            self.wrong[finding.output].discard(finding.case)
        if not self.wrong[finding.output]:
            del self.wrong[finding.output]

    def add(self, finding: Finding) -> None:
        """Take in something that makes its output wrong."""
        self.findings.append(finding)
        self.miss(finding.case, finding.output)

    def miss(self, case: str, *outputs: str) -> None:
        """Take in that outputs are wrong on a case."""
        for output in outputs:
            self.wrong.setdefault(output, set()).add(case)
