"""ps3, the naive convolution, backwards."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv import loops
from course.autograder.checks.conv.backward_shares import BACKWARD_SHARES, kept
from course.autograder.checks.conv.draws import ASSIGNMENT, convolution, without
from course.autograder.checks.conv.forward import FORWARD_CHECK
from course.autograder.checks.conv.loops import loop_mistakes
from course.autograder.checks.conv.places import PLACES
from course.autograder.checks.conv.tap_maps import MAPS
from course.autograder.checks.conv.tap_maps import gradients as gradients_at
from course.autograder.checks.conv.variants import (
    crop,
    gradients,
    only_last_window,
    options,
    overwritten,
    overwritten_by_taps,
    padded_gradient,
)
from course.autograder.checks.conv.walks import STARTS, convolution_gradients
from course.autograder.checks.conv.window_making import GRADIENT_MAKING
from course.autograder.checks.conv.windows import of_case
from course.autograder.checks.language import CONVOLUTION, Arrays, Case, Inputs, Mistake, Output, call, check
from course.autograder.checks.language.draws import views
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import mistakes_in, of, of_shape, swapped, where

dx, dw, db = (mistakes_in(name) for name in ("dx", "dw", "db"))


def _pad(i: Inputs) -> int:
    return options(i)[1]


def _cropped(advice: str, change: Callable[[Inputs], Any]) -> Mistake:
    """A mistake of dx that shows where there is padding."""
    return Mistake(advice, where(_pad, of("dx", change)))


def _nothing_left(i: Inputs) -> np.ndarray:
    return np.zeros((*i["x"].shape[:2], 0, 0))


def _begun(name: str) -> Mistake:
    """Windows that begin in the wrong place."""
    advice, slip = STARTS[name]
    return Mistake(advice, lambda i: convolution_gradients(i, slip))


def _unpadded(i: Inputs) -> Arrays:
    """x as it is where the padded x belongs: windows reach less far into it, by twice the padding."""
    more = 2 * _pad(i)
    x = np.pad(i["x"], ((0, 0), (0, 0), (0, more), (0, more)))
    found = gradients(i, x=x, padding=0)
    return {"dx": crop(found["dx"], 0, 0, i["x"]), "dw": found["dw"]}


def _summed_windows(i: Inputs) -> Arrays:
    """The gradients of a student who takes window and kernel for each other."""
    every = i["dout"].sum(axis=1, keepdims=True)
    ones = np.ones((1, *i["w"].shape[1:]), dtype=i["w"].dtype)
    spread = gradients(i, w=ones, b=np.zeros(1), dout=every)["dx"]
    return {"dx": i["x"] * spread, "dw": i["w"] * i["dout"].sum(axis=(0, 2, 3))[:, None, None, None]}


def _windows_over(i: Inputs) -> np.ndarray:
    """How many windows lie over each value of x; 1 where none does."""
    ones = np.ones((1, *i["w"].shape[1:]), dtype=i["w"].dtype)
    return np.maximum(
        np.rint(gradients(i, w=ones, b=np.zeros(1), dout=np.ones_like(i["dout"][:, :1]))["dx"]), 1
    )


def _dout_turned(i: Inputs) -> Arrays:
    """The gradients of a student who gives window (i, j) what belongs to (j, i), where dout is square."""
    rows, columns = i["dout"].shape[2:]
    return gradients(i, dout=i["dout"].swapaxes(2, 3)) if rows == columns else {}


def _of_later(i: Inputs) -> Arrays:
    """The gradients of the latest forward pass, where the first one's are asked for."""
    return gradients(i, x=i["later_x"], w=i["later_w"])


def _shared_param(i: Inputs) -> bool:
    """Whether one dict of settings goes through both forward passes."""
    return "later_param" not in i


def _of_one_kernel(i: Inputs, kernel: slice) -> np.ndarray:
    return gradients(i, w=i["w"][kernel], b=i["b"][kernel], dout=i["dout"][:, kernel])["dx"]


