"""Exceptions where none is wanted, and what they tell: a setting that is not there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from course.autograder.checks.language.spec import Inputs
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Finding

TAKEN_FOR_GRANTED = "absent setting taken for granted"
ABSENT = re.compile(r"raised KeyError: '(?P<key>\w+)'")


def told_by_exception(tally: Tally, finding: Finding) -> Finding:
    """The finding with the mistake that its exception tells; as it is where it tells none."""
    asked = tally.asked.get(finding.case)
    found = ABSENT.search(finding.message) if finding.kind == "raised" else None
    if found is None or asked is None or asked.case.raises or finding.misconception:
        return finding
    for name, settings in _settings(asked.inputs):
        if found["key"] not in settings and _given_elsewhere(tally, name, found["key"]):
            advice = (
                f"{name} need not hold {found['key']}: the text says what stands for it where it is absent."
            )
            return replace(finding, misconception=TAKEN_FOR_GRANTED, advice=advice)
    return finding


def alone(findings: list[Finding]) -> list[Finding]:
    """The findings, where an absent setting is a mistake by itself if no other has a name: two keys taken for one, say."""
    if {f.misconception for f in findings} <= {"", TAKEN_FOR_GRANTED}:
        return findings
    taken = (f.misconception == TAKEN_FOR_GRANTED for f in findings)
    return [
        replace(f, misconception="", advice="") if one else f for f, one in zip(findings, taken, strict=True)
    ]


def _settings(inputs: Inputs) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The dicts of settings among the inputs, with their names."""
    for name, value in inputs.items():
        if type(value) is dict:
            yield name, value


def _given_elsewhere(tally: Tally, name: str, key: str) -> bool:
    """Whether the input of this name holds the key in another case."""
    return any(
        key in held for asked in tally.asked.values() for n, held in _settings(asked.inputs) if n == name
    )
