"""The ledger with a clock and an auditor: what each layer counts and takes, and how that comes to `paddle.flops`.

Counts follow the rules of `course.reference.counting`. What is added here:

- seconds: by hooks around each layer while the whole net runs, in eval mode and without gradients;
- comparisons (max pooling: window - 1 for each output; ReLU: 1; LeakyReLU: 1), which no FLOP count has;
- a bridge from MACs to `paddle.flops` with a name for each term, and what `paddle.flops` leaves out;
- the machine: its fastest float32 matrix product and its fastest copy, the two lines of a roofline
  (Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785).
"""

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from course.reference.counting import LayerCount, count_network
from course.reference.framework import paddle

BEYOND_MACS = {
    "Conv": "bias additions of convolutions",
    "BatchNorm": "batch norm, 2 for each value",
    "Avg": "average pooling, 1 for each output",
    "Adaptive": "adaptive average pooling, window + 1 for each output",
    "Leaky": "LeakyReLU, 1 for each value",
}
"""Kinds by their first letters, and what `paddle.flops` adds to MACs for them."""


@dataclass(frozen=True)
class Entry:
    """One layer: what is counted, and how long it took in each run.

    Attributes:
        count: shapes, parameters, operations and bytes.
        comparisons: neither multiplications nor additions.
        seconds: one for each timed run.
    """

    count: LayerCount
    comparisons: int
    seconds: tuple[float, ...]

    @property
    def time(self) -> float:
        """Seconds in the quickest run: what else the machine does can only add to it."""
        return min(self.seconds)

    def left_out(self) -> list[tuple[str, int]]:
        """What `paddle.flops` does not count of this layer; negative where it counts too much.

        The numbers, comparisons apart, are `operations - paddle_flops` to the unit.
        """
        count, size = self.count, prod(self.count.output_shape)
        bias = size if count.kind == "Linear" and count.bias_shape else 0
        inside = count.macs - size if count.macs else 0
        rest = count.operations - count.paddle_flops - bias - inside
        named = [
            ("additions inside MACs", inside),
            ("bias additions", bias),
            ("all of its arithmetic" if not count.paddle_flops else "the rest of its arithmetic", rest),
            ("comparisons", self.comparisons),
        ]
        return [(what, number) for what, number in named if number]


@dataclass(frozen=True)
class Ledger:
    """A net, layer by layer.

    Attributes:
        entries: in the order in which the layers ran.
        whole: seconds of the whole forward pass, one for each timed run.
        reported: what `paddle.flops` says of the net.
    """

    entries: tuple[Entry, ...]
    whole: tuple[float, ...]
    reported: int

    @property
    def outside(self) -> float:
        """Seconds of a run that no layer took: functions such as `F.relu`, reshapes, Python itself."""
        spare = zip(self.whole, zip(*(e.seconds for e in self.entries), strict=True), strict=True)
        return min(all_ - sum(parts) for all_, parts in spare)

    def bridge(self) -> list[tuple[str, int]]:
        """MACs, each thing that `paddle.flops` adds to them, and what is then still unexplained: 0 if all is well."""
        counts = [entry.count for entry in self.entries]
        terms = [("MACs", sum(c.macs for c in counts))]
        for start, name in BEYOND_MACS.items():
            extra = sum(c.paddle_flops - c.macs for c in counts if c.kind.startswith(start))
            if extra:
                terms.append((name, extra))
        return [*terms, ("unexplained", self.reported - sum(number for _, number in terms))]

    def left_out(self) -> list[tuple[str, str, str, int]]:
        """(layer, kind, what, how many) for all that `paddle.flops` does not count."""
        return [(e.count.name, e.count.kind, *item) for e in self.entries for item in e.left_out()]


@dataclass(frozen=True)
class Machine:
    """The two lines of a roofline, measured.

    Attributes:
        operations_per_second: float32 multiplications and additions, at best.
        bytes_per_second: read and written, at best.
    """

    operations_per_second: float
    bytes_per_second: float

    @property
    def ridge(self) -> float:
        """The intensity (operations per byte) from which on arithmetic, not memory, is the limit."""
        return self.operations_per_second / self.bytes_per_second

    def roof(self, intensity: float) -> float:
        """The most operations per second at this intensity."""
        return min(self.operations_per_second, intensity * self.bytes_per_second)

    def seconds(self, count: LayerCount) -> float:
        """The least time the layer can take: the larger of its arithmetic's and its traffic's."""
        moved = count.bytes_read + count.bytes_written
        return max(count.operations / self.operations_per_second, moved / self.bytes_per_second)


def _wait() -> None:
    if not paddle.device.get_device().startswith("cpu"):
        paddle.device.synchronize()