def _one_sample(i: Inputs, output: str, sample: slice) -> np.ndarray:
    return gradients(i, x=i["x"][sample], dout=i["dout"][sample])[output]


def _last_place(i: Inputs) -> np.ndarray:
    return gradients(i, dout=kept(i["dout"], np.s_[..., -1, -1]))["dw"]


def _without(dout: np.ndarray, part: Any) -> np.ndarray:
    left = dout.copy()
    left[part] = 0
    return left


def _left_out(part: Any) -> Callable[[Inputs], Arrays]:
    return lambda i: gradients(i, dout=_without(i["dout"], part))


# By name, what is wrong along both axes at once.
ALONG_BOTH = {
    "padding of 1 whatever pad says": "padding of 1 along the {}s",
    "windows moved into the image at its edges": "windows moved into the image along the {}s",
    "windows that hang over the edges left out": "windows that hang over the edges along the {}s left out",
    "windows laid on the image without its padding": "windows laid on the image without its padding along the {}s",
}


def _along_both(name: str) -> Mistake:
    def wrong(i: Inputs) -> Arrays:
        windows = of_case(i)
        return {"dx": windows.dx(name, name, ""), "dw": windows.dw(name, name)}

    return Mistake(PLACES[name][0], wrong)


def _left_over(i: Inputs) -> tuple[int, int]:
    """Rows and columns of the padded x that no window reads."""
    stride, pad = options(i)
    rows, columns = (
        (n + 2 * pad - k) % stride for n, k in zip(i["x"].shape[2:], i["w"].shape[2:], strict=True)
    )
    return rows, columns


def _longer(i: Inputs, name: str, by: int) -> np.ndarray:
    """A gradient that has the rows and columns left over in its shape as well, or that lacks them."""
    *lead, height, width = i[name].shape
    rows, columns = _left_over(i)
    return of_shape((*lead, height + by * rows, width + by * columns))


def _cropped_by_one(i: Inputs) -> np.ndarray:
    return padded_gradient(i)[:, :, 1:-1, 1:-1]


def _places(i: Inputs) -> int:
    return i["dout"][0, 0].size


def _moved(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Inputs], np.ndarray]:
    return lambda i: change(gradients(i)["dw"])


# What is left of dout where db is assigned in a loop, or taken from one place, instead of being added up.
EVERY_VALUE = "db sums over all samples and places: add each one's share, do not assign it."
PARTS_OF_DOUT = {
    "first sample": np.s_[:1],
    "last sample": np.s_[-1:],
    "last row": np.s_[:, :, -1:],
    "last column": np.s_[..., -1:],
    "last place": np.s_[:, :, -1:, -1:],
    "last row of the last sample": np.s_[-1:, :, -1:],
    "last value": np.s_[-1:, :, -1:, -1:],
}


def _sum_of(part: Any) -> Callable[[Inputs], np.ndarray]:
    return lambda i: i["dout"][part].sum(axis=(0, 2, 3))


STEPS = (
    "out, cache = conv_forward_naive(x, w, b, conv_param)",
    "later_out, later_cache = conv_forward_naive(later_x, later_w, later_b, later_param)",
    "dx, dw, db = conv_backward_naive(dout, cache)",
)
ONE_PARAM = tuple(call(step.replace("later_param", "conv_param")) for step in STEPS)

