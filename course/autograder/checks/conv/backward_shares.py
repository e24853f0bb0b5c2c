"""A convolution's gradients that leave out a share of their sums, or divide them, or sum along the wrong axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv.variants import forward, gradients, options
from course.autograder.checks.language import Arrays, Inputs, Mistake, Mistakes
from course.autograder.checks.language.wrong import mistakes_in, only
from course.reference import convolution

dx, dw, db = (mistakes_in(name) for name in ("dx", "dw", "db"))


def kept(dout: np.ndarray, part: Any) -> np.ndarray:
    """dout with 0 everywhere but in one part."""
    left = np.zeros_like(dout)
    left[part] = dout[part]
    return left


def _from(part: Any) -> Callable[[Inputs], Arrays]:
    """The gradients that come of a part of dout alone."""
    return lambda i: gradients(i, dout=kept(i["dout"], part))


def _taps(i: Inputs) -> int:
    return i["w"][0, 0].size


def _where_out_is_positive(i: Inputs) -> Arrays:
    return gradients(i, dout=i["dout"] * (forward(i) > 0))


def _by_one_sample(sample: int) -> Callable[[Inputs], np.ndarray]:
    def wrong(i: Inputs) -> np.ndarray:
        one = i["dout"][sample][None]
        found: np.ndarray = gradients(i, dout=np.repeat(one, len(i["dout"]), axis=0))["dx"]
        return found

    return wrong


def _cropped_twice(i: Inputs) -> np.ndarray:
    _, pad = options(i)
    found: np.ndarray = gradients(i)["dx"]
    return found[:, :, : max(found.shape[2] - 2 * pad, 0), : max(found.shape[3] - 2 * pad, 0)]


def _through(order: Any) -> Callable[[Inputs], np.ndarray]:
    """dx by a kernel whose taps stand in another order."""

    def wrong(i: Inputs) -> np.ndarray:
        found: np.ndarray = gradients(i, w=i["w"][order])["dx"]
        return found

    return wrong


def _dout_by_reshape(i: Inputs) -> Arrays:
    """The gradients of a student who reads dout, [N, O, H', W'], as [O, N, H', W']."""
    n, o, *places = i["dout"].shape
    return gradients(i, dout=i["dout"].reshape(o, n, *places).swapaxes(0, 1)) if min(n, o) > 1 else {}


def _columns_by_reshape(i: Inputs) -> np.ndarray:
    """dw from columns [N, C kh kw, windows] that are read as [C kh kw, N windows]."""
    stride, pad = options(i)
    columns = convolution.im2col(i["x"], i["w"].shape[2:], stride, pad)
    flat = i["dout"].swapaxes(0, 1).reshape(len(i["w"]), -1)
    return (flat @ columns.reshape(columns.shape[1], -1).T).reshape(i["w"].shape)


def _taps_turned(i: Inputs) -> Arrays:
    """The gradients of a student who reads the columns' rows as (C, kw, kh)."""
    o, c, kh, kw = i["w"].shape
    turned = i["w"].reshape(o, c, kw, kh).swapaxes(2, 3)
    found = gradients(i)["dw"].swapaxes(2, 3).reshape(i["w"].shape)
    return {"dx": gradients(i, w=turned)["dx"], "dw": found}


def _summed(*axes: int) -> Callable[[Inputs], np.ndarray]:
    return lambda i: i["dout"].sum(axis=axes)


ADDED = "Every window has a share in this sum: add it inside the innermost loop, and do not assign."
BACK = "A window sends its gradient back through the taps that it was read with, each in its place."
OF_B = "There is a bias for each output channel: sum dout over everything but axis 1."
OF_X = "Every window sends its share to dx: add it inside the innermost loop over the windows."

BACKWARD_SHARES: Mistakes = {
    **{
        f"{name} of the last {what} of windows only": Mistake(
            OF_X if name == "dx" else ADDED, only(_from(part), name)
        )
        for name, what, part in (
            ("dx", "row", np.s_[:, :, -1:]),
            ("dx", "column", np.s_[..., -1:]),
            ("dw", "row", np.s_[:, :, -1:]),
            ("dw", "column", np.s_[..., -1:]),
        )
    },
    "dw of the last kernel only": Mistake(
        "Each kernel has a gradient: yours is 0 but for the last.", only(_from(np.s_[:, -1:]), "dw")
    ),
    "db of the last output channel only": Mistake(
        "Each output channel has a bias: yours is 0 but for the last.", only(_from(np.s_[:, -1:]), "db")
    ),
    "db of the first place only": Mistake(ADDED, only(_from(np.s_[:, :, :1, :1]), "db")),
    "dx averaged over the batch": dx(
        "Each sample has a dx of its own: it is not divided by their number.",
        lambda i: gradients(i)["dx"] / len(i["x"]),
    ),
    "dx averaged over the taps": dx(
        "dx sums over the taps that read a value; it does not average.",
        lambda i: gradients(i)["dx"] / _taps(i),
    ),
    "the first sample's dout for all in dx": dx(
        "Each sample's dx comes of its own dout: yours all come of the first one's.", _by_one_sample(0)
    ),
    "the last sample's dout for all in dx": dx(
        "Each sample's dx comes of its own dout: yours all come of the last one's.", _by_one_sample(-1)
    ),
    "dw carried over from kernel to kernel": dw(
        "Start each kernel's sum at 0: yours goes on from the kernel before.",
        lambda i: gradients(i)["dw"].cumsum(axis=0),
    ),
    "image cut off at 0 in dw": dw(
        "A tap gets g times the image value as it is: there is no ReLU in front of the convolution.",
        lambda i: gradients(i, x=np.maximum(i["x"], 0))["dw"],
    ),
    "dout reshaped where its axes should be moved": Mistake(
        "To have a row for each output channel move axis 1 of dout to the front by transpose, before you reshape.",
        _dout_by_reshape,
    ),
    "columns reshaped where their axes should be moved": dw(
        "To join the columns of all samples move the batch behind the taps by transpose, before you reshape.",
        _columns_by_reshape,
    ),
    "taps of the columns read as width by height": Mistake(
        "The rows of the columns are (C, kh, kw): read the kernel's height before its width.", _taps_turned
    ),
    "db added for each tap": db(
        "The bias is added once for each output value, not once for each tap.",
        lambda i: gradients(i)["db"] * i["w"][0].size,
    ),
    "db added for each place of the kernel": db(
        "The bias is added once for each output value: sum dout outside the loops over the kernel.",
        lambda i: gradients(i)["db"] * _taps(i),
    ),
    "dx cropped twice": dx(
        "Cut `pad` off each edge of the padded gradient: it ends at pad + H, not at H - pad.", _cropped_twice
    ),
    "kernel upside down in dx": dx(BACK, _through(np.s_[:, :, ::-1])),
    "kernel mirrored in dx": dx(BACK, _through(np.s_[..., ::-1])),
    "db for each row": db(OF_B, _summed(0, 1, 3)),
    "db for each column": db(OF_B, _summed(0, 1, 2)),
    "gradients cut off where the output is negative": Mistake(
        "There is no ReLU behind the convolution: dout comes in as it is.", _where_out_is_positive
    ),
}
