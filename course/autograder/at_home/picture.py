"""Yours, what is right, and where they differ, drawn side by side as SVG: people would rather look than read.

Drawn as text without any library, at most `MOST` bytes, with its own colours under dark letters, so that it reads in a
light and in a dark theme. Never in a grading run: it shows expected values.
"""

import html
from dataclasses import dataclass

import numpy as np

from course.languages.saying import said

MOST = 20_000  # bytes
LETTERED, DRAWN = 7, 14  # rows and columns that are shown with numbers, and without
INK, GAP, TOP, LEFT = "#111", 26, 40, 34
# From far below 0 to far above it, then what is no number; each bears dark letters.
SHADES = ("#74add1", "#abd9e9", "#d6ecf3", "#f5f5f5", "#fde5c8", "#fdc086", "#f59a55", "#c9c9c9")
SAME, OTHER = "#d5ead0", "#f4a582"


@dataclass(frozen=True)
class Window:
    """The part of an array that is shown.

    Attributes:
        index: where the axes before the last two are held.
        rows, columns: ranges of the last two axes; one row for a vector.
    """

    index: tuple[int, ...]
    rows: range
    columns: range


def _centred(size: int, at: int, most: int) -> range:
    start = min(max(at - most // 2, 0), max(size - most, 0))
    return range(start, min(start + most, size))


def window_at(shape: tuple[int, ...], worst: tuple[int, ...]) -> Window:
    """The window of an array that has a place in it."""
    *before, height, width = shape if len(shape) > 1 else (1, *shape)
    *index, row, column = worst if len(shape) > 1 else (0, *worst)
    most = LETTERED if max(height, width) <= LETTERED else DRAWN
    return Window(tuple(index[: len(before)]), _centred(height, row, most), _centred(width, column, most))


def _shown(array: np.ndarray, window: Window) -> np.ndarray:
    plane = array[window.index] if array.ndim > 1 else array[None]
    part: np.ndarray = plane[window.rows.start : window.rows.stop, window.columns.start : window.columns.stop]
    return part


def _short(value: float) -> str:
    text = f"{value:.3g}"
    return text if len(text) < 8 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")


def _levels(part: np.ndarray, largest: float) -> np.ndarray:
    """Which shade each value has."""
    with np.errstate(all="ignore"):
        scaled = np.clip(np.rint(3 + 3 * part / (largest or 1.0)), 0, 6)
    return np.where(np.isfinite(part), scaled, 7).astype(int)


@dataclass(frozen=True)
class Panel:
    """One of the three."""

    title: str
    colours: np.ndarray  # of strings
    texts: np.ndarray  # of strings, '' where nothing is written

    def draw(self, left: float, size: tuple[int, int], window: Window, axes: tuple[str, str]) -> str:
        """The panel as SVG, its cells of one colour in one path."""
        wide, high = size
        paths = []
        for colour in dict.fromkeys(self.colours.ravel().tolist()):
            cells = [
                f"M{left + c * wide:g} {TOP + r * high}h{wide - 1}v{high - 1}h{1 - wide}z"
                for r, c in np.argwhere(self.colours == colour).tolist()
            ]
            paths.append(f'<path fill="{colour}" d="{"".join(cells)}"/>')
        written = [
            f'<text x="{left + (c + 0.5) * wide:g}" y="{TOP + (r + 0.7) * high:g}">{html.escape(text)}</text>'
            for (r, c), text in np.ndenumerate(self.texts)
            if text
        ]
        return "".join(
            [
                f'<text class="t" x="{left:g}" y="12">{html.escape(said(self.title))}</text>',
                f'<text class="t" x="{left:g}" y="26">{html.escape(axes[1])} →</text>' if axes[1] else "",
                *_ticks(left, size, window, rows=bool(axes[0])),
                *paths,
                f'<g class="n">{"".join(written)}</g>' if written else "",
            ]
        )


def _ticks(left: float, size: tuple[int, int], window: Window, rows: bool) -> list[str]:
    """The first and last index along each axis."""
    wide, high = size
    found = []
    for k in sorted({0, len(window.columns) - 1}):
        x = left + (k + 0.5) * wide
        found.append(
            f'<text class="i" x="{x:g}" y="{TOP - 3}" text-anchor="middle">{window.columns[k]}</text>'
        )
    for k in sorted({0, len(window.rows) - 1}) if rows else ():
        y = TOP + (k + 0.7) * high
        found.append(f'<text class="i" x="{left - 4:g}" y="{y:g}" text-anchor="end">{window.rows[k]}</text>')
    return found


def _axes(ndim: int) -> tuple[str, str]:
    return (f"axis {ndim - 2}", f"axis {ndim - 1}") if ndim > 1 else ("", "axis 0")


def picture(
    name: str, got: np.ndarray, wanted: np.ndarray, bad: np.ndarray | None, mine: str = "yours"
) -> str:
    """An SVG of both arrays around the worst place.

    Args:
        name: of the output.
        got, wanted: what came and what is right.
        bad: True where they differ beyond the tolerance; None where their shapes differ.
        mine: whose value the first is.

    Returns:
        The SVG element; '' for single numbers and for empty arrays.
    """
    if min(got.ndim, wanted.ndim) == 0 or not got.size or not wanted.size or max(got.ndim, wanted.ndim) > 6:
        return ""
    got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    panels, windows = _panels(name, got, wanted, bad, mine)
    lettered = all(len(w.rows) <= LETTERED and len(w.columns) <= LETTERED for w in windows)
    size = (44, 20) if lettered else (14, 14)
    ndims = (got.ndim, wanted.ndim, wanted.ndim)
    parts, left, height = [], float(LEFT), 0
    for panel, window, ndim in zip(panels, windows, ndims, strict=False):
        parts.append(panel.draw(left, size, window, _axes(ndim)))
        left += max(len(window.columns) * size[0], 150) + GAP + LEFT
        height = max(height, TOP + len(window.rows) * size[1])
    differ = f"{name}: {mine}, what is right, and where they differ"
    about = said(differ if bad is not None else f"{name}: {mine}, what is right")
    rows = _axes(got.ndim)[0]
    foot = f'<text class="t" x="2" y="{height + 16}">{said(f"{rows} runs down")}</text>' if rows else ""
    height += 22
    style = (
        "<style>.pc text{font:11px sans-serif;fill:currentColor}.pc .n text{font-size:10px;text-anchor:middle;"
        f"fill:{INK}}}.pc .i{{font-size:9px}}</style>"
    )
    svg = (
        f'<svg class="pc" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(about)}" '
        f'width="{left:g}" height="{height}" viewBox="0 0 {left:g} {height}" style="max-width:100%">'
        f"{style}{''.join(parts)}{foot}</svg>"
    )
    return svg if len(svg.encode()) <= MOST else ""


def _panels(
    name: str, got: np.ndarray, wanted: np.ndarray, bad: np.ndarray | None, mine_is: str
) -> tuple[list[Panel], list[Window]]:
    if bad is None:
        windows = [window_at(array.shape, (0,) * array.ndim) for array in (got, wanted)]
    else:
        with np.errstate(all="ignore"):
            gaps = np.where(bad, np.nan_to_num(np.abs(got - wanted), nan=np.inf, posinf=np.inf), -1.0)
        worst = tuple(int(k) for k in np.unravel_index(int(np.argmax(gaps)), gaps.shape))
        windows = [window_at(wanted.shape, worst)] * 3
    parts = [_shown(array, window) for array, window in zip((got, wanted), windows, strict=False)]
    finite = np.concatenate([np.abs(part[np.isfinite(part)]).ravel() for part in parts])
    largest = float(finite.max(initial=0.0))
    panels = []
    for title, array, part, window in zip((mine_is, "right"), (got, wanted), parts, windows, strict=False):
        small = max(part.shape) <= LETTERED
        texts = np.array([[_short(v) if small else "" for v in row] for row in part.tolist()], dtype=object)
        colours = np.array(SHADES, dtype=object)[_levels(part, largest)]
        panels.append(Panel(f"{title}: {_place(name, array, window)}", colours, texts))
    if bad is not None:
        wrong, (mine, right) = _shown(bad, windows[2]), parts
        small = max(wrong.shape) <= LETTERED
        colours = np.where(wrong, OTHER, SAME).astype(object)
        told = [
            [(f"{g - w:+.2g}" if small else "×") if b else "" for g, w, b in zip(*rows, strict=True)]
            for rows in zip(mine.tolist(), right.tolist(), wrong.tolist(), strict=True)
        ]
        wrong_ones = int(bad.sum())
        yours = f"yours minus right, {wrong_ones} of {bad.size} differ"
        theirs = f"theirs minus right, {wrong_ones} of {bad.size} differ"
        panels.append(Panel(yours if mine_is == "yours" else theirs, colours, np.array(told, dtype=object)))
    return panels, windows


def _place(name: str, array: np.ndarray, window: Window) -> str:
    """Which part of an output is shown."""
    if array.ndim < 3:
        return f"{name} {list(array.shape)}"
    return f"{name}[{', '.join(map(str, window.index))}, :, :]"
