"""The one figure style of the course, and the few drawings that several lessons share.

Every series differs in colour AND in line style or hatch, so that a figure reads in grey print and to the
colour-blind (palette: Okabe and Ito 2008, jfly.uni-koeln.de/color). Every axis is labelled, with its unit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course.languages.fonts import chinese_labels
from course.languages.saying import language
from course.teaching import narrow

BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY, BLACK, GREY = "#CC79A7", "#56B4E9", "#000000", "#767676"
PAPER, FAINT = "#FFFFFF", "#E8E8E8"
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo", "---")
SHADES = ("#7FB8DA", "#F3B48A", "#B7E0D2", "#F6DD9C", "#E3BCD2", "#CBE7F8", "#C8C8C8")
SEQUENTIAL, DIVERGING = "cividis", "PuOr"

SERIES: Mapping[str, dict[str, Any]] = {
    "BN": {"color": BLUE, "linestyle": "-", "marker": "o"},
    "plain": {"color": VERMILION, "linestyle": "--", "marker": "s"},
    "GN": {"color": GREEN, "linestyle": "-.", "marker": "^"},
    "LN": {"color": ORANGE, "linestyle": ":", "marker": "v"},
    "IN": {"color": PURPLE, "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "D"},
    "BRN": {"color": SKY, "linestyle": (0, (1, 1)), "marker": "P"},
    "CBN": {"color": BLACK, "linestyle": (0, (8, 2)), "marker": "X"},
}
"""How a method looks, the same in every lesson: `ax.plot(x, y, label="BN", **SERIES["BN"])`."""


def use_style() -> None:
    """Set matplotlib's defaults to the course's; call it once, in a lesson's first cell."""
    if language() == "zh":
        chinese_labels(everywhere=True)
    mpl.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "figure.figsize": (7.0, 3.2),
            "figure.dpi": 110,
            "savefig.facecolor": PAPER,
            "font.size": 10,
            "axes.titlesize": 10.5,
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=DASHES),
            "grid.color": FAINT,
            "grid.linewidth": 0.8,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "legend.handlelength": 2.8,
            "hatch.linewidth": 0.6,
            "hatch.color": GREY,
            "image.cmap": SEQUENTIAL,
            "image.interpolation": "nearest",
        }
    )


def panels(
    rows: int, cols: int, size: tuple[float, float] = (3.4, 2.7), **options: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of rows x cols small multiples, its axes as a flat list; `size` is one panel's, in inches."""
    fig, axes = plt.subplots(rows, cols, figsize=(size[0] * cols, size[1] * rows), squeeze=False, **options)
    narrow.remember(fig, rows, cols, size)
    return fig, list(axes.ravel())


def label(ax: Axes, title: str = "", x: str = "", y: str = "") -> Axes:
    """Title and axis labels in one call; empty text leaves what is there."""
    for text, write in ((title, ax.set_title), (x, ax.set_xlabel), (y, ax.set_ylabel)):
        if text:
            write(text)
    return ax


def name_data(fig: Figure, data: str) -> Figure:
    """Write what a figure's numbers were measured on below its lower right corner, small."""
    fig.text(1, 0, data, ha="right", va="top", fontsize=7, color=GREY)
    return fig


def spread(ax: Axes, x: Sequence[float] | np.ndarray, runs: np.ndarray, name: str, **look: Any) -> None:
    """The mean over seeds as a line, the smallest to the largest seed as a band.

    Args:
        ax: where to draw.
        x: (T,), the horizontal positions.
        runs: [seeds, T], one row for each seed.
        name: what the legend says.
        look: colour, line style, marker; `**SERIES["BN"]` for a method that has a look.
    """
    runs = np.asarray(runs, dtype=float)
    if len(x) > 25:
        look = {k: v for k, v in look.items() if k != "marker"}
    (line,) = ax.plot(x, runs.mean(axis=0), label=name, **look)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=line.get_color(), alpha=0.18, linewidth=0)


