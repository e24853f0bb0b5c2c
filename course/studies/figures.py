"""The studies, drawn: each function takes a result, or curves measured just now, and returns a figure that names its data."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course.studies.reading import by_seed, eight_curves, kept_promise, turned_by
from course.studies.record import Result
from course.teaching import plots

LOOK: dict[str, dict[str, Any]] = {
    "plain": plots.SERIES["plain"],
    "batch norm": plots.SERIES["BN"],
    "noisy batch norm": plots.SERIES["IN"],
}
"""How a net looks, alike in all figures."""
LAYERS = ("plain", "BN", "GN")  # whose look layers 1, 2 and 3 borrow
PAIR = ("plain", "batch norm")
Case = tuple[float, float, str]  # standard deviation of the weights, learning rate, activation


def bins(result: Result, span: str) -> tuple[np.ndarray, float]:
    """(middles, width) of a histogram's bins."""
    low, high = result.settings[span]
    edges = np.linspace(low, high, result.settings["bins"] + 1)
    return (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])


def eight_settings(result: Result) -> Figure:
    """Validation accuracy against step: a row for each weight scale, a column for rate and activation.

    The line is the mean of the seeds, the band holds all of them.
    """
    fig, axes = plots.panels(2, 4, (2.35, 2.1), sharex=True, sharey=True)
    s = result.settings
    cases = list(product(s["stds"], s["learning_rates"], s["activations"]))
    for ax, (std, rate, activation) in zip(axes, cases, strict=True):
        for net in PAIR:
            steps, curves = eight_curves(result, std, rate, activation, net)
            plots.spread(ax, steps[1:], 100 * curves[:, 1:], net, **LOOK[net])
        ax.axhline(90, color=plots.GREY, linewidth=0.8, linestyle=":")
        ax.set(xscale="log", xlim=(50, 20_000), ylim=(-3, 103))
        ax.set_xticks([100, 1000, 10_000], ["100", "1k", "10k"])
        first = f"weights σ={std:g}\nvalidation (%)" if (std, rate, activation) in cases[::4] else ""
        bottom = std == s["stds"][-1]
        plots.label(ax, f"{activation}, rate {rate:g}", "training step" * bottom, first)
    axes[0].legend(loc="lower right", fontsize=8, handlelength=2)
    return plots.name_data(fig, result.data)


def learning(
    steps: Sequence[int], curves: Mapping[tuple[Case, str], Sequence[list[float]]], data: str
) -> Figure:
    """Test accuracy against step: a panel for each of some of the eight settings.

    Args:
        steps: (T,), at which the accuracy was measured.
        curves: by setting and net, a list of T accuracies in 0..1 for each seed.
        data: what the nets were trained on.
    """
    cases = list(dict.fromkeys(case for case, _ in curves))
    fig, axes = plots.panels(1, len(cases), (3.5, 2.5), sharey=True)
    for (case, net), runs in curves.items():
        ax, (std, rate, activation) = axes[cases.index(case)], case
        plots.spread(ax, steps, 100 * np.array(runs), net, **LOOK[net])
        plots.label(
            ax, f"weights σ={std:g}, {activation}, rate {rate:g}", "training step", "test accuracy (%)"
        )
        ax.set_ylim(0, 103)
    axes[0].legend(loc="upper left", fontsize=8)
    return plots.name_data(fig, data)


def weight_scales(result: Result) -> Figure:
    """Best accuracies and last loss against the weights' standard deviation."""
    fig, axes = plots.panels(1, 3, (2.9, 2.5))
    titles = {"best_training": "best on training (%)", "best_validation": "best on validation (%)",
              "last_loss": "last training loss"}  # fmt: skip
    for ax, (column, title) in zip(axes, titles.items(), strict=True):
        for net in PAIR:
            values = by_seed(result, column, along="std", net=net)
            stds = result.settings["stds"][: values.shape[1]]
            plots.spread(ax, stds, values * (1 if "loss" in column else 100), net, **LOOK[net])
        ax.set(xscale="log", yscale="log" if "loss" in column else "linear")
        plots.label(ax, title.capitalize(), "weights' standard deviation", title)
    axes[2].legend(loc="lower left", fontsize=8)
    return plots.name_data(fig, result.data)


def entering(result: Result, activation: str, std: float, steps: tuple[int, int] = (0, 3000)) -> Figure:
    """Histograms of what enters the activations (first seed): a row for each layer, a column for net and step."""
    middle, width = bins(result, "span")
    fig, axes = plots.panels(3, 4, (2.0, 1.45), sharex=True)
    for ax, (layer, net, step) in zip(axes, product((1, 2, 3), PAIR, steps), strict=True):
        wanted = {"activation": activation, "std": std, "net": net, "step": step, "layer": layer}
        shares = result.where(seed=result.seeds[0], **wanted)[0]["shares"]
        hatch = "////" if net == "batch norm" else ""
        ax.bar(middle, shares, width, color=LOOK[net]["color"], hatch=hatch, edgecolor="white", linewidth=0)
        ax.set(xlim=(-4, 4), xticks=[-3, 0, 3], ylim=(0, 1.15 * max(shares)), yticks=[])
        top, left, bottom = layer == 1, ax in axes[::4], layer == 3
        plots.label(ax, f"{net}, step {step:,}" * top, "value" * bottom, f"layer {layer}\nshare" * left)
    return plots.name_data(fig, result.data)


