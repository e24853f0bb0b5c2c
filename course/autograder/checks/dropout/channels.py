"""ps2, dropout along axes: whole channels, whole samples, the same features at every time."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.chance import CALLS, batch_sharing, coin_flaws
from course.autograder.checks.dropout.draws import ASSIGNMENT, Axes, layer, repeated, settings
from course.autograder.checks.dropout.factors import nan_at_one
from course.autograder.checks.dropout.forward import OUTS, outputs, unlike_flaws
from course.autograder.checks.dropout.layer import Layer, observe_survivors, told, unseen
from course.autograder.checks.language import (
    DROPOUT,
    Arrays,
    Case,
    Flaw,
    Inputs,
    Mistake,
    Mistakes,
    Output,
    check,
)
from course.reference.dropout import DOWNSCALE, UPSCALE


def _axis(i: Inputs) -> Axes:
    return tuple(i["dropout_param"].get("axis", (0, 1)))


def _others(i: Inputs, axes: Axes) -> Axes:
    return tuple(a for a in range(i["x"].ndim) if a not in axes)


LAYER = Layer(lambda i: i["x"].shape, outputs, _axis)


def _channels(axes: Axes) -> Callable[[Inputs], Axes | None]:
    """Where whole channels are asked for: these axes (those beyond x's rank left out)."""
    return lambda i: tuple(a for a in axes if a < i["x"].ndim) if _axis(i) == (0, 1) else None


def _varying(advice: str, axes: Callable[[Inputs], Axes | None]) -> Mistake:
    return Mistake(advice, LAYER.varying(axes))


SHARING: Mistakes = {
    "every value has its own draw": _varying(
        "Values that are not apart along `axis` share one draw; yours are drawn one by one.",
        lambda i: tuple(range(i["x"].ndim)),
    ),
    "axis taken for the axes that share": _varying(
        "The axes listed are those along which the mask VARIES; the others share it.",
        lambda i: _others(i, _axis(i)),
    ),
    "axis ignored": _varying("You drop whole channels whatever `axis` says.", lambda i: (0, 1)),
    **told("one mask for the whole batch", LAYER.varying(_channels((1,)))),
    **told("one draw for each sample", LAYER.varying(_channels((0,)))),
    "pixels dropped through all channels": _varying(
        "You drop a place in all channels at once; a whole channel goes or stays.", _channels((0, 2, 3))
    ),
}


def _constant_along(kept: np.ndarray) -> Axes:
    """Axes of x along which every call's mask is constant."""
    return tuple(a for a in range(kept.ndim - 1) if bool((kept == kept.take([0], a + 1)).all()))


def _misplaced(i: Inputs, constant: Axes) -> str:
    """The name of a mask that varies along the wrong axes."""
    axes = _axis(i)
    if not constant:
        return "every value has its own draw"
    if constant == axes:
        return "axis taken for the axes that share"
    if axes == (0, 1) and constant == (1,):
        return "pixels dropped through all channels"
    if constant == _others(i, (0, 1)):
        return "axis ignored"
    return ""


def _coins(i: Inputs, got: Arrays) -> list[Flaw]:
    if unseen(i) or settings(i).mode != "train":
        return []
    unlike = unlike_flaws(i, got)
    if unlike:
        return unlike
    kept = i["kept"]
    constant = _constant_along(kept)
    if not set(_others(i, _axis(i))) <= set(constant):
        name = _misplaced(i, constant)
        advice = SHARING[name].advice if name else "Values that should share one draw do not."
        return [Flaw("out", advice, name)]
    for a in _others(i, _axis(i)):
        kept = kept.take([0], a + 1)
    return coin_flaws("out", kept, settings(i).p, batch_sharing(2) if {0, 1} <= set(_axis(i)) else None)


SPATIAL_CHECK = check(
    ASSIGNMENT, "spatial_dropout_forward", 8,
    repeated("out = spatial_dropout_forward(x, dropout_param)", CALLS),
    outputs=(Output("out", DROPOUT),),
    also=OUTS[1:],
    cases=(
        Case("channels of images, p = 0.3", layer((14, 11, 2, 3), 0.3, UPSCALE)),
        Case("channels of sequences, downscale_in_infer, p = 0.8", layer((11, 13, 4), 0.8, DOWNSCALE)),
        Case("axis (0, 2): the same features at all times", layer((12, 3, 14), 0.7, UPSCALE, axis=(0, 2))),
        Case("axis (1,): the same features in all samples", layer((3, 120, 2), 0.2, DOWNSCALE, axis=(1,))),
        Case("axis (0,): whole samples", layer((110, 2, 3), 0.75, UPSCALE, axis=(0,))),
        Case("p = 1: everything is dropped", layer((2, 3, 4, 5), 1.0, UPSCALE)),
        Case("test mode, upscale_in_train", layer((4, 5, 3, 2), 0.3, UPSCALE, "test")),
        Case("test mode, downscale_in_infer", layer((3, 6, 4), 0.8, DOWNSCALE, "test")),
        Case("test mode, scaling not given", layer((4, 3, 5), 0.6, None, "test")),
        Case("float32 input", layer((10, 15, 3, 2), 0.6, UPSCALE, dtype="float32")),
        Case("a view that is not contiguous, scaling not given", layer((12, 12, 2, 3), 0.4, None, strided=True)),
        Case("two axes: a coin for every value", layer((18, 17), 0.3, UPSCALE)),
        Case("all sizes 5", layer((5, 5, 5, 5), 0.7, DOWNSCALE)),
    ),
    reference=LAYER.right,
    observe=observe_survivors(OUTS),
    properties=(_coins,),
    mistakes={
        **LAYER.factors(),
        **LAYER.as_keep(),
        **SHARING,
        **LAYER.same_mask(),
        **LAYER.random_at_test("Channels are dropped at test time: there the layer is deterministic."),
        **nan_at_one("out", lambda i: i["x"].shape),
    },
)  # fmt: skip

CHECKS = (SPATIAL_CHECK,)
