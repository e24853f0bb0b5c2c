"""ps2, dropout along axes: whole channels, whole samples, the same features at every time."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.dropout.chance import CALLS, batch_sharing, coin_flaws
from course.autograder.checks.dropout.masks import named
from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    NOT_HERE,
    P_AS_KEEP,
    TEST_FACTORS,
    TRAIN_FACTORS,
    all_kept,
    calls,
    copies,
    drawn,
    factor_mistakes,
    nan_at_one,
    numbered,
    observe_survivors,
    param,
    product,
    same_factor,
    seed_of,
    settings,
    values,
)  # fmt: skip
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Flaw, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

OUTS = numbered("out", CALLS)
Axes = tuple[int, ...]

SHARING = {
    "every value has its own draw": "Values that are not apart along `axis` share one draw; yours are drawn one by one.",
    "axis taken for the axes that share": "The axes listed are those along which the mask VARIES; the others share it.",
    "pixels dropped through all channels": "You drop a place in all channels at once; a whole channel goes or stays.",
    "axis ignored": "You drop whole channels whatever `axis` says.",
}


def case(
    name: str, shape: tuple[int, ...], p: float, scaling: str | None, mode: str = "train", axis: Axes | None = None,
    dtype: str = "float64", strided: bool = False,
) -> Case:  # fmt: skip
    """An x for each call and one dropout_param for all, with `axis` where one is given."""

    def draw(r: Generator) -> Inputs:
        x = values(r, shape, dtype)
        more: dict[str, Any] = {} if axis is None else {"axis": axis}
        return {
            **copies("x", Strided(x) if strided else x, CALLS),
            "dropout_param": param(r, p, mode, scaling, **more),
        }

    return Case(name, draw)


def _axis(i: Inputs) -> Axes:
    return tuple(i["dropout_param"].get("axis", (0, 1)))


def _others(i: Inputs, axes: Axes) -> Axes:
    return tuple(a for a in range(i["x"].ndim) if a not in axes)


def _with(i: Inputs, masks: list[np.ndarray], factor: float | None = None) -> Arrays:
    """The outputs of all calls, with Paddle's factor or another."""
    p, mode, scaling = settings(i)
    if factor is None:
        return {
            path: dropout.apply(i["x"], m, p, mode, scaling) for path, m in zip(OUTS, masks, strict=False)
        }
    return {path: product(i["x"], m, factor) for path, m in zip(OUTS, masks, strict=False)}


def _masks(i: Inputs) -> list[np.ndarray]:
    return drawn(i, i["x"].shape, CALLS, _axis(i))


def _right(i: Inputs) -> Arrays:
    return _with(i, _masks(i))


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
    p, mode, _ = settings(i)
    if "kept" not in i or mode != "train":
        return []
    kept = i["kept"]
    if not same_factor(i, got, OUTS):
        return [Flaw("out", "Survivors are scaled unlike from call to call, or from value to value.")]
    constant = _constant_along(kept)
    if not set(_others(i, _axis(i))) <= set(constant):
        name = _misplaced(i, constant)
        return [Flaw("out", SHARING.get(name, "Values that should share one draw do not."), name)]
    for a in _others(i, _axis(i)):
        kept = kept.take([0], a + 1)
    return coin_flaws("out", kept, p, batch_sharing(2) if 0 in _axis(i) and 1 in _axis(i) else None)


def _fresh(make: Callable[[Inputs, float], list[np.ndarray] | None]) -> Callable[[Inputs], Arrays]:
    """A mistake that shows in which values fall together, its masks made from (inputs, p)."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, _ = settings(i)
        made = None if "kept" in i or mode != "train" or not 0 < p < 1 else make(i, p)
        return {} if made is None else _with(i, made)

    return wrong


def _varying(axes: Callable[[Inputs], Axes | None]) -> Callable[[Inputs], Arrays]:
    """Paddle's dropout with another axis than the one asked for; nowhere to be seen where that is the same."""

    def make(i: Inputs, p: float) -> list[np.ndarray] | None:
        along = axes(i)
        if along is None or not along or along == _axis(i):
            return None
        return dropout.masks(i["x"].shape, p, seed_of(i), CALLS, along)

    return _fresh(make)


