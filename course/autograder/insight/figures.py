"""The figures of a report, as SVG that stands in the page: text stays text, and takes the page's colour in light and dark."""

import io
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course.autograder.insight.statistics import Interval, Spread
from course.languages.saying import filled, said
from course.teaching.plots import BLUE, GREY, PURPLE, VERMILION

INK = "#010203"  # a colour nothing else has: it is replaced by that of the page's text
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.6,
}
IDS = re.compile(r'(\bid="|xlink:href="#|url\(#)')  # what one figure calls by name, in a page of several
NUMBERS = itertools.count(1)
MANY = 2000  # points in a figure: of more than so many not each is drawn
SPOTS = 160, 60  # across a figure and up: about a third of a marker's size each


@contextmanager
def _drawn(width: float, height: float) -> Iterator[tuple[Axes, list[Markup]]]:
    """An Axes to draw on, and a list that holds the finished SVG afterwards."""
    made: list[Markup] = []
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the page's reader has the font, this machine need not
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure.add_subplot(), made
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    number = next(NUMBERS)
    made.append(Markup(IDS.sub(rf"\g<1>f{number}-", svg)))


def histogram(totals: np.ndarray, most: float, five: Spread) -> tuple[Markup, list[tuple[str, int]]]:
    """Points of the class in ten bins, the quartiles as lines; and the bins as a table."""
    edges = np.linspace(0, max(most, float(totals.max())), 11)
    counts, _ = np.histogram(totals, edges)
    with _drawn(6.4, 2.8) as (axes, made):
        axes.bar(
            edges[:-1], counts, np.diff(edges), align="edge", color=BLUE, alpha=0.75, edgecolor=INK, linewidth=0.6
        )  # fmt: skip
        for value, dashes, what in (
            (five.lower_quartile, ":", said("quartiles")),
            (five.upper_quartile, ":", ""),
            (five.median, "--", said("median")),
        ):
            axes.axvline(value, color=VERMILION, linestyle=dashes, linewidth=2, label=what or None)
        axes.set(xlabel=said("points"), ylabel=said("students"), xlim=(edges[0], edges[-1]))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False, loc="upper left")
    last, ends = len(counts) - 1, [f"{edge:g}" for edge in edges]
    rows = [
        (filled("{low} to {high}" if i == last else "{low} to below {high}", low=low, high=high), int(n))
        for i, (low, high, n) in enumerate(zip(ends[:-1], ends[1:], counts, strict=True))
    ]
    return made[0], rows


def intervals(labels: Sequence[str], shares: Sequence[float], found: Sequence[Interval | None]) -> Markup:
    """Each question's mean share of points, and its discrimination with the interval, side by side."""
    rows = np.arange(len(labels))[::-1]
    with _drawn(7.2, 0.9 + 0.27 * len(labels)) as (axes, made):
        figure = axes.figure
        axes.remove()
        left, right = figure.subplots(1, 2, sharey=True)
        left.barh(rows, shares, color=BLUE, alpha=0.75, edgecolor=INK, linewidth=0.6)
        left.set(xlabel=said("mean share of the points"), xlim=(0, 1))
        left.set_yticks(rows, labels)
        for row, one in zip(rows, found, strict=True):
            if one is None:
                continue
            flagged = one.below_zero
            colour, shape = (VERMILION, "X") if flagged else (BLUE, "o")
            if np.isfinite(one.low):
                right.plot([one.low, one.high], [row, row], color=colour, linewidth=1.6)
            right.plot([one.value], [row], shape, color=colour, markersize=7 if flagged else 5)
        right.axvline(0, color=INK, linewidth=0.8)
        right.set(xlabel=said("discrimination, 95% interval"), xlim=(-1, 1))
        right.tick_params(left=False)
    return made[0]


def heat(labels: Sequence[str], values: np.ndarray) -> Markup:
    """Correlations between questions, as squares whose size and colour say how much; crosses are negative ones."""
    size = len(labels)
    with _drawn(2.2 + 0.27 * size, 1.9 + 0.27 * size) as (axes, made):
        for i in range(size):
            for j in range(i):
                r = values[i, j]
                if np.isfinite(r):
                    axes.scatter(
                        j, i, s=150 * abs(r), marker="s" if r >= 0 else "X", color=BLUE if r >= 0 else VERMILION
                    )  # fmt: skip
        axes.set_xticks(range(size), labels, rotation=90)
        axes.set_yticks(range(size), labels)
        axes.set(xlim=(-0.6, size - 0.4), ylim=(size - 0.4, -0.6), aspect="equal")
        axes.tick_params(length=0, labelsize=8)
    return made[0]


def spots(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Places of the points that are drawn: all, or of very many one for each spot, where markers would cover each other."""
    if x.size <= MANY:
        return np.arange(x.size)
    on_grid = [
        np.floor(side * (values - values.min()) / (np.ptp(values) or 1.0))
        for values, side in ((x, SPOTS[0]), (y, SPOTS[1]))
    ]
    return np.sort(np.unique(np.stack(on_grid), axis=1, return_index=True)[1])


def hand_in_times(hours: np.ndarray, totals: np.ndarray) -> Markup:
    """When each handed in, in hours before the due date, against points."""
    apart = spots(hours, totals)
    days, totals = -hours[apart] / 24, totals[apart]
    with _drawn(6.4, 2.8) as (axes, made):
        late = days > 0
        axes.plot(days[~late], totals[~late], "o", color=BLUE, alpha=0.8, label=said("in time"))
        axes.plot(days[late], totals[late], "X", color=VERMILION, label=said("late"))
        axes.axvline(0, color=GREY, linewidth=1)
        axes.set(xlabel=said("days after the due date (negative: before it)"), ylabel=said("points"))
        axes.legend(frameon=False)
    return made[0]


def term_shares(labels: Sequence[str], spreads: Sequence[Spread]) -> Markup:
    """For each assignment the five numbers of its points, as shares of what was to be had."""
    rows = np.arange(len(labels))[::-1]
    with _drawn(6.4, 0.9 + 0.4 * len(labels)) as (axes, made):
        for row, five in zip(rows, spreads, strict=True):
            axes.plot([five.least, five.most], [row, row], color=GREY, linewidth=1)
            axes.barh(
                row, five.upper_quartile - five.lower_quartile, 0.5, five.lower_quartile,
                color=BLUE, alpha=0.6, edgecolor=INK, linewidth=0.6,
            )  # fmt: skip
            axes.plot([five.median], [row], "D", color=PURPLE, markeredgecolor=INK, markersize=7)
        axes.set_yticks(rows, labels)
        axes.set(
            xlim=(0, 1.02),
            xlabel=said("share of the points: all, the middle half (box), the median (diamond)"),
        )
    return made[0]
