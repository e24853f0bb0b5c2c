"""The report on one assignment: a page that needs no network, and its numbers as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from course.autograder.feedback.given import release_at
from course.autograder.gradebook.course import Course
from course.autograder.gradebook.lessons import site
from course.autograder.insight import figures, statistics
from course.autograder.insight.minutes import FEWEST, Took, took
from course.autograder.insight.mistakes import Mistake, ranked, sources
from course.autograder.insight.results import Results, read_results
from course.autograder.insight.statistics import FEW, Interval
from course.autograder.insight.writing import FOLDER, as_csv, environment, short, style, value, written

MOST_PAIRS = 15
WHEN = (  # hours before the due date: from, to below, in words
    (72.0, np.inf, "3 days before or earlier"),
    (24.0, 72.0, "1 to 3 days before"),
    (0.0, 24.0, "on the last day"),
    (-24.0, 0.0, "up to a day late"),
    (-np.inf, -24.0, "more than a day late"),
)
SMALL = (
    f"From fewer than {FEW} nothing can be concluded about questions: shares, correlations and alpha are printed, and "
    "another class would give quite different ones."
)
ALPHA = (
    "It says how far the questions go together, between 0 and 1, if they measure one thing and mistakes in one do not carry "
    "over to another. Here functions call each other, and each has several checks, so it comes out too high: compare it "
    "between years, not with a textbook's bounds."
)
NO_ALPHA = "It is not defined here: it takes two questions, two students, and sums that differ."
BELOW_ZERO = "It is below zero, so it says nothing: the questions do not go together in this class."


@dataclass(frozen=True)
class Question:
    """One row: points to be had, mean share, how many have all points, discrimination."""

    name: str
    most: float
    share: float
    full: int
    discrimination: Interval | None

    @property
    def flagged(self) -> bool:
        """Whether those who do well elsewhere do badly here, beyond chance."""
        return self.discrimination is not None and self.discrimination.below_zero


@dataclass(frozen=True)
class ExtraRow:
    """An optional question: its points, how many have earned some and how many all of them, and the mean."""

    name: str
    most: float
    some: int
    full: int
    mean: float


@dataclass(frozen=True)
class Times:
    """When a class handed in: how many times are known, how many were late, with points, as figure and table."""

    known: int
    late: int
    rho: Interval | None
    figure: Markup
    rows: list[tuple[str, int, float | str]]


@dataclass(frozen=True)
class Report:
    """What was written: the pages and CSV files, and whose results they show."""

    files: tuple[Path, ...]
    results: Results
    mistakes: tuple[Mistake, ...]
    questions: tuple[Question, ...]


def write_report(course: Course, assignment: str) -> Report:
    """Write an assignment's page and its CSV files under `reports/`; one of minutes where the assignment asks for them."""
    results = read_results(course, assignment)
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    release = release_at(released)
    source_of = sources(results.students, lambda s: course.graded_notebook(assignment, s), release)
    mistakes = ranked(results, source_of)
    questions = _questions(results)
    minutes = took(released, (course.graded_notebook(assignment, s) for s in results.students))
    folder = course.root / FOLDER
    context = _context(results, questions, mistakes) | {"minutes": minutes, "fewest": FEWEST}
    page = environment().get_template("report.html.jinja").render(
        title=release.title or assignment, site=site(folder, course.term().settings.lessons_url), **context
    )  # fmt: skip
    files = {f"{assignment}.html": page}
    files[f"{assignment}-questions.csv"] = as_csv(_question_rows(results, questions))
    files[f"{assignment}-mistakes.csv"] = as_csv(_mistake_rows(mistakes))
    if minutes:
        files[f"{assignment}-minutes.csv"] = as_csv(_minute_rows(minutes))
    return Report(written(folder, files), results, tuple(mistakes), tuple(questions))


def _extra(results: Results) -> list[ExtraRow]:
    return [
        ExtraRow(
            one.name,
            one.most,
            int(np.sum(one.points > 0)),
            int(np.sum(one.points >= one.most - 1e-9)),
            float(one.points.mean()),
        )
        for one in results.extra
    ]


def _questions(results: Results) -> list[Question]:
    made = []
    for i, name in enumerate(results.questions):
        points, most = results.points[:, i], float(results.most[i])
        full = int(np.sum(points >= most))
        made.append(
            Question(
                name,
                most,
                statistics.difficulty(points, most),
                full,
                statistics.discrimination(results.points, i),
            )
        )
    return made


