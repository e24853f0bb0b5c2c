"""A figure once more for a phone: its panels one below the other, and none wider than the screen.

Only a run for the site asks for it (`course/building/running.py` sets the variable); in Jupyter nothing changes.
"""

import os
import re
import weakref
from itertools import pairwise

from IPython.core.formatters import BaseFormatter
from IPython.core.getipython import get_ipython
from IPython.core.pylabtools import print_figure
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from traitlets import ObjectName, Unicode

from course.languages.fonts import HAN

ASKED = "COURSE_NARROW_FIGURES"
MIME = "application/x-narrow-png"
WIDTH = 3.6  # inches: what a phone shows without making the letters smaller
ALONE = 4.4  # the width of a panel that had a column to itself: its letters get a little smaller, its lines keep room
BESIDE = 1.0  # inches of that width that the axis takes
LINE = 46  # letters of a title that stand beside one another there
UNIT = re.compile(rf"\s+|{HAN.pattern}|(?:(?!{HAN.pattern})\S)+[，。：；、）]?")  # what no line is broken in
DPI = 220

_grids: "weakref.WeakKeyDictionary[Figure, tuple[int, int, float, float]]" = weakref.WeakKeyDictionary()


class NarrowFigures(BaseFormatter):
    """Gives a figure's narrow form, a PNG in base64, beside its usual one; None where it would be no narrower."""

    format_type = Unicode(MIME)
    print_method = ObjectName("_repr_narrow_png_")


def remember(fig: Figure, rows: int, cols: int, size: tuple[float, float]) -> None:
    """Note how a figure's panels stand; in a run for the site it will be shown in its narrow form, too.

    Args:
        fig: the figure; its first rows · cols axes are the panels, row by row.
        rows, cols: how they stand.
        size: width and height of a panel, in inches.
    """
    _grids[fig] = (rows, cols, *size)
    shell = get_ipython()
    if os.environ.get(ASKED) and shell is not None and shell.display_formatter is not None:
        # With each figure anew: choosing a backend, which the first figure does, drops what was said of figures.
        formatters = shell.display_formatter.formatters
        formatters.setdefault(MIME, NarrowFigures()).for_type(Figure, narrow_png)


def narrow_png(fig: Figure) -> str | None:
    """The figure with its panels stacked; it stays that way, so this comes after its usual form was drawn."""
    grid = _grids.get(fig)
    if grid is None:
        return None
    if grid[1] > 1:
        stack(fig, *grid)
    elif grid[2] <= WIDTH or not all(ax.axison for ax in fig.axes):  # a drawing keeps its proportions
        return None
    else:
        squeeze(fig)
    return str(print_figure(fig, fmt="png", dpi=DPI, base64=True))


def stack(fig: Figure, rows: int, cols: int, width: float, height: float) -> None:
    """Move a figure's panels, in place, into as many columns as a phone has room for.

    Args:
        fig: a figure whose first rows · cols axes are its panels, row by row.
        rows, cols: how they stand.
        width, height: of a panel, in inches.
    """
    panels = fig.axes[: rows * cols]
    if 1 < rows < cols and rows * width <= WIDTH:  # what stood below one another now stands side by side
        across, order = rows, [row * cols + col for col in range(cols) for row in range(rows)]
    else:
        fitting = [n for n in range(2, cols + 1) if n * width <= WIDTH and (rows == 1 or cols % n == 0)]
        across = max(fitting, default=1)
        order = list(range(rows * cols))
    _say_axes(panels, cols)
    grow = WIDTH / across / width
    down = -(-len(panels) // across)
    fig.set_size_inches(WIDTH, down * height * min(grow, 1.2))
    places = fig.add_gridspec(down, across)
    for place, index in enumerate(order):
        panels[index].set_subplotspec(places[place // across, place % across])


def squeeze(fig: Figure) -> None:
    """Make a figure of one column as narrow as a phone can show it, in place: lines break, names of bars stand upright."""
    width, height = fig.get_size_inches()
    for ax in fig.axes:
        ax.set_title(_broken(ax.get_title("left")), loc="left")
        ax.set_ylabel(_broken(ax.get_ylabel()))
        legend = ax.get_legend()
        if legend and legend.get_window_extent().width > (ALONE - BESIDE) * fig.dpi:
            handles = [one for one in legend.legend_handles if one is not None]
            names = [text.get_text() for text in legend.get_texts()]
            ax.legend(handles, names, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.2))
            height += 0.17 * len(names)
    fig.set_size_inches(min(width, ALONE), height)
    fig.draw_without_rendering()
    for ax in fig.axes:
        written = [one.get_window_extent() for one in ax.get_xticklabels() if one.get_text()]
        if any(a.x1 > b.x0 and a.x0 < b.x1 for a, b in pairwise(written)):
            ax.tick_params(axis="x", labelrotation=90)


def _broken(text: str) -> str:
    """A text in lines that such a figure has room for; a formula stays whole, and a Chinese character takes two letters' room."""
    return text if "$" in text else "\n".join(map(_line_by_line, text.split("\n")))


def _line_by_line(text: str) -> str:
    lines = [""]
    for unit in UNIT.findall(text):
        line = lines[-1] + unit
        if lines[-1].strip() and len(line.rstrip()) + len(HAN.findall(line)) > LINE:
            lines.append(unit.lstrip())
        else:
            lines[-1] = line
    return "\n".join(line.rstrip() for line in lines)


def _say_axes(panels: list[Axes], cols: int) -> None:
    """Give each panel the labels and numbers that it left to the first of its row or the last of its column."""
    for index, ax in enumerate(panels):
        if not ax.axison:
            continue
        first, last = panels[index - index % cols], panels[len(panels) - cols + index % cols]
        if not ax.get_ylabel() and len(ax.get_yticks()):
            ax.set_ylabel(first.get_ylabel())
        if not ax.get_xlabel() and len(ax.get_xticks()):
            ax.set_xlabel(last.get_xlabel())
        ax.tick_params(labelleft=True, labelbottom=True)
