"""Device against CPU, reference by reference: what `make gpu-check` prints for whoever has a GPU."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.reference import batch_norm
from course.reference import device as devices


@dataclass(frozen=True)
class Row:
    """One output of one reference.

    Attributes:
        op: the reference.
        output: which of its arrays.
        difference: largest absolute difference between the device and the CPU, in the output's units.
        allowed: what grading would let pass.
    """

    op: str
    output: str
    difference: float
    allowed: float

    @property
    def ok(self) -> bool:
        """Whether the device may be trusted with this reference."""
        return bool(self.difference <= self.allowed)


def _batch_norm(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    c = shape[1]
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    gamma, beta = rng.uniform(0.5, 1.5, size=c), rng.normal(size=c)
    mean, var = rng.normal(size=c), rng.uniform(0.5, 2.0, size=c)
    train = batch_norm.batch_norm_train(x, gamma, beta, mean, var)
    test = {"out (eval)": batch_norm.batch_norm_eval(x, gamma, beta, mean, var)}
    return {**train, **test, **batch_norm.batch_norm_gradients(x, gamma, beta, dout)}


CASES: dict[str, Callable[[np.random.Generator], dict[str, np.ndarray]]] = {
    "batch_norm [N, C]": lambda rng: _batch_norm(rng, (9, 5)),
    "batch_norm [20000, C]": lambda rng: _batch_norm(rng, (20_000, 3)),
    "batch_norm [N, C, L]": lambda rng: _batch_norm(rng, (4, 3, 7)),
    "batch_norm [N, C, H, W]": lambda rng: _batch_norm(rng, (4, 3, 5, 6)),
}


def _computed_on(device: devices.Device) -> dict[tuple[str, str], np.ndarray]:
    """Every case with all references sent to one device."""
    found: dict[tuple[str, str], np.ndarray] = {}
    original = batch_norm.device
    batch_norm.device = lambda: device  # type: ignore[assignment]
    try:
        for op, case in CASES.items():
            for output, value in case(np.random.default_rng(7)).items():
                found[op, output] = np.asarray(value, dtype=np.float64)
    finally:
        batch_norm.device = original
    return found


def compare_devices() -> list[Row]:
    """A row for each output of each case: the chosen device beside the CPU."""
    chosen = devices.device()
    cpu = devices.choose_device(devices.PaddleProbe(), "cpu")
    there, here = _computed_on(chosen), _computed_on(cpu)
    rtol, atol = (1e-6, 1e-8) if chosen.float64 else (1e-3, 1e-4)
    rows = []
    for (op, output), right in here.items():
        scale = max(1.0, float(np.abs(right).max()))
        gap = float(np.abs(there[op, output] - right).max())
        rows.append(Row(op, output, gap, rtol * scale + atol * scale))
    return rows