def _channels(axes: Axes) -> Callable[[Inputs], Axes | None]:
    """Where whole channels are asked for: these axes (those beyond x's rank left out)."""
    return lambda i: tuple(a for a in axes if a < i["x"].ndim) if _axis(i) == (0, 1) else None


def _as_keep(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    if mode != "train" or not 0 < p < 1:
        return {}
    masks = _masks(i) if "kept" in i else dropout.masks(i["x"].shape, 1 - p, seed_of(i), CALLS, _axis(i))
    return _with(i, masks, 1 / p if scaling == UPSCALE else 1.0)


def _random_at_test(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    if mode != "test" or ("kept" in i and i["kept"].all()):
        return {}
    return _with(i, _masks(i), 1 / (1 - p) if scaling == UPSCALE else 1.0)


SPATIAL_CHECK = Check(
    name="spatial_dropout_forward",
    assignment=ASSIGNMENT,
    points=8,
    functions=("spatial_dropout_forward",),
    steps=calls("spatial_dropout_forward", ("x", "dropout_param"), ("out",), CALLS),
    outputs=(Output("out", DROPOUT),),
    also=OUTS[1:],
    cases=(
        case("channels of images, p = 0.3", (14, 11, 2, 3), 0.3, UPSCALE),
        case("channels of sequences, downscale_in_infer, p = 0.8", (11, 13, 4), 0.8, DOWNSCALE),
        case("axis (0, 2): the same features at all times", (12, 3, 14), 0.7, UPSCALE, axis=(0, 2)),
        case("axis (1,): the same features in all samples", (3, 120, 2), 0.2, DOWNSCALE, axis=(1,)),
        case("axis (0,): whole samples", (110, 2, 3), 0.75, UPSCALE, axis=(0,)),
        case("p = 1: everything is dropped", (2, 3, 4, 5), 1.0, UPSCALE),
        case("test mode, upscale_in_train", (4, 5, 3, 2), 0.3, UPSCALE, "test"),
        case("test mode, downscale_in_infer", (3, 6, 4), 0.8, DOWNSCALE, "test"),
        case("float32 input", (10, 15, 3, 2), 0.6, UPSCALE, dtype="float32"),
        case("a view that is not contiguous, scaling not given", (12, 12, 2, 3), 0.4, None, strided=True),
    ),
    reference=_right,
    observe=observe_survivors(OUTS),
    properties=(_coins,),
    misconceptions=(
        *factor_mistakes(TRAIN_FACTORS, lambda i, f: _with(i, _masks(i), f), "train", without=NOT_HERE),
        *factor_mistakes(
            TEST_FACTORS, lambda i, f: _with(i, all_kept(i, CALLS), f), "test", without=NOT_HERE
        ),
        named(P_AS_KEEP, _as_keep),
        Misconception(
            "every value has its own draw", SHARING["every value has its own draw"],
            _varying(lambda i: tuple(range(i["x"].ndim))),
        ),
        Misconception(
            "axis taken for the axes that share", SHARING["axis taken for the axes that share"],
            _varying(lambda i: _others(i, _axis(i))),
        ),
        Misconception("axis ignored", SHARING["axis ignored"], _varying(lambda i: (0, 1))),
        named("one mask for the whole batch", _varying(_channels((1,)))),
        named("one draw for each sample", _varying(_channels((0,)))),
        Misconception(
            "pixels dropped through all channels", SHARING["pixels dropped through all channels"],
            _varying(_channels((0, 2, 3))),
        ),
        named(
            "the same mask on every call",
            _fresh(lambda i, p: dropout.masks(i["x"].shape, p, seed_of(i), 1, _axis(i)) * CALLS),
        ),
        Misconception(
            "random at test time",
            "Channels are dropped at test time: there the layer is deterministic.",
            _random_at_test,
        ),
        nan_at_one("out", lambda i: i["x"].shape),
    ),
)  # fmt: skip

CHECKS = (SPATIAL_CHECK,)
