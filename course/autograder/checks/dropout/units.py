"""The hidden units of an affine layer: which of them ReLU lets through, and which of those were dropped."""

import itertools

import numpy as np

from course.autograder.checks.dropout.chance import ADVICE, pairs, rate_flaw, related
from course.autograder.checks.dropout.draws import param, settings, values
from course.autograder.checks.dropout.layer import out_of_hand, survivors
from course.autograder.checks.language import Arrays, Flaw, Inputs
from course.autograder.checks.language.draws import Generator, away_from_zero, draw
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

F = paddle.nn.functional
FEW = 8  # inputs of a sample, so that all ways to drop some of them can be tried


def hidden(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x w + b by Paddle."""
    with on_device(device().name):
        return F.linear(tensor(x), tensor(w), tensor(b)).numpy()


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


def observe(i: Inputs, got: Arrays) -> Inputs:
    """Where ReLU lets through, the output tells what was dropped; elsewhere the mask makes no difference."""
    if got["out"].shape != i["dout"].shape or out_of_hand(i, got["out"]):
        return i
    active = hidden(i["x"], i["w"], i["b"]) > 0
    if (got["out"] < 0).any():  # no ReLU: every value tells
        active = np.ones_like(active)
    return {**i, "kept": (survivors(got["out"]) | ~active)[None], "active": active}


def _related(kept: np.ndarray, active: np.ndarray, p: float) -> str:
    """How units that ReLU lets through are dropped together, beyond chance: a sentence, or nothing."""
    for axis, what in ((0, "Samples"), (1, "Units")):
        for lag in range(1, active.shape[axis] // 2 + 1):
            here, there = pairs(active, axis, lag)
            first, second = (half[here & there] for half in pairs(kept, axis, lag))
            if first.size and related(first, second, p):
                return f"{what} {lag} apart are dropped together, or apart, too often."
    return ""


def _one_mask(kept: np.ndarray, active: np.ndarray, p: float) -> bool:
    """Whether every pair of neighbouring samples has the same mask where both are active, beyond chance."""
    here, there = pairs(active, 0, 1)
    first, second = (half[here & there] for half in pairs(kept, 0, 1))
    return np.array_equal(first, second) and related(first, second, p)


INPUTS_DROPPED = (
    "dropout before the affine map",
    "Dropout comes last, after the ReLU: yours drops what goes into the affine map.",
)


def _one_factor(out: np.ndarray, z: np.ndarray, left: np.ndarray) -> bool:
    """Whether all that is left of the hidden values is multiplied by one number."""
    factors = out[left] / z[left]
    return not factors.size or bool(np.ptp(factors) <= 1e-3 * np.abs(factors).max())


def _from_dropped_inputs(i: Inputs, out: np.ndarray) -> bool:
    """Whether each sample is the affine map and ReLU of what is left of its inputs by some mask."""
    x, w, b = (i[name].astype(np.float64) for name in ("x", "w", "b"))
    if x.shape[1] > FEW:
        return False
    masks = np.array(list(itertools.product((0.0, settings(i).training), repeat=x.shape[1])))
    for sample, row in zip(x, out, strict=True):
        made = np.maximum((masks * sample) @ w + b, 0)
        if not np.isclose(made, row, rtol=1e-3, atol=1e-4).all(axis=1).any():
            return False
    return True


def coins(i: Inputs, got: Arrays) -> list[Flaw]:
    """What shows that active units are not dropped by one independent coin each."""
    p, mode, _ = settings(i)
    if "kept" not in i or mode != "train":
        return []
    (kept,), active = i["kept"], i["active"]
    if 0 < p < 1 and not _one_factor(got["out"], hidden(i["x"], i["w"], i["b"]), kept & active):
        if _from_dropped_inputs(i, got["out"]):
            return [Flaw("out", INPUTS_DROPPED[1], INPUTS_DROPPED[0])]
        return [Flaw("out", "What is left is not relu(x @ w + b) times one number.", all_there_is=True)]
    if not 0 < p < 1 or kept[active].all() or not kept[active].any():
        return rate_flaw("out", kept[active], p)
    if _one_mask(kept, active, p):
        name = "one mask for the whole batch"
        return [Flaw("out", ADVICE[name], name)]
    rate = rate_flaw("out", kept[active], p)
    sentence = "" if rate else _related(kept, active, p)
    return [*rate, Flaw("out", sentence)] if sentence else rate
