"""Drawings of how things hang together, made by code: a net with units dropped, epochs and steps, data on its way."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from course.teaching import plots


def _bare(ax: Axes, width: float, height: float) -> None:
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()


def thinned_nets(p: float, seed: int = 0, layers: Sequence[int] = (4, 6, 6, 2), passes: int = 2) -> Figure:
    """A fully connected net as it predicts, and as it is in some passes of training, with units dropped.

    Args:
        p: the probability to drop a hidden unit.
        seed: of the masks drawn.
        layers: units in each layer; the first and the last keep theirs.
        passes: how many passes of training to show.
    """
    rng = np.random.default_rng(seed)
    fig, axes = plots.panels(1, 1 + passes, (2.7, 2.3))
    hidden = range(1, len(layers) - 1)
    for k, ax in enumerate(axes):
        kept = [np.ones(n, bool) for n in layers]
        for layer in hidden if k else ():
            kept[layer] = rng.random(layers[layer]) >= p
        _net(ax, layers, kept)
        plots.label(ax, f"training, pass {k}" if k else "prediction: every unit")
    return fig


def _net(ax: Axes, layers: Sequence[int], kept: list[np.ndarray]) -> None:
    places = [[(2.0 * k + 0.5, (u + 0.5) * 6 / n) for u in range(n)] for k, n in enumerate(layers)]
    for k in range(len(layers) - 1):
        for (a, here), (b, there) in product(enumerate(places[k]), enumerate(places[k + 1])):
            if kept[k][a] and kept[k + 1][b]:
                ax.plot(
                    *zip(here, there, strict=True), color=plots.GREY, linewidth=0.6, linestyle="-", zorder=1
                )
    for k, layer in enumerate(places):
        for unit, (across, up) in enumerate(layer):
            stays = bool(kept[k][unit])
            face, dash = (plots.SHADES[0], "-") if stays else (plots.PAPER, ":")
            ax.scatter(across, up, s=130, facecolor=face, edgecolor=plots.BLACK, linestyle=dash, zorder=2)
            if not stays:
                ax.text(across, up, "×", ha="center", va="center", color=plots.VERMILION, zorder=3)
    _bare(ax, 2.0 * len(layers) - 1, 6)


def epochs(n: int, batch: int, passes: int = 2, seed: int = 0) -> Figure:
    """N samples, cut into batches, each batch one step, all of them an epoch; shuffled anew for the next.

    Args:
        n: samples, named A, B, C, ...
        batch: samples in a batch; the last batch may be smaller.
        passes: epochs to show.
        seed: of the shuffles.
    """
    rng, names = np.random.default_rng(seed), [chr(ord("A") + k) for k in range(n)]
    fig, (ax,) = plots.panels(1, 1, (7.6, 0.8 * passes + 0.4))
    starts = range(0, n, batch)
    for epoch in range(passes):
        up, order = (passes - 1 - epoch) * 1.6, np.arange(n) if epoch == 0 else rng.permutation(n)
        ax.text(0.1, up + 0.5, f"epoch {epoch + 1}", ha="left", va="center", fontsize=9)
        for k, start in enumerate(starts):
            members = order[start : start + batch]
            left = 1.8 + start * 0.62 + 0.5 * k
            for place, member in enumerate(members):
                at = (left + 0.62 * place, up + 0.2)
                look: dict[str, Any] = {"facecolor": plots.SHADES[k % 7], "hatch": plots.HATCHES[k % 7]}
                ax.add_patch(Rectangle(at, 0.58, 0.6, edgecolor=plots.GREY, linewidth=0.7, **look))
                ink = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0}
                ax.text(at[0] + 0.29, up + 0.5, names[member], ha="center", va="center", fontsize=8, bbox=ink)
            middle = left + 0.31 * len(members)
            ax.text(middle, up + 1.0, f"step {epoch * len(starts) + k + 1}", ha="center", fontsize=8)
    _bare(ax, 2.0 + 0.62 * n + 0.5 * len(starts), 1.6 * passes)
    return fig


def chain(
    ax: Axes, boxes: Sequence[str], up: float, shaded: Sequence[str] = (), start: float = 0.15
) -> dict[str, float]:
    """Boxes in a row with arrows from each to the next; returns where each one's middle is.

    Args:
        ax: where to draw.
        boxes: their names, from left to right; a name may have two lines.
        up: the height of the row.
        shaded: names of boxes that stand out.
        start: where the row begins.
    """
    middles, left = {}, start
    for k, name in enumerate(boxes):
        width = 0.5 + 0.145 * max(map(len, name.split("\n")))
        face = plots.SHADES[1] if name in shaded else plots.PAPER
        style: dict[str, Any] = {
            "boxstyle": "round,pad=0.05",
            "facecolor": face,
            "edgecolor": plots.BLACK,
            "linewidth": 1.0,
        }
        ax.add_patch(FancyBboxPatch((left, up - 0.34), width, 0.68, **style))
        ax.text(left + width / 2, up, name, ha="center", va="center", fontsize=8.5)
        if k:
            arrow = {"arrowstyle": "->", "color": plots.GREY}
            ax.annotate("", (left - 0.05, up), (left - 0.45, up), arrowprops=arrow)
        middles[name] = left + width / 2
        left += width + 0.5
    return middles


def train_and_predict() -> Figure:
    """Which numbers batch norm reads and writes in training, and which at prediction."""
    fig, (ax,) = plots.panels(1, 1, (8.2, 2.7))
    first = chain(ax, ["batch", "layer", "mean, variance\nof this batch", "normalise", "γ, β", "next layer"], 3.0,
                  ["mean, variance\nof this batch"])  # fmt: skip
    second = chain(ax, ["sample", "layer", "normalise", "γ, β", "next layer"], 0.6)
    kept = (first["normalise"], 1.8)
    chain(
        ax,
        ["running mean,\nrunning variance"],
        kept[1],
        ["running mean,\nrunning variance"],
        start=kept[0] - 1.3,
    )
    arrow = {"arrowstyle": "->", "color": plots.VERMILION, "linestyle": "--", "linewidth": 1.4}
    ax.annotate(
        "", (kept[0] - 0.9, 2.2), (first["mean, variance\nof this batch"] + 0.4, 2.6), arrowprops=arrow
    )
    ax.annotate("", (second["normalise"] + 0.5, 0.98), (kept[0] - 1.1, 1.55), arrowprops=arrow)
    ax.text(kept[0] + 1.85, 1.8, "written in training, read at prediction", fontsize=8.5, va="center")
    for up, name in ((3.65, "training"), (1.25, "prediction")):
        ax.text(0.15, up, name, fontsize=9.5, weight="bold", va="center")
    _bare(ax, 12.6, 4.0)
    return fig


def cnn_block() -> Figure:
    """Where batch norm and dropout stand in a small convolutional net: before each ReLU, and after the last norm."""
    fig, (ax,) = plots.panels(1, 1, (8.6, 1.9))
    stage = ["convolution\n(no bias)", "batch norm", "ReLU", "pooling"]
    chain(ax, stage, 1.9, ["batch norm"])
    chain(
        ax,
        ["the same,\nmore channels", "flatten", "dropout", "linear\n(with bias)", "scores"],
        0.5,
        ["dropout"],
    )
    ax.annotate("", (1.2, 0.95), (7.6, 1.5), arrowprops={"arrowstyle": "->", "color": plots.GREY})
    _bare(ax, 11.2, 2.4)
    return fig
