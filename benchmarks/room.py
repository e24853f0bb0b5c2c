"""How much of the room that a check leaves is used by right answers, over many draws of its cases. Writes benchmarks/results/room.json.

    python -m benchmarks.room [ASSIGNMENT ...] [--seeds 40] [--first 0]

The answers are the instructor's, the bank's right ones, each on an eighth of the seeds, and the odd ones of the tests on as
many. A share of 1 is a right answer rejected; one that comes near says that on some draw in thousands it will be.
"""

import argparse
import contextlib
import io
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import perform
from course.autograder.checks.language.spec import Check
from course.autograder.judging import weighed
from course.autograder.judging.answers import assignments_with_a_bank, functions_of, right_answers
from course.autograder.judging.comparing import allowance, tolerance_of
from course.common.console import console, progress
from tests.judging.odd import every_odd_one

RESULTS = Path(__file__).parent / "results" / "room.json"
FEWER = 8
Functions = tuple[Callable[..., Any], ...]


@dataclass(frozen=True)
class Share:
    """The share of its room that an answer used, at its worst value of one output on one case."""

    share: float
    check: str
    case: str
    output: str
    answer: str
    seed: int


def shares(check: Check, functions: Functions, answer: str, seed: int) -> Iterator[Share]:
    """One answer's, on one draw of all cases."""
    by_name = dict(zip(check.functions, functions, strict=True))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        told = weighed(
            check, lambda steps, inputs, wanted: perform(steps, inputs, wanted, by_name), seed=seed
        )
    for output, cases in told.wrong.items():
        for case in cases:
            yield Share(math.inf, check.name, case, output, answer, seed)
    for output, asked, came in told.compared:
        wanted = asked.right.get(output.path) if isinstance(came, np.ndarray) else None
        if (
            isinstance(wanted, np.ndarray)
            and wanted.shape == came.shape
            and "f" in wanted.dtype.kind + came.dtype.kind
        ):
            room = allowance(wanted, tolerance_of(output, asked.inputs, came))
            with np.errstate(all="ignore"):
                used = np.where(came == wanted, 0.0, np.abs(came - wanted) / room)
            if used.size and np.isfinite(used).any():
                yield Share(float(np.nanmax(used)), check.name, asked.case.name, output.path, answer, seed)


def right_ones(assignment: str) -> Iterator[tuple[str, Mapping[str, Callable[..., Any]]]]:
    """The functions of the instructor's answer and of the bank's, by the answer's name."""
    written: dict[str, Mapping[str, str]] = {"the instructor's": {}} | {
        one.name: one.sources for one in right_answers(assignment)
    }
    for name, sources in written.items():
        with contextlib.redirect_stdout(io.StringIO()):
            functions = functions_of(assignment, sources)
        yield name, functions


def measured(assignment: str, seeds: range) -> list[Share]:
    """The worst share of each output on each case of an assignment's checks."""
    found: dict[tuple[str, str, str], Share] = {}

    def take(several: Iterator[Share]) -> None:
        for one in several:
            place = (one.check, one.case, one.output)
            if place not in found or one.share > found[place].share:
                found[place] = one

    names = list_checks(assignment)
    with progress() as bars:
        for answer, functions in bars.track(list(right_ones(assignment)), description=assignment):
            some = seeds if answer == "the instructor's" else seeds[::FEWER]
            for check in map(find_check, names):
                for seed in some:
                    take(shares(check, tuple(functions[f] for f in check.functions), answer, seed))
        for odd in bars.track([o for o in every_odd_one() if o.check in names], description="odd ones"):
            for seed in seeds[::FEWER]:
                take(shares(find_check(odd.check), odd.functions, odd.about, seed))
    return sorted(found.values(), key=lambda one: -one.share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="*", default=assignments_with_a_bank())
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    seeds = range(given.first, given.first + given.seeds)
    told = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    today = date.today().isoformat()
    for assignment in given.assignments:
        worst = measured(assignment, seeds)
        told[assignment] = {"day": today, "seeds": given.seeds, "worst": [vars(one) for one in worst[:10]]}
        for one in worst[:3]:
            console.print(
                f"{assignment}: {one.share:.2g} of the room, {one.check}, {one.case}, {one.output} ({one.answer}, seed {one.seed})"
            )
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
