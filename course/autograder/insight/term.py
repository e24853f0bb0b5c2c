"""The report on the term: all assignments side by side, and how they go together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import numpy as np

from course.autograder.gradebook.course import Course
from course.autograder.insight import figures, statistics
from course.autograder.insight.report import Report, small_class
from course.autograder.insight.results import Results
from course.autograder.insight.statistics import FEW, Interval, Spread
from course.autograder.insight.writing import FOLDER, as_csv, environment, short, style, value, written
from course.languages.saying import said


@dataclass(frozen=True)
class Row:
    """One assignment: its points, what was to be had, alpha, and the most frequent mistake with how many made it."""

    assignment: str
    five: Spread
    max_points: float
    alpha: Interval | None
    mistake: str


def write_term(course: Course, reports: Sequence[Report]) -> tuple[Path, ...]:
    """Write the page over all assignments, and its CSV, under `reports/`."""
    graded = [report for report in reports if report.results.size]
    rows = [row for report in graded if (row := _row(report))]
    shares = [statistics.spread(r.results.totals / (r.results.max_points or 1)) for r in graded]
    drawn = figures.term_shares([row.assignment for row in rows], [s for s in shares if s]) if rows else ""
    pairs = [pair for one, other in combinations(graded, 2) if (pair := _pair(one.results, other.results))]
    each = groupby(merge(*(report.results.students for report in graded)))  # everyone's is in order of id
    handed = sorted(Counter(sum(1 for _ in those) for _, those in each).items(), reverse=True)
    warnings = [f"{r.assignment}: {small_class(r.five.count)}" for r in rows if r.five.count < FEW]
    page = (
        environment()
        .get_template("term.html.jinja")
        .render(rows=rows, pairs=pairs, handed=handed, style=style(), warnings=warnings, shares=drawn)
    )
    return written(course.root / FOLDER, {"term.html": page, "term.csv": as_csv(_table(rows))})


def _row(report: Report) -> Row | None:
    results, five = report.results, statistics.spread(report.results.totals)
    if five is None:
        return None
    frequent = report.mistakes[0] if report.mistakes else None
    named = f"{said(frequent.name)} ({len(frequent.students)})" if frequent else "–"
    return Row(results.assignment, five, results.max_points, statistics.alpha(results.points), named)


def _table(rows: Sequence[Row]) -> list[list[Any]]:
    numbers = ["least", "lower_quartile", "median", "upper_quartile", "most"]
    table: list[list[Any]] = [["assignment", "graded", *numbers, "max_points", "alpha"]]
    for row in rows:
        five = [short(getattr(row.five, name)) for name in numbers]
        table.append([row.assignment, row.five.count, *five, short(row.max_points), value(row.alpha)])
    return table


def _pair(one: Results, other: Results) -> tuple[str, str, int, Interval | None] | None:
    both = _in_common(one.students, other.students)
    if len(both) < 3:
        return None
    first, second = (np.array(places) for places in zip(*both, strict=True))
    r = statistics.correlation(one.totals[first], other.totals[second])
    return one.assignment, other.assignment, len(both), r


def _in_common(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Places of those who are in both, each in order of id."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            found.append((i, j))
        i, j = i + (one[i] <= other[j]), j + (other[j] <= one[i])
    return found
