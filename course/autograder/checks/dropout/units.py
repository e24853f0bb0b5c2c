"""The hidden units of an affine layer: which of them ReLU lets through, and which of those were dropped."""

import numpy as np

from course.autograder.checks.chance.coins import SAME_MASK
from course.autograder.checks.chance.nets import UnitsDrawnAnew, UnitsFall
from course.autograder.checks.chance.readers import Units
from course.autograder.checks.dropout.chance import ADVICE, ONE_MASK, coins
from course.autograder.checks.dropout.draws import param, settings, twins, values
from course.autograder.checks.dropout.layer import same_again
from course.autograder.checks.language import Inputs
from course.autograder.checks.language.draws import Generator, away_from_zero, draw
from course.autograder.checks.language.seen import Property
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

F = paddle.nn.functional
FEW = 8  # inputs of a sample, so that all ways to drop some of them can be tried


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
    *,
    zeros: bool = False,
) -> Inputs:
    """x, w and b of two passes and a dout, drawn until no hidden value is so near 0 that rounding decides about ReLU.

    With `zeros` a third of the samples and of the biases is 0, so that some hidden values are just 0.
    """
    n, d, m = shape

    def inputs() -> Inputs:
        while True:
            x, w = values(r, (n, d), dtype), values(r, (d, m), dtype)
            b = away_from_zero(r, m, 0.3, 1.2).astype(dtype)
            if zeros:
                x[::3], b[::3] = 0, 0
            z = np.abs(hidden(x, w, b))
            if z[z > 0].min() > 1e-3 and (z > 0).all() != zeros:
                return {"x": x, "w": w, "b": b}

    first, later = inputs(), inputs()
    given = {**first, "dout": values(r, (n, m), dtype), **twins(param(r, p, mode, scaling))}
    given |= {f"later_{name}": array for name, array in later.items()}
    return {**given, **{f"again_{name}": array for name, array in first.items()}}


def observe(i: Inputs) -> Units:
    """Where ReLU lets through, the output tells what was dropped; elsewhere the mask makes no difference."""
    n, d = i["x"].shape
    p, mode, _ = settings(i)
    z, b = hidden(i["x"], i["w"], i["b"]), i["b"].astype(np.float64)
    if n > d or mode == "test" or not 0 < p < 1:
        return Units("out", z, b, p)
    return Units("out", z, b, p, "dw", i["x"], i["dout"])  # as many equations as unknowns at least


INPUTS_DROPPED = (
    "dropout before the affine map",
    "Dropout comes last, after the ReLU: yours drops what goes into the affine map.",
)


NO_BIAS = ("bias forgotten", "The affine map is x @ w + b: yours leaves the bias out.")


def _parts(i: Inputs) -> np.ndarray | None:
    """What each input adds to the hidden units, and last what is always there, [N, D + 1, M], to float32."""
    x, w, b = (i[name].astype(np.float64) for name in ("x", "w", "b"))
    if x.shape[1] > FEW:
        return None
    nothing = hidden(0 * x, w, b)
    ways = np.eye(x.shape[1]) * settings(i).training
    return np.stack([*(hidden(way * x, w, b) - nothing for way in ways), nothing], axis=1).astype(np.float32)


def properties(i: Inputs) -> tuple[Property, ...]:
    """Active units are dropped by one independent coin each."""
    p, mode, _ = settings(i)
    if mode != "train":
        return ()
    before = _parts(i) if 0 < p < 1 else None
    z, one_mask = hidden(i["x"], i["w"], i["b"]), (ONE_MASK, ADVICE[ONE_MASK])
    later = hidden(i["later_x"], i["later_w"], i["later_b"]) > 0
    fall = UnitsFall(coins("out", p), one_mask, z, before, INPUTS_DROPPED, NO_BIAS)
    return (UnitsDrawnAnew(fall, "later_out", later, (SAME_MASK, ADVICE[SAME_MASK])), *same_again(i))