def _quickest(run: Callable[[], Any], budget: float) -> float:
    """Seconds of the quickest of all runs that fit into the budget, at least three."""
    times: list[float] = []
    end = time.perf_counter() + budget
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        _wait()
        times.append(time.perf_counter() - start)
    return min(times)


def measure_copying(megabytes: int, budget: float = 0.2) -> float:
    """Bytes read and written in a second by the quickest of all copies of an array that the budget of seconds allows."""
    long = paddle.zeros([megabytes * 2**18])
    source, target = long.numpy(), np.zeros(megabytes * 2**18, dtype=np.float32)
    on_cpu = paddle.device.get_device().startswith("cpu")
    copied = _quickest(
        (lambda: np.copyto(target, source)) if on_cpu else (lambda: paddle.assign(long)), budget
    )
    return 2 * target.nbytes / copied


def measure_machine(
    sides: Sequence[int] = (256, 512, 1024), megabytes: int = 16, budget: float = 0.2
) -> Machine:
    """Measure this machine by square float32 matrix products and by a copy: the quickest run of each counts.

    Args:
        sides: of the matrices; the best size sets the peak.
        megabytes: of the array that is copied: as large as a layer's data, so that the same caches or memory hold it.
        budget: seconds for each of them. Many short runs find a quiet moment of a busy machine.
    """
    speeds = []
    for side in sides:
        square = paddle.rand([side, side])
        seconds = _quickest(partial(paddle.matmul, square, square), budget)
        speeds.append((2 * side - 1) * side**2 / seconds)
    return Machine(max(speeds), measure_copying(megabytes, budget))


def flops_of(net: Any, input_shape: Sequence[int]) -> int:
    """What `paddle.flops` says, without what it prints. It says 0 of a net that is one bare layer."""
    with contextlib.redirect_stdout(io.StringIO()):
        return int(paddle.flops(net, list(input_shape)))


def _window(layer: Any, before: Sequence[int], after: Sequence[int]) -> int:
    if type(layer).__name__.startswith("Adaptive"):
        return prod(n // m for n, m in zip(before[2:], after[2:], strict=True))
    size = layer.ksize
    return prod(size) if isinstance(size, (list, tuple)) else size ** (len(after) - 2)


def _comparisons(layer: Any, before: Sequence[int], after: Sequence[int]) -> int:
    kind, size = type(layer).__name__, prod(after)
    if kind.startswith(("MaxPool", "AdaptiveMaxPool")):
        return size * (_window(layer, before, after) - 1)
    return size * {"ReLU": 1, "LeakyReLU": 1, "ReLU6": 2}.get(kind, 0)


@contextlib.contextmanager
def _hooks(net: Any, before: Callable[..., None], after: Callable[..., None]) -> Iterator[None]:
    """Call both around every leaf layer; the net is in eval mode meanwhile."""
    leaves = [layer for layer in (net, *net.sublayers()) if not layer.sublayers()]
    handles = [leaf.register_forward_pre_hook(before) for leaf in leaves]
    handles += [leaf.register_forward_post_hook(after) for leaf in leaves]
    training = net.training
    net.eval()
    try:
        with paddle.no_grad():
            yield
    finally:
        for handle in handles:
            handle.remove()
        if training:
            net.train()


def measure_ledger(net: Any, input_shape: Sequence[int], repeats: int = 5) -> Ledger:
    """The ledger of any small Paddle net, timed.

    The net runs once to warm up and then `repeats` times on random input.

    Args:
        net: a `paddle.nn.Layer` that takes one tensor.
        input_shape: batch first.
        repeats: timed runs.

    Raises:
        ValueError: when a layer has no counting rule.
    """
    counts = count_network(net, input_shape)
    comparisons: list[int] = []
    seconds: list[float] = []
    started = 0.0

    def before(layer: Any, inputs: Any) -> None:
        nonlocal started
        _wait()
        started = time.perf_counter()

    def after(layer: Any, inputs: Any, output: Any) -> None:
        _wait()
        seconds.append(time.perf_counter() - started)
        comparisons.append(_comparisons(layer, inputs[0].shape, output.shape))

    x, runs, whole = paddle.rand(list(input_shape)), [], []
    with _hooks(net, before, after):
        for _ in range(repeats + 1):
            seconds.clear()
            start = time.perf_counter()
            net(x)
            _wait()
            whole.append(time.perf_counter() - start)
            runs.append(tuple(seconds))
    columns = zip(counts, comparisons[: len(counts)], zip(*runs[1:], strict=True), strict=True)
    entries = tuple(Entry(*column) for column in columns)
    return Ledger(entries, tuple(whole[1:]), flops_of(net, input_shape))