def gradients(result: Result, step: int = 0) -> Figure:
    """Distributions of the gradient's size at each activation: a column for each start, a row for each net."""
    middle, _ = bins(result, "gradient_span")
    starts = result.settings["starts"]
    fig, axes = plots.panels(2, len(starts), (3.0, 1.9), sharex=True, sharey=True)
    for ax, (net, (activation, std)) in zip(axes, product(PAIR, starts), strict=True):
        for layer, name in zip((1, 2, 3), LAYERS, strict=True):
            wanted = {"activation": activation, "std": std, "net": net, "step": step, "layer": layer}
            shares = 100 * by_seed(result, "gradient_shares", **wanted)
            plots.spread(ax, middle, shares, f"layer {layer}", **plots.SERIES[name])
        bottom, left = net == PAIR[1], ax in axes[:: len(starts)]
        plots.label(
            ax, f"{net}: {activation}, weights {std:g}", "log₁₀ |gradient|" * bottom, "share (%)" * left
        )
        ax.set_ylim(0, 34)
    axes[0].legend(loc="upper left", fontsize=8)
    return plots.name_data(fig, result.data)


def covariate_shift(result: Result, looks: int = 4) -> Figure:
    """Accuracy, drift of the means, and turn of the gradient; the turn is noisy: the mean of some looks."""
    steps = result.settings["watched"][1:]
    fig, axes = plots.panels(1, 3, (3.0, 2.7))
    for net in result.settings["nets"]:
        curves = {
            c: by_seed(result, c, along="step", net=net)[:, -len(steps) :]
            for c in ("accuracy", "drift", "change")
        }
        change = curves["change"].reshape(len(result.seeds), -1, looks).mean(axis=2)
        plots.spread(axes[0], steps, 100 * curves["accuracy"], net, **LOOK[net])
        plots.spread(axes[1], steps, curves["drift"], net, **LOOK[net])
        plots.spread(axes[2], steps[looks - 1 :: looks], change, net, **LOOK[net])
    plots.label(axes[0], "It learns", "training step", "validation accuracy (%)")
    plots.label(
        axes[1], f"Drift in {steps[1] - steps[0]} steps", "training step", "deviations, mean of layers"
    )
    plots.label(axes[2], "Turn", "training step", "|G' − G| / |G|")
    axes[1].set_yscale("log")
    axes[2].set_ylim(0, 1.15)
    axes[0].legend(loc="lower right", fontsize=8)
    return plots.name_data(fig, result.data)


def landscape(result: Result, since: int = 50) -> Figure:
    """How much of the predicted decrease is achieved, and how far the gradient changed, against the step's length."""
    lengths = result.settings["lengths"]
    fig, axes = plots.panels(1, 4, (2.45, 2.6))
    for (i, std), net in product(enumerate(result.settings["stds"]), PAIR):
        rows = [
            [r for r in result.where(std=std, net=net, seed=s) if r["step"] >= since] for s in result.seeds
        ]
        kept = kept_promise(result, std, net, since=since)
        apart = np.array([np.median([turned_by(r) for r in of], axis=0) for of in rows])
        plots.spread(axes[2 * i], lengths, kept, net, **LOOK[net])
        plots.spread(axes[2 * i + 1], lengths, apart, net, **LOOK[net])
        start = "weights after He" if std is None else f"weights σ={std:g}"
        plots.label(axes[2 * i], start, "t (learning rate of the step)", "achieved / predicted decrease")
        plots.label(axes[2 * i + 1], start, "t (learning rate of the step)", "change of g, in |g|")
    for ax in axes[::2]:
        ax.axhline(0, color=plots.GREY, linewidth=0.8, linestyle=":")
    axes[0].legend(loc="lower left", fontsize=8)
    return plots.name_data(fig, result.data)


def batch_sizes(result: Result, net: str, floors: tuple[float, ...]) -> Figure:
    """Accuracy against batch size, a line for each normaliser, its band from the lowest seed to the highest.

    Args:
        result: of the study `batch_sizes`.
        net: which of its nets.
        floors: the lowest accuracy shown, in percent; a panel for each.
    """
    fig, axes = plots.panels(1, len(floors), (4.3, 3.3))
    sizes, seen = result.settings["batches"], result.settings["images_seen"][net]
    for ax, floor in zip(axes, floors, strict=True):
        for norm in result.settings["norms"][net]:
            values = 100 * by_seed(result, "accuracy", along="batch", net=net, norm=norm)
            plots.spread(ax, sizes, values, norm, **plots.SERIES[norm])
        ax.set_xscale("log", base=2)
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.set_ylim(floor, 100 if floor < 80 else 97)
        title = f"{net.capitalize()} net, {seen:,} images seen" if ax is axes[0] else "The same, closer"
        plots.label(ax, title, "batch size", "validation accuracy (%)")
    axes[0].legend(ncol=2, loc="lower right")
    return plots.name_data(fig, result.data)