BACKWARD_CHECK = check(
    ASSIGNMENT, "conv_backward_naive", 18,
    STEPS,
    outputs=(Output("dx", CONVOLUTION, 2.0), Output("dw", CONVOLUTION, 2.0), Output("db", CONVOLUTION)),
    cases=(
        Case("a kernel of 3 by 2, stride 1, padding 1", convolution((5, 6), (3, 2), 1, 1)),
        Case("stride 2 with overlap, padding 2, a column left over",
             convolution((3, 4), (3, 4), 2, 2, left_over=(0, 1))),
        Case("stride 3, no padding, rows and columns left over", convolution((2, 3), (2, 3), 3, 0, left_over=(2, 1))),
        Case("small integers, float32", convolution((4, 3), (2, 3), 1, 1, dtype="float32", integers=True)),
        Case("one input channel, views that are not contiguous",
             views(convolution((4, 6), (3, 2), 1, 1, channels=(1, 3)), "x", "w", "dout")),
        Case("a kernel of 1 by 1, stride 2, padding 1", convolution((4, 3), (1, 1), 2, 1, channels=(5, 2), n=3)),
        Case("one conv_param for both forward passes",
             without(convolution((3, 4), (2, 3), 1, 1, channels=(2, 5)), "later_param"), ONE_PARAM),
        asked_twice("a kernel of 2 by 3, stride 1, padding 1, the gradient asked for twice",
                    convolution((3, 4), (2, 3), 1, 1, channels=(1, 2)), STEPS),
        Case("all sizes 3", convolution((3, 3), (3, 3), 1, 1, n=3, channels=(3, 3))),
        Case("a kernel and a stride of 2, as many samples as channels", convolution((2, 2), (2, 2), 2, 0, channels=(2, 2))),
    ),
    reference=gradients,
    makings=GRADIENT_MAKING,
    rests_on=FORWARD_CHECK,
    mistakes={
        "overlapping windows overwritten in dx": dx(
            "A value under several windows gets a share from each: add to dx, do not assign.", overwritten
        ),
        "dx overwritten by each kernel": dx(
            "Every kernel that reads a value sends it a share: add to dx, over the windows and over the kernels.",
            lambda i: overwritten(i, last_kernel=True),
        ),
        "dx overwritten by each tap": dx(
            "A value meets a tap of each window over it: add to dx in the loop over the taps, do not assign.",
            overwritten_by_taps,
        ),
        "dw overwritten by each window": dw(
            "Every window of every sample has a share in dw: add to it, do not assign.",
            lambda i: gradients(i, dout=only_last_window(i))["dw"],
        ),
        "dw of the last sample only": dw(
            "dw sums over all samples of the batch.",
            lambda i: gradients(i, x=i["x"][-1:], dout=i["dout"][-1:])["dw"],
        ),
        "dw averaged over the batch": dw(
            "dw sums over the samples; a mean, where there is one, is in dout already.",
            lambda i: gradients(i)["dw"] / i["x"].shape[0],
        ),
        "dw averaged over all windows": dw(
            "dw sums over the samples and the places of the output; it does not average.",
            lambda i: gradients(i)["dw"] / (_places(i) * len(i["x"])),
        ),
        "kernel flipped in dw": dw(
            "Your taps of dw are turned round: tap (p, q) gets what the window has at (p, q).",
            lambda i: gradients(i)["dw"][:, :, ::-1, ::-1],
        ),
        "kernel flipped in dx": dx(
            "You turn the kernel round: a window sends its gradient back through the taps that it was read with.",
            lambda i: gradients(i, w=i["w"][:, :, ::-1, ::-1])["dx"],
        ),
        **{
            name: dw("A tap of dw stands where the tap stands in w: yours are in another order.", _moved(change))
            for name, change in {
                "dw transposed": lambda found: found.swapaxes(2, 3),
                "dw upside down": lambda found: found[:, :, ::-1],
                "dw mirrored": lambda found: found[..., ::-1],
            }.items()
        },
        "db of all output channels together": db(
            "Each output channel has a bias of its own: keep axis 1 of dout.", lambda i: np.full_like(i["b"], i["dout"].sum())
        ),
        "db for each sample": db(
            "There is a bias for each output channel: sum dout over everything but axis 1.",
            lambda i: i["dout"].sum(axis=(1, 2, 3)),
        ),
        "dx cut off where x is negative": dx(
            "There is no ReLU here: x comes into the convolution as it is.", lambda i: gradients(i)["dx"] * (i["x"] > 0)
        ),
        "dx with its padding": _cropped(
            "The padding is not part of x: cut `pad` rows and columns off each edge of dx.", padded_gradient
        ),
        "dx cropped at the end only": _cropped(
            "Cut the padding off all four edges: you keep the part that begins in the padding.",
            lambda i: crop(padded_gradient(i), 0, 0, i["x"]),
        ),
        "dx cropped at the beginning only": _cropped(
            "Cut the padding off all four edges: you keep the part that ends in the padding.",
            lambda i: crop(padded_gradient(i), 2 * _pad(i), 2 * _pad(i), i["x"]),
        ),
        "dx cropped to nothing without padding": Mistake(
            "With pad 0 a slice [pad:-pad] is empty: end it at pad + H instead.",
            where(lambda i: not _pad(i), of("dx", _nothing_left)),
        ),
        "padding left out of the backward pass": Mistake(
            "The windows of the forward pass lay on the padded x: pad it here too, and cut dx at the end.",
            where(_pad, _unpadded),
        ),
        **{name: _begun(name) for name in STARTS},
        "window and kernel taken for each other": Mistake(
            "A tap of dw gets g times the image value under it, and a value of dx g times the tap: yours takes one for the other.",
            _summed_windows,
        ),
        "dw made of the kernel": dw(
            "A tap of dw gets g times the image value under it; yours gets g times the tap itself.",
            lambda i: _summed_windows(i)["dw"],
        ),
        "dx made of the window": dx(
            "An image value gets g times the tap that lay on it; yours gets g times the value itself.",
            lambda i: _summed_windows(i)["dx"],
        ),
        "gradient divided by the windows over a value": dx(
            "The windows over a value add their shares in dx: nothing is averaged.",
            lambda i: gradients(i)["dx"] / _windows_over(i),
        ),
        "rows and columns of dout swapped": Mistake(
            "The window of output row i and column j gets dout[..., i, j]; yours gets dout[..., j, i].", _dout_turned
        ),
        "cache of a later forward pass": Mistake(
            "You use what the last forward pass left behind; the cache that comes in belongs to an earlier one.",
            _of_later,
        ),
        "a forward pass kept in conv_param": Mistake(
            "conv_param may go through another forward pass first: keep what the backward pass needs in the cache alone.",
            where(_shared_param, _of_later),
        ),
        "only the first kernel in dx": dx(
            "Every kernel that reads a value sends it a share: sum over all of them.",
            lambda i: _of_one_kernel(i, slice(1)),
        ),
        "only the last kernel in dx": dx(
            "Every kernel that reads a value sends it a share: add to dx, over the kernels too.",
            lambda i: _of_one_kernel(i, slice(-1, None)),
        ),
        "one kernel's taps for all in dx": dx(
            "What comes from output channel o goes back through kernel o; yours goes through the first.",
            lambda i: gradients(i, w=np.repeat(i["w"][:1], len(i["w"]), axis=0))["dx"],
        ),
        "dx carried over from sample to sample": dx(
            "Start each sample's dx at 0: yours goes on from the sample before.",
            lambda i: gradients(i)["dx"].cumsum(axis=0),
        ),
        "samples mixed in dw": dw(
            "A sample's dout meets that sample's windows; sum over the samples after the product, not before.",
            lambda i: gradients(i, x=i["x"].sum(axis=0, keepdims=True), dout=i["dout"].sum(axis=0, keepdims=True))["dw"],
        ),
        "dx averaged over the kernels": dx(
            "dx sums over the kernels; it does not average.", lambda i: gradients(i)["dx"] / len(i["w"])
        ),
        "dx of the last sample only": dx(
            "Each sample has a dx of its own: yours is 0 but for the last.", lambda i: kept(gradients(i)["dx"], -1)
        ),
        "dx of the first sample only": dx(
            "Each sample has a dx of its own: yours is 0 but for the first.", lambda i: kept(gradients(i)["dx"], 0)
        ),
        "dw of the first sample only": dw(
            "dw sums over all samples of the batch.", lambda i: _one_sample(i, "dw", slice(1))
        ),
        "dw of the last place only": dw(
            "Every place of the output has a share in dw: add to it, do not assign.", _last_place
        ),
        "dw averaged over the places": dw(
            "dw sums over the places of the output; it does not average.", lambda i: gradients(i)["dw"] / _places(i)
        ),
        "db without dout": db(
            "The bias is added to each value of its channel: db sums dout, it does not count the windows.",
            lambda i: np.full_like(i["b"], _places(i) * len(i["x"])),
        ),
        "the first sample's windows for all in dw": dw(
            "A sample's dout meets that sample's windows; yours always meets the first one's.",
            lambda i: gradients(i, x=np.repeat(i["x"][:1], len(i["x"]), axis=0))["dw"],
        ),
        "db averaged over the places": db(
            "db sums dout over the places; it does not average.", lambda i: gradients(i)["db"] / _places(i)
        ),
        **{
            f"last {what} of windows left out": Mistake(
                "Every window of the output has a share in the gradients: let the loops run to the end.",
                _left_out(part),
            )
            for what, part in {"row": np.s_[:, :, -1:], "column": np.s_[..., -1:]}.items()
        },
        **{name: _along_both(along) for name, along in ALONG_BOTH.items()},
        **loop_mistakes(lambda name: functools.partial(loops.gradients, name)),
        "dx cropped by 1 whatever pad says": dx(
            "Cut off as much as was padded: `pad` rows and columns at each edge, not 1.", _cropped_by_one
        ),
        "dw with the rows left over": Mistake(
            "Where rows or columns are left over, dw would come out too large: cut it to the kernel's size.",
            where(lambda i: any(_left_over(i)), of("dw", lambda i: _longer(i, "w", 1))),
        ),
        "dx without the rows left over": Mistake(
            "Rows and columns that no window reads have a gradient too: it is 0, and dx has the shape of x.",
            where(lambda i: any(_left_over(i)), of("dx", lambda i: _longer(i, "x", -1))),
        ),
        **{f"db of the {what} only": db(EVERY_VALUE, _sum_of(part)) for what, part in PARTS_OF_DOUT.items()},
        "db added for each input channel": db(
            "The bias is added once for each output value, not once for each input channel.",
            lambda i: gradients(i)["db"] * i["x"].shape[1],
        ),
        "only the first input channel in dx": dx(
            "Every input channel has a gradient.",
            lambda i: gradients(i)["dx"] * (np.arange(i["x"].shape[1]) == 0)[:, None, None],
        ),
        "db averaged": db(
            "db sums dout over batch and places.",
            lambda i: gradients(i)["db"] / (i["dout"].size / i["dout"].shape[1]),
        ),
        "db averaged over the batch": db(
            "db sums over the samples; it does not average.", lambda i: gradients(i)["db"] / i["x"].shape[0]
        ),
        "db not summed over the places": db(
            "One bias serves all places of its channel: sum dout over height and width too, to shape (O,).",
            lambda i: i["dout"].sum(axis=0),
        ),
        "db not summed over the batch": db(
            "One bias serves all samples: sum dout over them too, to shape (O,).",
            lambda i: i["dout"].sum(axis=(2, 3)),
        ),
        "db as one number": db(
            "Each output channel has a bias of its own: keep axis 1 of dout.", lambda i: i["dout"].sum()
        ),
        "db with axes of length 1": db(
            "The values are right, but db has shape (O,) as b has.",
            lambda i: gradients(i)["db"].reshape(1, -1, 1, 1),
        ),
        "db is 0": db("The bias has a gradient: the sum of its channel's dout.", lambda i: np.zeros_like(i["b"])),
        **{name: Mistake(advice, functools.partial(gradients_at, name)) for name, (advice, *_) in MAPS.items()},
        **BACKWARD_SHARES,
        "dx and dw swapped": Mistake("Return (dx, dw, db), in this order.", swapped(gradients, "dx", "dw")),
        **spent(gradients),
    },
)  # fmt: skip

CHECKS = (BACKWARD_CHECK,)
