"""`python -m course gpu-check`: whether a GPU gives the points that the CPU gives, reference by reference."""

import math
import os
import sys
from typing import TYPE_CHECKING

import click

from course.common.console import Table, console, in_words, say

if TYPE_CHECKING:
    from course.autograder.grading.device_table import Comparison
    from course.reference.device import Device

OVER, NO_GPU = 1, 2  # exit codes


@click.command("gpu-check")
def gpu_check() -> None:
    """Compare every reference on the GPU with the CPU, and say how far within grading's tolerances they agree.

    Ends with 0 where all agree in float64, or where there is no GPU and none was asked for; with 1 where a reference
    is off; with 2 where a GPU is not trusted, or was asked for (COURSE_DEVICE=gpu) and is not there.
    """
    from course.autograder.grading.device_table import compared, everything, worst
    from course.reference.device import PaddleProbe, choose_device, device

    there, here = device(), choose_device(PaddleProbe(), "cpu")
    say(str(there))
    comparisons = list(compared(here, there, everything()))
    title = f"{there.name} against the CPU in float64: the largest difference over what grading allows"
    console.print(_table(title, worst(comparisons)))
    for line in _summary(there, comparisons):
        say(line)
    sys.exit(_code(there, comparisons))


def _table(title: str, rows: dict[str, dict[str, "Comparison"]]) -> Table:
    table = Table(title=title)
    table.add_column("reference")
    for precision in ("float64", "float32"):
        table.add_column(precision, justify="right", no_wrap=True)
        table.add_column("worst at")
    for op, nearest in rows.items():
        cells = []
        for one in nearest.values():
            cells += [in_words(_said(one)), one.failed or (f"{one.output}, {one.case}" if one.share else "")]
        table.add_row(op, *cells)
    return table


def _said(one: "Comparison") -> str:
    """In words: by how many times a difference stays under the edge, or goes over it."""
    if one.share == 0:
        return "the same"
    if math.isinf(one.share):
        return "[red]OFF[/red]"
    if one.ok:
        times = 1 / one.share
        return f"{one.share:.1g} ({times:,.{0 if times >= 10 else 1}f} times under)"
    return f"[red]{one.share:,.{0 if one.share >= 10 else 1}f} times over[/red]"


def _summary(there: "Device", comparisons: list["Comparison"]) -> list[str]:
    lines = []
    for precision in ("float64", "float32"):
        chosen = [one for one in comparisons if one.precision == precision]
        over = sum(not one.ok for one in chosen)
        nearest = max(chosen, key=lambda one: one.share)
        place = f"{nearest.op}, {nearest.output}, {nearest.case}"
        edge = (
            f"the nearest to the edge is at {nearest.share:.2g} of it ({place})"
            if nearest.share
            else "all the same"
        )
        told = f"{over:,} {'is' if over == 1 else 'are'} OFF, the worst: {place}" if over else edge
        lines.append(f"{precision}: {len(chosen):,} outputs compared; {told}.")
    lines[1] += " This is what float32 would cost; no reference is ever computed in it."
    if there.name == "cpu":
        lines.append(
            "No GPU is in use: float64 above is the CPU beside itself, which shows that the table works, and no more."
        )
    return lines


def _code(there: "Device", comparisons: list["Comparison"]) -> int:
    if any(not one.ok for one in comparisons if one.precision == "float64"):
        return OVER
    asked_for = os.environ.get("COURSE_DEVICE") == "gpu"
    return NO_GPU if there.name == "cpu" and (asked_for or there.untrusted) else 0