def _bare(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    ax.set_frame_on(False)


def _square(ax: Axes, corner: tuple[float, float], side: tuple[float, float], group: int) -> None:
    """One cell; group -1 is left white."""
    shade = PAPER if group < 0 else SHADES[group % len(SHADES)]
    hatch = "" if group < 0 else HATCHES[group % len(HATCHES)]
    ax.add_patch(Rectangle(corner, *side, facecolor=shade, edgecolor=GREY, linewidth=0.7, hatch=hatch))


def number_grid(
    ax: Axes, values: np.ndarray, groups: np.ndarray | None = None, title: str = "", form: str = "{:g}",
    rows: str = "", cols: str = "",
) -> Axes:  # fmt: skip
    """A matrix drawn as a table, its cells shaded and hatched by the set they belong to.

    Args:
        ax: where to draw.
        values: [R, K], the numbers shown.
        groups: [R, K] integers, one for each set; -1 leaves a cell white. None leaves all white.
        title: above the table.
        form: how a number is written.
        rows, cols: what runs down and what runs across, such as 'sample' and 'feature'.
    """
    height, width = values.shape
    groups = np.full(values.shape, -1) if groups is None else np.broadcast_to(groups, values.shape)
    for (r, c), value in np.ndenumerate(values):
        _square(ax, (c, height - 1 - r), (1, 1), int(groups[r, c]))
        ax.text(
            c + 0.5, height - 0.5 - r, form.format(value), ha="center", va="center",
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    _bare(ax)
    ax.set(xlim=(-0.05, width + 0.05), ylim=(-0.05, height + 0.05), aspect="equal")
    return label(ax, title, cols, rows)


def tensor_grid(ax: Axes, groups: np.ndarray, title: str = "", mark: tuple[int, ...] | None = None) -> Axes:
    """A tensor [N, C, H, W] as a sheet: samples downwards, channels across, each an H x W block of cells.

    Args:
        ax: where to draw.
        groups: [N, C, H, W] integers, one for each set that shares a statistic; -1 leaves a cell white.
        title: above the sheet.
        mark: (n, c, h, w) of one cell to frame, the one whose set is shown.
    """
    n_all, c_all, h_all, w_all = groups.shape
    gap = 0.6
    for (n, c, h, w), group in np.ndenumerate(groups):
        corner = (c * (w_all + gap) + w, -(n * (h_all + gap) + h) - 1.0)
        _square(ax, corner, (1, 1), int(group))
        if mark == (n, c, h, w):
            ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=BLACK, linewidth=2.4, zorder=5))
    for c in range(c_all):
        ax.text(c * (w_all + gap) + w_all / 2, 0.3, f"c={c}", ha="center", va="bottom", fontsize=8)
    for n in range(n_all):
        ax.text(-0.4, -(n * (h_all + gap) + h_all / 2), f"n={n}", ha="right", va="center", fontsize=8)
    _bare(ax)
    ax.set(
        xlim=(-2.2, c_all * (w_all + gap)), ylim=(-n_all * (h_all + gap), 1.8), aspect="equal",
    )  # fmt: skip
    return label(ax, title)


def histogram_grid(
    samples: Sequence[Sequence[np.ndarray]], rows: Sequence[str], cols: Sequence[str], x: str,
    span: tuple[float, float] | None = None, bins: int = 40, color: str = BLUE,
) -> tuple[Figure, list[Axes]]:  # fmt: skip
    """Histograms as small multiples, each as a share of its own values.

    Args:
        samples: rows x cols arrays of any shape.
        rows, cols: the names of the rows (at the left) and of the columns (on top).
        x: what is counted, with its unit.
        span: the common range, what lies outside falling into the end bars; None takes a row's range.
        bins: how many bars.
        color: of the bars.
    """
    fig, axes = panels(len(rows), len(cols), (7.6 / len(cols), 1.35), sharex=span is not None, sharey="row")
    for i, row in enumerate(samples):
        low, high = span or (min(np.min(s) for s in row), max(np.max(s) for s in row))
        for j, values in enumerate(row):
            ax, flat = axes[i * len(cols) + j], np.ravel(values)
            shares = np.full(flat.size, 1 / flat.size)
            ax.hist(np.clip(flat, low, high), bins=bins, range=(low, high), weights=shares, color=color)
            label(ax, cols[j] if i == 0 else "", x if i == len(rows) - 1 else "", rows[i] if j == 0 else "")
    return fig, axes


def heat(ax: Axes, matrix: np.ndarray, title: str, x: str, y: str, unit: str, signed: bool = False) -> Axes:
    """A matrix as an image with its colour bar; `signed` centres a diverging map at zero.

    Up to 100 cells have their numbers written in: in grey print a diverging map loses the sign.
    """
    limit = float(np.abs(matrix).max()) or 1.0
    look = {"cmap": DIVERGING, "vmin": -limit, "vmax": limit} if signed else {"cmap": SEQUENTIAL}
    image = ax.imshow(matrix, aspect="auto", **look)
    if matrix.size <= 100:
        for (row, col), value in np.ndenumerate(matrix):
            dark = sum(image.cmap(image.norm(value))[:3]) < 1.5
            ink = PAPER if dark else BLACK
            ax.text(col, row, f"{value:{'+' * signed}.2f}", ha="center", va="center", fontsize=7, color=ink)
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label=unit, shrink=0.9)
    return label(ax, title, x, y)


def whiskers(runs: np.ndarray) -> np.ndarray:
    """(2, T): how far the smallest and the largest of runs [seeds, T] lie from their mean, downwards and upwards.

    Where all seeds agree, the mean is rounded, and may lie past them by a hair: that is no distance.
    """
    middle = runs.mean(axis=0)
    return np.maximum([middle - runs.min(axis=0), runs.max(axis=0) - middle], 0.0)


def bars(ax: Axes, at: np.ndarray, runs: np.ndarray, name: str, width: float = 0.7, group: int = 0) -> None:
    """A bar for the mean over seeds with the smallest and the largest seed as its whisker.

    Args:
        ax: where to draw.
        at: (T,), the middle of each bar.
        runs: [seeds, T].
        name: what the legend says.
        width: of a bar.
        group: 0, 1, ...: picks colour and hatch.
    """
    look: dict[str, Any] = {"color": SHADES[group], "hatch": HATCHES[group], "edgecolor": GREY}
    ax.bar(at, runs.mean(axis=0), width, yerr=whiskers(runs), capsize=3, label=name, **look)


def picture(ax: Axes, image: np.ndarray, title: str = "") -> Axes:
    """A small grey image [H, W] in 0..1, dark on white."""
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    return label(ax, title, "pixel", "pixel")