def _context(results: Results, questions: Sequence[Question], mistakes: Sequence[Mistake]) -> dict[str, Any]:
    five = statistics.spread(results.totals)
    made: dict[str, Any] = {
        "results": results, "five": five, "style": style(), "warnings": _warnings(results),
        "questions": questions, "mistakes": list(mistakes),
    }  # fmt: skip
    if five is None:
        return made
    drawn, bins = figures.histogram(results.totals, results.max_points, five)
    alpha = statistics.alpha(results.points)
    together = correlations(results)
    pairs = sorted(
        (pair for pair in together if abs(pair[2]) > 0.005), key=lambda pair: (-abs(pair[2]), pair[:2])
    )
    took = results.seconds[np.isfinite(results.seconds)]
    names = [question.name for question in questions]
    made |= {
        "histogram": drawn,
        "bins": bins,
        "intervals": figures.intervals(
            names, [q.share for q in questions], [q.discrimination for q in questions]
        ),
        "alpha": alpha,
        "alpha_said": NO_ALPHA if alpha is None else BELOW_ZERO if alpha.value < 0 else ALPHA,
        "pairs": pairs[:MOST_PAIRS],
        "heat": figures.heat(names, _matrix(names, together)) if pairs else "",
        "times": _times(results),
        "took": statistics.spread(took),
        "restarted": int(np.sum(results.restarts > 0)),
        "restarts": int(results.restarts.sum()),
        "unnamed": _unnamed(results),
        "extra": _extra(results),
    }
    return made


def _warnings(results: Results) -> list[str]:
    said = [small_class(results.size)] if 0 < results.size < FEW else []
    if results.waiting:
        said.append("Written answers wait for a person, so points may still rise.")
    return said


def small_class(graded: int) -> str:
    """What is to be said of a class too small for statistics."""
    there = "There is 1 graded hand-in." if graded == 1 else f"There are {graded} graded hand-ins."
    return f"{there} {SMALL}"


def correlations(results: Results) -> list[tuple[str, str, float]]:
    """Pearson's r of each pair of questions in which points vary."""
    vary = [i for i in range(len(results.questions)) if results.size > 2 and np.ptp(results.points[:, i]) > 0]
    if len(vary) < 2:
        return []
    matrix = np.corrcoef(results.points[:, vary], rowvar=False)
    return [
        (results.questions[vary[i]], results.questions[vary[j]], float(matrix[i, j]))
        for i, j in combinations(range(len(vary)), 2)
    ]


def _matrix(names: Sequence[str], together: Sequence[tuple[str, str, float]]) -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for one, other, r in together:
        matrix[place[one], place[other]] = matrix[place[other], place[one]] = r
    return matrix


def _unnamed(results: Results) -> int:
    """How many lost points in a question where no mistake was named."""
    lost = results.points < results.most - 1e-9
    return sum(
        any(
            row[i] and name not in named
            for i, name in enumerate(results.questions)
            if name not in results.by_hand
        )
        for row, named in zip(lost, results.named, strict=True)
    )


def _times(results: Results) -> Times | None:
    known = np.isfinite(results.before_due)
    if not known.any():
        return None
    hours, totals = results.before_due[known], results.totals[known]
    rows: list[tuple[str, int, float | str]] = []
    for low, high, label in WHEN:
        inside = totals[(hours >= low) & (hours < high)]
        rows.append((label, int(inside.size), float(np.median(inside)) if inside.size else "–"))
    rho = statistics.rank_correlation(hours, totals)
    return Times(int(known.sum()), int(np.sum(hours < 0)), rho, figures.hand_in_times(hours, totals), rows)


def _question_rows(results: Results, questions: Sequence[Question]) -> list[list[Any]]:
    together = _matrix(results.questions, correlations(results))
    head = [
        "question",
        "max_points",
        "mean_share",
        "all_points",
        "graded",
        "discrimination",
        "low",
        "high",
        "flagged",
        "extra_credit",
    ]
    rows: list[list[Any]] = [[*head, *(f"r_{name}" for name in results.questions)]]
    for i, q in enumerate(questions):
        d = q.discrimination
        bounds = [value(d), short(d.low) if d else "", short(d.high) if d else ""]
        with_others = [short(r) for r in together[i]]
        rows.append(
            [q.name, short(q.most), short(q.share), q.full, results.size, *bounds, "yes" if q.flagged else "", "", *with_others]
        )  # fmt: skip
    for one in _extra(results):
        blank = [""] * (4 + len(results.questions))
        rows.append(
            [
                one.name,
                short(one.most),
                short(one.mean / one.most),
                one.full,
                results.size,
                *blank[:4],
                "yes",
                *blank[4:],
            ]
        )
    return rows


def _mistake_rows(mistakes: Sequence[Mistake]) -> list[list[Any]]:
    rows: list[list[Any]] = [["mistake", "students", "mean_points_lost", "checks", "section"]]
    rows += [
        [m.name, len(m.students), short(m.lost), "; ".join(m.checks), str(m.section or "")] for m in mistakes
    ]
    return rows


def _minute_rows(minutes: Sequence[Took]) -> list[list[Any]]:
    rows: list[list[Any]] = [
        ["section", "extra_credit", "estimate", "answered", "median", "lower_quartile", "upper_quartile"]
    ]
    for line, estimate, told in minutes:
        five = [told.count, told.median, told.lower_quartile, told.upper_quartile] if told else [""] * 4
        rows.append([line.section, "yes" if line.extra else "", estimate, *five])
    return rows
