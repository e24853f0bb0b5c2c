"""What the cases of one check show, as they come in: compared answers, findings, wrong outputs."""

from dataclasses import dataclass, field

import numpy as np

from course.autograder.checks.language.spec import Output
from course.autograder.judging.asking import Question
from course.autograder.judging.verdict import Finding


@dataclass
class Tally:
    """What the cases of one check show, as they come in."""

    findings: list[Finding] = field(default_factory=list)
    compared: list[tuple[Output, Question, np.ndarray]] = field(default_factory=list)
    wrong_outputs: set[str] = field(default_factory=set)
    changed: bool = False
    grounds: dict[str, tuple[Question, np.ndarray]] = field(
        default_factory=dict
    )  # by case: what `rests_on` gave

    def add(self, finding: Finding) -> None:
        """Take in something that makes its output wrong."""
        self.findings.append(finding)
        self.wrong_outputs.add(finding.output)
