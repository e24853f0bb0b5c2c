"""How a lesson shows a timed ledger: as rows of a table, as shares, against the roof, on the roofline."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course.reference.ledger import Entry, Ledger, Machine
from course.teaching import plots
from course.teaching.gpu import Gpu

HEADER = (
    "layer", "output shape", "parameters", "multiplications", "additions", "MACs", "bytes moved", "operations per byte",
    "least time (ms)", "quickest run (ms)", "slowest",
)  # fmt: skip


def _moved(entry: Entry) -> int:
    return entry.count.bytes_read + entry.count.bytes_written


def _name(entry: Entry) -> str:
    name = entry.count.name
    return f"{entry.count.kind}\n{name}" if name else entry.count.kind


def ledger_rows(ledger: Ledger, machine: Machine) -> list[tuple[str, ...]]:
    """A row for each layer under `HEADER`, and one with the sums; the least time is the roofline's."""
    rows = []
    for entry in ledger.entries:
        count = entry.count
        numbers = (count.parameters, count.multiplications, count.additions, count.macs, _moved(entry))
        times = (machine.seconds(count), entry.time, max(entry.seconds))
        shape = " × ".join(map(str, count.output_shape))
        head = f"{count.name} {count.kind}".strip()
        rows.append(
            (
                head,
                shape,
                *(f"{n:,}" for n in numbers),
                f"{count.intensity:.2f}",
                *(f"{1e3 * t:.2f}" for t in times),
            )
        )
    columns = [sum(int(row[k].replace(",", "")) for row in rows) for k in range(2, 7)]
    least = sum(machine.seconds(entry.count) for entry in ledger.entries)
    ends = (least, min(ledger.whole), max(ledger.whole))
    intensity = (columns[1] + columns[2]) / columns[4]
    rows.append(
        (
            "**whole net**",
            "",
            *(f"{n:,}" for n in columns),
            f"{intensity:.2f}",
            *(f"{1e3 * t:.2f}" for t in ends),
        )
    )
    return rows


def shares(ax: Axes, ledger: Ledger) -> Axes:
    """Bars for each layer that moves bytes: its share of the net's parameters, operations and time."""
    entries = [entry for entry in ledger.entries if _moved(entry)]
    series = {
        "parameters": np.array([e.count.parameters for e in entries]),
        "all operations": np.array([e.count.operations for e in entries]),
        "time taken": np.array([e.time for e in entries]),
    }
    at = np.arange(len(entries))
    for group, (name, values) in enumerate(series.items()):
        look: dict[str, Any] = {
            "color": plots.SHADES[group],
            "hatch": plots.HATCHES[group],
            "edgecolor": plots.GREY,
        }
        ax.bar(at + 0.27 * (group - 1), 100 * values / values.sum(), 0.27, label=name, **look)
    ax.set_xticks(at, [_name(e) for e in entries], fontsize=8)
    ax.legend()
    return plots.label(ax, "What is counted, and what takes the time", "layer", "share of the net (%)")


def against_roof(ax: Axes, ledger: Ledger, machine: Machine) -> Axes:
    """For each layer that moves bytes, the least time that the roof allows, the quickest run, and the range of runs."""
    entries = [entry for entry in ledger.entries if _moved(entry)]
    at = np.arange(len(entries))
    least = [1e3 * machine.seconds(e.count) for e in entries]
    quickest = np.array([1e3 * e.time for e in entries])
    above = np.array([1e3 * max(e.seconds) for e in entries]) - quickest
    ax.plot(
        at, least, "_", markersize=18, markeredgewidth=2.5, color=plots.BLACK, label="least, by the roofline"
    )
    look: dict[str, Any] = {"fmt": "o", "color": plots.VERMILION, "capsize": 3}
    ax.errorbar(
        at, quickest, [0 * above, above], label="measured: quickest run, and up to the slowest", **look
    )
    ax.set_xticks(at, [_name(e) for e in entries], fontsize=8)
    ax.set_yscale("log")
    ax.legend()
    return plots.label(ax, "Predicted and measured", "layer", "time (ms)")


def roofline(ax: Axes, machine: Machine, series: Mapping[str, Sequence[Entry]], loose: str = "") -> Axes:
    """The roof of a machine, and layers under it by their intensity and by the speed of their quickest run.

    Args:
        ax: where to draw.
        machine: as measured.
        series: for each name the layers of one line; those without arithmetic are left out.
        loose: the name whose layers no line should join.
    """
    looks = (plots.SERIES[name] for name in ("BN", "plain", "GN", "IN", "LN"))
    lines = {name: [e for e in entries if e.count.operations] for name, entries in series.items()}
    reached = [e.count.intensity for entries in lines.values() for e in entries]
    span = np.geomspace(min([*reached, machine.ridge]) / 2, max([*reached, machine.ridge]) * 2, 80)
    ax.plot(
        span, [machine.roof(i) / 1e9 for i in span], "-", color=plots.BLACK, linewidth=2.5, label="the roof"
    )
    for (name, entries), look in zip(lines.items(), looks, strict=False):
        style = {**look, "linestyle": ""} if name == loose else look
        speeds = [e.count.operations / e.time / 1e9 for e in entries]
        ax.plot([e.count.intensity for e in entries], speeds, label=name, **style)
    ax.set(xscale="log", yscale="log")
    ax.legend(fontsize=8)
    return plots.label(
        ax,
        "Roofline of this machine",
        "arithmetic intensity (operations per byte)",
        "speed (10⁹ operations per second)",
    )


def beside_a_gpu(ax: Axes, machine: Machine, entries: Sequence[Entry], gpu: Gpu) -> Axes:
    """This machine's roofline with its layers, and a GPU's, the latter with TF32 and without, on the same axes.

    Args:
        ax: where to draw.
        machine: this one, as measured.
        entries: layers timed on this machine; those without arithmetic are left out.
        gpu: as measured, with its layers.
    """
    span = np.geomspace(0.1, 1000, 120)
    roofs = {"this machine's roof": (machine, "-"), f"{gpu.name}, float32": (gpu.float32, "--"),
             f"{gpu.name}, TF32": (gpu.tf32, ":")}  # fmt: skip
    for name, (roof, dash) in roofs.items():
        speeds = [roof.roof(i) / 1e9 for i in span]
        ax.plot(span, speeds, color=plots.BLACK, linestyle=dash, linewidth=1.8, label=name)
    own = [(e.count.intensity, e.count.operations / e.time / 1e9) for e in entries if e.count.operations]
    ax.plot(*zip(*own, strict=True), linestyle="", marker="o", color=plots.BLUE, label="layers here")
    for tf32, marker, color in ((False, "s", plots.VERMILION), (True, "^", plots.GREEN)):
        found = [t for t in gpu.layers if t.tf32 == tf32 and t.count.operations]
        points = [(t.count.intensity, t.speed / 1e9) for t in found]
        name = f"layers there, {'TF32' if tf32 else 'float32'}"
        ax.plot(*zip(*points, strict=True), linestyle="", marker=marker, color=color, label=name)
    ax.set(xscale="log", yscale="log")
    ax.legend(fontsize=8, ncol=2, loc="upper left")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * 30)
    return plots.label(
        ax, "Two rooflines", "arithmetic intensity (operations per byte)", "speed (10⁹ operations per second)"
    )
