"""Drawings of a kernel on its way over an image."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course.teaching import plots


def window_starts(size: int, kernel: int, stride: int, padding: int, dilation: int) -> range:
    """Where each window begins on an axis, counted from the first value of the padding; empty if none fits."""
    extent = dilation * (kernel - 1) + 1
    return range(0, size + 2 * padding - extent + 1, stride)


def slide(image: np.ndarray, kernel: np.ndarray) -> Figure:
    """A kernel, and every place at which it lies on a small image, with the sum that it gives there.

    Args:
        image: [H, W].
        kernel: [kh, kw], no larger; stride 1, no padding.
    """
    (height, width), (rows, columns) = image.shape, kernel.shape
    places = list(np.ndindex(height - rows + 1, width - columns + 1))
    fig, axes = plots.panels(1, 1 + len(places), (1.6, 2.0))
    plots.number_grid(axes[0], kernel, np.zeros(kernel.shape, int), "the kernel")
    for ax, (i, j) in zip(axes[1:], places, strict=True):
        under = np.full(image.shape, -1)
        under[i : i + rows, j : j + columns] = 0
        total = (image[i : i + rows, j : j + columns] * kernel).sum()
        plots.number_grid(ax, image, under, f"out[{i}, {j}] = {total:g}")
    return fig


def window_grid(
    ax: Axes, size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, title: str = ""
) -> Axes:
    """A square image with its first window, the next one, the place of every window, and what none of them reads.

    Args:
        ax: where to draw.
        size: rows and columns of the image.
        kernel, stride, padding, dilation: of the convolution, the same both ways.
        title: above the drawing; the size of the output is written under it.
    """
    whole = size + 2 * padding
    starts = window_starts(size, kernel, stride, padding, dilation)
    taps = [dilation * k for k in range(kernel)]
    read = {start + tap for start in starts for tap in taps}
    for row, column in np.ndindex(whole, whole):
        inside = all(padding <= n < size + padding for n in (row, column))
        shade = plots.FAINT if inside else plots.PAPER
        first = row in taps and column in taps
        look: dict[str, Any] = (
            {"facecolor": plots.SHADES[0], "hatch": "///"} if first else {"facecolor": shade}
        )
        corner = (column, -row - 1)
        ax.add_patch(Rectangle(corner, 1, 1, edgecolor=plots.GREY, linewidth=0.7, **look))
        unread = inside and not (row in read and column in read)
        note = "×" if unread else "" if inside else "0"
        ax.text(column + 0.5, -row - 0.5, note, ha="center", va="center", fontsize=8, color=plots.BLACK)
    if len(starts) > 1:
        for row, column in np.ndindex(kernel, kernel):
            corner = (starts[1] + taps[column] + 0.12, -taps[row] - 0.88)
            ax.add_patch(
                Rectangle(
                    corner, 0.76, 0.76, fill=False, edgecolor=plots.VERMILION, linewidth=1.8, linestyle="--"
                )
            )
    corners = [(column + 0.12, -row - 0.12) for row in starts for column in starts]
    across, down = zip(*corners, strict=True)
    ax.scatter(across, down, s=9, color=plots.BLACK, zorder=5)
    ax.set(xlim=(-0.1, whole + 0.1), ylim=(-whole - 0.1, 0.1), aspect="equal", xticks=[], yticks=[])
    ax.grid(False)
    ax.set_frame_on(False)
    return plots.label(ax, title, f"output {len(starts)} × {len(starts)}")
