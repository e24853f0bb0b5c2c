"""Device against CPU, reference by reference: what `make gpu-check` prints for whoever has a GPU.

Every case of every check, hidden ones included, and what `device_cases` adds to them, is computed by the CPU in
float64 and by the device in float64 and in float32. How far the two lie apart is told in parts of what grading allows
an answer of that precision: 1 is the edge.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.grading.device_cases import Tried, of_the_checks, tried
from course.autograder.judging.comparing import allowance, outside
from course.reference.device import Device, references_on

PRECISIONS = ("float64", "float32")


@dataclass(frozen=True)
class Comparison:
    """One output of one case, in one precision.

    Attributes:
        op: the check, or what is computed.
        case: its name.
        output: which of its arrays.
        precision: 'float64' or 'float32': that of the device; the CPU's is float64.
        share: the largest difference over what grading allows there; infinite where a shape, an integer or what is not
            finite differs, or where the device failed.
        failed: what the device said in place of an answer.
    """

    op: str
    case: str
    output: str
    precision: str
    share: float
    failed: str = ""

    @property
    def ok(self) -> bool:
        """Whether grading by the device gives the points that the CPU gives."""
        return self.share <= 1


def share(got: np.ndarray, right: np.ndarray, tolerance: Tolerance) -> float:
    """The largest difference between two arrays over what is allowed at that element."""
    if got.shape != right.shape:
        return float("inf")
    bad = bool(np.any(outside(got, right, tolerance)))
    if right.dtype.kind != "f" or tolerance == Tolerance(0, 0) or not np.isfinite(right).all():
        return float("inf") if bad else 0.0
    return float(np.max(np.abs(got - right) / allowance(right, tolerance), initial=0.0))


def compared(here: Device, there: Device, cases: Iterable[Tried]) -> Iterator[Comparison]:
    """Each output of each case: `here` in float64 beside `there` in both precisions."""
    for case in cases:
        with references_on(here):
            right = case.compute()
        for precision in PRECISIONS:
            with references_on(replace(there, float64=precision == "float64")):
                try:
                    got = case.compute()
                except Exception as error:
                    said = str(error).strip().splitlines() or [""]
                    failed = f"{type(error).__name__}: {said[0][:100]}"
                    yield Comparison(case.op, case.case, "everything", precision, float("inf"), failed)
                    continue
            for output, wanted in right.items():
                tolerance = getattr(case.allowed(output), precision)
                yield Comparison(case.op, case.case, output, precision, share(got[output], wanted, tolerance))


def everything() -> Iterator[Tried]:
    """All that is compared."""
    yield from of_the_checks()
    yield from tried()


def worst(comparisons: Iterable[Comparison]) -> dict[str, dict[str, Comparison]]:
    """The comparison that lies nearest the edge, by op and precision."""
    found: dict[str, dict[str, Comparison]] = {}
    for one in comparisons:
        before = found.setdefault(one.op, {}).get(one.precision)
        if before is None or one.share > before.share:
            found[one.op][one.precision] = one
    return found
