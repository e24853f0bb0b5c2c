"""A convolution that leaves out a share of its sum, adds one too often, or adds up before it multiplies."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.conv.variants import forward, padded
from course.autograder.checks.language import Answers, Inputs, Mistake, Mistakes
from course.autograder.checks.language.wrong import mistakes_in

out = mistakes_in("out")


def _without(rows: int, columns: int) -> Callable[[Inputs], np.ndarray]:
    """The kernel without its last rows and columns."""

    def left(i: Inputs) -> np.ndarray:
        w = i["w"].copy()
        w[:, :, w.shape[2] - rows :] = 0
        w[..., w.shape[3] - columns :] = 0
        return forward(i, w=w)

    return left


def _only(rows: slice, columns: slice) -> Callable[[Inputs], np.ndarray]:
    """A part of the kernel alone."""

    def left(i: Inputs) -> np.ndarray:
        w = np.zeros_like(i["w"])
        w[:, :, rows, columns] = i["w"][:, :, rows, columns]
        return forward(i, w=w)

    return left


def _added_first(axis: int) -> Callable[[Inputs], np.ndarray]:
    """The image summed over its samples (channels) before it meets the kernel, the same sum in the place of each."""
    return lambda i: forward(i, x=np.repeat(i["x"].sum(axis=axis, keepdims=True), i["x"].shape[axis], axis))


def _by_sample(i: Inputs) -> Answers:
    """The output of a student who picks kernel n for sample n, where there are as many."""
    if len(i["x"]) > len(i["w"]):
        return {}
    w = [np.repeat(i["w"][n : n + 1], len(i["w"]), axis=0) for n in range(len(i["x"]))]
    return {
        "out": np.concatenate([forward(i, x=i["x"][n : n + 1], w=kernels) for n, kernels in enumerate(w)])
    }


def _bias_by_sample(i: Inputs) -> Answers:
    """The output of a student who adds bias n to sample n, where there are as many."""
    if len(i["x"]) > len(i["b"]):
        return {}
    return {"out": forward(i, b=None) + i["b"][: len(i["x"]), None, None, None]}


def _bias_along(axis: int) -> Callable[[Inputs], Answers]:
    """The bias along the rows or the columns, where there are as many."""

    def wrong(i: Inputs) -> Answers:
        plain = forward(i, b=None)
        if plain.shape[axis] != len(i["b"]):
            return {}
        return {"out": plain + i["b"].reshape(-1, *(1,) * (3 - axis))}

    return wrong


def _reflected(i: Inputs) -> np.ndarray:
    pad = i["conv_param"]["pad"]
    small = pad >= min(i["x"].shape[2:])  # there is not so much to reflect
    return forward(i) if small else forward(i, x=padded(i["x"], pad, "reflect"), padding=0)


ALL_TAPS = "Each output value sums over all taps of the kernel: let the loops over its rows and columns run to the end."
ADDED = "Each output value sums over all taps: start the sum before the first row of the kernel, and add, do not assign."

SHARES: Mistakes = {
    "last row of the kernel left out": out(ALL_TAPS, _without(1, 0)),
    "last column of the kernel left out": out(ALL_TAPS, _without(0, 1)),
    "last row and column of the kernel left out": out(ALL_TAPS, _without(1, 1)),
    "only the last row of the kernel": out(ADDED, _only(np.s_[-1:], np.s_[:])),
    "only the last column of the kernel": out(ADDED, _only(np.s_[:], np.s_[-1:])),
    "only the first tap of the kernel": out(ALL_TAPS, _only(np.s_[:1], np.s_[:1])),
    "bias added for each place of the kernel": out(
        "Add the bias once, after the loops over the kernel's rows and columns.",
        lambda i: forward(i, b=i["b"] * i["w"][0, 0].size),
    ),
    "bias added for each row of the kernel": out(
        "Add the bias once, after the loop over the kernel's rows.",
        lambda i: forward(i, b=i["b"] * i["w"].shape[2]),
    ),
    "bias added for each window": out(
        "Add the bias once, after the product: one number for each output channel.",
        lambda i: forward(i, b=i["b"] * forward(i)[0, 0].size),
    ),
    "averaged over the input channels": out(
        "An output value sums over the input channels; it does not average.",
        lambda i: forward(i, w=i["w"] / i["w"].shape[1]),
    ),
    "averaged over the places of the kernel": out(
        "An output value sums over the kernel's places; it does not average.",
        lambda i: forward(i, w=i["w"] / i["w"][0, 0].size),
    ),
    "bias added to the image": out(
        "The bias is added to the sum of the products, and does not go through the kernel.",
        lambda i: forward(i, b=i["b"] * i["w"].sum(axis=(1, 2, 3))),
    ),
    "bias added to the kernel": out(
        "The bias is added to the sum of the products, not to each tap.",
        lambda i: forward(i, w=i["w"] + i["b"][:, None, None, None], b=None),
    ),
    "bias added twice": out("The bias is added once.", lambda i: forward(i, b=2 * i["b"])),
    "samples added up": out(
        "Each sample has an output of its own: your windows reach over the whole batch.", _added_first(0)
    ),
    "channels added before they are multiplied": out(
        "Channel c of the window meets channel c of the kernel: multiply first, then sum.", _added_first(1)
    ),
    "kernel picked by the sample's number": Mistake(
        "Output channel o is made with kernel o, for every sample; yours takes kernel n for sample n.",
        _by_sample,
    ),
    "bias picked by the sample's number": Mistake(
        "Output channel o gets bias o, in every sample; yours gives sample n bias n.", _bias_by_sample
    ),
    "bias along the columns": Mistake(
        "Output channel o gets bias o, at every place; yours gives column j bias j.", _bias_along(3)
    ),
    "bias along the rows": Mistake(
        "Output channel o gets bias o, at every place; yours gives row i bias i.", _bias_along(2)
    ),
    "padded by reflection": out("The padding is made of zeros, not of the image mirrored.", _reflected),
}
