"""The hidden units of an affine layer: which of them ReLU lets through, and which of those were dropped."""

import numpy as np

from course.autograder.checks.chance.properties import UnitsFall
from course.autograder.checks.chance.readers import Units
from course.autograder.checks.dropout.chance import ADVICE, ONE_MASK, coins
from course.autograder.checks.dropout.draws import param, settings, values
from course.autograder.checks.language import Inputs
from course.autograder.checks.language.draws import Generator, away_from_zero, draw
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

F = paddle.nn.functional


def hidden(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x w + b by Paddle."""
    with on_device(device().name):
        sums: np.ndarray = F.linear(tensor(x), tensor(w), tensor(b)).numpy()
        return sums


@draw
def units(
    r: Generator,
    shape: tuple[int, int, int],
    p: float,
    scaling: str | None,
    mode: str = "train",
    dtype: str = "float64",
) -> Inputs:
    """x, w and b of two passes and a dout, drawn until no hidden value is so near 0 that rounding decides about ReLU."""
    n, d, m = shape

    def inputs() -> Inputs:
        while True:
            x, w = values(r, (n, d), dtype), values(r, (d, m), dtype)
            b = away_from_zero(r, m, 0.3, 1.2).astype(dtype)
            if np.abs(hidden(x, w, b)).min() > 1e-3:
                return {"x": x, "w": w, "b": b}

    given = {**inputs(), "dout": values(r, (n, m), dtype), "dropout_param": param(r, p, mode, scaling)}
    return {**given, **{f"later_{name}": array for name, array in inputs().items()}}


def observe(i: Inputs) -> Units:
    """Where ReLU lets through, the output tells what was dropped; elsewhere the mask makes no difference."""
    return Units("out", hidden(i["x"], i["w"], i["b"]) > 0, settings(i).p)


def properties(i: Inputs) -> tuple[UnitsFall, ...]:
    """Active units are dropped by one independent coin each."""
    if settings(i).mode != "train":
        return ()
    return (UnitsFall(coins("out", settings(i).p), (ONE_MASK, ADVICE[ONE_MASK])),)
