"""A mistake that an instructor has given a name: by what relation, or by which fingerprint, it is known again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from course.autograder.checks.language.spec import Check, Output
from course.autograder.grading.class_mistakes.fingerprints import (
    Answered,
    Fingerprint,
    drawn,
    fingerprint,
    like,
)
from course.autograder.grading.class_mistakes.stated import Stated, state
from course.autograder.judging.comparing import near, tolerance_of
from course.autograder.judging.ingredients import Pair
from course.autograder.judging.relating import pair


@dataclass(frozen=True)
class Relation:
    """What one output is wherever it is wrong, and the names of the cases on which it is wrong, sorted."""

    stated: Stated
    cases: tuple[str, ...]


@dataclass(frozen=True)
class ClassMistake:
    """One mistake with its name.

    Attributes:
        assignment, check: where it is made.
        name, advice: what the judge says.
        relations: by output, where all of it can be stated so; then it is looked for on each student's own cases.
        seed: of the cases that `fingerprint` was taken on, which are asked again where nothing can be stated.
        fingerprint: of the answers with this mistake, on those cases.
        asked: a digest of the right answers to those cases: a fingerprint says nothing of other cases.
    """

    assignment: str
    check: str
    name: str
    advice: str
    relations: Mapping[str, Relation] = field(default_factory=dict)
    seed: str = ""
    fingerprint: Fingerprint = field(default_factory=dict)
    asked: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Paths of the outputs that it makes wrong."""
        return tuple(self.relations) or tuple(dict.fromkeys(path for _, path in self.fingerprint))

    def explains(self, check: Check, answered: Answered, outputs: tuple[str, ...]) -> bool:
        """Whether it is what makes its outputs wrong in an answer, on the cases that were asked.

        Args:
            check: this mistake's.
            answered: to a stated mistake any cases of it, to another those of its seed.
            outputs: that are wrong and have no name.
        """
        if set(outputs) != set(self.outputs):
            return False  # who swaps two outputs does not only give the one for the other
        if not self.relations:
            return like(fingerprint(check, answered, outputs), self.fingerprint)
        by_path = {output.path: output for output in check.outputs}
        return all(_follows(by_path[path], one, answered) for path, one in self.relations.items())


def _follows(output: Output, relation: Relation, answered: Answered) -> bool:
    """Whether an output is what the relation says wherever it is to be wrong, and right elsewhere."""
    for name, (asked, reply) in answered.items():
        asked, got = drawn(asked, reply), reply.outputs.get(output.path)
        if output.path not in asked.right:
            continue
        if reply.problem is not None or not isinstance(got, np.ndarray) or got.dtype.kind not in "fiub":
            return False
        tolerance = tolerance_of(output, asked.inputs, got)
        right = asked.right[output.path]
        made = relation.stated.of(output.path, asked.right, asked.values) if name in relation.cases else right
        if made is None or not near(got.astype(np.float64), made, tolerance):
            return False
    return True


def pairs_of(output: Output, answered: Answered, cases: Collection[str]) -> list[Pair]:
    """What came for an output beside what is right, on some cases; none where it was no array on one of them."""
    made = []
    for name in (name for name in answered if name in cases):
        asked, reply = answered[name]
        asked, got = drawn(asked, reply), reply.outputs.get(output.path)
        if reply.problem is not None or not isinstance(got, np.ndarray) or got.dtype.kind not in "fiub":
            return []
        tolerance = tolerance_of(output, asked.inputs, got)
        made.append(pair(got, asked.right[output.path], tolerance, asked.values, output.path))
    return made


def wrong_on(found: Fingerprint, path: str) -> tuple[str, ...]:
    """Names of the cases on which an output is wrong."""
    return tuple(sorted(case for (case, p), one in found.items() if p == path and one.kind != "right"))


def relations_of(check: Check, answered: Answered, found: Fingerprint) -> dict[str, Relation]:
    """Each wrong output as a relation; nothing where one of them cannot be stated."""
    stated: dict[str, Relation] = {}
    for output in check.outputs:
        cases = wrong_on(found, output.path)
        if not cases:
            continue
        kinds = {found[case, output.path].kind for case in cases}
        pairs = pairs_of(output, answered, cases) if kinds <= {"values", "multiple", "offset"} else []
        rights = [drawn(*answered[name]).right for name in answered if name in cases]
        one = state(pairs, rights)
        if one is None:
            return {}
        stated[output.path] = Relation(one, cases)
    return stated
