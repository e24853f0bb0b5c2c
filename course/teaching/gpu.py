"""The layers timed on a GPU that ship with the course (`data/gpu`), counted by the rules of the ledger."""

import json
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from course.reference.counting import Layer, LayerCount, count_layer
from course.reference.ledger import Machine
from course.teaching.data import SHIPPED


@dataclass(frozen=True)
class Timed:
    """One layer as it was timed.

    Attributes:
        name: as in the file, such as 'Linear 1024 to 1024, batch 16'.
        count: its operations and the bytes that it has to move at least, by the ledger's rules, without a bias.
        tf32: whether matrix products might use TF32.
        kernel: seconds of the layer's kernels alone, the median.
        call: seconds of an ordinary call, launch included, the median.
    """

    name: str
    count: LayerCount
    tf32: bool
    kernel: float
    call: float

    @property
    def speed(self) -> float:
        """Operations per second, by the kernels' own time."""
        return self.count.operations / self.kernel


@dataclass(frozen=True)
class Gpu:
    """A GPU and the layers that were timed on it.

    Attributes:
        name: the device.
        float32, tf32: its ceilings, as a roofline has them: one bandwidth, two peaks.
        layers: all that were timed.
    """

    name: str
    float32: Machine
    tf32: Machine
    layers: tuple[Timed, ...]

    def find(self, name: str, samples: int, tf32: bool = False) -> Timed:
        """The layer of that name that was timed on so many samples.

        Raises:
            ValueError: when there is none.
        """
        for layer in self.layers:
            if (layer.name, layer.count.input_shape[0], layer.tf32) == (name, samples, tf32):
                return layer
        raise ValueError(f"no layer {name!r} was timed on {samples} samples, TF32 {'on' if tf32 else 'off'}")


def _layer(name: str, before: tuple[int, ...], after: tuple[int, ...]) -> Layer:
    """What the counting rules need to know, read off a name such as 'Conv2D 3x3, 64 to 64, groups 4'."""
    kind = name.partition(" ")[0].rstrip(",")
    inner = re.search(r"(\d+) to (\d+)", name)
    if inner and kind == "Conv2D":
        groups = int(found.group(1)) if (found := re.search(r"groups (\d+)", name)) else 1
        weight = (int(inner.group(2)), int(inner.group(1)) // groups, 3, 3)
        return Layer(kind, before, after, weight)
    if inner:
        return Layer(kind, before, after, (int(inner.group(1)), int(inner.group(2))))
    if kind == "GroupNorm":
        groups = int(re.findall(r"GroupNorm (\d+)", name)[0])
        return Layer(kind, before, after, group=prod(before[1:]) // groups)
    # Dropout moves its data in training; the ledger's rule for it is of eval mode.
    return Layer("ReLU" if kind == "Dropout" else kind, before, after, window=4)


def _timed(row: dict[str, Any]) -> Timed:
    count = count_layer(_layer(row["layer"], tuple(row["input"]), tuple(row["output"])))
    return Timed(row["layer"], count, row["tf32"], row["graph"]["median_s"], row["call"]["median_s"])


def load_gpu(path: Path = SHIPPED / "gpu" / "h200_layers.json") -> Gpu:
    """The timed layers, and the ceilings that were measured on the same device."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    top, copied = kept["machine"], kept["machine"]["copy_bytes_per_s_read_plus_written"]
    float32, tf32 = (Machine(top[f"matmul_8192_{kind}"], copied) for kind in ("float32", "tf32"))
    return Gpu(kept["gpu"], float32, tf32, tuple(_timed(row) for row in kept["layers"]))
